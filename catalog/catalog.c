#include "catalog/catalog.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "catalog/catalog_state.h"

enum {
    CATALOG_FORMAT_VERSION = 1,
    FIRST_OBJECT_ID = 16384, /* as PostgreSQL's user objects: ids serve as OIDs */
    WAL_CHECKPOINT_BYTES = 4 << 20,
};

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS objects ("
    "  id INTEGER PRIMARY KEY,"
    "  incarnation BLOB NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  schema TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  owner_id INTEGER NOT NULL,"
    "  created_at_us INTEGER NOT NULL,"
    "  definition TEXT NOT NULL,"
    "  UNIQUE (schema, name)) STRICT;";

static const char *const statement_sql[CATALOG_SQL_COUNT] = {
    [CATALOG_SQL_READ_META] = "SELECT value FROM meta WHERE name = ?",
    [CATALOG_SQL_WRITE_META] = "INSERT OR REPLACE INTO meta VALUES (?, ?)",
    [CATALOG_SQL_LOAD] = ("SELECT id, incarnation, kind, schema, name, owner_id, created_at_us, "
                          "definition FROM objects ORDER BY id"),
    [CATALOG_SQL_DELETE] = "DELETE FROM objects WHERE id = ?",
    [CATALOG_SQL_INSERT] = "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
};

static Status get_statement(Catalog *catalog, CatalogSql sql, Statement **ret_statement,
                            Error *err) {
    if (!catalog->statements[sql])
        TRY(statement_prepare(catalog->database, statement_sql[sql], &catalog->statements[sql],
                              err));
    *ret_statement = catalog->statements[sql];
    return STATUS_OK;
}

/* -------- meta -------- */

/* "" when it is not there. */
static Status read_meta(Catalog *catalog, const char *name, char *ret_value, size_t size,
                        Error *err) {
    Statement *statement;
    bool has_row = false;

    TRY(get_statement(catalog, CATALOG_SQL_READ_META, &statement, err));
    statement_bind_text(statement, 0, name);
    TRY(statement_step(statement, &has_row, err));
    snprintf(ret_value, size, "%s", has_row ? statement_text(statement, 0) : "");
    statement_reset(statement);
    return STATUS_OK;
}

static Status write_meta(Catalog *catalog, const char *name, const char *value, Error *err) {
    Statement *statement;

    TRY(get_statement(catalog, CATALOG_SQL_WRITE_META, &statement, err));
    statement_bind_text(statement, 0, name);
    statement_bind_text(statement, 1, value);
    return statement_run(statement, err);
}

static Status write_next_id(Catalog *catalog, Error *err) {
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long) catalog->next_id);
    return write_meta(catalog, "next_id", text, err);
}

static Status make_meta(Catalog *catalog, Error *err) {
    char version[16];

    snprintf(catalog->server_id, sizeof(catalog->server_id), "%016llx%016llx",
             (unsigned long long) context_real.random_u64(&context_real),
             (unsigned long long) context_real.random_u64(&context_real));
    snprintf(version, sizeof(version), "%d", CATALOG_FORMAT_VERSION);
    catalog->next_id = FIRST_OBJECT_ID;
    TRY(write_meta(catalog, "format_version", version, err));
    TRY(write_meta(catalog, "server_id", catalog->server_id, err));
    return write_next_id(catalog, err);
}

static Status load_meta(Catalog *catalog, Error *err) {
    char version[16];
    char next_id[32];

    TRY(database_begin(catalog->database, err));
    TRY(database_execute(catalog->database, schema_sql, err));
    TRY(read_meta(catalog, "format_version", version, sizeof(version), err));
    if (version[0] == '\0')
        TRY(make_meta(catalog, err));
    TRY(database_commit(catalog->database, err));
    if (version[0] && strtol(version, NULL, 10) != CATALOG_FORMAT_VERSION)
        return error_set(err, IO_ERROR, "catalog.db has format version %s, not %d", version,
                         CATALOG_FORMAT_VERSION);
    TRY(read_meta(catalog, "server_id", catalog->server_id, sizeof(catalog->server_id), err));
    TRY(read_meta(catalog, "next_id", next_id, sizeof(next_id), err));
    catalog->next_id = strtoll(next_id, NULL, 10);
    if (strlen(catalog->server_id) != 32 || catalog->next_id < FIRST_OBJECT_ID)
        return error_set(err, DATA_CORRUPTED, "catalog.db is damaged: table meta");
    return STATUS_OK;
}

/* -------- objects -------- */

