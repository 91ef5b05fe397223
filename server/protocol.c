#include "server/protocol.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/protocol_state.h"

/* -------- what the session tells -------- */

static void client_notice(SessionClient *client, SessionSeverity severity, const Error *notice) {
    static const WireSeverity severities[] = {WIRE_NOTICE, WIRE_INFO, WIRE_WARNING};

    wire_append_error(&((Protocol *) client)->output, severities[severity], notice);
}

static void client_parameter_status(SessionClient *client, const char *name, const char *value) {
    wire_append_parameter_status(&((Protocol *) client)->output, name, value);
}

/* -------- start-up -------- */

static void append_negotiation(Protocol *protocol, const StartupPacket *packet) {
    size_t start;

    if (packet->protocol_minor == 0 && packet->unknown_option_count == 0)
        return;
    start = wire_begin(&protocol->output, 'v');
    strbuf_append_u32(&protocol->output, 0); /* the newest minor version that is understood */
    strbuf_append_u32(&protocol->output, 0);
    wire_end(&protocol->output, start);
}

static Status apply_startup_settings(Protocol *protocol, const StartupPacket *packet, Error *err) {
    static const char *const known[] = {"user", "database", "replication", "options"};

    for (int i = 0; i < packet->parameter_count; i++) {
        const char *name = packet->parameters[i].name;
        bool is_setting = true;

        for (size_t k = 0; k < ARRAY_LENGTH(known); k++)
            is_setting &= strcmp(known[k], name) != 0;
        if (is_setting)
            TRY(session_set(protocol->session, name, packet->parameters[i].value, err));
    }
    return STATUS_OK;
}

static Status start_session(Protocol *protocol, const StartupPacket *packet,
                            const char *client_address, Error *err) {
    SessionStart start = {.user = startup_parameter(packet, "user"),
                          .database = startup_parameter(packet, "database"),
                          .client_address = client_address};
    const char *replication = startup_parameter(packet, "replication");

    if (!start.user || !start.user[0])
        return error_set(err, INVALID_AUTHORIZATION,
                         "no PostgreSQL user name specified in startup packet");
    if (replication && strcmp(replication, "false") != 0 && strcmp(replication, "0") != 0)
        return error_set(err, FEATURE_NOT_SUPPORTED, "replication connections are not supported");
    if (!start.database || !start.database[0])
        start.database = start.user;
    TRY(session_create(protocol->server, &start, &protocol->client, &protocol->session, err));
    return apply_startup_settings(protocol, packet, err);
}

static void append_greeting(Protocol *protocol) {
    StrBuf *out = &protocol->output;
    size_t start = wire_begin(out, 'R'); /* AuthenticationOk */

    strbuf_append_u32(out, 0);
    wire_end(out, start);
    session_report_settings(protocol->session);
    start = wire_begin(out, 'K'); /* BackendKeyData */
    strbuf_append_u32(out, session_process_id(protocol->session));
    strbuf_append_u32(out, session_secret(protocol->session));
    wire_end(out, start);
    protocol_append_ready(protocol);
}

Protocol *protocol_create(Server *server, const StartupPacket *packet, const char *client_address) {
    Protocol *protocol = memory_zalloc(sizeof(*protocol));
    Error error = {0};

    protocol->server = server;
    protocol->client = (SessionClient) {client_notice, client_parameter_status};
    append_negotiation(protocol, packet);
    if (start_session(protocol, packet, client_address, &error) == STATUS_OK) {
        append_greeting(protocol);
    } else {
        strbuf_clear(&protocol->output); /* ParameterStatus of settings that went well */
        wire_append_error(&protocol->output, WIRE_FATAL, &error);
        protocol->is_closed = true;
    }
    return protocol;
}

Protocol *protocol_destroy(Protocol *protocol) {
    if (!protocol)
        return NULL;
    protocol_end_work(protocol);
    session_destroy(protocol->session);
    strbuf_done(&protocol->output);
    strbuf_done(&protocol->input);
    memory_free(protocol);
    return NULL;
}

StrBuf *protocol_output(Protocol *protocol) {
    return &protocol->output;
}

bool protocol_is_open(const Protocol *protocol) {
    return !protocol->is_closed;
}

void protocol_feed(Protocol *protocol, const void *bytes, size_t size_bytes) {
    strbuf_append(&protocol->input, bytes, size_bytes);
}

void protocol_cancel(Protocol *protocol) {
    if (protocol->session)
        session_end(protocol->session);
}

void protocol_time_out(Protocol *protocol) {
    if (protocol->session)
        session_time_out(protocol->session);
}

int64_t protocol_timeout_ms(const Protocol *protocol) {
    return settings_number(session_settings(protocol->session), SETTING_STATEMENT_TIMEOUT);
}

void protocol_fail(Protocol *protocol, const Error *error) {
    log_error(LOG_WARNING, "server", error);
    wire_append_error(&protocol->output, WIRE_FATAL, error);
    protocol->is_closed = true;
}

