/* Portals: statements bound to parameters, run bit by bit. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/memory.h"
#include "server/session_state.h"

static Portal *find_portal(Session *session, const char *name) {
    for (Portal *portal = session->portals; portal; portal = portal->next)
        if (strcmp(portal->name, name) == 0)
            return portal;
    return NULL;
}

static void unlink_portal(Portal *portal) {
    if (!portal->name)
        return;
    for (Portal **link = &portal->session->portals; *link; link = &(*link)->next)
        if (*link == portal) {
            *link = portal->next;
            return;
        }
}

void portal_close(Portal *portal) {
    if (!portal)
        return;
    unlink_portal(portal);
    if (portal->owns_target)
        portal_close(portal->target);
    query_close(portal->query);
    if (portal->snapshot)
        catalog_snapshot_unref(portal->snapshot);
    prepared_unref(portal->statement);
    arena_destroy(portal->arena);
    memory_free(portal->name);
    memory_free(portal);
}

static Status enter_portal(Session *session, Portal *portal, const char *name, Error *err) {
    if (name[0] == '\0')
        session_close_portal(session, name);
    else if (find_portal(session, name))
        return error_set(err, DUPLICATE_CURSOR, "cursor \"%s\" already exists", name);
    portal->name = memory_strdup(name);
    portal->next = session->portals;
    session->portals = portal;
    return STATUS_OK;
}

static void copy_request(Portal *portal, const PortalRequest *request) {
    portal->parameters =
        arena_new_array(portal->arena, Value, (size_t) request->parameter_count + 1);
    for (int i = 0; i < request->parameter_count; i++)
        portal->parameters[i] = value_copy(&request->parameters[i], portal->arena);
    portal->parameter_count = request->parameter_count;
    portal->format_count = request->format_count;
    if (request->format_count)
        portal->formats = arena_memdup(portal->arena, request->formats,
                                       sizeof(int16_t) * (size_t) request->format_count);
}

static Status open_portal(Portal *portal, Error *err) {
    Prepared *statement = portal->statement;

    TRY(prepared_check_allowed(statement, err));
    portal->shape = statement->shape;
    if (statement->node && statement->type->open)
        TRY(statement->type->open(portal, err));
    if (portal->format_count > 1 && portal->format_count != portal->shape.count)
        return error_set(err, PROTOCOL_VIOLATION,
                         "bind message has %d result formats but query has %d columns",
                         portal->format_count, portal->shape.count);
    return STATUS_OK;
}

Status session_open_portal(Session *session, const PortalRequest *request, Portal **ret_portal,
                           Error *err) {
    Portal *portal = memory_zalloc(sizeof(*portal));
    Status status = STATUS_OK;

    portal->session = session;
    portal->arena = arena_create("portal", 0);
    portal->statement = prepared_ref(request->statement);
    copy_request(portal, request);
    if (request->name)
        status = enter_portal(session, portal, request->name, err);
    if (status == STATUS_OK)
        status = open_portal(portal, err);
    if (status != STATUS_OK) {
        parsed_text_redact(portal->statement->text, err);
        portal_close(portal);
        return status;
    }
    *ret_portal = portal;
    return STATUS_OK;
}

Status session_find_portal(Session *session, const char *name, Portal **ret_portal, Error *err) {
    Portal *portal = find_portal(session, name);

    if (!portal)
        return error_set(err, INVALID_CURSOR_NAME, "portal \"%s\" does not exist", name);
    *ret_portal = portal;
    return STATUS_OK;
}

void session_close_portal(Session *session, const char *name) {
    portal_close(find_portal(session, name));
}

const ResultShape *portal_shape(const Portal *portal) {
    return &portal->shape;
}

int16_t portal_format(const Portal *portal, int column) {
    if (portal->is_binary)
        return 1;
    return portal->format_count == 0   ? 0
           : portal->format_count == 1 ? portal->formats[0]
                                       : portal->formats[column];
}

bool portal_may_block(const Portal *portal) {
    const StatementType *type = portal->statement->type;

    if (portal->owns_target)
        return portal_may_block(portal->target);
    if (!type || portal->is_complete)
        return false;
    return type->may_block || (type->blocks && type->blocks(portal));
}

bool portal_is_empty(const Portal *portal) {
    return portal->statement->node == NULL;
}

void portal_begin_execute(Portal *portal) {
    portal->row_count = 0;
}

void session_close_portals(Session *session) {
    Portal *next;

    for (Portal *portal = session->portals; portal; portal = next) {
        next = portal->next;
        if (!portal->is_running)
            portal_close(portal);
    }
}

const char *portal_tag(const Portal *portal) {
    return portal->tag;
}

void portal_set_tag(Portal *portal, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(portal->tag, sizeof(portal->tag), format, arguments);
    va_end(arguments);
}

/* -------- running -------- */

