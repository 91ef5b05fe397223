/* `millrace --check DIR`: look for damage without starting anything.
 *
 * The catalog and every stream's checkpoint are opened, SQLite checks its pages, the state is read
 * back, checksums included, and secrets are opened with the key that is there. Each finding is a
 * line; damage makes the exit status 1. */
#include <stdio.h>

#include "server/server.h"
#include "state/state.h"
#include "store/sqlite.h"
#include "stream/checkpoint.h"

static void print_finding(const char *what, const Error *error) {
    printf("%s: %s: %s%s%s\n", what, sqlstate_code(error->sqlstate), error->context,
           error->context[0] ? ": " : "", error->message);
}

static Status take_record(void *data, int64_t key, const uint8_t *bytes, size_t size_bytes,
                          Error *err) {
    return STATUS_OK;
}

static Status check_pages(const char *folder, Error *err) {
    CLEANUP(database_closep) Database *database = NULL;
    char path[4096];

    snprintf(path, sizeof(path), "%s/checkpoint.db", folder);
    TRY(database_open(path, false, &database, err));
    return database_check(database, err);
}

static Status read_everything(Checkpoint *checkpoint, StateStore *state, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("check", 0);
    CheckpointState last;

    TRY(checkpoint_load(checkpoint, arena, &last, err));
    TRY(checkpoint_visit_journal(checkpoint, 0, take_record, NULL, err));
    return checkpoint_restore_state(checkpoint, state, NULL, err);
}

static Status check_stream(Server *server, const Relation *relation, Error *err) {
    CheckpointIdentity identity = {.stream_id = relation->id};
    MemoryAccount account;
    Checkpoint *checkpoint = NULL;
    StateStore *state;
    char folder[4000];
    Status status;

    snprintf(folder, sizeof(folder), "%s/streams/%lld", server->data_directory,
             (long long) relation->id);
    for (int i = 0; i < INCARNATION_SIZE; i++)
        identity.incarnation[i] = relation->incarnation[i];
    TRY(check_pages(folder, err));
    TRY(checkpoint_open(folder, &identity, &checkpoint, err));
    memory_account_init(&account, "check", &server->account, 0);
    state = state_store_create(&account, LIMIT_STATE_PARTITIONS);
    status = read_everything(checkpoint, state, err);
    state_store_destroy(state);
    checkpoint_close(checkpoint);
    return status;
}

/* A stream that connects with it would wait for good. */
static Status check_secret(Server *server, const Relation *relation, Error *err) {
    const SecretReference reference = {relation->id, relation->name, relation->sealed};
    StrBuf plain = {0};
    Status status = secret_open(server->vault, &reference, &plain, err);

    secret_wipe(&plain);
    err->context[0] = '\0'; /* which is our name again */
    return status;
}

static Status check_relation(Server *server, const Relation *relation, Error *err) {
    TRY(relation_check_sound(relation, 0, err));
    switch (relation->kind) {
    case RELATION_STREAM:
        return check_stream(server, relation, err);
    case RELATION_SECRET:
        return check_secret(server, relation, err);
    default:
        return STATUS_OK;
    }
}

int server_run_check(Server *server) {
    CatalogSnapshot *snapshot = catalog_snapshot(server->catalog);
    int damage_count = 0;
    int stream_count = 0;
    Error error = {0};

    if (catalog_check(server->catalog, &error) != STATUS_OK) {
        print_finding("catalog", &error);
        damage_count++;
    }
    for (int i = 0; i < catalog_count(snapshot); i++) {
        const Relation *relation = catalog_at(snapshot, i);
        char what[128];

        stream_count += relation->kind == RELATION_STREAM;
        error_clear(&error);
        if (check_relation(server, relation, &error) == STATUS_OK)
            continue;
        snprintf(what, sizeof(what), "%s \"%s\"", relation_kind_name(relation->kind),
                 relation->name);
        print_finding(what, &error);
        damage_count++;
    }
    catalog_snapshot_unref(snapshot);
    printf("%d streams checked, %d damaged\n", stream_count, damage_count);
    return damage_count;
}
