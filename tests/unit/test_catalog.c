/* Catalog: transactions, dependencies, snapshots that stay, and what a restart finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "parser/ast_ddl.h"
#include "parser/parser.h"
#include "store/file.h"

static const SystemTable *const *const no_tables[] = {NULL};
static const Registry registry = {.system_tables = no_tables};

typedef struct Fixture {
    char folder[64];
    Catalog *catalog;
    CatalogTransaction *transaction;
    Error error;
    int prepared, created, dropped;
} Fixture;

/* "CREATE VIEW a AS TABLE b": an object a that depends on b, when there is one. */
static Status bind_view(void *data, const char *definition, const CatalogSnapshot *so_far,
                        Arena *arena, Relation *ret_relation, Error *err) {
    AstStatementList *list = NULL;
    const char *table = strstr(definition, "TABLE ");
    const Relation *read;

    TRY(parser_parse(definition, strlen(definition), arena, &list, err));
    *ret_relation = (Relation) {.kind = RELATION_VIEW,
                                .schema = "public",
                                .name = ((AstCreateView *) list->items[0].node)->name->name,
                                .watermark_column = -1};
    read = table ? catalog_find(so_far, NULL, table + 6) : NULL;
    if (read) {
        int64_t *ids = arena_new(arena, int64_t);

        ids[0] = read->id;
        ret_relation->dependencies = ids;
        ret_relation->dependency_count = 1;
    }
    return STATUS_OK;
}

static Status on_prepare(void *data, const Relation *relation, Error *err) {
    ((Fixture *) data)->prepared++;
    return STATUS_OK;
}

static void on_created(void *data, const Relation *relation, CatalogSnapshot *snapshot) {
    ((Fixture *) data)->created++;
}

static void on_dropped(void *data, int64_t id, RelationKind kind) {
    ((Fixture *) data)->dropped++;
}

static void open_catalog(Fixture *f) {
    CatalogBinder binder = {.bind = bind_view};
    CatalogObserver observer = {on_prepare, on_created, on_dropped, f};

    assert_int_equal(catalog_open(f->folder, &registry, &binder, &f->catalog, &f->error),
                     STATUS_OK);
    catalog_set_observer(f->catalog, &observer);
}

static void reopen_catalog(Fixture *f) {
    catalog_close(f->catalog);
    open_catalog(f);
}

static int set_up(void **state) {
    Fixture *f = calloc(1, sizeof(*f));

    snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-catalog-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    open_catalog(f);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;

    catalog_close(f->catalog);
    assert_int_equal(file_remove_tree(f->folder, &f->error), STATUS_OK);
    free(f);
    return 0;
}

static void begin(Fixture *f) {
    assert_int_equal(catalog_begin(f->catalog, NULL, &f->transaction, &f->error), STATUS_OK);
}

static void commit(Fixture *f) {
    assert_int_equal(catalog_commit(f->transaction, &f->error), STATUS_OK);
}

static Status create(Fixture *f, const char *name, const char *reads) {
    char definition[128];
    Relation relation = {.kind = RELATION_VIEW, .schema = "public", .name = name};
    const Relation *created = NULL;

    snprintf(definition, sizeof(definition), "CREATE VIEW %s AS TABLE %s", name, reads);
    relation.definition = definition;
    return catalog_create(f->transaction, &relation, &created, &f->error);
}

static void create_committed(Fixture *f, const char *name, const char *reads) {
    begin(f);
    assert_int_equal(create(f, name, reads), STATUS_OK);
    commit(f);
}

static int64_t id_of(Fixture *f, const char *name) {
    CatalogSnapshot *snapshot = catalog_snapshot(f->catalog);
    const Relation *relation = catalog_find(snapshot, NULL, name);
    int64_t id = relation ? relation->id : 0;

    catalog_snapshot_unref(snapshot);
    return id;
}

static void commit_survives_a_restart(void **state) {
    Fixture *f = *state;
    char server_id[64];
    int64_t id;

    snprintf(server_id, sizeof(server_id), "%s", catalog_server_id(f->catalog));
    create_committed(f, "b", "nothing");
    create_committed(f, "a", "b");
    id = id_of(f, "a");
    assert_true(id > 0);
    reopen_catalog(f);
    assert_int_equal(id_of(f, "a"), id);
    assert_string_equal(catalog_server_id(f->catalog), server_id);
    assert_int_equal(f->prepared, 2);
    assert_int_equal(f->created, 2);
}

static void rollback_leaves_nothing(void **state) {
    Fixture *f = *state;

    begin(f);
    assert_int_equal(create(f, "a", "x"), STATUS_OK);
    assert_non_null(catalog_find(catalog_transaction_snapshot(f->transaction), NULL, "a"));
    assert_int_equal(id_of(f, "a"), 0); /* others don't see it */
    catalog_rollback(f->transaction);
    assert_int_equal(id_of(f, "a"), 0);
    assert_int_equal(f->prepared + f->created, 0);
    begin(f); /* the writer lock is free again */
    catalog_rollback(f->transaction);
}