Status catalog_bind_object(Catalog *catalog, const char *definition, const CatalogSnapshot *so_far,
                           CatalogObject **ret_object, Error *err) {
    CatalogObject *object = memory_zalloc(sizeof(*object));
    Status status;

    object->reference_count = 1;
    object->arena = arena_create("catalog object", 0);
    definition = arena_strdup(object->arena, definition);
    status = catalog->binder.bind(catalog->binder.data, definition, so_far, object->arena,
                                  &object->relation, err);
    if (status != STATUS_OK) {
        catalog_object_unref(object);
        return status;
    }
    object->relation.definition = definition;
    if (!object->relation.schema)
        object->relation.schema = "public";
    *ret_object = object;
    return STATUS_OK;
}

/* What the row itself tells of an object whose text this build refuses. */
static Status load_broken(Statement *row, const Error *cause, CatalogObject **ret_object,
                          Error *err) {
    static const RelationKind kinds[] = {RELATION_SOURCE, RELATION_SINK, RELATION_STREAM,
                                         RELATION_TABLE,  RELATION_VIEW, RELATION_SECRET};
    const char *kind = statement_text(row, 2);
    CatalogObject *object;
    Error *kept;
    size_t k = 0;

    while (k < ARRAY_LENGTH(kinds) && strcmp(relation_kind_name(kinds[k]), kind) != 0)
        k++;
    if (k == ARRAY_LENGTH(kinds))
        return error_set(
            err, IO_ERROR,
            "catalog.db has an object of kind \"%s\", which this version does not know", kind);
    object = memory_zalloc(sizeof(*object));
    object->reference_count = 1;
    object->arena = arena_create("broken object", 0);
    kept = arena_memdup(object->arena, cause, sizeof(*cause));
    kept->position = 0; /* of the stored text */
    object->relation =
        (Relation) {.kind = kinds[k],
                    .schema = arena_strdup(object->arena, statement_text(row, 3)),
                    .name = arena_strdup(object->arena, statement_text(row, 4)),
                    .definition = arena_strdup(object->arena, statement_text(row, 7)),
                    .broken = kept,
                    .watermark_column = -1,
                    .idle_after_us = -1};
    IGNORE(relation_check_sound(&object->relation, 0, err)); /* the words for the log */
    log_error(LOG_WARNING, "catalog", err);
    *ret_object = object;
    return STATUS_OK;
}

static bool row_matches(const Relation *relation, Statement *row) {
    return strcmp(relation->name, statement_text(row, 4)) == 0 &&
           strcmp(relation_kind_name(relation->kind), statement_text(row, 2)) == 0;
}

static bool is_utf8(const char *text) {
    return utf8_is_valid(text, text + strlen(text));
}

static Status load_object(Catalog *catalog, Statement *row, Error *err) {
    size_t incarnation_size = 0;
    const uint8_t *incarnation = statement_blob(row, 1, &incarnation_size);
    CatalogObject *object = NULL;
    Relation *relation;
    Error cause;

    if (!is_utf8(statement_text(row, 4)) || !is_utf8(statement_text(row, 7)))
        return error_set(err, DATA_CORRUPTED,
                         "catalog.db is damaged: the text of object %lld is no UTF-8",
                         (long long) statement_int64(row, 0));
    if (catalog_bind_object(catalog, statement_text(row, 7), catalog->current, &object, &cause) !=
        STATUS_OK)
        TRY(load_broken(row, &cause, &object, err));
    relation = &object->relation;
    relation->id = statement_int64(row, 0);
    relation->owner_id = statement_int64(row, 5);
    relation->created_at_us = statement_int64(row, 6);
    if (incarnation_size != INCARNATION_SIZE || !row_matches(relation, row)) {
        catalog_object_unref(object);
        return error_set(err, DATA_CORRUPTED,
                         "catalog.db is damaged: the definition of object \"%s\" is of another",
                         statement_text(row, 4));
    }
    memcpy(relation->incarnation, incarnation, INCARNATION_SIZE);
    catalog_snapshot_insert(catalog->current, object);
    catalog_object_unref(object);
    return STATUS_OK;
}

/* In the order of creation, so that what an object reads is there before it. */
static Status load_objects(Catalog *catalog, Error *err) {
    Statement *statement;
    bool has_row = true;

    TRY(get_statement(catalog, CATALOG_SQL_LOAD, &statement, err));
    while (has_row) {
        TRY(statement_step(statement, &has_row, err));
        if (has_row && load_object(catalog, statement, err) != STATUS_OK) {
            statement_reset(statement); /* one in progress would keep the database from closing */
            return STATUS_ERROR;
        }
    }
    return STATUS_OK;
}

/* -------- opening -------- */

