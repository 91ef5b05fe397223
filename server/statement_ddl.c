/* CREATE, DROP, ALTER … RENAME: changes of the catalog.
 *
 * All run on a thread of their own: a commit waits for the disk, and a connector may be asked
 * whether it can be reached. The first DDL of a transaction takes the catalog's writer lock. */
#include <stdio.h>
#include <string.h>

#include "parser/ast_ddl.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/deparse.h"
#include "server/binder.h"
#include "server/session_state.h"
#include "types/timezone.h"

/* -------- CREATE -------- */

typedef struct CreateStatement {
    AstCreateFlags *flags;
    const AstName *name;
    const char *tag;
} CreateStatement;

/* The parts that all CREATE statements of relations share. */
static CreateStatement create_parts(AstNode *node) {
    switch (node->kind) {
    case AST_CREATE_SOURCE: {
        AstCreateSource *create = (AstCreateSource *) node;
        return (CreateStatement) {&create->flags, create->name, "CREATE SOURCE"};
    }
    case AST_CREATE_SINK: {
        AstCreateSink *create = (AstCreateSink *) node;
        return (CreateStatement) {&create->flags, create->name, "CREATE SINK"};
    }
    case AST_CREATE_STREAM: {
        AstCreateStream *create = (AstCreateStream *) node;
        return (CreateStatement) {&create->flags, create->name,
                                  create->is_materialized_view ? "CREATE MATERIALIZED VIEW"
                                                               : "CREATE STREAM"};
    }
    case AST_CREATE_TABLE: {
        AstCreateTable *create = (AstCreateTable *) node;
        return (CreateStatement) {&create->flags, create->name, "CREATE TABLE"};
    }
    default: {
        AstCreateView *create = (AstCreateView *) node;
        return (CreateStatement) {&create->flags, create->name, "CREATE VIEW"};
    }
    }
}

/* The text that is stored: without OR REPLACE and IF NOT EXISTS; a materialized view is a stream.
 */
static const char *canonical_text(AstNode *node, AstCreateFlags *flags, Arena *arena) {
    AstCreateFlags written = *flags;
    AstCreateStream stream;
    const char *text;

    *flags = (AstCreateFlags) {0};
    if (node->kind == AST_CREATE_STREAM) {
        stream = *(const AstCreateStream *) node;
        stream.is_materialized_view = false;
        node = &stream.base;
    }
    text = deparse_node(node, arena);
    *flags = written;
    return text;
}

static bool has_option(const AstList *options, const char *name) {
    for (int i = 0; i < options->count; i++)
        if (strcmp(((const AstOption *) options->items[i])->name, name) == 0)
            return true;
    return false;
}

/* A stream goes on when the session is gone: the zone that its query means is written into it. */
static AstNode *with_session_zone(const Session *session, AstNode *node, Arena *arena) {
    const AstCreateStream *create = (const AstCreateStream *) node;
    const TimeZone *zone = session->forms.time_zone;
    AstCreateStream *copy;
    AstLiteral *value;
    AstOption *option;

    if (node->kind != AST_CREATE_STREAM || zone == timezone_utc() ||
        has_option(&create->options, "time_zone"))
        return node;
    value = arena_new(arena, AstLiteral);
    *value = (AstLiteral) {.base = {.kind = AST_LITERAL},
                           .literal = AST_LITERAL_STRING,
                           .text = timezone_name(zone),
                           .length = strlen(timezone_name(zone))};
    option = arena_new(arena, AstOption);
    *option =
        (AstOption) {.base = {.kind = AST_OPTION}, .name = "time_zone", .value = &value->base};
    copy = arena_memdup(arena, create, sizeof(*create));
    copy->options.items = arena_new_array(arena, AstNode *, (size_t) create->options.count + 1);
    for (int i = 0; i < create->options.count; i++)
        copy->options.items[i] = create->options.items[i];
    copy->options.items[copy->options.count++] = &option->base;
    return &copy->base;
}

