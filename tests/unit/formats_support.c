#include "tests/unit/formats_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void parse_options(const FormatType *format, const char *const *options, Arena *arena,
                          OptionSet *ret_set) {
    const OptionSpec *const tables[] = {format->options, NULL};
    static const OptionSpec *const no_tables[] = {NULL};
    OptionEnvironment environment = {.base_directory = "/"};
    OptionText texts[8] = {0};
    int count = 0;
    Error err;

    for (; options && options[count * 2]; count++) {
        texts[count].name = options[count * 2];
        texts[count].value = options[count * 2 + 1];
    }
    assert_int_equal(options_parse(format->options ? tables : no_tables, texts, count, &environment,
                                   arena, ret_set, &err),
                     STATUS_OK);
}

Decoder *formats_decoder(const FormatType *format, const DecodeColumn *columns, uint32_t count,
                         const char *const *options, Arena *arena) {
    OptionSet set = {0};
    Decoder *decoder = NULL;
    Error err;

    parse_options(format, options, arena, &set);
    assert_int_equal(
        format->decoder_create(columns, count, &set, &form_settings_default, &decoder, &err),
        STATUS_OK);
    return decoder;
}

Encoder *formats_encoder(const FormatType *format, const char *const *names, const SqlType *types,
                         uint32_t count, Arena *arena) {
    OptionSet set = {0};
    Encoder *encoder = NULL;
    Error err;

    parse_options(format, NULL, arena, &set);
    assert_int_equal(format->encoder_create(names, types, count, &set, &encoder, &err), STATUS_OK);
    return encoder;
}

Record formats_record(const char *bytes, size_t length, Arena *arena) {
    char *copy = arena_alloc(arena, length + RECORD_PADDING);

    memcpy(copy, bytes, length);
    return (Record) {.data = copy, .length = (uint32_t) length, .file = -1, .line = 2};
}

const char *formats_row(const FormatType *format, Decoder *decoder, const Record *record,
                        Arena *arena, const char **ret_message) {
    DecodeResult result = {0};
    StrBuf text = {0};
    const char *copy;
    Error err;

    assert_int_equal(format->decode(decoder, record, 1, arena, &result, &err), STATUS_OK);
    assert_int_equal(result.batch->row_count + result.bad_count + result.header_count, 1);
    if (result.batch->row_count == 0) {
        if (ret_message)
            *ret_message = result.bad_count ? result.bad[0].message : "header";
        return NULL;
    }
    for (uint32_t i = 0; i < result.batch->column_count; i++) {
        const Column *column = &result.batch->columns[i];
        Value value = column_get(column, 0);

        strbuf_append_text(&text, i ? "|" : "");
        if (column_is_null(column, 0))
            strbuf_append_char(&text, '~');
        else
            value_append_text(&value, &form_settings_default, &text);
    }
    copy = arena_strndup(arena, strbuf_text(&text), text.length);
    strbuf_done(&text);
    return copy;
}
