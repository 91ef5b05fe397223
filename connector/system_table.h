/* System table: a relation whose rows are made when it is read (millrace.streams, pg_catalog.…). */
#pragma once

#include "types/batch.h"

typedef struct SystemColumn {
    const char *name; /* NULL ends */
    TypeId type;
    TypeId element; /* of an ARRAY; else TYPE_UNKNOWN */
} SystemColumn;

typedef struct SystemTableScan SystemTableScan;

struct SystemTableScan {
    const void *server; /* the server's shared state: tables that need it cast it */
    const void *catalog; /* the snapshot */
    const void *session;
    Arena *arena;
    /* Give one row: a Value a column, in order; bytes may die after the call. */
    Status (*emit)(SystemTableScan *scan, const Value *row, Error *err);
};

typedef struct SystemTable {
    const char *schema; /* "millrace", "pg_catalog" */
    const char *name;
    const SystemColumn *columns;
    MUST_USE Status (*produce)(SystemTableScan *scan, Error *err);
} SystemTable;
