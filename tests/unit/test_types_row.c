/* Types, values, batches and rows: names, value form, key form, sort key form, hashing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "types/nested.h"
#include "types/row.h"

static Value make_numeric(int64_t coefficient, int32_t scale) {
    Value value = {.type = SQL_TYPE(NUMERIC)};

    value.numeric = numeric_make(coefficient, scale);
    return value;
}

static Value make_float(double number) {
    return (Value) {.type = SQL_TYPE(FLOAT8), .float64 = number};
}

static Value make_text(const char *text) {
    return value_text(SQL_TYPE(TEXT), text, strlen(text));
}

static void type_names_are_known(void **state) {
    static const struct {
        const char *name;
        const char *display;
    } cases[] = {
        {"int", "integer"},
        {"int8", "bigint"},
        {"float", "double precision"},
        {"timestamptz", "timestamp with time zone"},
        {"char", "character(1)"},
        {"string", "text"},
        {"decimal", "numeric"},
        {"integer[]", "integer[]"},
        {"_text", "text[]"},
        {"\"char\"", "\"char\""},
    };
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    SqlType type;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_true(type_from_name(cases[i].name, &type));
        assert_string_equal(type_display(type, arena), cases[i].display);
    }
    assert_false(type_from_name("integr", &type));
    assert_false(type_from_name("anyarray[]", &type));
    assert_true(type_from_oid(1007, &type));
    assert_int_equal(type.element->id, TYPE_INT4);
    assert_int_equal(type_oid(type), 1007);
    type = (SqlType) {.id = TYPE_NUMERIC, .typmod = type_numeric_typmod(10, 2)};
    assert_string_equal(type_display(type, arena), "numeric(10,2)");
}

static void check_round_trip(const Value *value, Arena *arena) {
    StrBuf bytes = {0};
    Column column = column_create(value->type, 3, arena);
    const uint8_t *cursor;
    Value back;

    column_put(&column, 1, value, 3, arena);
    row_append_value(&bytes, &column, 1);
    cursor = (const uint8_t *) bytes.data;
    assert_true(
        row_read_value(&cursor, (const uint8_t *) bytes.data + bytes.length, &column, 2, 3, arena));
    assert_ptr_equal(cursor, bytes.data + bytes.length);
    back = column_get(&column, 2);
    assert_true(value_equal(value, &back));
    for (size_t cut = 0; cut < bytes.length; cut++) {
        cursor = (const uint8_t *) bytes.data;
        assert_false(row_skip_value(&cursor, (const uint8_t *) bytes.data + cut, value->type));
    }
    strbuf_done(&bytes);
}

static void value_form_round_trips(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Value numbers[] = {value_int4(1), value_null(SQL_TYPE(INT4)), value_int4(-7)};
    Value values[] = {
        value_int8(INT64_MIN),
        value_bool(true),
        make_numeric(-12345, 2),
        make_text(""),
        make_text("exactly12byt"),
        make_text("a text of more than twelve bytes"),
        value_null(SQL_TYPE(TEXT)),
        make_float(-0.0),
        array_build(SQL_TYPE(INT4), numbers, 3, arena),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        check_round_trip(&values[i], arena);
}

static bool keys_equal(const Value *left, const Value *right) {
    StrBuf left_key = {0};
    StrBuf right_key = {0};
    bool is_equal;

    row_append_key_of(&left_key, left);
    row_append_key_of(&right_key, right);
    is_equal = left_key.length == right_key.length &&
               memcmp(left_key.data, right_key.data, left_key.length) == 0;
    strbuf_done(&left_key);
    strbuf_done(&right_key);
    return is_equal;
}

static void key_form_is_equal_for_equal_values(void **state) {
    Value padded = value_text(SQL_TYPE(BPCHAR), "ab  ", 4);
    Value bare = value_text(SQL_TYPE(BPCHAR), "ab", 2);
    Value pairs[][2] = {
        {make_numeric(100, 2), make_numeric(1, 0)},
        {make_numeric(0, 5), make_numeric(0, 0)},
        {make_float(0.0), make_float(-0.0)},
        {make_float(NAN), make_float(-NAN)},
        {padded, bare},
    };
    Value different[][2] = {
        {make_numeric(10, 0), make_numeric(1, 0)},
        {make_numeric(100, 0), make_numeric(1, 2)},
        {make_text(""), value_null(SQL_TYPE(TEXT))},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        assert_true(keys_equal(&pairs[i][0], &pairs[i][1]));
        assert_true(value_equal(&pairs[i][0], &pairs[i][1]));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(different); i++)
        assert_false(keys_equal(&different[i][0], &different[i][1]));
}

static void check_ascending(const Value *values, size_t count) {
    for (size_t i = 0; i + 1 < count; i++) {
        StrBuf left = {0};
        StrBuf right = {0};

        assert_true(value_compare(&values[i], &values[i + 1]) < 0);
        assert_true(value_compare(&values[i + 1], &values[i]) > 0);
        for (int is_descending = 0; is_descending < 2; is_descending++) {
            size_t common;
            int order;

            strbuf_clear(&left);
            strbuf_clear(&right);
            row_append_sort_key_of(&left, &values[i], is_descending, false);
            row_append_sort_key_of(&right, &values[i + 1], is_descending, false);
            common = left.length < right.length ? left.length : right.length;
            order = memcmp(left.data, right.data, common);
            assert_true(is_descending ? order > 0 : order < 0);
        }
        strbuf_done(&left);
        strbuf_done(&right);
    }
}

static void sort_keys_follow_the_order(void **state) {
    Value minus_infinity = {.type = SQL_TYPE(NUMERIC), .numeric = {.kind = NUMERIC_MINUS_INF}};
    Value infinity = {.type = SQL_TYPE(NUMERIC), .numeric = {.kind = NUMERIC_PLUS_INF}};
    Value not_a_number = {.type = SQL_TYPE(NUMERIC), .numeric = {.kind = NUMERIC_NAN}};
    Value numerics[] = {minus_infinity,
                        make_numeric(-1000, 0),
                        make_numeric(-9999, 1),
                        make_numeric(-1, 60),
                        make_numeric(0, 0),
                        make_numeric(1, 60),
                        make_numeric(5, 1),
                        make_numeric(123, 2),
                        make_numeric(2, 0),
                        make_numeric(10, 0),
                        infinity,
                        not_a_number};
    Value floats[] = {make_float(-INFINITY), make_float(-1.5), make_float(0.0),
                      make_float(1e-300),    make_float(2.0),  make_float(INFINITY),
                      make_float(NAN)};
    Value texts[] = {make_text(""), value_text(SQL_TYPE(TEXT), "a\0b", 3), make_text("aa"),
                     make_text("b")};
    Value ints[] = {value_int4(INT32_MIN), value_int4(-1), value_int4(0), value_int4(7)};

    check_ascending(numerics, ARRAY_LENGTH(numerics));
    check_ascending(floats, ARRAY_LENGTH(floats));
    check_ascending(texts, ARRAY_LENGTH(texts));
    check_ascending(ints, ARRAY_LENGTH(ints));
}

static void hashes_agree_across_forms(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Value whole = make_numeric(1, 0);
    Value scaled = make_numeric(100, 2);
    Value null = value_null(SQL_TYPE(NUMERIC));
    Column columns[2] = {column_create(SQL_TYPE(NUMERIC), 4, arena), column_constant(&null, arena)};
    uint32_t selection[] = {0, 2, 3};
    Batch batch = {.row_count = 4,
                   .column_count = 2,
                   .columns = columns,
                   .selection = selection,
                   .selection_count = 3};
    uint32_t keys[] = {0, 1};
    uint64_t hashes[4];

    column_put(&columns[0], 0, &whole, 4, arena);
    column_put(&columns[0], 2, &scaled, 4, arena);
    column_put(&columns[0], 3, &null, 4, arena);
    batch_hash_columns(&batch, keys, 2, hashes);
    assert_true(hashes[0] == hashes[2]);
    assert_true(hashes[0] != hashes[3]);
}

static void compact_keeps_active_rows(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Column columns[1] = {column_create(SQL_TYPE(TEXT), 3, arena)};
    uint32_t selection[] = {0, 2};
    int64_t weights[] = {1, 1, -1};
    Batch batch = {.row_count = 3,
                   .column_count = 1,
                   .columns = columns,
                   .selection = selection,
                   .selection_count = 2,
                   .weights = weights};
    char long_text[] = "a text of more than twelve bytes";
    Value value = make_text(long_text);
    Value back;
    Batch *compact;

    column_put(&columns[0], 0, &value, 3, arena);
    column_set_null(&columns[0], 2, 3, arena);
    compact = batch_compact(&batch, true, arena);
    long_text[0] = 'X';
    assert_int_equal(compact->row_count, 2);
    assert_null(compact->selection);
    back = column_get(&compact->columns[0], 0);
    assert_int_equal(text_data(&back.text)[0], 'a');
    assert_true(column_is_null(&compact->columns[0], 1));
    assert_int_equal(compact->weights[1], -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_names_are_known),
        cmocka_unit_test(value_form_round_trips),
        cmocka_unit_test(key_form_is_equal_for_equal_values),
        cmocka_unit_test(sort_keys_follow_the_order),
        cmocka_unit_test(hashes_agree_across_forms),
        cmocka_unit_test(compact_keeps_active_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
