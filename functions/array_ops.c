/* Arrays: building, subscripts, containment, joining, lists of text.
 *
 * ARRAY[…] is the internal function array_build, whose arguments the binder brings to one type;
 * a[i] is array_get. */
#include "functions/kernel.h"
#include "types/nested.h"

static SqlType element_of(SqlType array) {
    return array.element ? *array.element : SQL_TYPE(TEXT);
}

/* -------- result types -------- */

static SqlType type_of_first(const SqlType *arguments, uint32_t count) {
    return arguments[0];
}

static SqlType type_of_second(const SqlType *arguments, uint32_t count) {
    return arguments[1];
}

static SqlType type_of_element(const SqlType *arguments, uint32_t count) {
    return element_of(arguments[0]);
}

/* Of arrays: an array of one dimension more. */
static SqlType type_of_array(const SqlType *arguments, uint32_t count) {
    if (count == 0)
        return type_array_of(TYPE_TEXT);
    return arguments[0].id == TYPE_ARRAY ? arguments[0] : type_array_of(arguments[0].id);
}

static SqlType type_text_array(const SqlType *arguments, uint32_t count) {
    return type_array_of(TYPE_TEXT);
}

/* -------- building -------- */

static Status put_value(const KernelCall *call, uint32_t row, const Value *value) {
    column_put(call->result, row, value, call->row_count, call->arena);
    return STATUS_OK;
}

/* Elements in a growing list. */
typedef struct ElementList {
    Value *items;
    uint32_t count;
    uint32_t capacity;
    Arena *arena;
} ElementList;

static Status element_add(ElementList *list, const Value *item, Error *err) {
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 8;
        Value *items = NULL;

        if (capacity <= ARRAY_ELEMENTS_MAX)
            items = arena_try_alloc(list->arena, capacity * sizeof(*items));
        if (!items)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED,
                             "array size exceeds the maximum allowed (%d)", ARRAY_ELEMENTS_MAX);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *item;
    return STATUS_OK;
}

static Status element_add_all(ElementList *list, NestedReader reader, Error *err) {
    Value item;

    while (array_next(&reader, &item))
        TRY(element_add(list, &item, err));
    return STATUS_OK;
}

static bool same_shape(const ArrayShape *left, const ArrayShape *right) {
    if (left->dimension_count != right->dimension_count)
        return false;
    for (uint32_t i = 0; i < left->dimension_count; i++)
        if (left->lengths[i] != right->lengths[i])
            return false;
    return true;
}

/* ARRAY[[…],[…]]: the inner arrays must be alike. */
static Status build_of_arrays(const KernelCall *call, uint32_t row, Error *err) {
    ElementList list = {.arena = call->arena};
    ArrayShape inner = {0};
    ArrayShape shape = {.lengths = {call->argument_count}, .lower_bounds = {1}};
    Value array;

    for (uint32_t i = 0; i < call->argument_count; i++) {
        Value part = column_get(&call->arguments[i], row);
        NestedReader reader = {0};

        if (!part.is_null)
            reader = array_reader(&part);
        if (i > 0 && !same_shape(&inner, &reader.shape))
            return error_set(err, ARRAY_SUBSCRIPT_ERROR,
                             "multidimensional arrays must have array expressions with matching "
                             "dimensions");
        inner = reader.shape;
        TRY(element_add_all(&list, reader, err));
    }
    if (inner.dimension_count + 1 > ARRAY_DIMENSIONS_MAX)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         inner.dimension_count + 1, ARRAY_DIMENSIONS_MAX);
    shape.dimension_count = list.count ? inner.dimension_count + 1 : 0;
    for (uint32_t i = 0; i < inner.dimension_count && i + 1 < ARRAY_DIMENSIONS_MAX; i++) {
        shape.lengths[i + 1] = inner.lengths[i];
        shape.lower_bounds[i + 1] = 1;
    }
    array = array_build_shaped(element_of(call->result->type), &shape, list.items, call->arena);
    return put_value(call, row, &array);
}

