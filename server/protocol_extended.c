/* The extended query protocol: Parse, Bind, Describe, Execute, Close, Flush.
 *
 * An error answers the message, fails the transaction, and everything up to Sync is skipped. Flush
 * needs no deed: a task sends its output when it has used up its input. */
#include <assert.h>
#include <string.h>

#include "server/protocol_state.h"

static Status read_parameter_types(WireReader *reader, Arena *arena, PrepareRequest *request,
                                   Error *err) {
    int count = wire_read_u16(reader);
    SqlType *types = arena_new_array(arena, SqlType, (size_t) count + 1);

    for (int i = 0; i < count && !reader->is_damaged; i++) {
        uint32_t oid = (uint32_t) wire_read_i32(reader);

        types[i] = SQL_TYPE(UNKNOWN);
        if (oid != 0 && !type_from_oid(oid, &types[i]))
            return error_set(err, UNDEFINED_OBJECT, "type with OID %u does not exist", oid);
    }
    request->types = types;
    request->type_count = count;
    return STATUS_OK;
}

static Status take_parse(Protocol *protocol, WireReader *reader, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("parse", 0);
    const char *name = wire_read_text(reader);
    const char *sql = wire_read_text(reader);
    PrepareRequest request = {.name = name};
    Prepared *statement = NULL;
    ParsedText *text = NULL;
    Status status;

    TRY(read_parameter_types(reader, arena, &request, err));
    TRY(wire_reader_finish(reader, "Parse", err));
    TRY(parsed_text_create(sql, strlen(sql), &text, err));
    request.text = text;
    status = parsed_text_count(text) > 1
                 ? error_set(err, SYNTAX_ERROR,
                             "cannot insert multiple commands into a prepared statement")
                 : session_prepare(protocol->session, &request, &statement, err);
    parsed_text_unref(text);
    TRY(status);
    status = session_describe(protocol->session, statement, err);
    if (status != STATUS_OK)
        session_close_statement(protocol->session, name);
    prepared_unref(statement);
    TRY(status);
    wire_append_empty(&protocol->output, '1');
    return STATUS_OK;
}

/* -------- Bind -------- */

/* Formats of `count` values: none given: text; one: for all; else one each. */
static int16_t format_at(const int16_t *formats, int format_count, int index) {
    return format_count == 0 ? 0 : format_count == 1 ? formats[0] : formats[index];
}

static Status read_formats(WireReader *reader, Arena *arena, int16_t **ret_formats, int *ret_count,
                           Error *err) {
    int count = wire_read_u16(reader);
    int16_t *formats = arena_new_array(arena, int16_t, (size_t) count + 1);

    for (int i = 0; i < count && !reader->is_damaged; i++) {
        formats[i] = (int16_t) wire_read_u16(reader);
        if (formats[i] != 0 && formats[i] != 1)
            return error_set(err, INVALID_PARAMETER, "unsupported format code: %d", formats[i]);
    }
    *ret_formats = formats;
    *ret_count = count;
    return STATUS_OK;
}

typedef struct ParameterBytes {
    const uint8_t *data; /* NULL: SQL NULL */
    size_t size_bytes;
    int16_t format;
    SqlType type;
} ParameterBytes;

static Status decode_parameter(Protocol *protocol, const ParameterBytes *bytes, Arena *arena,
                               Value *ret_value, Error *err) {
    SqlType type = bytes->type;

    if (!bytes->data) {
        *ret_value = value_null(type);
        return STATUS_OK;
    }
    if (type.id == TYPE_UNKNOWN)
        type = SQL_TYPE(TEXT);
    if (bytes->format == 1)
        return value_parse_binary(type, bytes->data, bytes->size_bytes, arena, ret_value, err);
    return value_parse_text(type, (const char *) bytes->data, bytes->size_bytes,
                            session_form_settings(protocol->session), arena, ret_value, err);
}

static Status read_parameters(Protocol *protocol, WireReader *reader, Prepared *statement,
                              Arena *arena, PortalRequest *request, Error *err) {
    int format_count = 0;
    int16_t *formats = NULL;
    int count;
    Value *values;

    TRY(read_formats(reader, arena, &formats, &format_count, err));
    count = wire_read_u16(reader);
    if (!reader->is_damaged && format_count > 1 && format_count != count)
        return error_set(err, PROTOCOL_VIOLATION,
                         "bind message has %d parameter formats but %d parameters", format_count,
                         count);
    if (!reader->is_damaged && count != prepared_parameter_count(statement))
        return error_set(err, PROTOCOL_VIOLATION,
                         "bind message supplies %d parameters, but prepared statement \"%s\" "
                         "requires %d",
                         count, request->name, prepared_parameter_count(statement));
    values = arena_new_array(arena, Value, (size_t) count + 1);
    for (int i = 0; i < count && !reader->is_damaged; i++) {
        int32_t size = wire_read_i32(reader);
        ParameterBytes bytes = {.format = format_at(formats, format_count, i),
                                .type = prepared_parameter_types(statement)[i]};

        if (size < -1)
            reader->is_damaged = true;
        if (size >= 0) {
            bytes.data = wire_read_bytes(reader, (size_t) size);
            bytes.size_bytes = (size_t) size;
        }
        if (reader->is_damaged)
            break;
        if (decode_parameter(protocol, &bytes, arena, &values[i], err) != STATUS_OK)
            return error_context(err, "unnamed portal parameter $%d", i + 1);
    }
    request->parameters = values;
    request->parameter_count = count;
    return STATUS_OK;
}

