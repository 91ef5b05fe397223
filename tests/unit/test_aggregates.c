/* Aggregates: PostgreSQL's answers, independence of order, retraction, merging, the serialised
 * form. */
#include <stdio.h>

#include "functions/aggregate.h"
#include "tests/unit/expr_support.h"

enum { ROWS_MAX = 64 };

typedef struct Input {
    Arena *arena;
    Column columns[2];
    uint32_t argument_count;
    int64_t weights[ROWS_MAX];
    uint32_t rows[ROWS_MAX];
    uint32_t count;
} Input;

/* `values`: text forms separated by blanks, "NULL" among them; a leading "~" takes a value back. */
static Input read_input(Arena *arena, const char *type_name, const char *values) {
    Input input = {.arena = arena, .argument_count = 1};
    SqlType type;
    char *copy = arena_strdup(arena, values);
    char *rest = NULL;
    uint32_t row = 0;

    assert_true(type_from_name(type_name, &type));
    input.columns[0] = column_create(type, ROWS_MAX, arena);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest), row++) {
        char argument[128];
        const Expr *expr = NULL;

        input.weights[row] = word[0] == '~' ? -1 : 1;
        snprintf(argument, sizeof(argument), "%s:%s", type_name, word + (word[0] == '~'));
        expr = case_argument(arena, argument);
        column_put(&input.columns[0], row, &expr->constant, ROWS_MAX, arena);
        if (!expr->constant.is_null)
            input.rows[input.count++] = row;
    }
    return input;
}

static void *new_state(const Aggregate *aggregate, Arena *arena) {
    void *state = arena_alloc(arena, aggregate->state_size);

    if (aggregate->init)
        aggregate->init(state);
    return state;
}

static void feed(const Aggregate *aggregate, const Input *input, uint32_t from, uint32_t to,
                 void *state) {
    void *states[ROWS_MAX];
    AggregateCall call = {.arguments = input->columns,
                          .argument_count = input->argument_count,
                          .rows = input->rows + from,
                          .count = to - from,
                          .states = states,
                          .weights = input->weights,
                          .arena = input->arena};
    Error err = {0};

    for (uint32_t i = 0; i < ROWS_MAX; i++)
        states[i] = state;
    assert_int_equal(aggregate->update(&call, &err), STATUS_OK);
}

static const char *finish(const Aggregate *aggregate, SqlType type, void *state, Arena *arena) {
    Column result = column_create(type, 1, arena);
    Value value;
    Error err = {0};

    if (aggregate->finalize(&state, 1, &result, arena, &err) != STATUS_OK)
        return error_text(arena, &err);
    value = column_get(&result, 0);
    return value_as_text(arena, &value);
}

static StrBuf serialized(const Aggregate *aggregate, const void *state) {
    StrBuf bytes = {0};

    aggregate->serialize(state, &bytes);
    return bytes;
}

/* One pass; halves merged; through the serialised form; the rows backwards: all the same. */
static void check_all_ways(const Aggregate *aggregate, SqlType type, Input *input,
                           const char *expected) {
    void *whole = new_state(aggregate, input->arena);
    void *half = new_state(aggregate, input->arena);
    void *other = new_state(aggregate, input->arena);
    void *again = new_state(aggregate, input->arena);
    CLEANUP(strbuf_done) StrBuf first = {0};
    CLEANUP(strbuf_done) StrBuf second = {0};
    const uint8_t *cursor = NULL;
    Error err = {0};

    feed(aggregate, input, 0, input->count, whole);
    assert_string_equal(finish(aggregate, type, whole, input->arena), expected);
    feed(aggregate, input, 0, input->count / 2, half);
    feed(aggregate, input, input->count / 2, input->count, other);
    assert_int_equal(aggregate->merge(half, other, input->arena, &err), STATUS_OK);
    assert_string_equal(finish(aggregate, type, half, input->arena), expected);
    for (uint32_t i = 0; i < input->count / 2; i++) {
        uint32_t row = input->rows[i];

        input->rows[i] = input->rows[input->count - 1 - i];
        input->rows[input->count - 1 - i] = row;
    }
    feed(aggregate, input, 0, input->count, again);
    first = serialized(aggregate, whole);
    second = serialized(aggregate, aggregate->is_order_free ? again : half);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(strbuf_text(&first), strbuf_text(&second), first.length);
    cursor = (const uint8_t *) first.data;
    again = new_state(aggregate, input->arena);
    assert_true(aggregate->deserialize(&cursor, cursor + first.length, again, input->arena));
    assert_string_equal(finish(aggregate, type, again, input->arena), expected);
    cursor = (const uint8_t *) first.data;
    again = new_state(aggregate, input->arena);
    assert_false(aggregate->deserialize(&cursor, cursor + first.length - 1, again, input->arena));
}

