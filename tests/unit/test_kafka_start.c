/* Kafka start: the forms of `start` and `stop`, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sources/kafka_start.h"

static Status parse(Arena *arena, const char *text, KafkaStart *ret_start) {
    static const OptionSpec specs[] = {{"start", OPTION_TEXT, NULL, NULL, "", 0}, {0}};
    const OptionSpec *const tables[] = {specs, NULL};
    const OptionEnvironment environment = {0};
    OptionText option = {.name = "start", .value = text, .value_position = 5};
    OptionSet set;
    Error err;

    assert_int_equal(options_parse(tables, &option, 1, &environment, arena, &set, &err), STATUS_OK);
    if (kafka_start_parse(&set, "start", arena, ret_start, &err) == STATUS_OK)
        return STATUS_OK;
    assert_int_equal(err.sqlstate, SQLSTATE_INVALID_PARAMETER);
    assert_int_equal(err.position, 5);
    return STATUS_ERROR;
}

static void words_and_times(void **state) {
    Arena *arena = arena_create("test", 0);
    KafkaStart start;

    assert_int_equal(parse(arena, "earliest", &start), STATUS_OK);
    assert_int_equal(start.kind, KAFKA_START_EARLIEST);
    assert_int_equal(parse(arena, "latest", &start), STATUS_OK);
    assert_int_equal(start.kind, KAFKA_START_LATEST);
    assert_int_equal(parse(arena, "1970-01-01 00:00:01.0005+00", &start), STATUS_OK);
    assert_int_equal(start.kind, KAFKA_START_TIME);
    assert_int_equal(start.timestamp_ms, 1001);
    arena_destroy(arena);
}

static void offsets_by_partition(void **state) {
    static const char *const texts[] = {"0:100,1:5", " 0:100 , 1:5 ", "{\"0\": 100, \"1\": 5}",
                                        "a:0:100,b:0:3,a:1:5",
                                        "{\"a\": {\"0\": 100, \"1\": 5}, \"b\": {\"0\": 3}}"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        Arena *arena = arena_create("test", 0);
        KafkaStart start;

        assert_int_equal(parse(arena, texts[i], &start), STATUS_OK);
        assert_int_equal(start.kind, KAFKA_START_OFFSETS);
        assert_int_equal(kafka_start_offset(&start, "a", 0), 100);
        assert_int_equal(kafka_start_offset(&start, "a", 1), 5);
        assert_int_equal(kafka_start_offset(&start, "a", 2), -1);
        assert_int_equal(kafka_start_offset(&start, "b", 0), i < 3 ? 100 : 3);
        arena_destroy(arena);
    }
}

static void what_is_none(void **state) {
    static const char *const texts[] = {
        "",
        "soon",
        "0",
        "0:",
        ":5",
        "0:-1",
        "0:1,",
        "0:1,0:2",
        "x:y:1",
        "{",
        "{}",
        "{\"0\":1.5}",
        "{\"a\":[1]}",
        "{\"0\":\"1\"}",
        "1969-01-01 00:00:00+00",
        "infinity",
        "99999999999:1",
        "0:99999999999999999999",
    };
    Arena *arena = arena_create("test", 0);
    KafkaStart start;

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_int_equal(parse(arena, texts[i], &start), STATUS_ERROR);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_times),
        cmocka_unit_test(offsets_by_partition),
        cmocka_unit_test(what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
