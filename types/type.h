/* Types: the SQL types, their names, OIDs and physical layouts.
 *
 * One table (types/type.c) describes every type; pg_type, casts, the wire and the columns read it.
 * A SqlType is a small value. OIDs and modifiers are PostgreSQL's, so that drivers know them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

/* clang-format off */
/*    id           name           oid   array oid  physical  size  category */
#define TYPE_TABLE(X)                                                        \
    X(UNKNOWN,     "unknown",      705,  0,    VARLEN,   -2, 'X')            \
    X(BOOL,        "boolean",      16,   1000, BOOL,      1, 'B')            \
    X(INT2,        "smallint",     21,   1005, INT16,     2, 'N')            \
    X(INT4,        "integer",      23,   1007, INT32,     4, 'N')            \
    X(INT8,        "bigint",       20,   1016, INT64,     8, 'N')            \
    X(FLOAT4,      "real",         700,  1021, FLOAT32,   4, 'N')            \
    X(FLOAT8,      "double precision", 701, 1022, FLOAT64, 8, 'N')           \
    X(NUMERIC,     "numeric",      1700, 1231, NUMERIC,  -1, 'N')            \
    X(TEXT,        "text",         25,   1009, VARLEN,   -1, 'S')            \
    X(VARCHAR,     "character varying", 1043, 1015, VARLEN, -1, 'S')         \
    X(BPCHAR,      "character",    1042, 1014, VARLEN,   -1, 'S')            \
    X(NAME,        "name",         19,   1003, VARLEN,   64, 'S')            \
    X(CHAR,        "\"char\"",     18,   1002, VARLEN,    1, 'Z')            \
    X(BYTEA,       "bytea",        17,   1001, VARLEN,   -1, 'U')            \
    X(DATE,        "date",         1082, 1182, INT32,     4, 'D')            \
    X(TIME,        "time without time zone", 1083, 1183, INT64, 8, 'D')      \
    X(TIMESTAMP,   "timestamp without time zone", 1114, 1115, INT64, 8, 'D') \
    X(TIMESTAMPTZ, "timestamp with time zone", 1184, 1185, INT64, 8, 'D')    \
    X(INTERVAL,    "interval",     1186, 1187, INTERVAL, 16, 'T')            \
    X(UUID,        "uuid",         2950, 2951, UUID,     16, 'U')            \
    X(JSON,        "json",         114,  199,  VARLEN,   -1, 'U')            \
    X(JSONB,       "jsonb",        3802, 3807, VARLEN,   -1, 'U')            \
    X(OID,         "oid",          26,   1028, INT64,     4, 'N')            \
    X(REGCLASS,    "regclass",     2205, 2210, INT64,     4, 'N')            \
    X(REGTYPE,     "regtype",      2206, 2211, INT64,     4, 'N')            \
    X(REGPROC,     "regproc",      24,   1008, INT64,     4, 'N')            \
    X(VOID,        "void",         2278, 0,    VARLEN,    4, 'P')            \
    X(RECORD,      "record",       2249, 2287, VARLEN,   -1, 'P')            \
    X(ARRAY,       "anyarray",     2277, 0,    VARLEN,   -1, 'A')
/* clang-format on */

typedef enum TypeId {
#define X(id, name, oid, array_oid, physical, size, category) TYPE_##id,
    TYPE_TABLE(X)
#undef X
        TYPE_COUNT,
} TypeId;

/* How the values of a column lie in memory. */
typedef enum PhysicalType {
    PHYSICAL_BOOL,     /* uint8_t, 0 or 1 */
    PHYSICAL_INT16,    /* int16_t */
    PHYSICAL_INT32,    /* int32_t; date: days since 2000-01-01, INT32_MIN/MAX are -/+infinity */
    PHYSICAL_INT64,    /* int64_t; time: µs of the day; timestamp[tz]: µs since 2000-01-01 UTC,
                          INT64_MIN/MAX are -/+infinity; oid and reg*: the number */
    PHYSICAL_FLOAT32,  /* float */
    PHYSICAL_FLOAT64,  /* double */
    PHYSICAL_NUMERIC,  /* Numeric */
    PHYSICAL_VARLEN,   /* TextView: text, bytea's bytes, json as written, jsonb in its canonical
                          text (what PostgreSQL prints), array and record packed (types/nested.h) */
    PHYSICAL_INTERVAL, /* Interval */
    PHYSICAL_UUID,     /* Uuid */
    PHYSICAL_COUNT,
} PhysicalType;

typedef struct SqlType SqlType;

typedef struct RecordField {
    const char *name;
    const SqlType *type;
} RecordField;

struct SqlType {
    TypeId id;
    int32_t typmod; /* PostgreSQL's: -1 none; varchar(n): n + 4; numeric(p,s): (p<<16|s)+4 */
    const SqlType *element;    /* ARRAY: of what; else NULL */
    const RecordField *fields; /* RECORD with a known shape (a window); else NULL */
    int field_count;
};

#define SQL_TYPE(name) ((SqlType) {.id = TYPE_##name, .typmod = -1})

PhysicalType type_physical(TypeId id);
size_t physical_size_bytes(PhysicalType physical); /* of one value in a column */
uint32_t type_oid(SqlType type);                   /* of an array type: the array's OID */
int16_t type_wire_size(SqlType type);              /* pg_type.typlen */
char type_category(TypeId id);
bool type_equal(SqlType left, SqlType right); /* without typmod */
/* format_type(): "numeric(10,2)", "timestamp with time zone", "integer[]". Arena. */
const char *type_display(SqlType type, Arena *arena);
/* pg_type.typname: "int4", "timestamptz", "_int4". Static, for records too. */
const char *type_typname(SqlType type);
/* numeric(p,s) from and to its typmod; false when there is no typmod. */
int32_t type_numeric_typmod(int32_t precision, int32_t scale);
bool type_numeric_limits(int32_t typmod, int32_t *ret_precision, int32_t *ret_scale);
/* By any of its names ("int", "int8", "float", "double precision", "timestamptz", "string", …),
 * without schema, lower case. false when there is no such type. */
bool type_from_name(const char *name, SqlType *ret_type); /* "char" is character(1) */
bool type_from_oid(uint32_t oid, SqlType *ret_type);      /* element pointers are static */
/* The static element type for arrays: type_array_of(TYPE_INT4). */
SqlType type_array_of(TypeId element);