static void savepoint_undoes_what_came_after(void **state) {
    Fixture *f = *state;
    int mark;

    begin(f);
    assert_int_equal(create(f, "a", "x"), STATUS_OK);
    mark = catalog_transaction_mark(f->transaction);
    assert_int_equal(create(f, "b", "a"), STATUS_OK);
    catalog_rollback_to(f->transaction, mark);
    commit(f);
    assert_true(id_of(f, "a") > 0);
    assert_int_equal(id_of(f, "b"), 0);
}

static void dependents_hold_an_object(void **state) {
    Fixture *f = *state;
    StrBuf dropped = {0};

    create_committed(f, "a", "x");
    create_committed(f, "b", "a");
    create_committed(f, "c", "b");
    begin(f);
    assert_int_equal(catalog_drop(f->transaction, id_of(f, "a"), false, &dropped, &f->error),
                     STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_DEPENDENT_OBJECTS);
    assert_string_equal(f->error.detail, "view b depends on view a");
    assert_int_equal(catalog_drop(f->transaction, id_of(f, "a"), true, &dropped, &f->error),
                     STATUS_OK);
    assert_string_equal(strbuf_text(&dropped), "view b\nview c\n");
    commit(f);
    assert_int_equal(f->dropped, 3);
    strbuf_done(&dropped);
    reopen_catalog(f);
    assert_int_equal(id_of(f, "c"), 0);
}

static void ids_are_never_used_again(void **state) {
    Fixture *f = *state;
    StrBuf dropped = {0};
    int64_t id;

    create_committed(f, "a", "x");
    id = id_of(f, "a");
    begin(f);
    assert_int_equal(catalog_drop(f->transaction, id, false, &dropped, &f->error), STATUS_OK);
    commit(f);
    strbuf_done(&dropped);
    reopen_catalog(f);
    create_committed(f, "a", "x");
    assert_true(id_of(f, "a") > id);
}

static void created_and_dropped_in_one_transaction_is_nothing(void **state) {
    Fixture *f = *state;
    StrBuf dropped = {0};
    const Relation *relation;

    begin(f);
    assert_int_equal(create(f, "a", "x"), STATUS_OK);
    relation = catalog_find(catalog_transaction_snapshot(f->transaction), NULL, "a");
    assert_int_equal(catalog_drop(f->transaction, relation->id, false, &dropped, &f->error),
                     STATUS_OK);
    commit(f);
    strbuf_done(&dropped);
    assert_int_equal(f->prepared + f->created + f->dropped, 0);
}

static void a_name_is_taken_once(void **state) {
    Fixture *f = *state;

    create_committed(f, "a", "x");
    begin(f);
    assert_int_equal(create(f, "a", "x"), STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_DUPLICATE_TABLE);
    catalog_rollback(f->transaction);
}

static void a_snapshot_stays_what_it_was(void **state) {
    Fixture *f = *state;
    CatalogSnapshot *before;
    StrBuf dropped = {0};

    create_committed(f, "a", "x");
    before = catalog_snapshot(f->catalog);
    begin(f);
    assert_int_equal(catalog_drop(f->transaction, id_of(f, "a"), false, &dropped, &f->error),
                     STATUS_OK);
    commit(f);
    strbuf_done(&dropped);
    assert_int_equal(id_of(f, "a"), 0);
    assert_string_equal(catalog_find(before, "public", "a")->name, "a");
    catalog_snapshot_unref(before);
}

static void a_waiting_writer_can_be_cancelled(void **state) {
    Fixture *f = *state;
    CatalogTransaction *second = NULL;
    bool cancel = true;

    begin(f);
    assert_int_equal(catalog_begin(f->catalog, &cancel, &second, &f->error), STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_QUERY_CANCELED);
    catalog_rollback(f->transaction);
}

static void damage_is_named(void **state) {
    Fixture *f = *state;
    char path[128];
    FILE *file;
    Catalog *catalog = NULL;
    CatalogBinder binder = {.bind = bind_view};

    catalog_close(f->catalog);
    snprintf(path, sizeof(path), "%s/catalog.db", f->folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 2000; i++)
        fputs("not a database", file);
    fclose(file);
    assert_int_equal(catalog_open(f->folder, &registry, &binder, &catalog, &f->error),
                     STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_DATA_CORRUPTED);
    assert_non_null(strstr(f->error.message, "catalog.db"));
    unlink(path);
    open_catalog(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commit_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rollback_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(savepoint_undoes_what_came_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dependents_hold_an_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_never_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(created_and_dropped_in_one_transaction_is_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_taken_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_stays_what_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_waiting_writer_can_be_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
