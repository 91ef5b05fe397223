/* sum and avg of intervals: retraction, merging and state bytes. */
#include "tests/unit/datetime_support.h"

typedef struct State {
    _Alignas(16) uint8_t bytes[64];
} State;

static Interval interval_of(const char *text) {
    Interval interval = {0};
    Error err;

    assert_int_equal(
        interval_parse_text(text, strlen(text), -1, &form_settings_default, &interval, &err),
        STATUS_OK);
    return interval;
}

static const Aggregate *find(const char *name) {
    const TypeId argument = TYPE_INTERVAL;
    const Aggregate *aggregate = aggregate_find(name, &argument, 1);

    assert_non_null(aggregate);
    assert_true(aggregate->state_size <= sizeof(State));
    return aggregate;
}

static void update(const Aggregate *aggregate, State *state, Interval interval, int64_t weight) {
    Column column = {.type = SQL_TYPE(INTERVAL), .encoding = COLUMN_FLAT, .values = &interval};
    uint32_t row = 0;
    void *states[] = {state};
    AggregateCall call = {.arguments = &column,
                          .argument_count = 1,
                          .rows = &row,
                          .count = 1,
                          .states = states,
                          .weights = &weight};
    Error err;

    assert_int_equal(aggregate->update(&call, &err), STATUS_OK);
}

static void assert_answer(const Aggregate *aggregate, State *state, const char *expected) {
    void *states[] = {state};
    StrBuf out = {0};
    Arena *arena = arena_create("test", 0);
    Column result = column_create(SQL_TYPE(INTERVAL), 1, arena);
    Error err;

    assert_int_equal(aggregate->finalize(states, 1, &result, arena, &err), STATUS_OK);
    if (column_is_null(&result, 0))
        strbuf_append_text(&out, "NULL");
    else
        interval_append_text(result.values, &form_settings_default, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_done(&out);
    arena_destroy(arena);
}

static void what_was_added_can_be_taken_back(void **state) {
    const Aggregate *sum = find("sum");
    State sums = {0};

    assert_answer(sum, &sums, "NULL");
    update(sum, &sums, interval_of("1 day 2:00"), 1);
    update(sum, &sums, interval_of("1 mon"), 2);
    assert_answer(sum, &sums, "2 mons 1 day 02:00:00");
    update(sum, &sums, interval_of("1 day 2:00"), -1);
    update(sum, &sums, interval_of("1 mon"), -2);
    assert_answer(sum, &sums, "NULL");
}

static void an_average_carries_its_fractions_down(void **state) {
    const Aggregate *average = find("avg");
    State sums = {0};

    update(average, &sums, interval_of("1 day 2:00"), 1);
    update(average, &sums, interval_of("1 mon"), 1);
    assert_answer(average, &sums, "15 days 13:00:00");
}

static void bytes_keep_the_state(void **state) {
    const Aggregate *sum = find("sum");
    State sums = {0};
    State restored = {0};
    StrBuf bytes = {0};
    const uint8_t *cursor;
    Error err;

    update(sum, &sums, interval_of("-3 mons 5 days 00:00:01"), 1);
    sum->serialize(&sums, &bytes);
    cursor = (const uint8_t *) bytes.data;
    assert_true(sum->deserialize(&cursor, cursor + bytes.length, &restored, NULL));
    assert_int_equal(sum->merge(&restored, &sums, NULL, &err), STATUS_OK);
    assert_answer(sum, &restored, "-6 mons +10 days 00:00:02");
    cursor = (const uint8_t *) bytes.data;
    assert_false(sum->deserialize(&cursor, cursor + 10, &restored, NULL));
    strbuf_done(&bytes);
}

static void a_sum_out_of_range_is_an_error(void **state) {
    const Aggregate *sum = find("sum");
    State sums = {0};
    void *states[] = {&sums};
    Interval answer;
    Column result = {.type = SQL_TYPE(INTERVAL), .values = &answer};
    Error err;

    update(sum, &sums, interval_of("2147483647 days"), 2);
    assert_int_equal(sum->finalize(states, 1, &result, NULL, &err), STATUS_ERROR);
    assert_string_equal(err.message, "interval out of range");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_can_be_taken_back),
        cmocka_unit_test(an_average_carries_its_fractions_down),
        cmocka_unit_test(bytes_keep_the_state),
        cmocka_unit_test(a_sum_out_of_range_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
