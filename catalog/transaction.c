/* Transactions of the catalog: changes kept in memory, with a snapshot after each, and written in
 * one SQLite transaction at COMMIT. So a savepoint is a count of changes, and ROLLBACK writes
 * nothing. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "catalog/catalog_state.h"
#include "parser/ast_ddl.h"
#include "parser/deparse.h"
#include "parser/parser.h"
#include "store/crash.h"
#include "types/datetime.h"

enum { CANCEL_CHECK_MS = 50 }; /* while another transaction holds the lock */

/* -------- the writer lock -------- */

static bool take_writer_lock(Catalog *catalog, const volatile bool *cancel) {
    bool is_taken;

    pthread_mutex_lock(&catalog->mutex);
    while (catalog->has_writer && !flag_is_set(cancel))
        thread_wait(&catalog->writer_left, &catalog->mutex, CANCEL_CHECK_MS);
    is_taken = !catalog->has_writer;
    catalog->has_writer = true;
    pthread_mutex_unlock(&catalog->mutex);
    return is_taken;
}

static void leave_writer_lock(Catalog *catalog) {
    pthread_mutex_lock(&catalog->mutex);
    assert(catalog->has_writer);
    catalog->has_writer = false;
    pthread_cond_signal(&catalog->writer_left);
    pthread_mutex_unlock(&catalog->mutex);
}

Status catalog_begin(Catalog *catalog, const volatile bool *cancel,
                     CatalogTransaction **ret_transaction, Error *err) {
    CatalogTransaction *transaction;

    if (!take_writer_lock(catalog, cancel))
        return error_canceled(err);
    transaction = memory_zalloc(sizeof(*transaction));
    transaction->catalog = catalog;
    transaction->base = catalog_snapshot(catalog);
    *ret_transaction = transaction;
    return STATUS_OK;
}

/* -------- changes -------- */

static CatalogSnapshot *newest(const CatalogTransaction *transaction) {
    return transaction->change_count ? transaction->changes[transaction->change_count - 1].snapshot
                                     : transaction->base;
}

CatalogSnapshot *catalog_transaction_snapshot(const CatalogTransaction *transaction) {
    return newest(transaction);
}

/* Takes over the caller's count of `after`. */
static CatalogChange *add_change(CatalogTransaction *transaction, CatalogObject *before,
                                 CatalogObject *after) {
    CatalogSnapshot *snapshot = catalog_snapshot_change(newest(transaction), before, after);
    CatalogChange *change;

    if (transaction->change_count == transaction->change_capacity) {
        transaction->change_capacity = transaction->change_capacity * 2 + 4;
        transaction->changes =
            memory_realloc(transaction->changes,
                           sizeof(*transaction->changes) * (size_t) transaction->change_capacity);
    }
    change = &transaction->changes[transaction->change_count++];
    *change = (CatalogChange) {
        .before = before ? catalog_object_ref(before) : NULL, .after = after, .snapshot = snapshot};
    return change;
}

int catalog_transaction_mark(const CatalogTransaction *transaction) {
    return transaction->change_count;
}

void catalog_rollback_to(CatalogTransaction *transaction, int mark) {
    assert(mark >= 0 && mark <= transaction->change_count);
    while (transaction->change_count > mark) {
        CatalogChange *change = &transaction->changes[--transaction->change_count];

        catalog_object_unref(change->before);
        catalog_object_unref(change->after);
        catalog_snapshot_unref(change->snapshot);
    }
}

static void destroy_transaction(CatalogTransaction *transaction) {
    Catalog *catalog = transaction->catalog;

    catalog_rollback_to(transaction, 0);
    catalog_snapshot_unref(transaction->base);
    memory_free(transaction->changes);
    memory_free(transaction);
    leave_writer_lock(catalog);
}

void catalog_rollback(CatalogTransaction *transaction) {
    if (transaction)
        destroy_transaction(transaction);
}

/* -------- CREATE -------- */

static void draw_incarnation(Relation *relation) {
    for (int i = 0; i < INCARNATION_SIZE; i += 8) {
        uint64_t bits = context_real.random_u64(&context_real);

        memcpy(relation->incarnation + i, &bits, 8);
    }
}

static Status check_name_is_free(const CatalogSnapshot *snapshot, const char *schema,
                                 const char *name, Error *err) {
    if (strcmp(schema, CATALOG_SECRETS) == 0)
        return catalog_find_secret(snapshot, name)
                   ? error_set(err, DUPLICATE_OBJECT, "secret \"%s\" already exists", name)
                   : STATUS_OK;
    if (!catalog_find(snapshot, schema, name))
        return STATUS_OK;
    return error_set(err, DUPLICATE_TABLE, "relation \"%s\" already exists", name);
}