static Status array_of_arguments(const KernelCall *call, Error *err) {
    Value elements[64];
    Value *items = elements;

    if (call->argument_count > ARRAY_LENGTH(elements))
        items = arena_new_array(call->arena, Value, call->argument_count);
    KERNEL_FOR_EACH(call, row) {
        Value array;

        if (call->argument_count && call->arguments[0].type.id == TYPE_ARRAY) {
            TRY(build_of_arrays(call, row, err));
            continue;
        }
        for (uint32_t i = 0; i < call->argument_count; i++)
            items[i] = column_get(&call->arguments[i], row);
        array =
            array_build(element_of(call->result->type), items, call->argument_count, call->arena);
        TRY(put_value(call, row, &array));
    }
    return STATUS_OK;
}

/* -------- subscripts -------- */

/* Row-major place of the subscripts; false: outside, or too few or many. */
static bool element_place(const KernelCall *call, uint32_t row, const ArrayShape *shape,
                          uint32_t *ret_place) {
    uint32_t place = 0;

    if (call->argument_count - 1 != shape->dimension_count)
        return false;
    for (uint32_t i = 0; i < shape->dimension_count; i++) {
        int64_t index =
            (int64_t) KERNEL_ARGUMENT(call, i + 1, int32_t, row) - shape->lower_bounds[i];

        if (index < 0 || index >= shape->lengths[i])
            return false;
        place = place * shape->lengths[i] + (uint32_t) index;
    }
    *ret_place = place;
    return true;
}

static Status array_get(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        Value array = column_get(&call->arguments[0], row);
        NestedReader reader = array_reader(&array);
        Value element = value_null(call->result->type);
        uint32_t place = 0;

        if (element_place(call, row, &reader.shape, &place)) {
            for (uint32_t i = 0; i <= place; i++)
                if (!array_next(&reader, &element))
                    break;
            /* Short texts may lie in the local copy of the array. */
            element = value_copy(&element, call->arena);
        }
        TRY(put_value(call, row, &element));
    }
    return STATUS_OK;
}

/* -------- order and containment -------- */

static Status check_same_element(const KernelCall *call, Error *err) {
    CLEANUP(arena_destroyp) Arena *names = NULL;

    if (type_equal(call->arguments[0].type, call->arguments[1].type))
        return STATUS_OK;
    names = arena_create("names", 0);
    return error_set(err, DATATYPE_MISMATCH, "arrays of different types: %s and %s",
                     type_display(call->arguments[0].type, names),
                     type_display(call->arguments[1].type, names));
}

static bool has_element(const Value *array, const Value *wanted) {
    NestedReader reader = array_reader(array);
    Value element;

    while (array_next(&reader, &element))
        if (!element.is_null && !wanted->is_null && value_equal(&element, wanted))
            return true;
    return false;
}

/* Are all (or is any) of the elements of `inner` in `outer`? */
static bool has_elements(const Value *outer, const Value *inner, bool is_all) {
    NestedReader reader = array_reader(inner);
    Value element;

    while (array_next(&reader, &element))
        if (has_element(outer, &element) != is_all)
            return !is_all;
    return is_all;
}

static Status contain(const KernelCall *call, uint32_t outer, bool is_all, Error *err) {
    TRY(check_same_element(call, err));
    KERNEL_FOR_EACH(call, row) {
        Value values[2] = {column_get(&call->arguments[0], row),
                           column_get(&call->arguments[1], row)};

        KERNEL_RESULT(call, uint8_t)
        [row] = has_elements(&values[outer], &values[1 - outer], is_all);
    }
    return STATUS_OK;
}

static Status array_contains(const KernelCall *call, Error *err) {
    return contain(call, 0, true, err);
}

static Status array_contained(const KernelCall *call, Error *err) {
    return contain(call, 1, true, err);
}

static Status array_overlaps(const KernelCall *call, Error *err) {
    return contain(call, 0, false, err);
}

/* -------- shape -------- */