/* *ret_is_done: it is there already, and that is fine. */
static Status check_existing(Session *session, const CreateStatement *create, const char *text,
                             const Relation *existing, bool *ret_is_done, Error *err) {
    const AstName *name = create->name;

    *ret_is_done = true;
    if (create->flags->if_not_exists) {
        session_notice(session, SESSION_NOTICE, SQLSTATE_DUPLICATE_TABLE,
                       "relation \"%s\" already exists, skipping", name->name);
        return STATUS_OK;
    }
    if (!create->flags->or_replace)
        return error_at(err, name->base.position, DUPLICATE_TABLE, "relation \"%s\" already exists",
                        name->name);
    if (strcmp(existing->definition, text) == 0)
        return STATUS_OK;
    error_at(err, name->base.position, FEATURE_NOT_SUPPORTED,
             "CREATE OR REPLACE with another definition is not supported");
    return error_hint(err, "Drop the %s first, then create it anew.",
                      relation_kind_name(existing->kind));
}

/* Two sinks in one folder would each take the other's files for leftovers. */
static Status check_exclusive(const CatalogSnapshot *snapshot, const Relation *sink, Error *err) {
    const char *name = sink->sink->exclusive_option;
    const OptionValue *wanted = name ? option_find(&sink->options, name) : NULL;

    for (int i = 0; wanted && i < catalog_count(snapshot); i++) {
        const Relation *other = catalog_at(snapshot, i);

        if (other->kind != RELATION_SINK || other->broken || other->sink != sink->sink ||
            strcmp(other->name, sink->name) == 0 ||
            strcmp(option_text(&other->options, name), wanted->text) != 0)
            continue;
        IGNORE(error_at(err, wanted->position, OBJECT_IN_USE, /* hinted */
                        "%s \"%s\" belongs to sink \"%s\"", name, wanted->text, other->name));
        return error_hint(err, "Streams can share a sink: name \"%s\" after INTO.", other->name);
    }
    return STATUS_OK;
}

/* Can the outside be reached, is the folder ours? `relation` is bound from the user's text, so that
 * errors have his positions. */
static Status check_connector(Session *session, const CatalogSnapshot *snapshot,
                              const Relation *relation, Error *err) {
    const char *server_id = catalog_server_id(session->server->catalog);
    bool is_connector = relation->kind == RELATION_SOURCE || relation->kind == RELATION_SINK;

    if (relation->kind == RELATION_SINK)
        TRY(check_exclusive(snapshot, relation, err));
    if (!is_connector || !option_number(&relation->options, "check"))
        return STATUS_OK;
    if (relation->source && relation->source->check)
        return relation->source->check(&relation->options, &session->cancel, err);
    if (relation->sink && relation->sink->check)
        return relation->sink->check(&relation->options, server_id, &session->cancel, err);
    return STATUS_OK;
}

static bool is_complete(const Relation *stream) {
    return strcmp(stream->output_mode, "complete") == 0;
}

/* In complete mode a stream has its sink for itself. */
static Status check_sink_is_free(const CatalogSnapshot *snapshot, const Relation *stream,
                                 const Relation *sink, int position, Error *err) {
    if (!(sink_capabilities(sink->sink, &sink->options) & SINK_COMPLETE_ALONE))
        return STATUS_OK;
    for (int i = 0; i < catalog_count(snapshot); i++) {
        const Relation *other = catalog_at(snapshot, i);

        if (other->kind == RELATION_STREAM && strcmp(other->name, stream->name) != 0 &&
            relation_writes_into(other, sink->id) && (is_complete(other) || is_complete(stream)))
            return error_at(err, position, OBJECT_IN_USE,
                            "sink \"%s\" is in use by stream \"%s\", and in complete mode a "
                            "stream has its sink for itself",
                            sink->name, other->name);
    }
    return STATUS_OK;
}