void protocol_shutdown(Protocol *protocol) {
    Error error = {0};

    IGNORE(error_set(&error, ADMIN_SHUTDOWN,
                     "terminating connection due to administrator command")); /* it is sent */
    wire_append_error(&protocol->output, WIRE_FATAL, &error);
    protocol->is_closed = true;
}

/* -------- common answers -------- */

void protocol_append_ready(Protocol *protocol) {
    size_t start = wire_begin(&protocol->output, 'Z');

    strbuf_append_char(&protocol->output, session_transaction_status(protocol->session));
    wire_end(&protocol->output, start);
}

void protocol_report(Protocol *protocol, const Error *error) {
    session_fail(protocol->session);
    wire_append_error(&protocol->output, WIRE_ERROR, error);
}

void protocol_append_row_description(Protocol *protocol, const ResultShape *shape,
                                     const Portal *portal) {
    StrBuf *out = &protocol->output;
    size_t start = wire_begin(out, 'T');

    strbuf_append_u16(out, (uint16_t) shape->count);
    for (int i = 0; i < shape->count; i++) {
        const ResultColumn *column = &shape->columns[i];

        wire_append_text(out, column->name);
        strbuf_append_u32(out, 0); /* table */
        strbuf_append_u16(out, 0); /* its column */
        strbuf_append_u32(out, type_oid(column->type));
        strbuf_append_u16(out, (uint16_t) type_wire_size(column->type));
        strbuf_append_u32(out, (uint32_t) column->type.typmod);
        strbuf_append_u16(out, portal ? (uint16_t) portal_format(portal, i) : 0);
    }
    wire_end(out, start);
}

void protocol_append_complete(Protocol *protocol, const Portal *portal) {
    size_t start;

    if (portal_is_empty(portal)) {
        wire_append_empty(&protocol->output, 'I');
        return;
    }
    start = wire_begin(&protocol->output, 'C');
    wire_append_text(&protocol->output, portal_tag(portal));
    wire_end(&protocol->output, start);
}

/* -------- rows -------- */

static void append_value(StrBuf *out, const Value *value, int16_t format,
                         const FormSettings *forms) {
    size_t start = out->length;

    if (value->is_null) {
        strbuf_append_u32(out, UINT32_MAX);
        return;
    }
    strbuf_append_u32(out, 0);
    if (format == 1)
        value_append_binary(value, out);
    else
        value_append_text(value, forms, out);
    wire_patch_u32(out, start, (uint32_t) (out->length - start - 4));
}

static Status take_batch(RowReceiver *receiver, const Batch *batch, Error *err) {
    WireReceiver *self = (WireReceiver *) receiver;
    StrBuf *out = self->out;
    uint32_t row_count = batch_active_count(batch);

    for (uint32_t i = 0; i < row_count; i++) {
        uint32_t row = batch_active_row(batch, i);
        size_t start = wire_begin(out, 'D');

        strbuf_append_u16(out, (uint16_t) batch->column_count);
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = column_get(&batch->columns[c], row);

            append_value(out, &value, portal_format(self->portal, (int) c), self->forms);
        }
        if (out->length - start > INT32_MAX / 2)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED, "a row of %zu bytes is too long",
                             out->length - start);
        wire_end(out, start);
    }
    return STATUS_OK;
}

Status protocol_run_portal(Protocol *protocol, Portal *portal, int64_t rows_max, int64_t *ret_rows,
                           Error *err) {
    WireReceiver receiver = {.base = {take_batch},
                             .out = &protocol->output,
                             .portal = portal,
                             .forms = session_form_settings(protocol->session)};
    int64_t room = LIMIT_OUTPUT_PENDING_BYTES - (int64_t) protocol->output.length;
    PortalLimits limits = {.rows_max = rows_max, .bytes_wanted = room > 1 ? room : 1};

    return portal_run(portal, limits, &receiver.base, ret_rows, err);
}

/* -------- the Query message -------- */

static void finish_query(Protocol *protocol) {
    Error error = {0};

    protocol_end_work(protocol);
    if (session_end_implicit(protocol->session, &error) != STATUS_OK)
        protocol_report(protocol, &error);
    protocol_append_ready(protocol);
}

static void fail_query(Protocol *protocol, const Error *error) {
    protocol_report(protocol, error);
    finish_query(protocol);
}

void protocol_end_work(Protocol *protocol) {
    if (protocol->work == WORK_QUERY && protocol->portal)
        portal_close(protocol->portal);
    protocol->portal = NULL;
    protocol->script = parsed_text_unref(protocol->script);
    protocol->work = WORK_NONE;
}

static void start_query(Protocol *protocol, const WireFrame *frame) {
    WireReader reader = wire_reader(frame);
    const char *sql = wire_read_text(&reader);
    Error error = {0};

    session_close_statement(protocol->session, "");
    session_close_portal(protocol->session, "");
    protocol->work = WORK_QUERY;
    protocol->script_index = 0;
    if (wire_reader_finish(&reader, "Query", &error) != STATUS_OK ||
        parsed_text_create(sql, strlen(sql), &protocol->script, &error) != STATUS_OK) {
        fail_query(protocol, &error);
        return;
    }
    if (parsed_text_count(protocol->script) == 0) {
        wire_append_empty(&protocol->output, 'I');
        finish_query(protocol);
    } else if (parsed_text_count(protocol->script) > 1) {
        session_begin_implicit(protocol->session);
    }
}

