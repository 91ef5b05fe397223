#include "store/sqlite.h"

#include <assert.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

enum { BUSY_TIMEOUT_MS = 10000 };

struct Statement {
    sqlite3_stmt *handle;
    Database *database;
    Statement *next;
};

struct Database {
    sqlite3 *handle;
    char *path;
    Statement *statements;
};

/* The system's reason, when SQLite knows it: what may go away by itself (disk, descriptors) must
 * not look like damage. */
static Status system_error(Database *database, int code, int error_number, Error *err) {
    IGNORE(error_errno(err, error_number, "\"%s\": %s (SQLite code %d)", database->path,
                       sqlite3_errmsg(database->handle), code)); /* returned below */
    if (err->sqlstate != SQLSTATE_DISK_FULL && err->sqlstate != SQLSTATE_INSUFFICIENT_RESOURCES)
        err->sqlstate = SQLSTATE_IO_ERROR;
    return STATUS_ERROR;
}

static Status database_error(Database *database, Error *err) {
    int code = sqlite3_extended_errcode(database->handle);
    int error_number = sqlite3_system_errno(database->handle);
    const char *message = sqlite3_errmsg(database->handle);

    switch (code & 0xff) {
    case SQLITE_FULL:
        return error_set(err, DISK_FULL, "\"%s\": %s", database->path, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, OBJECT_IN_USE, "\"%s\": %s", database->path, message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(err, DATA_CORRUPTED, "\"%s\" is damaged: %s", database->path, message);
    case SQLITE_NOMEM:
        return error_set(err, OUT_OF_MEMORY, "\"%s\": %s", database->path, message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        if (error_number)
            return system_error(database, code, error_number, err);
        __attribute__((fallthrough));
    default:
        return error_set(err, IO_ERROR, "\"%s\": %s (SQLite code %d)", database->path, message,
                         code);
    }
}

static Status check_pragma(Database *database, const char *sql, const char *wanted, Error *err) {
    Statement *statement;
    bool has_row = false;

    TRY(statement_prepare(database, sql, &statement, err));
    TRY(statement_step(statement, &has_row, err));
    if (!has_row || strcmp(statement_text(statement, 0), wanted) != 0)
        return error_set(err, IO_ERROR, "\"%s\": \"%s\" gave \"%s\", not \"%s\"", database->path,
                         sql, has_row ? statement_text(statement, 0) : "", wanted);
    statement_reset(statement);
    return STATUS_OK;
}

static Status apply_pragmas(Database *database, Error *err) {
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    /* Small pages: a commit that changes a few rows writes a few KB. Kept by what exists. */
    TRY(database_execute(database, "PRAGMA page_size = 1024", err));
    TRY(check_pragma(database, "PRAGMA journal_mode = WAL", "wal", err));
    TRY(database_execute(database, "PRAGMA synchronous = FULL", err));
    TRY(check_pragma(database, "PRAGMA synchronous", "2", err));
    TRY(check_pragma(database, "PRAGMA wal_autocheckpoint = 0", "0", err));
    TRY(database_execute(database, "PRAGMA foreign_keys = ON", err));
    TRY(check_pragma(database, "PRAGMA foreign_keys", "1", err));
    TRY(database_execute(database, "PRAGMA cell_size_check = ON", err));
    return check_pragma(database, "PRAGMA cell_size_check", "1", err);
}

Status database_open(const char *path, bool may_create, Database **ret_database, Error *err) {
    Database *database = memory_zalloc(sizeof(*database));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (may_create ? SQLITE_OPEN_CREATE : 0);
    Status status = STATUS_OK;

    database->path = memory_strdup(path);
    if (sqlite3_open_v2(path, &database->handle, flags, NULL) != SQLITE_OK)
        status = database->handle ? database_error(database, err)
                                  : error_set(err, IO_ERROR, "could not open \"%s\"", path);
    else
        status = apply_pragmas(database, err);
    if (status != STATUS_OK) {
        database_close(database);
        return status;
    }
    *ret_database = database;
    return STATUS_OK;
}

Database *database_close(Database *database) {
    if (!database)
        return NULL;
    while (database->statements) {
        Statement *statement = database->statements;

        database->statements = statement->next;
        sqlite3_finalize(statement->handle);
        memory_free(statement);
    }
    sqlite3_close(database->handle);
    memory_free(database->path);
    memory_free(database);
    return NULL;
}

Status database_execute(Database *database, const char *sql, Error *err) {
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_error(database, err);
    return STATUS_OK;
}

Status database_begin(Database *database, Error *err) {
    return database_execute(database, "BEGIN IMMEDIATE", err);
}

Status database_commit(Database *database, Error *err) {
    Status status = database_execute(database, "COMMIT", err);

    if (status != STATUS_OK)
        database_rollback(database);
    return status;
}

void database_rollback(Database *database) {
    Error unwanted;

    if (!sqlite3_get_autocommit(database->handle))
        IGNORE(database_execute(database, "ROLLBACK", &unwanted)); /* it is gone either way */
}

int64_t database_wal_size_bytes(Database *database) {
    char path[PATH_MAX];
    struct stat info;

    snprintf(path, sizeof(path), "%s-wal", database->path);
    return stat(path, &info) ? 0 : info.st_size;
}

/* Never waits: a reader in the way (a user's sqlite3 shell) only puts it off. */
Status database_checkpoint(Database *database, Error *err) {
    int result;

    sqlite3_busy_timeout(database->handle, 0);
    result =
        sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    if (result != SQLITE_OK && result != SQLITE_BUSY)
        return database_error(database, err);
    return STATUS_OK;
}

Status database_check(Database *database, Error *err) {
    Statement *statement;
    bool has_row = false;

    TRY(statement_prepare(database, "PRAGMA quick_check(1)", &statement, err));
    TRY(statement_step(statement, &has_row, err));
    if (!has_row || strcmp(statement_text(statement, 0), "ok") != 0)
        return error_set(err, DATA_CORRUPTED, "\"%s\" is damaged: %s", database->path,
                         has_row ? statement_text(statement, 0) : "no answer");
    statement_reset(statement);
    return STATUS_OK;
}

Status statement_prepare(Database *database, const char *sql, Statement **ret_statement,
                         Error *err) {
    Statement *statement;
    sqlite3_stmt *handle = NULL;

    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL) !=
        SQLITE_OK)
        return database_error(database, err);
    statement = memory_zalloc(sizeof(*statement));
    *statement = (Statement) {handle, database, database->statements};
    database->statements = statement;
    *ret_statement = statement;
    return STATUS_OK;
}