/* The folder or file behind a source or a sink; NULL: it has none. */
static const char *path_of(const Relation *relation) {
    for (int i = 0; i < relation->options.count; i++) {
        const OptionValue *value = &relation->options.values[i];

        if (value->spec->type == OPTION_PATH && strcmp(value->spec->name, "path") == 0)
            return value->is_null ? NULL : value->text;
    }
    return NULL;
}

/* A stream that reads its own rows never ends. */
static Status check_no_feedback(const CatalogSnapshot *snapshot, const Relation *stream,
                                const Relation *sink, int position, Error *err) {
    const char *to = path_of(sink);

    for (int i = 0; i < stream->dependency_count && to; i++) {
        const Relation *source = catalog_find_id(snapshot, stream->dependencies[i]);
        const char *from = source && source->kind == RELATION_SOURCE ? path_of(source) : NULL;

        if (!from || strcmp(from, to) != 0)
            continue;
        IGNORE(error_at(err, position, INVALID_PARAMETER, /* hinted */
                        "sink \"%s\" writes into the folder that source \"%s\" reads", sink->name,
                        source->name));
        return error_hint(err,
                          "The stream would read its own rows, for ever. Choose another path.");
    }
    return STATUS_OK;
}

static Status check_sink(const CatalogSnapshot *snapshot, const Relation *stream, int64_t sink_id,
                         int position, Error *err) {
    const Relation *sink = catalog_find_id(snapshot, sink_id);

    TRY(check_sink_is_free(snapshot, stream, sink, position, err));
    return check_no_feedback(snapshot, stream, sink, position, err);
}

static Status check_sinks(const CatalogSnapshot *snapshot, const AstCreateStream *create,
                          const Relation *stream, Error *err) {
    for (int i = 0; i < stream->sink_count; i++)
        TRY(check_sink(snapshot, stream, stream->sink_ids[i], create->sinks.items[i]->position,
                       err));
    for (int i = 0; i < stream->error_sink_count; i++)
        TRY(check_sink(snapshot, stream, stream->error_sink_ids[i], create->query->base.position,
                       err));
    if (stream->late_sink_id)
        TRY(check_sink(snapshot, stream, stream->late_sink_id, create->late_sink->base.position,
                       err));
    return STATUS_OK;
}

static Status bind_and_create(Portal *portal, CatalogTransaction *transaction, const char *text,
                              Error *err) {
    Session *session = portal->session;
    EvalContext eval;
    PlannerContext planner;
    Relation relation = {0};
    StreamPlan stream = {0};
    const Relation *created = NULL;

    session_init_eval(session, &eval);
    session_init_planner(session, portal->arena, catalog_transaction_snapshot(transaction),
                         &planner);
    planner.eval = &eval;
    eval.catalog = planner.catalog;
    TRY(bind_create_statement(&planner, portal->statement->node, text, &relation, &stream, err));
    if (stream.inferred_mode_notice)
        session_notice(session, SESSION_NOTICE, SQLSTATE_SUCCESSFUL_COMPLETION, "%s",
                       stream.inferred_mode_notice);
    if (stream.guarantee_notice)
        session_notice(session, SESSION_NOTICE, SQLSTATE_SUCCESSFUL_COMPLETION, "%s",
                       stream.guarantee_notice);
    relation.definition = text;
    if (relation.kind == RELATION_STREAM)
        TRY(check_sinks(planner.catalog, (const AstCreateStream *) portal->statement->node,
                        &relation, err));
    TRY(catalog_create(transaction, &relation, &created, err));
    return check_connector(session, catalog_transaction_snapshot(transaction), &relation, err);
}

static Status check_schema(const AstName *name, Error *err) {
    if (!name->schema || strcmp(name->schema, "public") == 0)
        return STATUS_OK;
    if (strcmp(name->schema, "millrace") == 0 || strncmp(name->schema, "pg_", 3) == 0)
        return error_at(err, name->base.position, INSUFFICIENT_PRIVILEGE,
                        "schema \"%s\" is reserved for system views", name->schema);
    return error_at(err, name->base.position, INVALID_SCHEMA_NAME, "schema \"%s\" does not exist",
                    name->schema);
}

