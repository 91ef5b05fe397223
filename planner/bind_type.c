/* Types: a written type to a SqlType. */
#include <string.h>

#include "base/nearest.h"
#include "parser/ast_ddl.h"
#include "planner/bind.h"
#include "types/interval.h"

enum { MODIFIERS_MAX = 2, VARCHAR_LENGTH_MAX = 10485760 };

static Status read_modifiers(const AstType *type, int64_t *modifiers, Error *err) {
    if (type->modifiers.count > MODIFIERS_MAX)
        return error_at(err, type->base.position, INVALID_PARAMETER, "invalid type modifier");
    for (int i = 0; i < type->modifiers.count; i++) {
        const AstLiteral *literal = (const AstLiteral *) type->modifiers.items[i];

        if (literal->base.kind != AST_LITERAL || literal->literal != AST_LITERAL_INTEGER)
            return error_at(err, literal->base.position, SYNTAX_ERROR,
                            "type modifiers must be simple constants or identifiers");
        modifiers[i] = literal->integer;
    }
    return STATUS_OK;
}

static Status apply_numeric(const AstType *type, const int64_t *modifiers, SqlType *result,
                            Error *err) {
    int64_t scale = type->modifiers.count == 2 ? modifiers[1] : 0;
    int position = type->base.position;

    if (modifiers[0] < 1 || modifiers[0] > 1000)
        return error_at(err, position, INVALID_PARAMETER,
                        "NUMERIC precision %lld must be between 1 and 1000",
                        (long long) modifiers[0]);
    if (modifiers[0] > 38)
        return not_supported(err, position, "numeric with more than 38 digits");
    if (scale < 0 || scale > modifiers[0])
        return error_at(err, position, INVALID_PARAMETER,
                        "NUMERIC scale %lld must be between 0 and precision %lld",
                        (long long) scale, (long long) modifiers[0]);
    result->typmod = type_numeric_typmod((int32_t) modifiers[0], (int32_t) scale);
    return STATUS_OK;
}

static Status apply_modifiers(const AstType *type, SqlType *result, Error *err) {
    int64_t modifiers[MODIFIERS_MAX] = {0};
    int position = type->base.position;

    TRY(read_modifiers(type, modifiers, err));
    switch (result->id) {
    case TYPE_NUMERIC:
        return apply_numeric(type, modifiers, result, err);
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        if (modifiers[0] < 1)
            return error_at(err, position, INVALID_PARAMETER,
                            "length for type %s must be at least 1", type_typname(*result));
        if (modifiers[0] > VARCHAR_LENGTH_MAX)
            return error_at(err, position, INVALID_PARAMETER, "length for type %s cannot exceed %d",
                            type_typname(*result), VARCHAR_LENGTH_MAX);
        result->typmod = (int32_t) modifiers[0] + 4;
        return STATUS_OK;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        result->typmod = modifiers[0] > 6 ? 6 : (int32_t) modifiers[0];
        return STATUS_OK;
    case TYPE_INTERVAL:
        return STATUS_OK; /* by apply_interval */
    default:
        return error_at(err, position, SYNTAX_ERROR, "type modifier is not allowed for type \"%s\"",
                        type->name);
    }
}

static int32_t interval_range(AstIntervalFields fields) {
    enum {
        DAY_TO_HOUR = INTERVAL_FIELD_DAY | INTERVAL_FIELD_HOUR,
        HOUR_TO_MINUTE = INTERVAL_FIELD_HOUR | INTERVAL_FIELD_MINUTE,
        MINUTE_TO_SECOND = INTERVAL_FIELD_MINUTE | INTERVAL_FIELD_SECOND,
    };
    static const int32_t ranges[] = {
        [AST_INTERVAL_ANY] = INTERVAL_FIELD_ALL,
        [AST_INTERVAL_YEAR] = INTERVAL_FIELD_YEAR,
        [AST_INTERVAL_MONTH] = INTERVAL_FIELD_MONTH,
        [AST_INTERVAL_DAY] = INTERVAL_FIELD_DAY,
        [AST_INTERVAL_HOUR] = INTERVAL_FIELD_HOUR,
        [AST_INTERVAL_MINUTE] = INTERVAL_FIELD_MINUTE,
        [AST_INTERVAL_SECOND] = INTERVAL_FIELD_SECOND,
        [AST_INTERVAL_YEAR_TO_MONTH] = INTERVAL_FIELD_YEAR | INTERVAL_FIELD_MONTH,
        [AST_INTERVAL_DAY_TO_HOUR] = DAY_TO_HOUR,
        [AST_INTERVAL_DAY_TO_MINUTE] = DAY_TO_HOUR | INTERVAL_FIELD_MINUTE,
        [AST_INTERVAL_DAY_TO_SECOND] = DAY_TO_HOUR | MINUTE_TO_SECOND,
        [AST_INTERVAL_HOUR_TO_MINUTE] = HOUR_TO_MINUTE,
        [AST_INTERVAL_HOUR_TO_SECOND] = HOUR_TO_MINUTE | INTERVAL_FIELD_SECOND,
        [AST_INTERVAL_MINUTE_TO_SECOND] = MINUTE_TO_SECOND,
    };

    return ranges[fields];
}

