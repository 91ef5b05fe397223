/* JSON decoder against simdjson: thousands of records, whole and torn, decoded by a fresh decoder
 * (which walks) and by a warm one (which knows templates).
 *
 * 1. Both decoders say the same. 2. What simdjson accepts becomes the same values, or is bad only
 * for what docs/semantics.md calls bad. 3. What simdjson rejects passes only when every value that
 * was wanted is sound: the fault lies in what nobody wants. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "formats/formats.h"
#include "tests/unit/formats_support.h"
#include "tests/unit/json_oracle.h"

enum { RECORDS = 20000, COLUMNS = 5, I = 0, F, S, B, J };

static const DecodeColumn columns[COLUMNS] = {
    {.name = "i", .type = {.id = TYPE_INT8, .typmod = -1}},
    {.name = "f", .type = {.id = TYPE_FLOAT8, .typmod = -1}},
    {.name = "s", .type = {.id = TYPE_TEXT, .typmod = -1}},
    {.name = "b", .type = {.id = TYPE_BOOL, .typmod = -1}},
    {.name = "j", .type = {.id = TYPE_JSON, .typmod = -1}},
};

static const char *const keys[COLUMNS] = {"i", "f", "s", "b", "j"};

static uint64_t seed;

static uint64_t below(uint64_t end) {
    seed += 0x9e3779b97f4a7c15ULL;
    return hash_u64(seed) % end;
}

#define PICK(list) ((list)[below(ARRAY_LENGTH(list))])

/* -------- making records -------- */

static void append_space(StrBuf *out) {
    static const char *const spaces[] = {"", "", "", "", " ", "  ", "\t", "\r"};

    strbuf_append_text(out, PICK(spaces));
}

static void append_string(StrBuf *out) {
    static const char *const pieces[] = {
        "a",
        "plain text of some length",
        "\\n",
        "\\\"",
        "\\\\",
        "\xc3\xa9",
        "{\",",
        "\xf0\x9f\x98\x80",
        "\\ud83d\\ude00",
        "\\u00e9",
        "0123456789abcdef",
        "]}",
    };

    strbuf_append_char(out, '"');
    for (uint64_t i = below(4); i > 0; i--) {
        const char *piece = PICK(pieces);

        strbuf_append_text(out, strcmp(piece, "{\",") == 0 ? "{\\\"," : piece);
    }
    strbuf_append_char(out, '"');
}

static void append_value(StrBuf *out, int depth) {
    static const char *const plain[] = {
        "0",
        "1",
        "-7",
        "1.0",
        "1e3",
        "1.5",
        "12.50e1",
        "9223372036854775807",
        "true",
        "null",
        "false",
        "-0",
        "2.25",
        "1e-3",
        "123456789012345678",
        "0.1",
        "-9223372036854775808",
        "3.141592653589793",
        "1E+2",
        "9223372036854775808",
    };
    uint64_t kind = below(depth > 3 ? 2 : 5);

    if (kind == 0) {
        append_string(out);
    } else if (kind < 3) {
        strbuf_append_text(out, PICK(plain));
    } else {
        strbuf_append_char(out, kind == 3 ? '[' : '{');
        for (uint64_t i = 0, count = below(4); i < count; i++) {
            strbuf_append_text(out, i ? "," : "");
            append_space(out);
            strbuf_append_text(out, kind == 3 ? "" : "\"k\":");
            append_value(out, depth + 1);
            append_space(out);
        }
        strbuf_append_char(out, kind == 3 ? ']' : '}');
    }
}

static void append_record(StrBuf *out) {
    static const char *const names[] = {"i", "f", "s", "b", "j", "x", "yy", "\\u0069", "s"};

    append_space(out);
    strbuf_append_char(out, '{');
    for (uint64_t i = 0, count = below(7); i < count; i++) {
        strbuf_append_text(out, i ? "," : "");
        append_space(out);
        strbuf_printf(out, "\"%s\"", below(3) ? names[i % 7] : PICK(names));
        append_space(out);
        strbuf_append_char(out, ':');
        append_space(out);
        append_value(out, 0);
        append_space(out);
    }
    strbuf_append_char(out, '}');
    append_space(out);
}

/* Flip, drop, double or cut bytes. */
static void mutate(StrBuf *record) {
    static const char bytes[] = "{}[]:,\"\\ \t\x01\x80\xff"
                                "0e.-tn";
    uint64_t at = below(record->length);

    switch (below(4)) {
    case 0:
        record->data[at] = bytes[below(sizeof(bytes) - 1)];
        break;
    case 1:
        memmove(record->data + at, record->data + at + 1, record->length - at);
        record->length--;
        break;
    case 2:
        record->data[at] = record->data[below(record->length)];
        break;
    default:
        record->length = at;
        record->data[at] = '\0';
        break;
    }
}

/* -------- judging -------- */

typedef struct Row {
    bool is_good;
    Value values[COLUMNS];
} Row;

static Row decode(Decoder *decoder, const Record *record, Arena *arena) {
    DecodeResult result = {0};
    Row row = {0};
    Error err;

    assert_int_equal(format_json.decode(decoder, record, 1, arena, &result, &err), STATUS_OK);
    assert_int_equal(result.batch->row_count + result.bad_count, 1);
    row.is_good = result.batch->row_count == 1;
    for (uint32_t i = 0; row.is_good && i < COLUMNS; i++)
        row.values[i] = column_get(&result.batch->columns[i], 0);
    return row;
}