static Status create_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                         int64_t *ret_rows, Error *err) {
    CreateStatement create = create_parts(portal->statement->node);
    CatalogTransaction *transaction = NULL;
    const Relation *existing;
    const char *text;
    AstNode *node;

    portal_set_tag(portal, "%s", create.tag);
    TRY(check_schema(create.name, err));
    node = with_session_zone(portal->session, portal->statement->node, portal->arena);
    text = canonical_text(node, create_parts(node).flags, portal->arena);
    TRY(session_catalog_transaction(portal->session, &transaction, err));
    existing = catalog_find(catalog_transaction_snapshot(transaction), "public", create.name->name);
    if (existing) {
        bool is_done = false;

        TRY(check_existing(portal->session, &create, text, existing, &is_done, err));
        if (is_done)
            return STATUS_OK;
    }
    return bind_and_create(portal, transaction, text, err);
}

#define CREATE_STATEMENT(variable, ast_kind) \
    const StatementType variable = {.kind = ast_kind, .may_block = true, .run = create_run}

CREATE_STATEMENT(create_source_statement, AST_CREATE_SOURCE);
CREATE_STATEMENT(create_sink_statement, AST_CREATE_SINK);
CREATE_STATEMENT(create_stream_statement, AST_CREATE_STREAM);
CREATE_STATEMENT(create_table_statement, AST_CREATE_TABLE);
CREATE_STATEMENT(create_view_statement, AST_CREATE_VIEW);

/* -------- names of objects -------- */

bool object_kind_matches(AstObjectKind wanted, RelationKind kind) {
    static const struct {
        AstObjectKind object;
        RelationKind kind;
    } pairs[] = {{AST_OBJECT_SOURCE, RELATION_SOURCE}, {AST_OBJECT_SINK, RELATION_SINK},
                 {AST_OBJECT_STREAM, RELATION_STREAM}, {AST_OBJECT_TABLE, RELATION_TABLE},
                 {AST_OBJECT_VIEW, RELATION_VIEW},     {AST_OBJECT_VIEW, RELATION_SYSTEM},
                 {AST_OBJECT_SECRET, RELATION_SECRET}};

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        if (pairs[i].object == wanted && pairs[i].kind == kind)
            return true;
    return false;
}

static unsigned kinds_of_object(AstObjectKind wanted) {
    unsigned kinds = 0;

    for (RelationKind kind = RELATION_SOURCE; kind <= RELATION_SECRET; kind++)
        if (object_kind_matches(wanted, kind))
            kinds |= 1U << kind;
    return kinds;
}

const Relation *find_named(const CatalogSnapshot *snapshot, AstObjectKind object,
                           const AstName *name) {
    return object != AST_OBJECT_SECRET ? catalog_find(snapshot, name->schema, name->name)
           : name->schema              ? NULL
                                       : catalog_find_secret(snapshot, name->name);
}

Status find_object(const CatalogSnapshot *snapshot, AstObjectKind object, const AstName *name,
                   const Relation **ret_relation, Error *err) {
    const char *kind = ast_object_kind_name(object);
    const Relation *relation = find_named(snapshot, object, name);
    const char *nearest;

    if (!relation) {
        error_fill(
            err, object == AST_OBJECT_SECRET ? SQLSTATE_UNDEFINED_OBJECT : SQLSTATE_UNDEFINED_TABLE,
            name->base.position, "%s \"%s\" does not exist", kind, name->name);
        nearest = catalog_nearest(snapshot, name->name, kinds_of_object(object));
        return nearest ? error_hint(err, "Did you mean \"%s\"?", nearest) : STATUS_ERROR;
    }
    if (!object_kind_matches(object, relation->kind)) {
        error_at(err, name->base.position, WRONG_OBJECT_TYPE, "\"%s\" is not a %s", name->name,
                 kind);
        return error_hint(err, "It is a %s.", relation_kind_name(relation->kind));
    }
    *ret_relation = relation;
    return STATUS_OK;
}

