/* ScanDecoder: records with keys, headers and times, as a broker gives them, to columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "exec/scan.h"
#include "exec/scan_decode.h"
#include "formats/formats.h"

enum { RECORDS_MAX = 4 };

/* One decoding: a source of these columns over these records, and what came of it. */
typedef struct Fixture {
    Arena *arena;
    Epoch epoch;
    OperatorContext cx;
    OptionValue options[2];
    Relation relation;
    Plan *scan;
    Record records[RECORDS_MAX];
    Block block;
    ScanStats stats;
    StrBuf rows;   /* "a|b", a line each */
    StrBuf faults; /* "column: message", a line each */
} Fixture;

static const OptionSpec option_specs[] = {
    {"on_error", OPTION_TEXT, NULL, "skip", "", 0},
    {"timestamp_unit", OPTION_TEXT, NULL, NULL, "", 0},
};

static void report_bad(void *data, const Plan *scan, int partition, const char *position,
                       const BadRecord *bad, const Record *record) {
    Fixture *fixture = data;

    strbuf_printf(&fixture->faults, "%s%s: %s\n", bad->is_kept ? "kept " : "",
                  bad->column_name ? bad->column_name : "", bad->message);
}

static void fixture_init(Fixture *fixture) {
    static const char *const topic[] = {"orders"};

    *fixture = (Fixture) {.arena = arena_create("test", 0)};
    fixture->epoch.eval = (EvalContext) {.settings = &form_settings_default, .wall_us = 77};
    fixture->cx = (OperatorContext) {.arena = fixture->arena,
                                     .batch_arena = fixture->arena,
                                     .epoch = &fixture->epoch,
                                     .report_bad = report_bad,
                                     .bad_data = fixture};
    fixture->options[0] =
        (OptionValue) {.name = option_specs[0].name, .spec = &option_specs[0], .text = "skip"};
    fixture->options[1] =
        (OptionValue) {.name = option_specs[1].name, .spec = &option_specs[1], .is_null = true};
    fixture->relation = (Relation) {.kind = RELATION_SOURCE,
                                    .name = "orders",
                                    .format = &format_json,
                                    .options = {2, fixture->options},
                                    .watermark_column = -1};
    fixture->block = (Block) {
        .records = fixture->records, .name_count = 1, .names = topic, .partition_number = 3};
    fixture->stats.max_event_time_us = INT64_MIN;
}

static void fixture_done(Fixture *fixture) {
    strbuf_done(&fixture->rows);
    strbuf_done(&fixture->faults);
    arena_destroy(fixture->arena);
}

static const char *padded(Fixture *fixture, const char *text) {
    char *copy = text ? arena_alloc(fixture->arena, strlen(text) + RECORD_PADDING) : NULL;

    return copy ? memcpy(copy, text, strlen(text)) : NULL;
}

static Record *add_record(Fixture *fixture, const char *key, const char *value) {
    Record *record = &fixture->records[fixture->block.record_count];

    *record = (Record) {.data = padded(fixture, value),
                        .length = value ? (uint32_t) strlen(value) : 0,
                        .key = padded(fixture, key),
                        .key_length = key ? (uint32_t) strlen(key) : 0,
                        .file = -1,
                        .offset = 100 + fixture->block.record_count,
                        .timestamp_us = INT64_MIN};
    fixture->block.record_count++;
    return record;
}

/* A scan of all columns; ids are places from 1. */
static void set_columns(Fixture *fixture, const RelationColumn *columns, int count) {
    Plan *scan = plan_create(fixture->arena, PLAN_SCAN, NULL, 0);
    PlanColumn *outputs = arena_new_array(fixture->arena, PlanColumn, (size_t) count);
    int *places = arena_new_array(fixture->arena, int, (size_t) count);

    for (int i = 0; i < count; i++) {
        outputs[i] = (PlanColumn) {.id = i + 1, .name = columns[i].name, .type = columns[i].type};
        places[i] = i;
    }
    fixture->relation.columns = columns;
    fixture->relation.column_count = count;
    scan->relation = &fixture->relation;
    scan->columns = outputs;
    scan->column_count = count;
    scan->scan_columns = places;
    fixture->scan = scan;
}

static void append_row(Fixture *fixture, const Batch *batch, uint32_t row) {
    for (uint32_t c = 0; c < batch->column_count; c++) {
        Value value = column_get(&batch->columns[c], row);

        strbuf_append_text(&fixture->rows, c ? "|" : "");
        if (value.is_null)
            strbuf_append_text(&fixture->rows, "null");
        else
            value_append_text(&value, &form_settings_default, &fixture->rows);
    }
    strbuf_append_text(&fixture->rows, "\n");
}

