/* Kernel macros: row loops over columns, written once.
 *
 * Each DEFINE_…_KERNEL makes `static Status name(const KernelCall *, Error *)` around an expression
 * in the variables l and r (or v). There is a loop for each common shape (dense column with column,
 * with constant) that the compiler vectorises, and one for selections. Text kernels use the helpers
 * at the end: results of up to 12 bytes never touch the arena. */
#pragma once

#include <math.h>

#include "functions/function.h"

typedef enum KernelShape {
    SHAPE_FLAT_FLAT,
    SHAPE_FLAT_CONSTANT,
    SHAPE_CONSTANT_FLAT,
    SHAPE_OTHER, /* a selection, or both constant */
} KernelShape;

static inline KernelShape kernel_shape(const KernelCall *call) {
    bool left_flat = call->arguments[0].encoding == COLUMN_FLAT;
    bool right_flat = call->argument_count < 2 || call->arguments[1].encoding == COLUMN_FLAT;

    if (call->selection || (!left_flat && !right_flat))
        return SHAPE_OTHER;
    if (left_flat && right_flat)
        return SHAPE_FLAT_FLAT;
    return left_flat ? SHAPE_FLAT_CONSTANT : SHAPE_CONSTANT_FLAT;
}

/* ANDed to a row number: the row itself, or 0 in a constant column. */
static inline uint32_t kernel_mask(const Column *column) {
    return column->encoding == COLUMN_CONSTANT ? 0 : UINT32_MAX;
}

/* Runs the statement for each row with l and r set. */
#define KERNEL_BINARY_LOOPS(call, Left, Right, ...)                                \
    do {                                                                           \
        const Left *restrict left = (const Left *) (call)->arguments[0].values;    \
        const Right *restrict right = (const Right *) (call)->arguments[1].values; \
        uint32_t count = (call)->count;                                            \
        switch (kernel_shape(call)) {                                              \
        case SHAPE_FLAT_FLAT:                                                      \
            for (uint32_t row = 0; row < count; row++) {                           \
                const Left l = left[row];                                          \
                const Right r = right[row];                                        \
                __VA_ARGS__;                                                       \
            }                                                                      \
            break;                                                                 \
        case SHAPE_FLAT_CONSTANT: {                                                \
            const Right r = right[0];                                              \
            for (uint32_t row = 0; row < count; row++) {                           \
                const Left l = left[row];                                          \
                __VA_ARGS__;                                                       \
            }                                                                      \
            break;                                                                 \
        }                                                                          \
        case SHAPE_CONSTANT_FLAT: {                                                \
            const Left l = left[0];                                                \
            for (uint32_t row = 0; row < count; row++) {                           \
                const Right r = right[row];                                        \
                __VA_ARGS__;                                                       \
            }                                                                      \
            break;                                                                 \
        }                                                                          \
        case SHAPE_OTHER: {                                                        \
            uint32_t left_mask = kernel_mask(&(call)->arguments[0]);               \
            uint32_t right_mask = kernel_mask(&(call)->arguments[1]);              \
            KERNEL_FOR_EACH(call, row) {                                           \
                const Left l = left[row & left_mask];                              \
                const Right r = right[row & right_mask];                           \
                __VA_ARGS__;                                                       \
            }                                                                      \
            break;                                                                 \
        }                                                                          \
        }                                                                          \
    } while (0)

/* Runs the statement for each row with v set. */
#define KERNEL_UNARY_LOOPS(call, Argument, ...)                                          \
    do {                                                                                 \
        const Argument *restrict input = (const Argument *) (call)->arguments[0].values; \
        if (!(call)->selection && (call)->arguments[0].encoding == COLUMN_FLAT) {        \
            uint32_t count = (call)->count;                                              \
            for (uint32_t row = 0; row < count; row++) {                                 \
                const Argument v = input[row];                                           \
                __VA_ARGS__;                                                             \
            }                                                                            \
        } else {                                                                         \
            uint32_t mask = kernel_mask(&(call)->arguments[0]);                          \
            KERNEL_FOR_EACH(call, row) {                                                 \
                const Argument v = input[row & mask];                                    \
                __VA_ARGS__;                                                             \
            }                                                                            \
        }                                                                                \
    } while (0)

/* Cannot fail: the result is an expression of l and r. */
#define DEFINE_BINARY_KERNEL(name, Left, Right, Result, ...)                       \
    static Status name(const KernelCall *call, Error *err) {                       \
        Result *restrict out = KERNEL_RESULT(call, Result);                        \
        (void) err;                                                                \
        KERNEL_BINARY_LOOPS(call, Left, Right, out[row] = (Result) (__VA_ARGS__)); \
        return STATUS_OK;                                                          \
    }

/* Cannot fail: the result is an expression of v. */
#define DEFINE_UNARY_KERNEL(name, Argument, Result, ...)                       \
    static Status name(const KernelCall *call, Error *err) {                   \
        Result *restrict out = KERNEL_RESULT(call, Result);                    \
        (void) err;                                                            \
        KERNEL_UNARY_LOOPS(call, Argument, out[row] = (Result) (__VA_ARGS__)); \
        return STATUS_OK;                                                      \
    }

/* May overflow: the last argument is an expression of l and r that stores to *ret and is true when
 * the result is out of range. */
#define DEFINE_CHECKED_KERNEL(name, Left, Right, Result, message, ...)                            \
    static Status name(const KernelCall *call, Error *err) {                                      \
        Result *restrict out = KERNEL_RESULT(call, Result);                                       \
        bool is_bad = false;                                                                      \
        KERNEL_BINARY_LOOPS(call, Left, Right, Result *ret = &out[row]; is_bad |= (__VA_ARGS__)); \
        return is_bad ? error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, message) : STATUS_OK;          \
    }