static void check(const char *name, const char *type_name, const char *values,
                  const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("aggregate", 0);
    Input input = read_input(arena, type_name, values);
    const Aggregate *aggregate = NULL;
    SqlType argument_type;
    SqlType result_type;
    Error err = {0};

    if (aggregate_resolve(name, (SqlTypes) {&input.columns[0].type, 1}, &aggregate, &argument_type,
                          &result_type, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    check_all_ways(aggregate, result_type, &input, expected);
}

/* Of (value, key) rows; "~" before a value takes the row back. */
static void check_ranked(const char *name, const char *values, const char *keys,
                         const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("aggregate", 0);
    Input input = read_input(arena, "text", values);
    Input second = read_input(arena, "int4", keys);
    const SqlType types[] = {SQL_TYPE(TEXT), SQL_TYPE(INT4)};
    const Aggregate *aggregate = NULL;
    SqlType wanted[2];
    SqlType result;
    Error err = {0};

    input.columns[1] = second.columns[0];
    input.argument_count = 2;
    input.count = 0;
    for (const char *word = values; word; word = strchr(word + 1, ' '))
        input.rows[input.count] = input.count, input.count++;
    assert_int_equal(
        aggregate_resolve(name, (SqlTypes) {types, 2}, &aggregate, wanted, &result, &err),
        STATUS_OK);
    check_all_ways(aggregate, result, &input, expected);
}

static void integers_sum_and_average_as_postgresql(void **state) {
    check("sum", "int4", "1 2 NULL 2147483647", "2147483650");
    check("sum", "int2", "NULL NULL", "NULL");
    check("sum", "int8", "9223372036854775807 9223372036854775807", "18446744073709551614");
    check("avg", "int4", "1 2 4", "2.3333333333333333");
    check("avg", "int4", "10 20", "15.0000000000000000");
    check("avg", "int8", "1 0 0", "0.33333333333333333333");
    check("avg", "int8", "100000 200001", "150000.500000000000");
    check("count", "text", "a b NULL", "2");
    check("sum", "int4", "5 7 ~5", "7");
    check("sum", "int4", "5 ~5", "NULL");
    check("bool_and", "bool", "t f t", "f");
    check("bool_or", "bool", "t f NULL", "t");
    check("bool_and", "bool", "t f ~f", "t");
}

static void floats_sum_exactly(void **state) {
    check("sum", "float8", "0.1 0.2 0.3", "0.6");
    check("sum", "float8", "1e300 1 -1e300", "1");
    check("sum", "float8", "1e300 5e-324 -1e300", "5e-324");
    check("sum", "float8", "1e308 1e308 -1e308", "1e+308");
    check("sum", "float8", "1e308 1e308", "!22003 value out of range: overflow");
    check("sum", "float8", "Infinity 1", "Infinity");
    check("sum", "float8", "Infinity -Infinity", "NaN");
    check("sum", "float8", "Infinity 1 ~Infinity", "1");
    check("sum", "float8", "9007199254740992 1", "9.007199254740992e+15");
    check("sum", "float8", "9007199254740992 1 1e-30", "9.007199254740994e+15");
    check("sum", "float8", "-2.5 1e-310 2.5", "1e-310");
    check("sum", "float4", "1.5 2.25", "3.75");
    check("avg", "float8", "1 2 4", "2.3333333333333335");
    check("var_samp", "float8", "1 2 4", "2.3333333333333335");
    check("stddev_pop", "float8", "2 4 4 4 5 5 7 9", "2");
    check("variance", "float8", "1e10 1e10", "0");
    check("var_samp", "float8", "1", "NULL");
}

static void numerics_keep_their_scale(void **state) {
    check("sum", "numeric", "1.50 2.5 3", "7.00");
    check("sum", "numeric", "1.50 2.5 3 ~1.50", "5.5");
    check("sum", "numeric", "NaN 1", "NaN");
    check("avg", "numeric", "1.50 2.5 3", "2.3333333333333333");
}

static void intervals_keep_months_days_and_time_apart(void **state) {
    check("sum", "interval", "01:00:00 02:00:00", "03:00:00");
    check("avg", "interval", "01:00:00 02:00:00", "01:30:00");
    check("sum", "interval", "NULL", "NULL");
    check("sum", "interval", "P1DT2H P1M P1M", "2 mons 1 day 02:00:00");
    check("sum", "interval", "P1DT2H P1M P1M ~P1DT2H ~P1M ~P1M", "NULL");
    check("sum", "interval", "P-3M5DT1S P-3M5DT1S", "-6 mons +10 days 00:00:02");
    check("avg", "interval", "P1DT2H P1M", "15 days 13:00:00"); /* fractions go down */
    check("sum", "interval", "P2147483647D P2147483647D", "!22008 interval out of range");
}

static void rows_are_collected_in_order(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("aggregate", 0);
    const SqlType types[] = {SQL_TYPE(TEXT), SQL_TYPE(TEXT)};
    SqlType wanted[2];
    SqlType result;
    const Aggregate *aggregate = NULL;
    Input input = read_input(arena, "text", "a b NULL c");
    Column arguments[2] = {input.columns[0], input.columns[0]};
    void *states[ROWS_MAX];
    AggregateCall call = {.arguments = arguments,
                          .argument_count = 2,
                          .rows = input.rows,
                          .count = input.count,
                          .states = states,
                          .arena = arena};
    Value comma = value_text(SQL_TYPE(TEXT), ", ", 2);
    Error err = {0};

    arguments[1] = column_constant(&comma, arena);
    assert_int_equal(
        aggregate_resolve("string_agg", (SqlTypes) {types, 2}, &aggregate, wanted, &result, &err),
        STATUS_OK);
    for (uint32_t i = 0; i < ROWS_MAX; i++)
        states[i] = i ? states[0] : new_state(aggregate, arena);
    assert_int_equal(aggregate->update(&call, &err), STATUS_OK);
    assert_string_equal(finish(aggregate, result, states[0], arena), "a, b, c");
    check("array_agg", "int4", "3 1 2", "{3,1,2}");
    check("array_agg", "text", "x a-text-longer-than-twelve", "{x,a-text-longer-than-twelve}");
}

static void variance_of_integers_is_numeric(void **state) {
    check("var_samp", "int4", "1 2 4", "2.3333333333333333");
    check("var_pop", "int8", "1 2 4", "1.5555555555555556");
    check("variance", "numeric", "1.5 2.5 4", "1.5833333333333333");
    check("stddev", "int4", "1 2 4", "1.5275252316519467");
    check("stddev_pop", "int2", "2 4 4 4 5 5 7 9", "2.0000000000000000");
    check("var_samp", "int4", "7", "NULL");
    check("var_pop", "int4", "7", "0");
    check("var_samp", "int4", "1 2 4 100 ~100", "2.3333333333333333");
}

static void extremes_of_all_types(void **state) {
    check("min", "int4", "3 -1 2", "-1");
    check("max", "int8", "3 -1 NULL", "3");
    check("max", "float8", "1 NaN 2", "NaN");
    check("min", "text", "pear a-text-longer-than-twelve zebra", "a-text-longer-than-twelve");
    check("max", "numeric", "1.5 1.25", "1.5");
    check("max", "timestamp", "2020-01-01 2021-01-01", "2021-01-01 00:00:00");
    check("min", "int4", "NULL", "NULL");
}

static void extremes_can_be_taken_back(void **state) {
    check("min_retract", "int4", "3 1 2 ~1", "2");
    check("max_retract", "int4", "3 3 1 ~3", "3");
    check("max_retract", "int4", "~3 1 3", "1");
    check("min_retract", "text", "b a-text-longer-than-twelve c ~a-text-longer-than-twelve", "b");
    check("max_retract", "int8", "1 2 3 4 5 6 7 8 9 10 11 12 ~12 ~11 ~1 ~10", "9");
    check("max_retract", "int8", "1 ~1", "NULL");
}

static void bits_are_combined(void **state) {
    check("bit_and", "int4", "5 3 NULL", "1");
    check("bit_or", "int2", "5 3", "7");
    check("bit_xor", "int8", "5 3 3", "5");
    check("bit_and", "int4", "-1 -4", "-4");
    check("bit_or", "int8", "NULL", "NULL");
    check("bit_xor", "int4", "5 3 ~5", "3");
    check("bit_xor", "int4", "5 ~5", "NULL");
}

static void equal_values_of_other_looks_are_kept_apart(void **state) {
    check("mode", "numeric", "1.50 2 2 1.5 1.5", "1.5");
    check("mode", "int4", "3 1 3 ~3 1", "1");
    check("mode", "text", "b a NULL", "a");
    check("min_retract", "numeric", "1.50 1.5 2 ~1.5", "1.50");
    check("max_retract", "interval", "1 ~1", "NULL");
}

static void the_value_at_the_extreme_key(void **state) {
    check_ranked("max_by", "a b c", "1 3 2", "b");
    check_ranked("min_by", "a b c", "2 3 1", "c");
    check_ranked("max_by", "a b c", "NULL 1 NULL", "b");
    check_ranked("max_by", "a NULL c", "1 3 2", "NULL");
    check_ranked("max_by", "a b", "NULL NULL", "NULL");
    check_ranked("min_by", "a-text-longer-than-twelve b", "-7 0", "a-text-longer-than-twelve");
}

static void of_equal_keys_the_extreme_value(void **state) {
    check_ranked("max_by", "b c a", "1 1 1", "c");
    check_ranked("min_by", "b c a", "1 1 1", "a");
    check_ranked("max_by", "NULL a NULL", "1 1 1", "a");
    check_ranked("min_by", "NULL a NULL", "1 1 1", "a");
}

static void ranked_values_can_be_taken_back(void **state) {
    check_ranked("max_by_retract", "a b c ~b", "1 3 2 3", "c");
    check_ranked("min_by_retract", "~a b a a", "1 3 1 1", "a");
    check_ranked("min_by_retract", "a ~a", "1 1", "NULL");
    check_ranked("max_by_retract", "a b ~b NULL", "1 NULL NULL 5", "NULL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_sum_and_average_as_postgresql),
        cmocka_unit_test(floats_sum_exactly),
        cmocka_unit_test(numerics_keep_their_scale),
        cmocka_unit_test(intervals_keep_months_days_and_time_apart),
        cmocka_unit_test(rows_are_collected_in_order),
        cmocka_unit_test(variance_of_integers_is_numeric),
        cmocka_unit_test(extremes_of_all_types),
        cmocka_unit_test(bits_are_combined),
        cmocka_unit_test(equal_values_of_other_looks_are_kept_apart),
        cmocka_unit_test(the_value_at_the_extreme_key),
        cmocka_unit_test(of_equal_keys_the_extreme_value),
        cmocka_unit_test(ranked_values_can_be_taken_back),
        cmocka_unit_test(extremes_can_be_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
