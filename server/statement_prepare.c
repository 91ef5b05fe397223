/* PREPARE, EXECUTE, DEALLOCATE, DISCARD, LISTEN and its sisters. */

#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_statement.h"
#include "parser/ast_walk.h"
#include "server/session_state.h"

/* -------- PREPARE -------- */

static Status resolve_type(const AstType *written, SqlType *ret_type, Error *err) {
    if (!type_from_name(written->name, ret_type))
        return error_at(err, written->base.position, UNDEFINED_OBJECT, "type \"%s\" does not exist",
                        written->name);
    if (written->array_dimensions)
        *ret_type = type_array_of(ret_type->id);
    return STATUS_OK;
}

static Status fill_types(Prepared *prepared, const AstPrepare *prepare, Error *err) {
    int count = ast_parameter_count(prepare->statement);

    if (count < prepare->types.count)
        count = prepare->types.count;
    prepared->parameter_count = count;
    prepared->parameter_types = arena_new_array(prepared->arena, SqlType, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        prepared->parameter_types[i] = SQL_TYPE(UNKNOWN);
        if (i < prepare->types.count)
            TRY(resolve_type((const AstType *) prepare->types.items[i],
                             &prepared->parameter_types[i], err));
    }
    return STATUS_OK;
}

static Status prepare_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                          int64_t *ret_rows, Error *err) {
    const AstPrepare *prepare = (const AstPrepare *) portal->statement->node;
    Session *session = portal->session;
    Prepared *prepared = prepared_create(session, portal->statement->text, prepare->statement);
    Status status = fill_types(prepared, prepare, err);

    portal_set_tag(portal, "PREPARE");
    if (status == STATUS_OK)
        status = session_describe(session, prepared, err);
    if (status == STATUS_OK)
        status = prepared_enter(session, prepared, prepare->name, err);
    prepared_unref(prepared);
    return status;
}

const StatementType prepare_statement = {.kind = AST_PREPARE, .run = prepare_run};

/* -------- EXECUTE -------- */

static Status find_prepared(Session *session, const char *name, int position, Prepared **ret,
                            Error *err) {
    Status status = session_find_statement(session, name, ret, err);

    if (status != STATUS_OK)
        err->position = position;
    return status;
}

typedef struct ArgumentReceiver {
    RowReceiver base; /* must be first */
    Arena *arena;
    Value *values;
} ArgumentReceiver;

static Status take_arguments(RowReceiver *receiver, const Batch *batch, Error *err) {
    ArgumentReceiver *self = (ArgumentReceiver *) receiver;

    for (uint32_t i = 0; i < batch->column_count && batch_active_count(batch) > 0; i++) {
        Value value = column_get(&batch->columns[i], batch_active_row(batch, 0));

        self->values[i] = value_copy(&value, self->arena);
    }
    return STATUS_OK;
}

/* VALUES (arguments), run as a query. */
static Status evaluate_arguments(Portal *portal, const AstList *arguments, Value *ret_values,
                                 Error *err) {
    Arena *arena = portal->arena;
    AstQuery *query = arena_new(arena, AstQuery);
    AstValues *values = arena_new(arena, AstValues);
    AstRow *row = arena_new(arena, AstRow);
    ArgumentReceiver receiver = {.base = {take_arguments}, .arena = arena, .values = ret_values};
    PortalRequest request = {0};
    Portal *inner = NULL;
    int64_t row_count = 0;
    Status status;

    row->base = (AstNode) {AST_ROW, 0};
    row->elements = *arguments;
    values->base = (AstNode) {AST_VALUES, 0};
    values->rows = (AstList) {.count = 1, .items = arena_new(arena, AstNode *)};
    values->rows.items[0] = &row->base;
    query->base = (AstNode) {AST_QUERY, 0};
    query->body = &values->base;
    request.statement = prepared_create(portal->session, portal->statement->text, &query->base);
    status = session_open_portal(portal->session, &request, &inner, err);
    prepared_unref(request.statement);
    TRY(status);
    status = portal_run(inner, (PortalLimits) {0}, &receiver.base, &row_count, err);
    portal_close(inner);
    return status;
}

/* An argument as its parameter's type, by way of its text. */
static Status convert_argument(Session *session, SqlType type, Arena *arena, Value *value,
                               Error *err) {
    StrBuf text = {0};
    Status status;

    if (type_equal(value->type, type))
        return STATUS_OK;
    if (value->is_null) {
        *value = value_null(type);
        return STATUS_OK;
    }
    value_append_text(value, &session->forms, &text);
    status =
        value_parse_text(type, strbuf_text(&text), text.length, &session->forms, arena, value, err);
    strbuf_done(&text);
    return status;
}

