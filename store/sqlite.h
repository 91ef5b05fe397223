/* SQLite: the one door to the library: databases with the pragmas that durability rests on,
 * statements, and errors as Error.
 *
 * Every database is in WAL mode with synchronous = FULL and no automatic checkpoints: a commit
 * costs one fdatasync, and database_checkpoint() moves the log when its owner finds time. Every
 * pragma is read back. A Database is used by one thread at a time. Errors: 53100 disk full, 55006
 * busy, XX001 not a database or damaged, else 58030; the message names the file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct Database Database;
typedef struct Statement Statement;

/* Makes the file when it is not there and `may_create`. */
MUST_USE Status database_open(const char *path, bool may_create, Database **ret_database,
                              Error *err);
Database *database_close(Database *database); /* finalizes its statements; NULL is fine */
DEFINE_CLEANUP(Database, database_close)
/* One or more statements without results. */
MUST_USE Status database_execute(Database *database, const char *sql, Error *err);
/* BEGIN IMMEDIATE … COMMIT. After a failed commit the transaction is rolled back. */
MUST_USE Status database_begin(Database *database, Error *err);
MUST_USE Status database_commit(Database *database, Error *err);
void database_rollback(Database *database); /* none open: fine */
int64_t database_wal_size_bytes(Database *database);
/* Move the log into the database and start it anew, when no reader is in the way. */
MUST_USE Status database_checkpoint(Database *database, Error *err);
/* PRAGMA quick_check: XX001 with what it says. */
MUST_USE Status database_check(Database *database, Error *err);

/* Prepared, owned by the database (finalized with it). Parameters and columns count from 0. */
MUST_USE Status statement_prepare(Database *database, const char *sql, Statement **ret_statement,
                                  Error *err);
void statement_bind_int64(Statement *statement, int index, int64_t value);
void statement_bind_double(Statement *statement, int index, double value);
void statement_bind_text(Statement *statement, int index,
                         const char *text); /* NULL: NULL; copied */
/* Borrowed until the statement is reset. */
void statement_bind_blob(Statement *statement, int index, const void *bytes, size_t size_bytes);
void statement_bind_null(Statement *statement, int index);
/* *ret_has_row false: done, and the statement is reset. */
MUST_USE Status statement_step(Statement *statement, bool *ret_has_row, Error *err);
/* Step to the end, drop rows, reset. */
MUST_USE Status statement_run(Statement *statement, Error *err);
void statement_reset(Statement *statement); /* also clears the parameters */
int64_t statement_int64(Statement *statement, int column);
double statement_double(Statement *statement, int column);
bool statement_is_null(Statement *statement, int column);
/* Borrowed until the next step or reset; never NULL ("" for NULL). */
const char *statement_text(Statement *statement, int column);
const uint8_t *statement_blob(Statement *statement, int column, size_t *ret_size_bytes);