/* The same of v. */
#define DEFINE_CHECKED_UNARY_KERNEL(name, Argument, Result, message, ...)                     \
    static Status name(const KernelCall *call, Error *err) {                                  \
        Result *restrict out = KERNEL_RESULT(call, Result);                                   \
        bool is_bad = false;                                                                  \
        KERNEL_UNARY_LOOPS(call, Argument, Result *ret = &out[row]; is_bad |= (__VA_ARGS__)); \
        return is_bad ? error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, message) : STATUS_OK;      \
    }

/* prefix_eq … prefix_ge from an equality and a less-than of (l, r), each a macro or function. */
#define DEFINE_COMPARE_KERNELS(prefix, Left, Right, EQUAL, LESS)          \
    DEFINE_BINARY_KERNEL(prefix##_eq, Left, Right, uint8_t, EQUAL(l, r))  \
    DEFINE_BINARY_KERNEL(prefix##_ne, Left, Right, uint8_t, !EQUAL(l, r)) \
    DEFINE_BINARY_KERNEL(prefix##_lt, Left, Right, uint8_t, LESS(l, r))   \
    DEFINE_BINARY_KERNEL(prefix##_le, Left, Right, uint8_t, !LESS(r, l))  \
    DEFINE_BINARY_KERNEL(prefix##_gt, Left, Right, uint8_t, LESS(r, l))   \
    DEFINE_BINARY_KERNEL(prefix##_ge, Left, Right, uint8_t, !LESS(l, r))

/* Their six rows in a function table. */
#define COMPARE_FUNCTIONS(prefix, LEFT, RIGHT)             \
    {"=", prefix##_eq, TYPE_BOOL, 2, {LEFT, RIGHT}},       \
        {"<>", prefix##_ne, TYPE_BOOL, 2, {LEFT, RIGHT}},  \
        {"<", prefix##_lt, TYPE_BOOL, 2, {LEFT, RIGHT}},   \
        {"<=", prefix##_le, TYPE_BOOL, 2, {LEFT, RIGHT}},  \
        {">", prefix##_gt, TYPE_BOOL, 2, {LEFT, RIGHT}}, { \
        ">=", prefix##_ge, TYPE_BOOL, 2, {                 \
            LEFT, RIGHT                                    \
        }                                                  \
    }

#define PLAIN_EQUAL(l, r) ((l) == (r))
#define PLAIN_LESS(l, r) ((l) < (r))

/* NaN equals NaN and is above all numbers, as in PostgreSQL. Of mixed widths too. */
#define FLOAT_EQUAL(l, r) \
    ((double) (l) == (double) (r) || (isnan((double) (l)) && isnan((double) (r))))
#define FLOAT_LESS(l, r) \
    ((double) (l) < (double) (r) || (isnan((double) (r)) && !isnan((double) (l))))

/* The family object at the end of a file: DEFINE_FAMILY(x, .functions = …, .function_count = …). */
#define FAMILY_FUNCTIONS(table) .functions = (table), .function_count = ARRAY_LENGTH(table)
#define FAMILY_CASTS(table) .casts = (table), .cast_count = ARRAY_LENGTH(table)
#define FAMILY_AGGREGATES(table) .aggregates = (table), .aggregate_count = ARRAY_LENGTH(table)

static inline const TextView *kernel_text(const KernelCall *call, uint32_t index, uint32_t row) {
    return &KERNEL_ARGUMENT(call, index, TextView, row);
}

/* Room for a text result: `size_bytes` in the call's arena. 54000 past LIMIT_RECORD_BYTES; 53200
 * when a batch of long ones would take the machine's memory. */
static inline Status kernel_text_room(const KernelCall *call, size_t size_bytes, char **ret_room,
                                      Error *err) {
    if (size_bytes > LIMIT_LONG_TEXT_BYTES && size_bytes <= LIMIT_RECORD_BYTES &&
        arena_used_bytes(call->arena) + size_bytes > LIMIT_BATCH_TEXT_BYTES) {
        *ret_room = NULL;
        IGNORE(error_set(err, OUT_OF_MEMORY, "the texts of one batch of rows take more than %d MB",
                         LIMIT_BATCH_TEXT_BYTES >> 20));
        return STATUS_ERROR;
    }
    *ret_room =
        size_bytes > LIMIT_RECORD_BYTES ? NULL : arena_try_alloc(call->arena, size_bytes + 1);
    if (*ret_room)
        return STATUS_OK;
    IGNORE(error_set(err, PROGRAM_LIMIT_EXCEEDED, "requested length too large"));
    return STATUS_ERROR; /* spelled out: the compiler sees that *ret_room is there on success */
}

/* Put a copy of the bytes into the result. */
static inline Status kernel_put_text(const KernelCall *call, uint32_t row, const char *bytes,
                                     size_t size_bytes, Error *err) {
    char *room = NULL;

    if (size_bytes <= TEXT_INLINE_BYTES) {
        KERNEL_RESULT(call, TextView)[row] = text_view(bytes, (uint32_t) size_bytes);
        return STATUS_OK;
    }
    TRY(kernel_text_room(call, size_bytes, &room, err));
    memcpy(room, bytes, size_bytes);
    KERNEL_RESULT(call, TextView)[row] = text_view(room, (uint32_t) size_bytes);
    return STATUS_OK;
}

/* Put a piece of an argument's bytes, without copying what is long. */
static inline void kernel_put_slice(const KernelCall *call, uint32_t row, const char *bytes,
                                    size_t size_bytes) {
    KERNEL_RESULT(call, TextView)[row] = text_view(bytes, (uint32_t) size_bytes);
}

static inline void kernel_set_null(const KernelCall *call, uint32_t row) {
    column_set_null(call->result, row, call->row_count, call->arena);
}