static Status array_lower(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        Value array = column_get(&call->arguments[0], row);
        NestedReader reader = array_reader(&array);
        int64_t dimension = (int64_t) KERNEL_ARGUMENT(call, 1, int32_t, row) - 1;

        if (dimension >= 0 && dimension < reader.shape.dimension_count &&
            dimension < ARRAY_DIMENSIONS_MAX)
            KERNEL_RESULT(call, int32_t)[row] = reader.shape.lower_bounds[dimension];
        else
            kernel_set_null(call, row);
    }
    return STATUS_OK;
}

static Status array_ndims(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        Value array = column_get(&call->arguments[0], row);
        uint32_t count = array_reader(&array).shape.dimension_count;

        KERNEL_RESULT(call, int32_t)[row] = (int32_t) count;
        if (count == 0)
            kernel_set_null(call, row);
    }
    return STATUS_OK;
}

/* -------- joining -------- */

/* The arguments' elements one behind the other; a NULL array counts as none. */
static Status join_row(const KernelCall *call, uint32_t row, Error *err) {
    SqlType type = call->result->type;
    ElementList list = {.arena = call->arena};
    Value array;
    bool is_null = true;

    for (uint32_t i = 0; i < 2; i++) {
        Value part = column_get(&call->arguments[i], row);

        if (part.type.id == TYPE_ARRAY && part.is_null)
            continue;
        is_null = false;
        if (part.type.id != TYPE_ARRAY) {
            TRY(element_add(&list, &part, err));
            continue;
        }
        if (array_reader(&part).shape.dimension_count > 1)
            return error_set(err, FEATURE_NOT_SUPPORTED,
                             "joining arrays of several dimensions is not supported");
        TRY(element_add_all(&list, array_reader(&part), err));
    }
    if (is_null) {
        kernel_set_null(call, row);
        return STATUS_OK;
    }
    array = array_build(element_of(type), list.items, list.count, call->arena);
    return put_value(call, row, &array);
}

static Status array_join(const KernelCall *call, Error *err) {
    for (uint32_t i = 0; i < 2; i++) {
        SqlType type = call->arguments[i].type;

        if (type.id == TYPE_ARRAY)
            type = element_of(type);
        if (type.id != element_of(call->result->type).id)
            return error_set(err, DATATYPE_MISMATCH, "the element has another type than the array");
    }
    KERNEL_FOR_EACH(call, row) {
        TRY(join_row(call, row, err));
    }
    return STATUS_OK;
}

static Status array_position(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        Value array = column_get(&call->arguments[0], row);
        Value wanted = column_get(&call->arguments[1], row);
        NestedReader reader;
        int32_t place = 0;
        bool is_found = false;
        Value element;

        if (!array.is_null) {
            reader = array_reader(&array);
            place = reader.shape.lower_bounds[0] - 1;
            while (!is_found && array_next(&reader, &element)) {
                place++;
                is_found = element.is_null == wanted.is_null && value_equal(&element, &wanted);
            }
        }
        KERNEL_RESULT(call, int32_t)[row] = place;
        if (!is_found)
            kernel_set_null(call, row);
    }
    return STATUS_OK;
}

/* -------- text lists -------- */

/* Add the piece, or NULL where it is the text that stands for NULL. */
static Status add_piece(ElementList *list, const char *text, size_t length,
                        const TextView *null_text, Error *err) {
    Value piece = value_text(SQL_TYPE(TEXT), text, length);

    if (null_text && text_equal(&piece.text, null_text))
        piece = value_null(SQL_TYPE(TEXT));
    return element_add(list, &piece, err);
}

/* A NULL separator parts the characters; an empty one, nothing. */
static Status split_text(const TextView *text, const TextView *separator, const TextView *null_text,
                         ElementList *list, Error *err) {
    const char *cursor = text_data(text);
    const char *end = cursor + text->length;

    if (text->length == 0)
        return STATUS_OK;
    if (separator && separator->length == 0)
        return add_piece(list, cursor, text->length, null_text, err);
    for (;;) {
        const char *next = end;
        size_t skipped = 0;

        if (separator) {
            next = memmem(cursor, (size_t) (end - cursor), text_data(separator), separator->length);
            skipped = separator->length;
        } else {
            for (next = cursor + 1; next < end && ((unsigned char) *next & 0xc0) == 0x80; next++)
                continue;
            next = next < end ? next : NULL;
        }
        TRY(add_piece(list, cursor, (size_t) ((next ? next : end) - cursor), null_text, err));
        if (!next)
            return STATUS_OK;
        cursor = next + skipped;
    }
}