static Status open_query_portal(Protocol *protocol, Error *err) {
    PrepareRequest request = {.text = protocol->script, .index = protocol->script_index};
    Prepared *statement = NULL;
    PortalRequest portal_request = {0};
    Status status;

    TRY(session_prepare(protocol->session, &request, &statement, err));
    portal_request.statement = statement;
    status = session_open_portal(protocol->session, &portal_request, &protocol->portal, err);
    prepared_unref(statement);
    TRY(status);
    if (portal_shape(protocol->portal)->has_rows)
        protocol_append_row_description(protocol, portal_shape(protocol->portal), protocol->portal);
    return STATUS_OK;
}

/* One step of the script: STATUS_OK when a statement is complete. */
static Status step_query(Protocol *protocol, bool may_block, bool *ret_wants_io, Error *err) {
    int64_t rows = 0;

    if (!protocol->portal)
        TRY(open_query_portal(protocol, err));
    if (portal_may_block(protocol->portal) && !may_block) {
        *ret_wants_io = true;
        return STATUS_MORE;
    }
    TRY(protocol_run_portal(protocol, protocol->portal, 0, &rows, err));
    protocol_append_complete(protocol, protocol->portal);
    portal_close(protocol->portal);
    protocol->portal = NULL;
    return STATUS_OK;
}

static ProtocolOutcome continue_query(Protocol *protocol, bool may_block) {
    Error error = {0};
    bool wants_io = false;

    while (protocol->script_index < parsed_text_count(protocol->script)) {
        Status status = step_query(protocol, may_block, &wants_io, &error);

        if (status == STATUS_MORE)
            return wants_io ? PROTOCOL_WANTS_IO : PROTOCOL_OUTPUT_FULL;
        if (status != STATUS_OK) {
            fail_query(protocol, &error);
            return PROTOCOL_IDLE;
        }
        protocol->script_index++;
        if (protocol->output.length >= LIMIT_OUTPUT_PENDING_BYTES)
            return PROTOCOL_OUTPUT_FULL;
    }
    finish_query(protocol);
    return PROTOCOL_IDLE;
}

/* -------- dispatch -------- */

static bool is_extended(char type) {
    return strchr("PBDECH", type) != NULL;
}

static ProtocolOutcome take_frame(Protocol *protocol, const WireFrame *frame) {
    Error error = {0};

    if (is_extended(frame->type)) {
        if (!protocol->is_skipping)
            protocol_take_extended(protocol, frame);
        return PROTOCOL_IDLE;
    }
    switch (frame->type) {
    case 'Q':
        protocol->is_skipping = false;
        start_query(protocol, frame);
        return PROTOCOL_IDLE;
    case 'S':
        protocol->is_skipping = false;
        finish_query(protocol);
        return PROTOCOL_IDLE;
    case 'X':
        protocol->is_closed = true;
        return PROTOCOL_CLOSE;
    case 'F':
        IGNORE(error_set(&error, FEATURE_NOT_SUPPORTED,
                         "function call messages are not supported")); /* it is sent */
        fail_query(protocol, &error);
        return PROTOCOL_IDLE;
    case 'd':
    case 'c':
    case 'f':
        return PROTOCOL_IDLE; /* of a COPY that has failed: dropped, as PostgreSQL does */
    default:
        IGNORE(error_set(&error, PROTOCOL_VIOLATION, "unexpected message type %d",
                         frame->type)); /* it is sent */
        protocol_fail(protocol, &error);
        return PROTOCOL_CLOSE;
    }
}

static ProtocolOutcome continue_work(Protocol *protocol, bool may_block) {
    switch (protocol->work) {
    case WORK_QUERY:
        return continue_query(protocol, may_block);
    case WORK_EXECUTE:
        return protocol_continue_execute(protocol, may_block);
    case WORK_NONE:
        break;
    }
    return PROTOCOL_IDLE;
}

ProtocolOutcome protocol_run(Protocol *protocol, bool may_block) {
    for (;;) {
        ProtocolOutcome outcome = continue_work(protocol, may_block);
        WireFrame frame;
        Error error = {0};

        if (outcome != PROTOCOL_IDLE)
            return outcome;
        if (protocol->is_closed)
            return PROTOCOL_CLOSE;
        if (protocol->output.length >= LIMIT_OUTPUT_PENDING_BYTES)
            return PROTOCOL_OUTPUT_FULL;
        if (wire_read_frame((const uint8_t *) protocol->input.data + protocol->input_used,
                            protocol->input.length - protocol->input_used, &frame,
                            &error) != STATUS_OK) {
            strbuf_clear(&protocol->input); /* only whole frames are fed */
            protocol->input_used = 0;
            return PROTOCOL_IDLE;
        }
        protocol->input_used += frame.frame_size;
        outcome = take_frame(protocol, &frame);
        if (outcome != PROTOCOL_IDLE)
            return outcome;
    }
}