static void decode(Fixture *fixture) {
    static const SourceType plain = {.name = "plain"};
    ScanPosition position = {.type = &plain};
    ScanDecoder *decoder = NULL;
    Batch batch;
    Error err;

    if (scan_decoder_create(fixture->scan, &fixture->cx, &decoder, &err) != STATUS_OK ||
        scan_decode(decoder, (RecordSpan) {&fixture->block, 0, fixture->block.record_count},
                    &position, &fixture->stats, &batch, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    for (uint32_t i = 0; i < batch_active_count(&batch); i++)
        append_row(fixture, &batch, batch_active_row(&batch, i));
    scan_decoder_destroy(decoder);
    assert_int_equal(fixture->stats.rows_in,
                     (int64_t) batch_active_count(&batch) + fixture->stats.bad_rows);
}

#define COLUMN(column_name, type_id)                                         \
    {                                                                        \
        .name = (column_name), .type = {.id = TYPE_##type_id, .typmod = -1 } \
    }
#define METADATA(column_name, type_id, from)                                 \
    {                                                                        \
        .name = (column_name), .type = {.id = TYPE_##type_id, .typmod = -1}, \
        .origin = COLUMN_METADATA, .path = (from)                            \
    }

static void what_a_broker_tells_of_a_record_is_its_metadata(void **state) {
    static const RelationColumn columns[] = {
        COLUMN("v", INT8),
        METADATA("key", TEXT, NULL),
        METADATA("topic", TEXT, NULL),
        METADATA("partition", INT4, NULL),
        METADATA("o", INT8, "offset"),
        METADATA("timestamp", TIMESTAMPTZ, NULL),
        METADATA("timestamp_type", TEXT, NULL),
        METADATA("headers", JSONB, NULL),
    };
    static const char headers[] = "[{\"key\":\"a\", \"value\":null}]";
    Fixture fixture;
    Record *record;

    fixture_init(&fixture);
    record = add_record(&fixture, "k1", "{\"v\": 1}");
    record->timestamp_us = 1000000;
    record->timestamp_type = TIMESTAMP_APPEND;
    record->headers = headers;
    record->headers_length = sizeof(headers) - 1;
    add_record(&fixture, NULL, "{\"v\": 2}");
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows),
                        "1|k1|orders|3|100|2000-01-01 00:00:01+00|append|"
                        "[{\"key\": \"a\", \"value\": null}]\n"
                        "2|null|orders|3|101|null|null|null\n");
    fixture_done(&fixture);
}

static void a_record_without_a_value_is_a_row_of_nulls(void **state) {
    static const RelationColumn columns[] = {
        METADATA("key", BYTEA, NULL),
        COLUMN("v", INT8),
        METADATA("raw", TEXT, NULL),
    };
    Fixture fixture;

    fixture_init(&fixture);
    add_record(&fixture, "k", NULL);
    add_record(&fixture, "l", "{\"v\": 2}");
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "\\x6b|null|null\n\\x6c|2|{\"v\": 2}\n");
    fixture_done(&fixture);
}

static void a_bad_key_makes_a_bad_record(void **state) {
    static const RelationColumn columns[] = {COLUMN("v", INT8), METADATA("id", INT8, "key")};
    Fixture fixture;

    fixture_init(&fixture);
    add_record(&fixture, "x", "{\"v\": 1}");
    add_record(&fixture, "7", "{\"v\": 2}");
    add_record(&fixture, "8", "{\"v\": \"y\"}");
    add_record(&fixture, "\xff", "{\"v\": 4}");
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "2|7\n");
    assert_string_equal(strbuf_text(&fixture.faults),
                        "v: invalid input syntax for type bigint: \"y\"\n"
                        "id: invalid input syntax for type bigint: \"x\"\n"
                        "id: invalid byte sequence for encoding \"UTF8\"\n");
    assert_int_equal(fixture.stats.bad_rows, 3);
    fixture_done(&fixture);
}

static void a_bad_key_is_null_where_the_source_says_so(void **state) {
    static const RelationColumn columns[] = {COLUMN("v", INT8), METADATA("id", INT8, "key")};
    Fixture fixture;

    fixture_init(&fixture);
    fixture.options[0].text = "null";
    add_record(&fixture, "x", "{\"v\": 1}");
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "1|null\n");
    assert_string_equal(strbuf_text(&fixture.faults),
                        "kept id: invalid input syntax for type bigint: \"x\"\n");
    fixture_done(&fixture);
}

