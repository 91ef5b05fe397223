/* Catalog: what exists, durable in SQLite (catalog.db), read through immutable snapshots.
 *
 * A row holds an object's id, incarnation, owner and canonical CREATE text; everything else is
 * derived by parsing and binding that text when the catalog is loaded. The catalog's SQLite
 * transaction is the only truth of DDL: CREATE makes the object's folder (with an empty checkpoint
 * that holds the incarnation, fsynced) before the row commits; DROP commits the removal, then
 * deletes the folder. At start, folders without a row are removed; a row without its folder, or
 * with another incarnation, is damage (58030, named), never an empty start.
 *
 * An object whose text can't be bound (of a newer version, with a path that is no longer allowed)
 * is broken, and so is what reads it: shown and dropped, but not used. The others run.
 *
 * A snapshot is shared and counted; it never changes. DDL inside a transaction block sees its own
 * uncommitted snapshot; the writer lock is held from the first DDL until COMMIT or ROLLBACK. */
#pragma once

#include <string.h>

#include "connector/registry.h"
#include "expr/expr.h"

typedef enum RelationKind {
    RELATION_SOURCE,
    RELATION_SINK,
    RELATION_STREAM,
    RELATION_TABLE,
    RELATION_VIEW,
    RELATION_SYSTEM,
    RELATION_SECRET, /* no relation to read: has names of its own, found by catalog_find_secret */
} RelationKind;

typedef enum ColumnOrigin {
    COLUMN_PAYLOAD,  /* decoded from the record */
    COLUMN_METADATA, /* from the connector: path, line, offset, … */
    COLUMN_COMPUTED, /* AS (expression) over the others */
} ColumnOrigin;

typedef struct RelationColumn {
    const char *name;
    SqlType type;
    bool is_not_null;
    ColumnOrigin origin;
    const char *path;     /* FROM '$.a.b' or FROM 'partition'; NULL: by name */
    const Expr *computed; /* COMPUTED: over EXPR_COLUMN ids = 1-based column numbers */
} RelationColumn;

enum { INCARNATION_SIZE = 16 };

/* The schema in which secrets have their names. catalog_find() never finds one there. */
#define CATALOG_SECRETS "$secret"

typedef struct Relation {
    int64_t id; /* immutable, never used again */
    uint8_t incarnation[INCARNATION_SIZE];
    RelationKind kind;
    const char *schema; /* "public", "millrace", "pg_catalog"; of secrets CATALOG_SECRETS */
    const char *name;
    int64_t owner_id;
    int64_t created_at_us;
    const char *definition; /* canonical CREATE text */
    const Error *broken;    /* why it can't be bound; NULL: sound. What follows is empty then */
    int column_count;
    const RelationColumn *columns;

    /* SOURCE, SINK */
    const SourceType *source;
    const SinkType *sink;
    const FormatType *format;     /* NULL: the connector needs none */
    const FormatType *key_format; /* SOURCE: of what is declared FROM 'key'; NULL: text */
    OptionSet options;
    int64_t max_rows_per_epoch; /* SOURCE; 0: no bound */
    int64_t min_rows_per_epoch; /* SOURCE: what an epoch waits for; 0: nothing */
    int64_t max_epoch_delay_us; /* … this long */
    int watermark_column;       /* index into columns; -1: none */
    int64_t watermark_delay_us;
    int64_t idle_after_us; /* -1: the connector's default */
    int key_count;         /* PRIMARY KEY; 0: none */
    const int *key_columns;
    int64_t error_sink_id; /* SOURCE: takes the bad records (on_error = 'sink:…'); 0: none */

    /* STREAM: what CREATE STREAM said; defaults resolved by the planner at CREATE */
    int sink_count;
    const int64_t *sink_ids;
    int error_sink_count; /* of its sources, each once, none among sink_ids */
    const int64_t *error_sink_ids;
    int64_t late_sink_id;    /* LATE ROWS INTO; 0: none */
    const char *output_mode; /* "append", "update", "complete" */
    const char *trigger; /* canonical: "default", "every <µs>", "available now", "once", "manual" */
    int64_t trigger_interval_us;
    int dependency_count; /* ids of relations that it reads or writes */
    const int64_t *dependencies;
    bool keeps_result; /* SELECT works on it */

    /* VIEW, STREAM: the query's canonical text */
    const char *query;
    /* SECRET */
    const char *sealed;
    /* SYSTEM */
    const SystemTable *system;
    const void *extension; /* the AST of the CREATE statement: catalog and planner only */
} Relation;

/* A source that can't give rows again, or a sink that may get them twice. NULL: it is gone. */
static inline bool relation_is_at_least_once(const Relation *relation) {
    if (!relation)
        return false;
    return (relation->source && !relation->source->is_replayable) ||
           (relation->sink &&
            sink_guarantee(relation->sink, &relation->options) == SINK_AT_LEAST_ONCE);
}

