/* Value: one SQL value outside a column (a constant, a parameter, an option), and the structs of
 * the types that are wider than a word. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "types/type.h"

/* Text of any length in 16 bytes: up to 12 bytes lie inline; of longer text, the first 4 bytes and
 * a pointer to all of it. Unused inline bytes are zero, so that short texts compare as words. */
typedef struct TextView {
    uint32_t length;
    union {
        char inlined[12];
        struct {
            char prefix[4];
            const char *data;
        } __attribute__((packed));
    };
} TextView;

enum { TEXT_INLINE_BYTES = 12 };

static inline TextView text_view(const char *data, uint32_t length) {
    TextView view = {.length = length};

    if (length <= TEXT_INLINE_BYTES) {
        if (length)
            memcpy(view.inlined, data, length);
    } else {
        memcpy(view.prefix, data, 4);
        view.data = data;
    }
    return view;
}

/* Borrowed from *view itself when short: keep the view where it is while you read. */
static inline const char *text_data(const TextView *view) {
    return view->length <= TEXT_INLINE_BYTES ? view->inlined : view->data;
}

static inline bool text_equal(const TextView *left, const TextView *right) {
    return left->length == right->length &&
           memcmp(text_data(left), text_data(right), left->length) == 0;
}

/* As memcmp over the common length, then the shorter first: collation C. */
int text_compare(const TextView *left, const TextView *right);
/* bpchar without its trailing spaces: how it compares and casts to text. Borrows from *view. */
TextView text_without_padding(const TextView *view);

typedef enum NumericKind {
    NUMERIC_FINITE,
    NUMERIC_NAN,
    NUMERIC_PLUS_INF,
    NUMERIC_MINUS_INF
} NumericKind;

/* coefficient * 10^-scale, |coefficient| < 10^38. The scale is what PostgreSQL calls display scale
 * (1.50 has 2), never negative. Overflow is an error (22003), never a wrong digit. */
typedef struct Numeric {
    uint64_t low; /* two's complement 128-bit coefficient, low word first */
    int64_t high;
    int32_t scale;
    int32_t kind; /* NumericKind; others have coefficient and scale 0 */
} Numeric;

static inline __int128 numeric_coefficient(const Numeric *value) {
    return (__int128) (((unsigned __int128) (uint64_t) value->high << 64) | value->low);
}

static inline Numeric numeric_make(__int128 coefficient, int32_t scale) {
    return (Numeric) {.low = (uint64_t) coefficient,
                      .high = (int64_t) (coefficient >> 64),
                      .scale = scale,
                      .kind = NUMERIC_FINITE};
}

typedef struct Interval {
    int64_t micros;
    int32_t days;
    int32_t months;
} Interval;

typedef struct Uuid {
    uint8_t bytes[16];
} Uuid;

typedef struct Value {
    SqlType type;
    bool is_null;
    union {
        uint8_t boolean;
        int16_t int16;
        int32_t int32;
        int64_t int64;
        float float32;
        double float64;
        Numeric numeric;
        TextView text; /* bytes borrowed: the owner of the Value says from whom */
        Interval interval;
        Uuid uuid;
        char bytes[24]; /* whichever it is: what a column holds, physical_size_bytes of it */
    };
} Value;

Value value_null(SqlType type);
Value value_text(SqlType type, const char *data, size_t length); /* borrows the bytes */
Value value_int8(int64_t number);
Value value_int4(int32_t number);
Value value_bool(bool flag);
/* Total order as in ORDER BY … NULLS LAST: same type assumed; NaN above all numbers. */
int value_compare(const Value *left, const Value *right);
bool value_equal(const Value *left, const Value *right); /* NULL equals NULL */
Value value_copy(const Value *value, Arena *arena);      /* with its bytes */
