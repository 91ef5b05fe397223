/* CREATE: the entry point, views, and what all definitions share. */
#include "planner/bind_create.h"

#include <string.h>

#include "base/limits.h"
#include "parser/deparse.h"

void relation_init(Relation *relation, RelationKind kind, const AstName *name, const char *text,
                   const AstNode *statement) {
    *relation = (Relation) {.kind = kind,
                            .schema = name->schema ? name->schema : "public",
                            .name = name->name,
                            .definition = text,
                            .watermark_column = -1,
                            .idle_after_us = -1,
                            .extension = statement};
}

/* -------- columns -------- */

static Status check_column_name(const RelationColumn *columns, int count, const char *name,
                                int position, Error *err) {
    if (count >= LIMIT_COLUMNS)
        return error_at(err, position, PROGRAM_LIMIT_EXCEEDED,
                        "relations can have at most %d columns", LIMIT_COLUMNS);
    for (int i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return error_at(err, position, DUPLICATE_COLUMN,
                            "column \"%s\" specified more than once", name);
    return STATUS_OK;
}

Status bind_declared_column(Binder *binder, const AstColumnDef *definition,
                            const RelationColumn *columns, int count, RelationColumn *ret_column,
                            Error *err) {
    int position = definition->base.position;

    TRY(check_column_name(columns, count, definition->name, position, err));
    if (definition->default_value)
        return not_supported(err, definition->default_value->position, "DEFAULT here");
    if (definition->is_unique)
        return not_supported(err, position, "UNIQUE here");
    if (definition->collation && strcmp(definition->collation->name, "C") != 0)
        return not_supported(err, definition->collation->base.position, "collation \"%s\"",
                             definition->collation->name);
    *ret_column = (RelationColumn) {
        .name = definition->name, .is_not_null = definition->is_not_null, .path = definition->path};
    if (!definition->type)
        return STATUS_OK; /* computed */
    TRY(bind_type(binder, definition->type, &ret_column->type, err));
    if (ret_column->type.id == TYPE_ARRAY || ret_column->type.id == TYPE_RECORD)
        return not_supported(err, definition->type->base.position, "a column of type %s",
                             type_name(binder, ret_column->type));
    if (type_category(ret_column->type.id) == 'P' || ret_column->type.id == TYPE_UNKNOWN)
        return error_at(err, definition->type->base.position, INVALID_TABLE_DEFINITION,
                        "column \"%s\" has pseudo-type %s", definition->name,
                        type_name(binder, ret_column->type));
    return STATUS_OK;
}

Status relation_columns_of_plan(Binder *binder, const Plan *plan, const AstList *names,
                                int position, Relation *relation, Error *err) {
    RelationColumn *columns =
        arena_new_array(binder->arena, RelationColumn, (size_t) plan->column_count + 1);
    int name_count = names ? names->count : 0;

    if (name_count > plan->column_count)
        return error_at(err, names->items[plan->column_count]->position, SYNTAX_ERROR,
                        "CREATE VIEW specifies more column names than columns");
    for (int i = 0; i < plan->column_count; i++) {
        const AstIdentifier *given =
            i < name_count ? (const AstIdentifier *) names->items[i] : NULL;

        columns[i].type = plan->columns[i].type;
        TRY(check_column_name(columns, i, given ? given->text : plan->columns[i].name,
                              given ? given->base.position : position, err));
        columns[i].name = given ? given->text : plan->columns[i].name;
    }
    relation->columns = columns;
    relation->column_count = plan->column_count;
    return STATUS_OK;
}

/* -------- CREATE VIEW -------- */

static Status bind_create_view(Binder *binder, const AstCreateView *create, Relation *relation,
                               Error *err) {
    const Plan *plan = NULL;

    if (create->is_temporary)
        return not_supported(err, create->base.position, "CREATE TEMPORARY VIEW");
    TRY(bind_query(binder, create->query, NULL, NULL, false, &plan, err));
    TRY(binder_finish(binder, plan, &plan, err));
    TRY(relation_columns_of_plan(binder, plan, &create->columns, create->query->base.position,
                                 relation, err));
    relation->query = deparse_node(&create->query->base, binder->arena);
    return STATUS_OK;
}

/* -------- CREATE SECRET -------- */

/* The text never holds a value: the server seals it first. */
static Status bind_create_secret(const AstCreateSecret *create, Relation *relation, Error *err) {
    relation->schema = CATALOG_SECRETS;
    relation->sealed = create->value->text;
    if (secret_is_sealed(relation->sealed))
        return STATUS_OK;
    return error_set(err, DATA_CORRUPTED, "secret \"%s\" is not sealed", relation->name);
}

/* -------- the entry point -------- */

static Status refuse_create(const AstNode *statement, Error *err) {
    const char *what = "this CREATE statement";

    switch (statement->kind) {
    case AST_CREATE_TABLE:
        what = ((const AstCreateTable *) statement)->query ? "CREATE TABLE AS" : "CREATE TABLE";
        IGNORE(not_supported(err, statement->position, "%s", what)); /* hinted */
        return error_hint(
            err, "Read reference data from files: CREATE SOURCE … WITH (connector = 'file', "
                 "…).");
    case AST_CREATE_ROLE:
        what = "CREATE ROLE";
        break;
    case AST_CREATE_FUNCTION:
        what = "CREATE FUNCTION";
        break;
    case AST_CREATE_CONNECTION:
        what = "CREATE CONNECTION";
        break;
    case AST_CREATE_SCHEMA:
        what = "CREATE SCHEMA";
        break;
    default:
        break;
    }
    return not_supported(err, statement->position, "%s", what);
}

Status planner_bind_create(PlannerContext *cx, const AstNode *statement, const char *text,
                           Relation *ret_relation, Error *err) {
    Binder binder;
    Relation relation;

    binder_init(&binder, cx);
    switch (statement->kind) {
    case AST_CREATE_SOURCE: {
        const AstCreateSource *create = (const AstCreateSource *) statement;

        relation_init(&relation, RELATION_SOURCE, create->name, text, statement);
        TRY(bind_source(&binder, create, &relation, err));
        break;
    }
    case AST_CREATE_SINK: {
        const AstCreateSink *create = (const AstCreateSink *) statement;

        relation_init(&relation, RELATION_SINK, create->name, text, statement);
        TRY(bind_sink(&binder, create, &relation, err));
        break;
    }
    case AST_CREATE_VIEW: {
        const AstCreateView *create = (const AstCreateView *) statement;

        relation_init(&relation, RELATION_VIEW, create->name, text, statement);
        TRY(bind_create_view(&binder, create, &relation, err));
        break;
    }
    case AST_CREATE_SECRET: {
        const AstCreateSecret *create = (const AstCreateSecret *) statement;

        relation_init(&relation, RELATION_SECRET, create->name, text, statement);
        TRY(bind_create_secret(create, &relation, err));
        break;
    }
    default:
        return refuse_create(statement, err);
    }
    relation.dependencies = binder.dependencies;
    relation.dependency_count = binder.dependency_count;
    *ret_relation = relation;
    return STATUS_OK;
}
