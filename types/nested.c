#include "types/nested.h"

#include "types/row.h"

static uint32_t load_u32(const uint8_t *bytes) {
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

uint32_t array_shape_count(const ArrayShape *shape) {
    uint64_t count = shape->dimension_count > 0;

    for (uint32_t i = 0; i < shape->dimension_count; i++) {
        count *= shape->lengths[i];
        if (count > ARRAY_ELEMENTS_MAX)
            return 0;
    }
    return (uint32_t) count;
}

NestedReader array_reader(const Value *array) {
    NestedReader reader = {.element =
                               array->type.element ? *array->type.element : SQL_TYPE(UNKNOWN)};
    const uint8_t *cursor = (const uint8_t *) text_data(&array->text);
    uint32_t dimensions;

    if (array->text.length < 4)
        return reader;
    dimensions = load_u32(cursor);
    if (dimensions > ARRAY_DIMENSIONS_MAX || array->text.length < 4 + 8 * dimensions)
        return reader;
    reader.shape.dimension_count = dimensions;
    reader.end = cursor + array->text.length;
    cursor += 4;
    for (uint32_t i = 0; i < dimensions; i++, cursor += 8) {
        reader.shape.lengths[i] = load_u32(cursor);
        reader.shape.lower_bounds[i] = (int32_t) load_u32(cursor + 4);
    }
    reader.cursor = cursor;
    reader.remaining = array_shape_count(&reader.shape);
    return reader;
}

NestedReader record_reader(const Value *record) {
    NestedReader reader = {0};
    const uint8_t *bytes = (const uint8_t *) text_data(&record->text);

    if (record->text.length < 4)
        return reader;
    reader.remaining = load_u32(bytes);
    reader.cursor = bytes + 4;
    reader.end = bytes + record->text.length;
    return reader;
}

bool array_next(NestedReader *reader, Value *ret_element) {
    if (!reader->remaining)
        return false;
    reader->remaining--;
    if (!row_read_value_of(&reader->cursor, reader->end, reader->element, ret_element)) {
        reader->remaining = 0;
        return false;
    }
    return true;
}

bool record_next(NestedReader *reader, Value *ret_field) {
    SqlType type;

    if (!reader->remaining || reader->end - reader->cursor < 4 ||
        !type_from_oid(load_u32(reader->cursor), &type)) {
        reader->remaining = 0;
        return false;
    }
    reader->remaining--;
    reader->cursor += 4;
    if (!row_read_value_of(&reader->cursor, reader->end, type, ret_field)) {
        reader->remaining = 0;
        return false;
    }
    return true;
}

static void append_u32(StrBuf *out, uint32_t word) {
    strbuf_append(out, &word, sizeof(word));
}

/* Move the built bytes into the arena and end the buffer. */
static Value nested_finish(SqlType type, StrBuf *bytes, Arena *arena) {
    const char *copy = arena_memdup(arena, bytes->data, bytes->length);
    Value value = value_text(type, copy, bytes->length);

    strbuf_done(bytes);
    return value;
}

Value array_build_shaped(SqlType element, const ArrayShape *shape, const Value *elements,
                         Arena *arena) {
    SqlType type = type_array_of(element.id);
    uint32_t count = array_shape_count(shape);
    uint32_t dimensions = count ? shape->dimension_count : 0;
    StrBuf bytes = {0};

    append_u32(&bytes, dimensions);
    for (uint32_t i = 0; i < dimensions; i++) {
        append_u32(&bytes, shape->lengths[i]);
        append_u32(&bytes, (uint32_t) shape->lower_bounds[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        row_append_value_of(&bytes, &elements[i]);
    return nested_finish(type, &bytes, arena);
}

Value array_build(SqlType element, const Value *elements, uint32_t count, Arena *arena) {
    ArrayShape shape = {.dimension_count = 1, .lengths = {count}, .lower_bounds = {1}};

    return array_build_shaped(element, &shape, elements, arena);
}

Value record_build(SqlType type, const Value *fields, uint32_t count, Arena *arena) {
    StrBuf bytes = {0};

    append_u32(&bytes, count);
    for (uint32_t i = 0; i < count; i++) {
        append_u32(&bytes, type_oid(fields[i].type));
        row_append_value_of(&bytes, &fields[i]);
    }
    return nested_finish(type, &bytes, arena);
}

static int compare_words(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

/* Two rows may have other types at the same place: then the types decide. */
static int compare_nullable(const Value *left, const Value *right) {
    if (left->is_null || right->is_null)
        return (int) left->is_null - (int) right->is_null;
    if (left->type.id != right->type.id)
        return compare_words(left->type.id, right->type.id);
    return value_compare(left, right);
}

int array_compare(const Value *left, const Value *right) {
    NestedReader left_reader = array_reader(left);
    NestedReader right_reader = array_reader(right);
    int order = compare_words(left_reader.remaining, right_reader.remaining);
    Value left_element;
    Value right_element;

    while (array_next(&left_reader, &left_element) && array_next(&right_reader, &right_element)) {
        int difference = compare_nullable(&left_element, &right_element);

        if (difference)
            return difference;
    }
    if (order == 0)
        order =
            compare_words(left_reader.shape.dimension_count, right_reader.shape.dimension_count);
    for (uint32_t i = 0; order == 0 && i < left_reader.shape.dimension_count; i++)
        order = compare_words(left_reader.shape.lengths[i], right_reader.shape.lengths[i]);
    for (uint32_t i = 0; order == 0 && i < left_reader.shape.dimension_count; i++)
        order =
            compare_words(left_reader.shape.lower_bounds[i], right_reader.shape.lower_bounds[i]);
    return order;
}

int record_compare(const Value *left, const Value *right) {
    NestedReader left_reader = record_reader(left);
    NestedReader right_reader = record_reader(right);
    int order = compare_words(left_reader.remaining, right_reader.remaining);
    Value left_field;
    Value right_field;

    while (record_next(&left_reader, &left_field) && record_next(&right_reader, &right_field)) {
        int difference = compare_nullable(&left_field, &right_field);

        if (difference)
            return difference;
    }
    return order;
}
