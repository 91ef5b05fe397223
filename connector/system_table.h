/* System table: a relation whose rows are made when it is read (millrace.streams, pg_catalog.…). */
#pragma once

#include "types/batch.h"

typedef struct SystemColumn {
    const char *name; /* NULL ends */
    TypeId type;
    TypeId element; /* of an ARRAY; else TYPE_UNKNOWN */
} SystemColumn;

/* What `server` points to: each table takes from it what its folder knows. */
typedef struct SystemServices {
    struct StreamManager *streams;
    struct Server *server;
} SystemServices;

typedef struct SystemTableScan SystemTableScan;

struct SystemTableScan {
    const SystemServices *server; /* NULL in tests without one */
    const void *catalog;          /* the snapshot */
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
