/* Fuzz: JSON lines through the decoder.
 *
 * Claims: every record is a row or bad, never both, never lost; and what a record becomes does not
 * depend on the records before it (the learned template and the full parser agree). */
#include "tests/fuzz/fuzz_records.h"

#include <assert.h>

#include "formats/formats.h"

static const DecodeColumn columns[] = {
    {.name = "i", .type = {.id = TYPE_INT4, .typmod = -1}, .position = 0},
    {.name = "s", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 1},
    {.name = "f", .type = {.id = TYPE_FLOAT8, .typmod = -1}, .position = 2},
    {.name = "n", .type = {.id = TYPE_NUMERIC, .typmod = -1}, .position = 3},
    {.name = "t", .type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1}, .position = 4},
    {.name = "b", .type = {.id = TYPE_BOOL, .typmod = -1}, .position = 5},
    {.name = "deep", .path = "$.a.b", .type = {.id = TYPE_INT8, .typmod = -1}, .position = 6},
};

static Decoder *make_decoder(Arena *arena, Error *error) {
    const OptionSpec *const tables[] = {format_json.options, NULL};
    OptionEnvironment environment = {.base_directory = "/"};
    OptionSet options = {0};
    Decoder *decoder = NULL;

    assert(options_parse(tables, NULL, 0, &environment, arena, &options, error) == STATUS_OK);
    assert(format_json.decoder_create(columns, ARRAY_LENGTH(columns), &options,
                                      &form_settings_default, &decoder, error) == STATUS_OK);
    return decoder;
}

static void check_same_row(const Batch *all, uint32_t row, const Batch *alone) {
    assert(alone->row_count == 1);
    for (uint32_t i = 0; i < all->column_count; i++) {
        Value left = column_get(&all->columns[i], row);
        Value right = column_get(&alone->columns[i], 0);

        assert(value_equal(&left, &right));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 0);
    Record records[RECORDS_MAX];
    uint32_t count = cut_records(data, size_bytes, arena, records);
    DecodeResult all = {0};
    Error error = {0};
    Decoder *decoder;
    uint32_t row = 0;

    if (count == 0)
        return 0;
    decoder = make_decoder(arena, &error);
    assert(format_json.decode(decoder, records, count, arena, &all, &error) == STATUS_OK);
    assert(all.batch->row_count + all.bad_count + all.header_count == count);
    for (uint32_t i = 0; i < count; i++) {
        Decoder *fresh = make_decoder(arena, &error);
        DecodeResult one = {0};

        assert(format_json.decode(fresh, &records[i], 1, arena, &one, &error) == STATUS_OK);
        if (row < all.batch->row_count && all.row_records[row] == i)
            check_same_row(all.batch, row++, one.batch);
        else
            assert(one.bad_count == 1);
        format_json.decoder_destroy(fresh);
    }
    assert(row == all.batch->row_count);
    format_json.decoder_destroy(decoder);
    return 0;
}
