/* Nested: how arrays and records lie in a VARLEN value.
 *
 * Array: u32 dimension count (0: empty), per dimension u32 length and i32 lower bound, then the
 * elements, last dimension fastest, each in value form (types/row.h). Record: u32 field count, per
 * field u32 type OID, then its value form. All little-endian. The bytes may come from a checkpoint:
 * readers check them and treat damage as the end. */
#pragma once

#include "types/value.h"

enum { ARRAY_DIMENSIONS_MAX = 6, ARRAY_ELEMENTS_MAX = 1 << 27 };

typedef struct ArrayShape {
    uint32_t dimension_count;
    uint32_t lengths[ARRAY_DIMENSIONS_MAX];
    int32_t lower_bounds[ARRAY_DIMENSIONS_MAX];
} ArrayShape;

typedef struct NestedReader {
    ArrayShape shape;   /* arrays only */
    SqlType element;    /* arrays only */
    uint32_t remaining; /* elements or fields not yet read */
    const uint8_t *cursor;
    const uint8_t *end;
} NestedReader;

/* `array` and `record` are not NULL and stay where they are while the reader is used. */
NestedReader array_reader(const Value *array);
NestedReader record_reader(const Value *record);
uint32_t array_shape_count(const ArrayShape *shape); /* product of the lengths; 0 when empty */
/* The next element or field; bytes are borrowed from the nested value. false: no more. */
bool array_next(NestedReader *reader, Value *ret_element);
bool record_next(NestedReader *reader, Value *ret_field);

/* One dimension, lower bound 1. `elements` have type `element` or are NULL. Bytes: arena. */
Value array_build(SqlType element, const Value *elements, uint32_t count, Arena *arena);
/* `elements` in row-major order, array_shape_count of them. */
Value array_build_shaped(SqlType element, const ArrayShape *shape, const Value *elements,
                         Arena *arena);
Value record_build(SqlType type, const Value *fields, uint32_t count, Arena *arena);
/* PostgreSQL's orders: elements first, then counts and shapes; field by field. */
int array_compare(const Value *left, const Value *right);
int record_compare(const Value *left, const Value *right);
