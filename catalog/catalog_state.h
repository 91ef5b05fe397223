/* The inside of the catalog, shared by catalog.c (storage), snapshot.c and transaction.c. */
#pragma once

#include <pthread.h>

#include "catalog/catalog.h"
#include "store/sqlite.h"

/* One version of one object, shared by the snapshots that see it. */
typedef struct CatalogObject {
    Relation relation;
    Arena *arena; /* everything that the relation points to */
    _Atomic int reference_count;
} CatalogObject;

struct CatalogSnapshot {
    _Atomic int reference_count;
    Catalog *catalog; /* borrowed */
    int count;
    int capacity;
    CatalogObject **objects; /* by schema and name; each counted */
};

/* The statements of catalog.db; each is prepared at its first use. */
typedef enum CatalogSql {
    CATALOG_SQL_READ_META,
    CATALOG_SQL_WRITE_META,
    CATALOG_SQL_LOAD,
    CATALOG_SQL_DELETE,
    CATALOG_SQL_INSERT,
    CATALOG_SQL_COUNT,
} CatalogSql;

struct Catalog {
    char *data_directory;
    const Registry *registry;
    CatalogBinder binder;
    CatalogObserver observer;
    Database *database; /* of the holder of the writer lock */
    Statement *statements[CATALOG_SQL_COUNT];
    char server_id[33];
    Arena *arena;      /* system relations */
    Relation *systems; /* system_count of them */
    int system_count;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t writer_left;
    bool has_writer;
    CatalogSnapshot *current;
    int64_t next_id;
};

typedef struct CatalogChange {
    CatalogObject *before; /* counted; NULL: created */
    CatalogObject *after;  /* counted; NULL: dropped */
    bool is_new_incarnation;
    CatalogSnapshot *snapshot; /* counted: what is seen after the change */
} CatalogChange;

struct CatalogTransaction {
    Catalog *catalog;
    CatalogSnapshot *base; /* counted */
    int change_count;
    int change_capacity;
    CatalogChange *changes;
};

/* -------- snapshot.c -------- */
CatalogObject *catalog_object_ref(CatalogObject *object);
CatalogObject *catalog_object_unref(CatalogObject *object); /* NULL is fine; returns NULL */
CatalogSnapshot *catalog_snapshot_create(Catalog *catalog);
/* A copy with `without` left out and `with` put in; each may be NULL. */
CatalogSnapshot *catalog_snapshot_change(const CatalogSnapshot *snapshot,
                                         const CatalogObject *without, CatalogObject *with);
/* In place, for a snapshot that nobody else sees yet. */
void catalog_snapshot_insert(CatalogSnapshot *snapshot, CatalogObject *object);
CatalogObject *catalog_snapshot_object(const CatalogSnapshot *snapshot, int64_t id); /* or NULL */
void catalog_make_system_relations(Catalog *catalog);

/* -------- catalog.c -------- */
/* A new object bound from its text; id, incarnation and times are the caller's to fill in. */
MUST_USE Status catalog_bind_object(Catalog *catalog, const char *definition,
                                    const CatalogSnapshot *so_far, CatalogObject **ret_object,
                                    Error *err);
/* Write the changes and commit them in one SQLite transaction. */
MUST_USE Status catalog_store_changes(Catalog *catalog, const CatalogTransaction *transaction,
                                      Error *err);