static Status take_bind(Protocol *protocol, WireReader *reader, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("bind", 0);
    const char *portal_name = wire_read_text(reader);
    const char *statement_name = wire_read_text(reader);
    PortalRequest request = {.name = statement_name};
    Prepared *statement = NULL;
    int16_t *formats = NULL;
    Portal *portal = NULL;

    if (reader->is_damaged)
        return wire_reader_finish(reader, "Bind", err);
    TRY(session_find_statement(protocol->session, statement_name, &statement, err));
    TRY(read_parameters(protocol, reader, statement, arena, &request, err));
    TRY(read_formats(reader, arena, &formats, &request.format_count, err));
    TRY(wire_reader_finish(reader, "Bind", err));
    request.name = portal_name;
    request.statement = statement;
    request.formats = formats;
    TRY(session_open_portal(protocol->session, &request, &portal, err));
    wire_append_empty(&protocol->output, '2');
    return STATUS_OK;
}

/* -------- Describe, Close -------- */

static void append_shape(Protocol *protocol, const ResultShape *shape, const Portal *portal) {
    if (shape->has_rows)
        protocol_append_row_description(protocol, shape, portal);
    else
        wire_append_empty(&protocol->output, 'n');
}

static Status describe_statement(Protocol *protocol, const char *name, Error *err) {
    StrBuf *out = &protocol->output;
    Prepared *statement = NULL;
    size_t start;

    TRY(session_find_statement(protocol->session, name, &statement, err));
    TRY(session_describe(protocol->session, statement, err));
    start = wire_begin(out, 't');
    strbuf_append_u16(out, (uint16_t) prepared_parameter_count(statement));
    for (int i = 0; i < prepared_parameter_count(statement); i++) {
        SqlType type = prepared_parameter_types(statement)[i];

        strbuf_append_u32(out, type.id == TYPE_UNKNOWN ? type_oid(SQL_TYPE(TEXT)) : type_oid(type));
    }
    wire_end(out, start);
    append_shape(protocol, prepared_shape(statement), NULL);
    return STATUS_OK;
}

static Status take_describe(Protocol *protocol, WireReader *reader, Error *err) {
    uint8_t kind = wire_read_u8(reader);
    const char *name = wire_read_text(reader);
    Portal *portal = NULL;

    TRY(wire_reader_finish(reader, "Describe", err));
    if (kind == 'S')
        return describe_statement(protocol, name, err);
    if (kind != 'P')
        return error_set(err, PROTOCOL_VIOLATION, "invalid DESCRIBE message subtype %d", kind);
    TRY(session_find_portal(protocol->session, name, &portal, err));
    append_shape(protocol, portal_shape(portal), portal);
    return STATUS_OK;
}

static Status take_close(Protocol *protocol, WireReader *reader, Error *err) {
    uint8_t kind = wire_read_u8(reader);
    const char *name = wire_read_text(reader);

    TRY(wire_reader_finish(reader, "Close", err));
    if (kind == 'S')
        session_close_statement(protocol->session, name);
    else if (kind == 'P')
        session_close_portal(protocol->session, name);
    else
        return error_set(err, PROTOCOL_VIOLATION, "invalid CLOSE message subtype %d", kind);
    wire_append_empty(&protocol->output, '3');
    return STATUS_OK;
}

/* -------- Execute -------- */

static Status take_execute(Protocol *protocol, WireReader *reader, Error *err) {
    const char *name = wire_read_text(reader);
    int32_t rows_max = wire_read_i32(reader);
    Portal *portal = NULL;

    TRY(wire_reader_finish(reader, "Execute", err));
    TRY(session_find_portal(protocol->session, name, &portal, err));
    portal_begin_execute(portal);
    protocol->work = WORK_EXECUTE;
    protocol->portal = portal;
    protocol->rows_remaining = rows_max > 0 ? rows_max : 0;
    return STATUS_OK;
}

static void fail_extended(Protocol *protocol, const Error *error) {
    protocol_end_work(protocol);
    protocol_report(protocol, error);
    protocol->is_skipping = true;
}

ProtocolOutcome protocol_continue_execute(Protocol *protocol, bool may_block) {
    bool is_bounded = protocol->rows_remaining > 0;
    int64_t rows = 0;
    Error error = {0};
    Status status;

    if (portal_may_block(protocol->portal) && !may_block)
        return PROTOCOL_WANTS_IO;
    status =
        protocol_run_portal(protocol, protocol->portal, protocol->rows_remaining, &rows, &error);
    if (status == STATUS_ERROR) {
        fail_extended(protocol, &error);
        return PROTOCOL_IDLE;
    }
    if (is_bounded)
        protocol->rows_remaining -= rows;
    assert(protocol->rows_remaining >= 0);
    if (status == STATUS_MORE && !(is_bounded && protocol->rows_remaining == 0))
        return PROTOCOL_OUTPUT_FULL;
    if (status == STATUS_MORE)
        wire_append_empty(&protocol->output, 's'); /* PortalSuspended */
    else
        protocol_append_complete(protocol, protocol->portal);
    protocol_end_work(protocol);
    return PROTOCOL_IDLE;
}

void protocol_take_extended(Protocol *protocol, const WireFrame *frame) {
    WireReader reader = wire_reader(frame);
    Error error = {0};
    Status status;

    switch (frame->type) {
    case 'P':
        status = take_parse(protocol, &reader, &error);
        break;
    case 'B':
        status = take_bind(protocol, &reader, &error);
        break;
    case 'D':
        status = take_describe(protocol, &reader, &error);
        break;
    case 'E':
        status = take_execute(protocol, &reader, &error);
        break;
    case 'C':
        status = take_close(protocol, &reader, &error);
        break;
    default: /* Flush */
        status = wire_reader_finish(&reader, "Flush", &error);
        break;
    }
    if (status != STATUS_OK)
        fail_extended(protocol, &error);
}