static Status string_to_array(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        bool has_null_text = call->argument_count == 3 && !column_is_null(&call->arguments[2], row);
        ElementList list = {.arena = call->arena};
        Value array;

        if (column_is_null(&call->arguments[0], row)) {
            kernel_set_null(call, row);
            continue;
        }
        TRY(split_text(kernel_text(call, 0, row),
                       column_is_null(&call->arguments[1], row) ? NULL : kernel_text(call, 1, row),
                       has_null_text ? kernel_text(call, 2, row) : NULL, &list, err));
        array = array_build(SQL_TYPE(TEXT), list.items, list.count, call->arena);
        TRY(put_value(call, row, &array));
    }
    return STATUS_OK;
}

/* clang-format off */
#define ARRAY_FUNCTION(name, kernel, result, count, ...) \
    {name, kernel, result, count, {__VA_ARGS__}, VOLATILITY_IMMUTABLE}

static const Function array_functions[] = {
    {"array_build", array_of_arguments, TYPE_ARRAY, 1, {TYPE_ANY}, VOLATILITY_IMMUTABLE,
     FUNCTION_VARIADIC | FUNCTION_NOT_STRICT | FUNCTION_INTERNAL, type_of_array},
    {"array_build", array_of_arguments, TYPE_ARRAY, 0, {0}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT | FUNCTION_INTERNAL, type_of_array},
    {"array_get", array_get, TYPE_ANY, 2, {TYPE_ARRAY, TYPE_INT4}, VOLATILITY_IMMUTABLE,
     FUNCTION_VARIADIC | FUNCTION_INTERNAL, type_of_element},
    ARRAY_FUNCTION("@>", array_contains, TYPE_BOOL, 2, TYPE_ARRAY, TYPE_ARRAY),
    ARRAY_FUNCTION("<@", array_contained, TYPE_BOOL, 2, TYPE_ARRAY, TYPE_ARRAY),
    ARRAY_FUNCTION("&&", array_overlaps, TYPE_BOOL, 2, TYPE_ARRAY, TYPE_ARRAY),
    ARRAY_FUNCTION("array_lower", array_lower, TYPE_INT4, 2, TYPE_ARRAY, TYPE_INT4),
    ARRAY_FUNCTION("array_ndims", array_ndims, TYPE_INT4, 1, TYPE_ARRAY),
    {"array_append", array_join, TYPE_ARRAY, 2, {TYPE_ARRAY, TYPE_ANY}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT, type_of_first},
    {"array_prepend", array_join, TYPE_ARRAY, 2, {TYPE_ANY, TYPE_ARRAY}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT, type_of_second},
    {"array_cat", array_join, TYPE_ARRAY, 2, {TYPE_ARRAY, TYPE_ARRAY}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT, type_of_first},
    {"||", array_join, TYPE_ARRAY, 2, {TYPE_ARRAY, TYPE_ARRAY}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT, type_of_first},
    {"array_position", array_position, TYPE_INT4, 2, {TYPE_ARRAY, TYPE_ANY}, VOLATILITY_IMMUTABLE,
     FUNCTION_NOT_STRICT},
    {"string_to_array", string_to_array, TYPE_ARRAY, 2, {TYPE_TEXT, TYPE_TEXT},
     VOLATILITY_IMMUTABLE, FUNCTION_NOT_STRICT, type_text_array},
    {"string_to_array", string_to_array, TYPE_ARRAY, 3, {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT},
     VOLATILITY_IMMUTABLE, FUNCTION_NOT_STRICT, type_text_array},
};
/* clang-format on */

const FunctionFamily family_array_ops = {FAMILY_FUNCTIONS(array_functions)};