/* What millrace.sessions shows, and from when on a cancel request counts. */
static void show_activity(Portal *portal, bool is_active) {
    Session *session = portal->session;
    const ParsedText *text = portal->statement->text;

    pthread_mutex_lock(&session->server->session_mutex);
    if (is_active) {
        if (!session->is_active && !portal->is_started) {
            session->is_timed_out = false;
            flag_set(&session->cancel, session->is_ended);
        }
        snprintf(session->query, sizeof(session->query), "%s", text->shown);
        snprintf(session->application_name, sizeof(session->application_name), "%s",
                 settings_text(&session->settings, SETTING_APPLICATION_NAME));
        session->query_at_us = server_now_us(session->server);
    }
    session->is_active = is_active;
    pthread_mutex_unlock(&session->server->session_mutex);
}

static Status run_portal(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                         int64_t *ret_rows, Error *err) {
    Status status;

    if (!portal->statement->node)
        return STATUS_OK;
    TRY(prepared_check_allowed(portal->statement, err));
    status = portal->statement->type->run(portal, limits, receiver, ret_rows, err);
    if (status == STATUS_OK)
        status = session_commit_statement(portal->session, err);
    return status;
}

Status portal_run(Portal *portal, PortalLimits limits, RowReceiver *receiver, int64_t *ret_rows,
                  Error *err) {
    Status status;

    *ret_rows = 0;
    if (portal->is_failed)
        return error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE, "portal cannot be run");
    if (portal->is_complete) {
        if (!portal->shape.has_rows)
            return error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%s\" cannot be run",
                             portal->name ? portal->name : "");
        portal_set_tag(portal, "SELECT 0");
        return STATUS_OK;
    }
    show_activity(portal, true);
    portal->is_started = true;
    portal->is_running = true;
    status = run_portal(portal, limits, receiver, ret_rows, err);
    portal->is_running = false;
    if (status == STATUS_ERROR && err->sqlstate == SQLSTATE_QUERY_CANCELED &&
        portal->session->is_timed_out)
        IGNORE(error_set(err, QUERY_CANCELED, /* the status is an error already */
                         "canceling statement due to statement timeout"));
    portal->row_count += *ret_rows;
    portal->position += *ret_rows;
    portal->is_complete = status == STATUS_OK;
    portal->is_failed = status == STATUS_ERROR;
    if (portal->is_failed)
        parsed_text_redact(portal->statement->text, err);
    /* A suspended portal whose client reads slowly can still be cancelled. */
    if (status != STATUS_MORE)
        show_activity(portal, false);
    return status;
}

/* -------- rows that are there already -------- */

void text_rows_add(TextRows *rows, const char *const *cells) {
    if (rows->row_count == rows->capacity) {
        int capacity = rows->capacity ? 2 * rows->capacity : 16;
        const char **grown = arena_new_array(rows->arena, const char *,
                                             (size_t) capacity *(size_t) rows->column_count);

        if (rows->row_count)
            memcpy(grown, rows->cells,
                   sizeof(char *) * (size_t) rows->row_count * (size_t) rows->column_count);
        rows->cells = grown;
        rows->capacity = capacity;
    }
    memcpy(&rows->cells[rows->row_count * rows->column_count], cells,
           sizeof(char *) * (size_t) rows->column_count);
    rows->row_count++;
}

void portal_set_rows(Portal *portal, const char *const *names, const TextRows *rows) {
    Arena *arena = portal->arena;
    uint32_t row_count = (uint32_t) rows->row_count;
    ResultColumn *columns = arena_new_array(arena, ResultColumn, (size_t) rows->column_count);
    Batch *batch = arena_new(arena, Batch);

    batch->row_count = row_count;
    batch->column_count = (uint32_t) rows->column_count;
    batch->columns = arena_new_array(arena, Column, (size_t) rows->column_count);
    for (int c = 0; c < rows->column_count; c++) {
        columns[c] = (ResultColumn) {names[c], SQL_TYPE(TEXT)};
        batch->columns[c] = column_create(SQL_TYPE(TEXT), row_count, arena);
        for (uint32_t r = 0; r < row_count; r++) {
            const char *cell = rows->cells[(int) r * rows->column_count + c];
            Value value = value_null(SQL_TYPE(TEXT));

            if (cell)
                value = value_text(SQL_TYPE(TEXT), arena_strdup(arena, cell), strlen(cell));
            column_put(&batch->columns[c], r, &value, row_count, arena);
        }
    }
    portal->rows = batch;
    portal->shape = (ResultShape) {true, rows->column_count, columns};
}

Status portal_give_rows(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                        int64_t *ret_rows, Error *err) {
    uint32_t remaining = portal->rows->row_count - portal->rows_given;
    uint32_t count = remaining;
    Batch batch = *portal->rows;
    uint32_t *selection;

    if (limits.rows_max > 0 && count > limits.rows_max)
        count = (uint32_t) limits.rows_max;
    selection = arena_new_array(portal->arena, uint32_t, (size_t) count + 1);
    for (uint32_t i = 0; i < count; i++)
        selection[i] = portal->rows_given + i;
    batch.selection = selection;
    batch.selection_count = count;
    if (count)
        TRY(receiver->take(receiver, &batch, err));
    portal->rows_given += count;
    *ret_rows = count;
    return portal->rows_given < portal->rows->row_count ? STATUS_MORE : STATUS_OK;
}