/* -------- DROP -------- */

/* The NOTICE of a cascade, as PostgreSQL words it. */
static void notice_cascade(Session *session, const StrBuf *dropped) {
    Error notice = {.sqlstate = SQLSTATE_SUCCESSFUL_COMPLETION};
    const char *text = strbuf_text(dropped);
    int count = 0;

    for (const char *c = text; *c; c++)
        count += *c == '\n';
    if (count == 0)
        return;
    if (count == 1) {
        snprintf(notice.message, sizeof(notice.message), "drop cascades to %.*s",
                 (int) strcspn(text, "\n"), text);
    } else {
        snprintf(notice.message, sizeof(notice.message), "drop cascades to %d other objects",
                 count);
        snprintf(notice.detail, sizeof(notice.detail), "%.*s", (int) dropped->length - 1, text);
    }
    session_send_notice(session, SESSION_NOTICE, &notice);
}

static Status drop_one(Session *session, CatalogTransaction *transaction, const AstDrop *drop,
                       const AstName *name, Error *err) {
    const CatalogSnapshot *snapshot = catalog_transaction_snapshot(transaction);
    const Relation *relation = NULL;
    StrBuf dropped = {0};
    Status status;

    if (drop->if_exists && !find_named(snapshot, drop->object, name)) {
        session_notice(session, SESSION_NOTICE, SQLSTATE_SUCCESSFUL_COMPLETION,
                       "%s \"%s\" does not exist, skipping", ast_object_kind_name(drop->object),
                       name->name);
        return STATUS_OK;
    }
    TRY(find_object(snapshot, drop->object, name, &relation, err));
    if (relation->kind == RELATION_SYSTEM)
        return error_at(err, name->base.position, INSUFFICIENT_PRIVILEGE, "\"%s\" is a system view",
                        name->name);
    status = catalog_drop(transaction, relation->id, drop->behavior == AST_BEHAVIOR_CASCADE,
                          &dropped, err);
    if (status == STATUS_OK)
        notice_cascade(session, &dropped);
    strbuf_done(&dropped);
    return status;
}

static const char *upper_kind(AstObjectKind object, Arena *arena) {
    char *text = arena_strdup(arena, ast_object_kind_name(object));

    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char) (*c - 'a' + 'A');
    return text;
}

static Status drop_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                       int64_t *ret_rows, Error *err) {
    const AstDrop *drop = (const AstDrop *) portal->statement->node;
    const char *kind = upper_kind(drop->object, portal->arena);
    CatalogTransaction *transaction = NULL;

    portal_set_tag(portal, "DROP %s", kind);
    if (drop->object > AST_OBJECT_SECRET)
        return error_at(err, drop->base.position, FEATURE_NOT_SUPPORTED, "DROP %s is not supported",
                        kind);
    TRY(session_catalog_transaction(portal->session, &transaction, err));
    for (int i = 0; i < drop->names.count; i++)
        TRY(drop_one(portal->session, transaction, drop, (const AstName *) drop->names.items[i],
                     err));
    return STATUS_OK;
}

const StatementType drop_statement = {.kind = AST_DROP, .may_block = true, .run = drop_run};

/* -------- ALTER -------- */

static Status rename_object(Portal *portal, const AstAlter *alter, Error *err) {
    CatalogTransaction *transaction = NULL;
    const Relation *relation = NULL;

    TRY(session_catalog_transaction(portal->session, &transaction, err));
    TRY(find_object(catalog_transaction_snapshot(transaction), alter->object, alter->name,
                    &relation, err));
    return catalog_rename(transaction, relation->id, alter->new_name, err);
}