/* INTERVAL [fields] [(p)] */
static Status apply_interval(const AstType *type, SqlType *result, Error *err) {
    int64_t modifiers[MODIFIERS_MAX] = {INTERVAL_PRECISION_ANY};

    if (type->modifiers.count > 0) {
        TRY(read_modifiers(type, modifiers, err));
        if (modifiers[0] > 6)
            modifiers[0] = 6;
    } else if (type->interval_fields == AST_INTERVAL_ANY) {
        return STATUS_OK;
    }
    result->typmod =
        interval_make_typmod(interval_range(type->interval_fields), (int32_t) modifiers[0]);
    return STATUS_OK;
}

static Status bind_row_type(Binder *binder, const AstType *type, SqlType *ret_type, Error *err) {
    RecordField *fields =
        arena_new_array(binder->arena, RecordField, (size_t) type->fields.count + 1);

    for (int i = 0; i < type->fields.count; i++) {
        const AstColumnDef *field = (const AstColumnDef *) type->fields.items[i];
        SqlType *field_type = arena_new(binder->arena, SqlType);

        TRY(bind_type(binder, field->type, field_type, err));
        fields[i] = (RecordField) {.name = field->name, .type = field_type};
    }
    *ret_type = SQL_TYPE(RECORD);
    ret_type->fields = fields;
    ret_type->field_count = type->fields.count;
    return STATUS_OK;
}

/* PostgreSQL's types that there are not: known, so that nobody takes them for a slip. */
static bool is_type_of_postgresql(const char *name) {
    static const char *const names[] = {
        "timetz",
        "money",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "bit",
        "varbit",
        "xml",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "tsvector",
        "tsquery",
        "jsonpath",
        "int4range",
        "int8range",
        "numrange",
        "tsrange",
        "tstzrange",
        "daterange",
        "int4multirange",
        "int8multirange",
        "nummultirange",
        "tsmultirange",
        "tstzmultirange",
        "datemultirange",
        "pg_lsn",
        "pg_snapshot",
        "txid_snapshot",
        "xid",
        "xid8",
        "cid",
        "tid",
        "oidvector",
        "int2vector",
        "record",
        "refcursor",
        "serial",
        "bigserial",
        "smallserial",
        "regproc",
        "regprocedure",
        "regoper",
        "regoperator",
        "regnamespace",
        "regrole",
        "regcollation",
        "regconfig",
        "regdictionary",
        "aclitem",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The type to take in its place. */
static const char *stand_in(const char *name) {
    static const char *const pairs[][2] = {
        {"timetz", "timestamptz"}, {"money", "numeric"},        {"serial", "integer"},
        {"bigserial", "bigint"},   {"smallserial", "smallint"}, {"bit", "bytea"},
        {"varbit", "bytea"},       {"jsonpath", "text"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return "text";
}

static Status unknown_type(const AstType *type, Error *err) {
    static const char *const names[] = {
        "boolean", "smallint", "integer",  "bigint",    "int2",        "int4", "int8",
        "real",    "float4",   "float8",   "numeric",   "decimal",     "text", "char",
        "date",    "varchar",  "bytea",    "time",      "uuid",        "json", "jsonb",
        "row",     "oid",      "interval", "timestamp", "timestamptz",
    };
    Nearest nearest = nearest_begin(type->name);

    if ((!type->schema || strcmp(type->schema, "pg_catalog") == 0) &&
        is_type_of_postgresql(type->name)) {
        IGNORE(not_supported(err, type->base.position, "type %s", type->name)); /* hinted */
        return error_hint(err, "Use %s in its place.", stand_in(type->name));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        nearest_offer(&nearest, names[i]);
    IGNORE(error_at(err, type->base.position, UNDEFINED_OBJECT, /* hinted */
                    "type \"%s%s%s\" does not exist", type->schema ? type->schema : "",
                    type->schema ? "." : "", type->name));
    if (nearest.best)
        error_hint(err, "Perhaps you meant the type \"%s\".", nearest.best);
    return STATUS_ERROR;
}

Status bind_type(Binder *binder, const AstType *type, SqlType *ret_type, Error *err) {
    SqlType result;
    bool is_catalog = !type->schema || strcmp(type->schema, "pg_catalog") == 0;

    if (type->is_setof)
        return not_supported(err, type->base.position, "SETOF here");
    if (type->fields.count > 0 && strcmp(type->name, "row") == 0)
        return bind_row_type(binder, type, ret_type, err);
    if (!is_catalog || !type_from_name(type->name, &result))
        return unknown_type(type, err);
    if (strcmp(type->name, "bpchar") == 0)
        result = SQL_TYPE(BPCHAR); /* char is bpchar(1) by the parser; bpchar alone has no length */
    if (type->modifiers.count > 0)
        TRY(apply_modifiers(type, &result, err));
    if (result.id == TYPE_INTERVAL)
        TRY(apply_interval(type, &result, err));
    if (type->array_dimensions > 0)
        result = type_array_of(result.id);
    *ret_type = result;
    return STATUS_OK;
}