static int64_t take_id(Catalog *catalog) {
    int64_t id;

    pthread_mutex_lock(&catalog->mutex);
    id = catalog->next_id++;
    pthread_mutex_unlock(&catalog->mutex);
    return id;
}

Status catalog_create(CatalogTransaction *transaction, const Relation *relation,
                      const Relation **ret_created, Error *err) {
    Catalog *catalog = transaction->catalog;
    const char *schema = relation->schema ? relation->schema : "public";
    CatalogObject *object = NULL;
    Relation *created;

    TRY(check_name_is_free(newest(transaction), schema, relation->name, err));
    TRY(catalog_bind_object(catalog, relation->definition, newest(transaction), &object, err));
    created = &object->relation;
    assert(created->kind == relation->kind && strcmp(created->name, relation->name) == 0);
    created->id = take_id(catalog);
    created->owner_id = relation->owner_id;
    created->created_at_us = context_real.wall_us(&context_real) - DATETIME_UNIX_EPOCH_US;
    draw_incarnation(created);
    add_change(transaction, NULL, object);
    *ret_created = created;
    return STATUS_OK;
}

/* -------- DROP -------- */

static bool depends_on(const Relation *relation, int64_t id) {
    for (int i = 0; i < relation->dependency_count; i++)
        if (relation->dependencies[i] == id)
            return true;
    return false;
}

static CatalogObject *find_dependent(const CatalogSnapshot *snapshot, int64_t id) {
    for (int i = 0; i < snapshot->count; i++)
        if (depends_on(&snapshot->objects[i]->relation, id))
            return snapshot->objects[i];
    return NULL;
}

static Status refuse_drop(const CatalogSnapshot *snapshot, const Relation *relation, Error *err) {
    const char *kind = relation_kind_name(relation->kind);
    char name[IDENTIFIER_SQL_SIZE];
    char other_name[IDENTIFIER_SQL_SIZE];
    StrBuf detail = {0};

    identifier_to_sql(relation->name, name);

    for (int i = 0; i < snapshot->count; i++) {
        const Relation *other = &snapshot->objects[i]->relation;

        if (depends_on(other, relation->id))
            strbuf_printf(&detail, "%s%s %s depends on %s %s", detail.length ? "\n" : "",
                          relation_kind_name(other->kind),
                          identifier_to_sql(other->name, other_name), kind, name);
    }
    error_set(err, DEPENDENT_OBJECTS, "cannot drop %s %s because other objects depend on it", kind,
              name);
    error_detail(err, "%s", strbuf_text(&detail));
    strbuf_done(&detail);
    return error_hint(err, "Use DROP ... CASCADE to drop the dependent objects too.");
}

static void drop_with_dependents(CatalogTransaction *transaction, CatalogObject *object,
                                 StrBuf *dropped_names) {
    char name[IDENTIFIER_SQL_SIZE];
    CatalogObject *dependent;

    while ((dependent = find_dependent(newest(transaction), object->relation.id))) {
        strbuf_printf(dropped_names, "%s %s\n", relation_kind_name(dependent->relation.kind),
                      identifier_to_sql(dependent->relation.name, name));
        drop_with_dependents(transaction, dependent, dropped_names);
    }
    add_change(transaction, object, NULL);
}

Status catalog_drop(CatalogTransaction *transaction, int64_t id, bool is_cascade,
                    StrBuf *dropped_names, Error *err) {
    CatalogObject *object = catalog_snapshot_object(newest(transaction), id);

    assert(object);
    if (!is_cascade && find_dependent(newest(transaction), id))
        return refuse_drop(newest(transaction), &object->relation, err);
    drop_with_dependents(transaction, object, dropped_names);
    return STATUS_OK;
}

/* -------- ALTER -------- */

static Status replace_object(CatalogTransaction *transaction, CatalogObject *before,
                             const char *definition, bool is_new_incarnation, Error *err) {
    CatalogObject *after = NULL;

    TRY(catalog_bind_object(transaction->catalog, definition, newest(transaction), &after, err));
    after->relation.id = before->relation.id;
    after->relation.owner_id = before->relation.owner_id;
    after->relation.created_at_us = before->relation.created_at_us;
    memcpy(after->relation.incarnation, before->relation.incarnation, INCARNATION_SIZE);
    if (is_new_incarnation)
        draw_incarnation(&after->relation);
    add_change(transaction, before, after)->is_new_incarnation = is_new_incarnation;
    return STATUS_OK;
}

Status catalog_replace(CatalogTransaction *transaction, const Relation *relation,
                       bool is_new_incarnation, Error *err) {
    CatalogObject *before = catalog_snapshot_object(newest(transaction), relation->id);

    assert(before);
    return replace_object(transaction, before, relation->definition, is_new_incarnation, err);
}