static inline bool ids_contain(const int64_t *ids, int count, int64_t id) {
    for (int i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Is the sink one of the stream's own, of its sources' bad records, or of its late rows? */
static inline bool relation_writes_into(const Relation *stream, int64_t sink_id) {
    return ids_contain(stream->sink_ids, stream->sink_count, sink_id) ||
           ids_contain(stream->error_sink_ids, stream->error_sink_count, sink_id) ||
           stream->late_sink_id == sink_id;
}

typedef struct Catalog Catalog;                 /* shared; one per server */
typedef struct CatalogSnapshot CatalogSnapshot; /* shared, counted */

/* Makes a Relation of its CREATE text, when the catalog is loaded and when an object is created:
 * what is stored is what is used. catalog/ can't see planner/, so the server hands this down. */
typedef struct CatalogBinder {
    /* Everything in `arena`; names are looked up in `so_far`. No check of the outside world. */
    MUST_USE Status (*bind)(void *data, const char *definition, const CatalogSnapshot *so_far,
                            Arena *arena, Relation *ret_relation, Error *err);
    void *data;
} CatalogBinder;

/* Open or make catalog.db in `data_directory`, load and check everything. `registry` and what
 * `binder` points to outlive the catalog. */
MUST_USE Status catalog_open(const char *data_directory, const Registry *registry,
                             const CatalogBinder *binder, Catalog **ret_catalog, Error *err);
Catalog *catalog_close(Catalog *catalog);
/* No object that was ever committed has an id as high. */
int64_t catalog_next_id(Catalog *catalog);
const char *
catalog_server_id(const Catalog *catalog); /* random, made once: owner of sink folders */

CatalogSnapshot *catalog_snapshot(Catalog *catalog); /* the newest committed; unref it */
CatalogSnapshot *catalog_snapshot_ref(CatalogSnapshot *snapshot);
CatalogSnapshot *catalog_snapshot_unref(CatalogSnapshot *snapshot);
/* `schema` NULL: along the search path (public, millrace, pg_catalog). NULL: none. */
const Relation *catalog_find(const CatalogSnapshot *snapshot, const char *schema, const char *name);
const Relation *catalog_find_secret(const CatalogSnapshot *snapshot,
                                    const char *name); /* or NULL */
const Relation *catalog_find_id(const CatalogSnapshot *snapshot, int64_t id);
int catalog_count(const CatalogSnapshot *snapshot); /* user objects, in name order */
const Relation *catalog_at(const CatalogSnapshot *snapshot, int index);
/* Nearest name to a misspelt one for a hint, among objects of `kinds` (bits 1 << RelationKind);
 * NULL when nothing is near. */
const char *catalog_nearest(const CatalogSnapshot *snapshot, const char *name, unsigned kinds);

/* -------- DDL -------- */
typedef struct CatalogTransaction CatalogTransaction;
/* Takes the writer lock (waits; 57014 when *cancel becomes true). */
MUST_USE Status catalog_begin(Catalog *catalog, const volatile bool *cancel,
                              CatalogTransaction **ret_transaction, Error *err);
/* What the transaction sees: its own changes over the committed state. Borrowed until the next
 * change. */
CatalogSnapshot *catalog_transaction_snapshot(const CatalogTransaction *transaction);
/* Only schema, name, kind, owner and definition of `relation` are used: the definition is bound
 * anew, into memory of the catalog. 42P07 when the name is taken, 42710 a secret's. */
MUST_USE Status catalog_create(CatalogTransaction *transaction, const Relation *relation,
                               const Relation **ret_created, Error *err);
/* 2BP01 with detail and hint when others depend on it, unless cascade; NOTICE texts go to
 * `dropped`. */
MUST_USE Status catalog_drop(CatalogTransaction *transaction, int64_t id, bool is_cascade,
                             StrBuf *dropped_names, Error *err);
MUST_USE Status catalog_rename(CatalogTransaction *transaction, int64_t id, const char *new_name,
                               Error *err);
/* Replace the stored text of object relation->id (ALTER … SET); same id, new incarnation when
 * asked. */
MUST_USE Status catalog_replace(CatalogTransaction *transaction, const Relation *relation,
                                bool is_new_incarnation, Error *err);
/* Called with each object once its change is durable: the stream manager starts and stops streams.
 */
/* prepare_create and created also see objects that were replaced with a new incarnation. `dropped`
 * deletes the folder. */
typedef struct CatalogObserver {
    MUST_USE Status (*prepare_create)(void *data, const Relation *relation,
                                      Error *err); /* folder first */
    void (*created)(void *data, const Relation *relation, CatalogSnapshot *snapshot);
    void (*dropped)(void *data, int64_t id, RelationKind kind);
    void *data;
} CatalogObserver;
void catalog_set_observer(Catalog *catalog, const CatalogObserver *observer);
MUST_USE Status catalog_commit(CatalogTransaction *transaction,
                               Error *err); /* frees it, also on failure */
void catalog_rollback(CatalogTransaction *transaction);
/* SAVEPOINT: a mark, and back to it. */
int catalog_transaction_mark(const CatalogTransaction *transaction);
void catalog_rollback_to(CatalogTransaction *transaction, int mark);
const char *relation_kind_name(RelationKind kind); /* "source" */
/* 55000 with the cause when it is broken. */
MUST_USE Status relation_check_sound(const Relation *relation, int position, Error *err);
/* For --check: SQLite's own check of catalog.db. */
MUST_USE Status catalog_check(Catalog *catalog, Error *err);