static void bound(int result) {
    assert(result == SQLITE_OK); /* the index is ours, and the sizes are checked below */
    (void) result;
}

void statement_bind_int64(Statement *statement, int index, int64_t value) {
    bound(sqlite3_bind_int64(statement->handle, index + 1, value));
}

void statement_bind_double(Statement *statement, int index, double value) {
    bound(sqlite3_bind_double(statement->handle, index + 1, value));
}

void statement_bind_text(Statement *statement, int index, const char *text) {
    bound(sqlite3_bind_text(statement->handle, index + 1, text, -1, SQLITE_TRANSIENT));
}

void statement_bind_blob(Statement *statement, int index, const void *bytes, size_t size_bytes) {
    assert(size_bytes < INT_MAX);
    bound(sqlite3_bind_blob64(statement->handle, index + 1, bytes ? bytes : "", size_bytes,
                              SQLITE_STATIC));
}

void statement_bind_null(Statement *statement, int index) {
    bound(sqlite3_bind_null(statement->handle, index + 1));
}

void statement_reset(Statement *statement) {
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

Status statement_step(Statement *statement, bool *ret_has_row, Error *err) {
    int result = sqlite3_step(statement->handle);

    *ret_has_row = result == SQLITE_ROW;
    if (result == SQLITE_ROW)
        return STATUS_OK;
    if (result != SQLITE_DONE) {
        Status status = database_error(statement->database, err);

        statement_reset(statement);
        return status;
    }
    statement_reset(statement);
    return STATUS_OK;
}

Status statement_run(Statement *statement, Error *err) {
    bool has_row = true;

    while (has_row)
        TRY(statement_step(statement, &has_row, err));
    return STATUS_OK;
}

int64_t statement_int64(Statement *statement, int column) {
    return sqlite3_column_int64(statement->handle, column);
}

double statement_double(Statement *statement, int column) {
    return sqlite3_column_double(statement->handle, column);
}

bool statement_is_null(Statement *statement, int column) {
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

const char *statement_text(Statement *statement, int column) {
    const char *text = (const char *) sqlite3_column_text(statement->handle, column);

    return text ? text : "";
}

const uint8_t *statement_blob(Statement *statement, int column, size_t *ret_size_bytes) {
    const uint8_t *bytes = sqlite3_column_blob(statement->handle, column);

    *ret_size_bytes = (size_t) sqlite3_column_bytes(statement->handle, column);
    return bytes ? bytes : (const uint8_t *) "";
}