static Status load_catalog(Catalog *catalog, Error *err) {
    char path[4096];

    snprintf(path, sizeof(path), "%s/catalog.db", catalog->data_directory);
    TRY(database_open(path, true, &catalog->database, err));
    TRY(load_meta(catalog, err));
    return load_objects(catalog, err);
}

Status catalog_open(const char *data_directory, const Registry *registry,
                    const CatalogBinder *binder, Catalog **ret_catalog, Error *err) {
    Catalog *catalog = memory_zalloc(sizeof(*catalog));
    Status status;

    catalog->data_directory = memory_strdup(data_directory);
    catalog->registry = registry;
    catalog->binder = *binder;
    catalog->arena = arena_create("catalog", 0);
    pthread_mutex_init(&catalog->mutex, NULL);
    thread_condition_init(&catalog->writer_left);
    catalog_make_system_relations(catalog);
    catalog->current = catalog_snapshot_create(catalog);
    status = load_catalog(catalog, err);
    if (status != STATUS_OK) {
        catalog_close(catalog);
        return status;
    }
    *ret_catalog = catalog;
    return STATUS_OK;
}

Catalog *catalog_close(Catalog *catalog) {
    Error error = {0};

    if (!catalog)
        return NULL;
    assert(!catalog->has_writer);
    catalog_snapshot_unref(catalog->current);
    if (catalog->database && database_checkpoint(catalog->database, &error) != STATUS_OK)
        log_error(LOG_WARNING, "catalog", &error);
    database_close(catalog->database);
    arena_destroy(catalog->arena);
    pthread_cond_destroy(&catalog->writer_left);
    pthread_mutex_destroy(&catalog->mutex);
    memory_free(catalog->data_directory);
    memory_free(catalog);
    return NULL;
}

int64_t catalog_next_id(Catalog *catalog) {
    int64_t id;

    pthread_mutex_lock(&catalog->mutex);
    id = catalog->next_id;
    pthread_mutex_unlock(&catalog->mutex);
    return id;
}

const char *catalog_server_id(const Catalog *catalog) {
    return catalog->server_id;
}

CatalogSnapshot *catalog_snapshot(Catalog *catalog) {
    CatalogSnapshot *snapshot;

    pthread_mutex_lock(&catalog->mutex);
    snapshot = catalog_snapshot_ref(catalog->current);
    pthread_mutex_unlock(&catalog->mutex);
    return snapshot;
}

void catalog_set_observer(Catalog *catalog, const CatalogObserver *observer) {
    catalog->observer = *observer;
}

Status catalog_check(Catalog *catalog, Error *err) {
    return database_check(catalog->database, err);
}

/* -------- storing -------- */

static Status delete_object(Catalog *catalog, int64_t id, Error *err) {
    Statement *statement;

    TRY(get_statement(catalog, CATALOG_SQL_DELETE, &statement, err));
    statement_bind_int64(statement, 0, id);
    return statement_run(statement, err);
}

static Status insert_object(Catalog *catalog, const Relation *relation, Error *err) {
    Statement *statement;

    TRY(get_statement(catalog, CATALOG_SQL_INSERT, &statement, err));
    statement_bind_int64(statement, 0, relation->id);
    statement_bind_blob(statement, 1, relation->incarnation, INCARNATION_SIZE);
    statement_bind_text(statement, 2, relation_kind_name(relation->kind));
    statement_bind_text(statement, 3, relation->schema);
    statement_bind_text(statement, 4, relation->name);
    statement_bind_int64(statement, 5, relation->owner_id);
    statement_bind_int64(statement, 6, relation->created_at_us);
    statement_bind_text(statement, 7, relation->definition);
    return statement_run(statement, err);
}

static Status store_changes(Catalog *catalog, const CatalogTransaction *transaction, Error *err) {
    for (int i = 0; i < transaction->change_count; i++) {
        const CatalogChange *change = &transaction->changes[i];

        if (change->before)
            TRY(delete_object(catalog, change->before->relation.id, err));
        if (change->after)
            TRY(insert_object(catalog, &change->after->relation, err));
    }
    return write_next_id(catalog, err);
}

Status catalog_store_changes(Catalog *catalog, const CatalogTransaction *transaction, Error *err) {
    Status status;

    TRY(database_begin(catalog->database, err));
    status = store_changes(catalog, transaction, err);
    if (status == STATUS_OK)
        status = database_commit(catalog->database, err);
    else
        database_rollback(catalog->database);
    if (status == STATUS_OK && database_wal_size_bytes(catalog->database) > WAL_CHECKPOINT_BYTES) {
        Error error = {0};

        if (database_checkpoint(catalog->database, &error) != STATUS_OK)
            log_error(LOG_WARNING, "catalog", &error); /* the commit stands; the log stays long */
    }
    return status;
}