static void fields_of_a_json_key_are_columns(void **state) {
    static const RelationColumn columns[] = {
        METADATA("id", INT8, "key.id"),
        METADATA("city", TEXT, "key.at.city"),
        COLUMN("v", INT8),
    };
    Fixture fixture;

    fixture_init(&fixture);
    fixture.relation.key_format = &format_json;
    add_record(&fixture, "{\"id\": 1, \"at\": {\"city\": \"Oslo\"}}", "{\"v\": 1}");
    add_record(&fixture, "{\"id\": \"no\"}", "{\"v\": 2}");
    add_record(&fixture, "17", "{\"v\": 3}");
    add_record(&fixture, NULL, "{\"v\": 4}");
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "1|Oslo|1\nnull|null|4\n");
    assert_int_equal(fixture.stats.bad_rows, 2);
    fixture_done(&fixture);
}

static void a_whole_json_key_is_any_json(void **state) {
    static const RelationColumn columns[] = {
        METADATA("k", TEXT, "key"),
        METADATA("id", INT8, "key.id"),
    };
    Fixture fixture;

    fixture_init(&fixture);
    fixture.relation.key_format = &format_json;
    add_record(&fixture, "\"a\"", "{}");
    add_record(&fixture, "{\"id\":5}", "{}");
    add_record(&fixture, "1,\"id\":2", "{}"); /* no JSON, but would be a part of an object */
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "a|null\n{\"id\":5}|5\n");
    assert_int_equal(fixture.stats.bad_rows, 1);
    fixture_done(&fixture);
}

static void a_records_own_time_can_be_the_event_time(void **state) {
    static const RelationColumn columns[] = {
        COLUMN("v", INT8),
        METADATA("at", TIMESTAMPTZ, "timestamp"),
    };
    Fixture fixture;

    fixture_init(&fixture);
    add_record(&fixture, NULL, "{\"v\": 1}")->timestamp_us = 5001500;
    add_record(&fixture, NULL, "{\"v\": 2}"); /* has none */
    add_record(&fixture, NULL, "{\"v\": 3}")->timestamp_us = 4000000;
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    fixture.relation.watermark_column = 1;
    fixture.scan->watermark_column = 2;
    decode(&fixture);
    assert_int_equal(fixture.stats.max_event_time_us, 5001000);
    assert_int_equal(fixture.stats.bad_rows, 1);
    assert_string_equal(strbuf_text(&fixture.faults), "at: null event time\n");
    fixture_done(&fixture);
}

static void a_source_is_asked_only_for_what_the_plan_reads(void **state) {
    static const RelationColumn columns[] = {
        COLUMN("v", INT8),
        METADATA("id", TEXT, "key"),
        METADATA("timestamp_type", TEXT, NULL),
        METADATA("headers", JSONB, NULL),
    };
    SourceEnvironment environment = {0};
    Fixture fixture;

    fixture_init(&fixture);
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    fixture.scan->column_count = 2;
    scan_set_wants(fixture.scan, &environment);
    assert_true(environment.wants_key);
    assert_false(environment.wants_timestamp);
    assert_false(environment.wants_headers);
    fixture.scan->column_count = 4;
    scan_set_wants(fixture.scan, &environment);
    assert_true(environment.wants_timestamp);
    assert_true(environment.wants_headers);
    fixture_done(&fixture);
}

static void raw_values_are_bytes(void **state) {
    static const RelationColumn columns[] = {COLUMN("v", BYTEA)};
    Fixture fixture;

    fixture_init(&fixture);
    fixture.relation.format = &format_raw;
    add_record(&fixture, NULL, "\xff\n");
    add_record(&fixture, NULL, NULL);
    set_columns(&fixture, columns, ARRAY_LENGTH(columns));
    decode(&fixture);
    assert_string_equal(strbuf_text(&fixture.rows), "\\xff0a\nnull\n");
    fixture_done(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_broker_tells_of_a_record_is_its_metadata),
        cmocka_unit_test(a_record_without_a_value_is_a_row_of_nulls),
        cmocka_unit_test(a_bad_key_makes_a_bad_record),
        cmocka_unit_test(a_bad_key_is_null_where_the_source_says_so),
        cmocka_unit_test(fields_of_a_json_key_are_columns),
        cmocka_unit_test(a_whole_json_key_is_any_json),
        cmocka_unit_test(a_records_own_time_can_be_the_event_time),
        cmocka_unit_test(a_source_is_asked_only_for_what_the_plan_reads),
        cmocka_unit_test(raw_values_are_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