static void check_same(const Row *left, const Row *right, const char *record) {
    if (left->is_good != right->is_good)
        fail_msg("fresh and warm decoders differ: %s", record);
    for (int i = 0; left->is_good && i < COLUMNS; i++)
        if (left->values[i].is_null != right->values[i].is_null ||
            (!left->values[i].is_null && !value_equal(&left->values[i], &right->values[i])))
            fail_msg("fresh and warm decoders differ in %s: %s", keys[i], record);
}

static bool text_is(const Value *value, const char *bytes, size_t length) {
    return value->text.length == length && memcmp(text_data(&value->text), bytes, length) == 0;
}

/* Raw JSON, as simdjson reads it again. */
static bool raw_is(const Value *value, const OracleValue *oracle) {
    static char text[ORACLE_TEXT_MAX];
    size_t length = 0;

    if (oracle->kind != ORACLE_NESTED)
        return json_oracle_accepts(text_data(&value->text), value->text.length);
    return json_oracle_minify(text_data(&value->text), value->text.length, text, &length) &&
           length == oracle->length && memcmp(text, oracle->text, length) == 0;
}

static bool value_agrees(int column, const Value *value, const OracleValue *oracle) {
    if (oracle->kind == ORACLE_MISSING || oracle->kind == ORACLE_NULL)
        return value->is_null;
    if (value->is_null)
        return false;
    if (column == J || (column == S && oracle->kind != ORACLE_STRING))
        return raw_is(value, oracle);
    if (column == S)
        return text_is(value, oracle->text, oracle->length);
    if (oracle->kind == ORACLE_STRING)
        return true; /* by the type's input function, which has tests of its own */
    if (column == B)
        return oracle->kind == ORACLE_BOOL && value->boolean == oracle->boolean;
    if (column == F)
        return value->float64 == oracle->number;
    return oracle->kind == ORACLE_INT ? value->int64 == oracle->integer
                                      : (double) value->int64 == oracle->number;
}

/* What docs/semantics.md lets a record be bad for although it is JSON. */
static bool may_be_bad(const OracleValue *oracle) {
    bool is_number = oracle[I].kind == ORACLE_NUMBER;

    for (int i = 0; i < COLUMNS; i++)
        if (oracle[i].kind == ORACLE_STRING && (i != S && i != J))
            return true; /* the input function may refuse it */
    if (oracle[S].kind == ORACLE_STRING && memchr(oracle[S].text, '\0', oracle[S].length))
        return true;
    if (is_number && (oracle[I].number != floor(oracle[I].number) ||
                      fabs(oracle[I].number) >= 9223372036854775807.0))
        return true;
    return oracle[I].kind == ORACLE_BOOL || oracle[I].kind == ORACLE_NESTED ||
           oracle[F].kind == ORACLE_BOOL || oracle[F].kind == ORACLE_NESTED ||
           oracle[B].kind == ORACLE_INT || oracle[B].kind == ORACLE_NUMBER ||
           oracle[B].kind == ORACLE_NESTED;
}

static void judge(const Row *row, const Record *record) {
    static OracleValue oracle[COLUMNS];

    if (json_oracle(record->data, record->length, keys, COLUMNS, oracle)) {
        if (!row->is_good && !may_be_bad(oracle))
            fail_msg("simdjson accepts: %s", record->data);
        for (int i = 0; row->is_good && i < COLUMNS; i++)
            if (!value_agrees(i, &row->values[i], &oracle[i]))
                fail_msg("simdjson reads %s otherwise: %s", keys[i], record->data);
    } else if (row->is_good && !row->values[J].is_null) {
        const TextView *text = &row->values[J].text;

        if (!json_oracle_accepts(text_data(text), text->length))
            fail_msg("simdjson rejects a value that was wanted: %s", record->data);
    }
}

static void check_records(bool is_mutated) {
    CLEANUP(arena_destroyp) Arena *setup = arena_create("test", 0);
    CLEANUP(arena_destroyp) Arena *arena = arena_create("record", 0);
    Decoder *warm = formats_decoder(&format_json, columns, COLUMNS, NULL, setup);

    for (int i = 0; i < RECORDS; i++) {
        Decoder *fresh;
        StrBuf text = {0};
        Record record;
        Row walked, matched;

        arena_reset(arena);
        append_record(&text);
        for (uint64_t j = is_mutated ? 1 + below(2) : 0; j > 0 && text.length > 1; j--)
            mutate(&text);
        record = formats_record(text.data, text.length, arena);
        fresh = formats_decoder(&format_json, columns, COLUMNS, NULL, arena);
        walked = decode(fresh, &record, arena);
        decode(warm, &record, arena);
        matched = decode(warm, &record, arena); /* by the template that it has just taught */
        check_same(&walked, &matched, record.data);
        judge(&walked, &record);
        format_json.decoder_destroy(fresh);
        strbuf_done(&text);
    }
    format_json.decoder_destroy(warm);
}

static void whole_records_agree_with_simdjson(void **state) {
    check_records(false);
}

static void torn_records_agree_with_simdjson(void **state) {
    check_records(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_records_agree_with_simdjson),
        cmocka_unit_test(torn_records_agree_with_simdjson),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
