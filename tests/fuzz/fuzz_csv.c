/* Fuzz: CSV lines through the decoder.
 *
 * Claims: every record is a row, a header or bad; a field that was taken is never longer than its
 * line. The first line is its file's first, the header. */
#include "tests/fuzz/fuzz_records.h"

#include <assert.h>

#include "formats/formats.h"

enum { COLUMNS = 4 };

static const DecodeColumn columns[COLUMNS] = {
    {.name = "a", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 0},
    {.name = "b", .type = {.id = TYPE_INT4, .typmod = -1}, .position = 1},
    {.name = "c", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 2},
    {.name = "d", .type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1}, .position = 5},
};

static Decoder *make_decoder(Arena *arena) {
    const OptionSpec *const tables[] = {format_csv.options, NULL};
    OptionEnvironment environment = {.base_directory = "/"};
    OptionSet options = {0};
    Decoder *decoder = NULL;
    Error err;

    assert(options_parse(tables, NULL, 0, &environment, arena, &options, &err) == STATUS_OK);
    assert(format_csv.decoder_create(columns, COLUMNS, &options, &form_settings_default, &decoder,
                                     &err) == STATUS_OK);
    return decoder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 0);
    Record records[RECORDS_MAX];
    uint32_t count = cut_records(data, size_bytes, arena, records);
    Decoder *decoder = make_decoder(arena);
    DecodeResult result = {0};
    Error err;

    if (count > 0)
        format_csv.begin_file(decoder, &records[0]);
    assert(format_csv.decode(decoder, records, count, arena, &result, &err) == STATUS_OK);
    assert(result.batch->row_count + result.bad_count + result.header_count == count);
    for (uint32_t row = 0; row < result.batch->row_count; row++)
        for (uint32_t i = 0; i < COLUMNS; i += 2) {
            Value value = column_get(&result.batch->columns[i], row);

            assert(value.is_null || value.text.length <= records[result.row_records[row]].length);
        }
    format_csv.decoder_destroy(decoder);
    return 0;
}