/* The name in a CREATE statement, whatever it makes. */
static AstName *created_name(AstNode *node) {
    switch (node->kind) {
    case AST_CREATE_SOURCE:
        return ((AstCreateSource *) node)->name;
    case AST_CREATE_SINK:
        return ((AstCreateSink *) node)->name;
    case AST_CREATE_STREAM:
        return ((AstCreateStream *) node)->name;
    case AST_CREATE_TABLE:
        return ((AstCreateTable *) node)->name;
    case AST_CREATE_VIEW:
        return ((AstCreateView *) node)->name;
    case AST_CREATE_SECRET:
        return ((AstCreateSecret *) node)->name;
    default:
        return NULL;
    }
}

Status catalog_rename(CatalogTransaction *transaction, int64_t id, const char *new_name,
                      Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("rename", 0);
    char name[IDENTIFIER_SQL_SIZE];
    char dependent_name[IDENTIFIER_SQL_SIZE];
    CatalogObject *object = catalog_snapshot_object(newest(transaction), id);
    CatalogObject *dependent = find_dependent(newest(transaction), id);
    AstStatementList *list = NULL;
    const char *definition;

    assert(object);
    TRY(relation_check_sound(&object->relation, 0, err));
    TRY(check_name_is_free(newest(transaction), object->relation.schema, new_name, err));
    if (dependent)
        return error_set(err, DEPENDENT_OBJECTS, "cannot rename %s %s because %s %s depends on it",
                         relation_kind_name(object->relation.kind),
                         identifier_to_sql(object->relation.name, name),
                         relation_kind_name(dependent->relation.kind),
                         identifier_to_sql(dependent->relation.name, dependent_name));
    definition = object->relation.definition;
    TRY(parser_parse(definition, strlen(definition), arena, &list, err));
    assert(list->count == 1 && created_name(list->items[0].node));
    created_name(list->items[0].node)->name = new_name;
    return replace_object(transaction, object, deparse_node(list->items[0].node, arena), false,
                          err);
}

/* -------- COMMIT -------- */

/* Is this object, as it is after the change, what the transaction leaves behind? */
static bool is_final(const CatalogTransaction *transaction, const CatalogObject *object) {
    return catalog_snapshot_object(newest(transaction), object->relation.id) == object;
}

static bool is_new(const CatalogTransaction *transaction, const CatalogObject *object) {
    const CatalogObject *before = catalog_snapshot_object(transaction->base, object->relation.id);

    return !before || memcmp(before->relation.incarnation, object->relation.incarnation,
                             INCARNATION_SIZE) != 0;
}

static bool must_be_told(const CatalogTransaction *transaction, const CatalogChange *change) {
    return change->after && is_final(transaction, change->after) &&
           is_new(transaction, change->after);
}

static Status prepare_created(CatalogTransaction *transaction, Error *err) {
    const CatalogObserver *observer = &transaction->catalog->observer;

    for (int i = 0; i < transaction->change_count && observer->prepare_create; i++)
        if (must_be_told(transaction, &transaction->changes[i]))
            TRY(observer->prepare_create(observer->data, &transaction->changes[i].after->relation,
                                         err));
    return STATUS_OK;
}

static void publish_snapshot(CatalogTransaction *transaction) {
    Catalog *catalog = transaction->catalog;
    CatalogSnapshot *before;

    pthread_mutex_lock(&catalog->mutex);
    before = catalog->current;
    catalog->current = catalog_snapshot_ref(newest(transaction));
    pthread_mutex_unlock(&catalog->mutex);
    catalog_snapshot_unref(before);
}

static void tell_observer(CatalogTransaction *transaction) {
    const CatalogObserver *observer = &transaction->catalog->observer;

    for (int i = 0; i < transaction->change_count; i++) {
        const CatalogChange *change = &transaction->changes[i];
        const Relation *before = change->before ? &change->before->relation : NULL;

        if (before && observer->dropped && catalog_snapshot_object(transaction->base, before->id) &&
            !catalog_snapshot_object(newest(transaction), before->id))
            observer->dropped(observer->data, before->id, before->kind);
    }
    for (int i = 0; i < transaction->change_count; i++)
        if (observer->created && must_be_told(transaction, &transaction->changes[i]))
            observer->created(observer->data, &transaction->changes[i].after->relation,
                              newest(transaction));
}

Status catalog_commit(CatalogTransaction *transaction, Error *err) {
    Status status = STATUS_OK;

    if (transaction->change_count) {
        status = prepare_created(transaction, err);
        if (status == STATUS_OK)
            status = catalog_store_changes(transaction->catalog, transaction, err);
        if (status == STATUS_OK) {
            crash_point(CRASH_CATALOG_COMMITTED);
            publish_snapshot(transaction);
            tell_observer(transaction);
        }
    }
    destroy_transaction(transaction);
    return status;
}