static Status execute_open(Portal *portal, Error *err) {
    const AstExecute *execute = (const AstExecute *) portal->statement->node;
    Session *session = portal->session;
    PortalRequest request = {.parameter_count = execute->arguments.count};
    Prepared *prepared = NULL;
    Value *values;

    TRY(find_prepared(session, execute->name, execute->base.position, &prepared, err));
    if (prepared->parameter_count != execute->arguments.count) {
        error_at(err, execute->base.position, SYNTAX_ERROR,
                 "wrong number of parameters for prepared statement \"%s\"", execute->name);
        return error_detail(err, "Expected %d parameters but got %d.", prepared->parameter_count,
                            execute->arguments.count);
    }
    values = arena_new_array(portal->arena, Value, (size_t) execute->arguments.count + 1);
    if (execute->arguments.count)
        TRY(evaluate_arguments(portal, &execute->arguments, values, err));
    for (int i = 0; i < prepared->parameter_count; i++)
        TRY(convert_argument(session, prepared->parameter_types[i], portal->arena, &values[i],
                             err));
    request.statement = prepared;
    request.parameters = values;
    TRY(session_open_portal(session, &request, &portal->target, err));
    portal->owns_target = true;
    portal->shape = portal->target->shape;
    return STATUS_OK;
}

static Status execute_describe(Prepared *statement, Error *err) {
    const AstExecute *execute = (const AstExecute *) statement->node;
    Prepared *prepared = NULL;

    TRY(find_prepared(statement->session, execute->name, execute->base.position, &prepared, err));
    TRY(session_describe(statement->session, prepared, err));
    statement->shape = shape_copy(&prepared->shape, statement->arena);
    return STATUS_OK;
}

static Status execute_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                          int64_t *ret_rows, Error *err) {
    TRY(portal_run(portal->target, limits, receiver, ret_rows, err));
    portal_set_tag(portal, "%s", portal->target->tag);
    return STATUS_OK;
}

const StatementType execute_statement = {
    .kind = AST_EXECUTE, .describe = execute_describe, .open = execute_open, .run = execute_run};

/* -------- DEALLOCATE, DISCARD -------- */

static Status deallocate_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                             int64_t *ret_rows, Error *err) {
    const AstDeallocate *deallocate = (const AstDeallocate *) portal->statement->node;
    Prepared *prepared = NULL;

    portal_set_tag(portal, deallocate->name ? "DEALLOCATE" : "DEALLOCATE ALL");
    if (!deallocate->name) {
        session_close_statements(portal->session);
        return STATUS_OK;
    }
    TRY(find_prepared(portal->session, deallocate->name, deallocate->base.position, &prepared,
                      err));
    session_close_statement(portal->session, deallocate->name);
    return STATUS_OK;
}

const StatementType deallocate_statement = {.kind = AST_DEALLOCATE, .run = deallocate_run};

static Status discard_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                          int64_t *ret_rows, Error *err) {
    static const char *const tags[] = {"DISCARD ALL", "DISCARD PLANS", "DISCARD SEQUENCES",
                                       "DISCARD TEMP"};
    const AstDiscard *discard = (const AstDiscard *) portal->statement->node;
    Session *session = portal->session;

    portal_set_tag(portal, "%s", tags[discard->target]);
    if (discard->target != AST_DISCARD_ALL)
        return STATUS_OK;
    if (session->transaction == TRANSACTION_BLOCK)
        return error_at(err, discard->base.position, ACTIVE_SQL_TRANSACTION,
                        "DISCARD ALL cannot run inside a transaction block");
    session_close_portals(session);
    session_close_statements(session);
    for (int i = 0; i < SETTING_COUNT; i++)
        if (setting_specs[i].context == SETTING_CONTEXT_USER)
            TRY(session_change_setting(session, (SettingId) i, NULL, false, err));
    return STATUS_OK;
}

const StatementType discard_statement = {.kind = AST_DISCARD, .run = discard_run};

/* -------- LISTEN, UNLISTEN, NOTIFY -------- */

/* UNLISTEN is what connection pools send; nothing is listened to, so it is done. */
static Status notify_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                         int64_t *ret_rows, Error *err) {
    const AstNotify *notify = (const AstNotify *) portal->statement->node;

    portal_set_tag(portal, "UNLISTEN");
    if (notify->action == AST_UNLISTEN)
        return STATUS_OK;
    return error_at(err, notify->base.position, FEATURE_NOT_SUPPORTED, "%s is not supported",
                    notify->action == AST_LISTEN ? "LISTEN" : "NOTIFY");
}

const StatementType notify_statement = {.kind = AST_NOTIFY, .run = notify_run};