/* What does not run yet, as the user wrote it. */
static const char *const refused_alterations[] = {
    [AST_ALTER_PAUSE] = "PAUSE",
    [AST_ALTER_RESUME] = "RESUME",
    [AST_ALTER_RESTART] = "RESTART",
    [AST_ALTER_STEP] = "STEP",
    [AST_ALTER_SET_OPTIONS] = "SET (…)",
    [AST_ALTER_RESET_OPTIONS] = "RESET (…)",
    [AST_ALTER_RENAME] = "RENAME",
    [AST_ALTER_AS] = "AS",
    [AST_ALTER_ADD_SINK] = "ADD SINK",
    [AST_ALTER_DROP_SINK] = "DROP SINK",
    [AST_ALTER_ADD_COLUMN] = "ADD COLUMN",
    [AST_ALTER_DROP_COLUMN] = "DROP COLUMN",
    [AST_ALTER_RENAME_COLUMN] = "RENAME COLUMN",
    [AST_ALTER_SET_DEFAULT] = "ALTER COLUMN … SET DEFAULT",
    [AST_ALTER_DROP_DEFAULT] = "ALTER COLUMN … DROP DEFAULT",
    [AST_ALTER_SET_NOT_NULL] = "ALTER COLUMN … SET NOT NULL",
    [AST_ALTER_DROP_NOT_NULL] = "ALTER COLUMN … DROP NOT NULL",
    [AST_ALTER_COLUMN_TYPE] = "ALTER COLUMN … TYPE",
    [AST_ALTER_OWNER] = "OWNER TO",
    [AST_ALTER_SET_SCHEMA] = "SET SCHEMA",
    [AST_ALTER_SECRET_AS] = "AS",
    [AST_ALTER_ROLE_OPTIONS] = "",
};

static Status refuse_alteration(const AstAlter *alter, const char *kind, Error *err) {
    const char *name = refused_alterations[alter->action];

    IGNORE(error_at(err, alter->action_position ? alter->action_position : alter->base.position,
                    FEATURE_NOT_SUPPORTED, "ALTER %s%s%s is not supported", kind, /* hinted */
                    name[0] ? " … " : "", name));
    if (alter->object <= AST_OBJECT_VIEW && alter->object != AST_OBJECT_TABLE)
        return error_hint(err, "Drop the %s and create it with the new definition.",
                          ast_object_kind_name(alter->object));
    return STATUS_ERROR;
}

static Status alter_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                        int64_t *ret_rows, Error *err) {
    const AstAlter *alter = (const AstAlter *) portal->statement->node;
    const char *kind = upper_kind(alter->object, portal->arena);
    CatalogSnapshot *snapshot;
    bool is_missing;

    portal_set_tag(portal, "ALTER %s", kind);
    if (alter->if_exists) {
        snapshot = session_snapshot(portal->session);
        is_missing = !find_named(snapshot, alter->object, alter->name);
        catalog_snapshot_unref(snapshot);
        if (is_missing) {
            session_notice(portal->session, SESSION_NOTICE, SQLSTATE_SUCCESSFUL_COMPLETION,
                           "%s \"%s\" does not exist, skipping",
                           alter->object == AST_OBJECT_SECRET ? "secret" : "relation",
                           alter->name->name);
            return STATUS_OK;
        }
    }
    if (alter->object == AST_OBJECT_STREAM && alter->action <= AST_ALTER_STEP)
        return alter_stream_run(portal, alter, err);
    if (alter->action == AST_ALTER_SECRET_AS)
        return alter_secret_run(portal, alter, err);
    if (alter->action == AST_ALTER_RENAME && alter->object <= AST_OBJECT_SECRET)
        return rename_object(portal, alter, err);
    return refuse_alteration(alter, kind, err);
}

const StatementType alter_statement = {.kind = AST_ALTER, .may_block = true, .run = alter_run};
