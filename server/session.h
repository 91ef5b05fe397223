/* Session: one client's state: settings, transaction, prepared statements, portals.
 *
 * Knows no protocol: the wire and the script runner are its clients. A session is used by one
 * thread at a time; what may come from another says so. The life of a statement:
 *
 *     text ─parsed_text_create→ ParsedText ─session_prepare→ Prepared ─session_open_portal→ Portal
 *                                                                          │ portal_run (again
 *                                                                          ▼  while STATUS_MORE)
 *                                                                       rows, tag
 *
 * Portals are suspendable: a cursor is a portal that SQL names. */
#pragma once

#include "exec/execute.h"
#include "parser/parser.h"
#include "server/server.h"

typedef enum SessionSeverity { SESSION_NOTICE, SESSION_INFO, SESSION_WARNING } SessionSeverity;

typedef struct SessionClient SessionClient;
struct SessionClient {
    void (*notice)(SessionClient *client, SessionSeverity severity, const Error *notice);
    void (*parameter_status)(SessionClient *client, const char *name, const char *value);
};

typedef struct SessionStart {
    const char *user;
    const char *database;
    const char *client_address; /* "" for none; millrace.sessions */
} SessionStart;

/* Fails with 53300 when there are too many. */
MUST_USE Status session_create(Server *server, const SessionStart *start, SessionClient *client,
                               Session **ret_session, Error *err);
Session *session_destroy(Session *session);
/* statement_timeout is over: end the statement under way with 57014. Any thread. */
void session_time_out(Session *session);
/* The client is gone: end what runs and what still comes. Any thread. */
void session_end(Session *session);
/* By the numbers of BackendKeyData; false: no such session. Any thread. */
bool server_cancel_session(Server *server, uint32_t process_id, uint32_t secret);
uint32_t session_process_id(const Session *session);
uint32_t session_secret(const Session *session);
Settings *session_settings(Session *session);
/* Set one setting as SET does, and tell the client. */
MUST_USE Status session_set(Session *session, const char *name, const char *value, Error *err);
const FormSettings *session_form_settings(Session *session); /* borrowed until the next SET */
/* Send ParameterStatus for every reported setting. */
void session_report_settings(Session *session);
char session_transaction_status(const Session *session); /* I, T, E */

/* -------- texts and statements -------- */

typedef struct ParsedText ParsedText; /* shared, counted: what was sent, and its AST */
MUST_USE Status parsed_text_create(const char *sql, size_t length, ParsedText **ret_text,
                                   Error *err);
ParsedText *parsed_text_unref(ParsedText *text);
int parsed_text_count(const ParsedText *text);
/* Of statement `index`: its first character, 1-based. */
int parsed_text_position(const ParsedText *text, int index);
const char *parsed_text_sql(const ParsedText *text);

typedef struct ResultColumn {
    const char *name;
    SqlType type;
} ResultColumn;

/* `has_rows` false: no result set, not even an empty one. */
typedef struct ResultShape {
    bool has_rows;
    int count;
    const ResultColumn *columns;
} ResultShape;

typedef struct Prepared Prepared; /* shared, counted */
typedef struct Portal Portal;

/* Prepare statement `index` of the text (may have none: an empty statement). `name` NULL: known to
 * the caller only; "": the unnamed one, which is replaced; else 42P05 when taken. `types`: what the
 * client says of $1…, TYPE_UNKNOWN where it says nothing. */
typedef struct PrepareRequest {
    const char *name;
    ParsedText *text;
    int index;
    const SqlType *types;
    int type_count;
} PrepareRequest;

MUST_USE Status session_prepare(Session *session, const PrepareRequest *request,
                                Prepared **ret_statement, Error *err);
/* 26000 when there is none. */
MUST_USE Status session_find_statement(Session *session, const char *name, Prepared **ret_statement,
                                       Error *err);
void session_close_statement(Session *session, const char *name); /* missing: fine */
Prepared *prepared_ref(Prepared *statement);
Prepared *prepared_unref(Prepared *statement);
/* Find types of parameters and result, once. */
MUST_USE Status session_describe(Session *session, Prepared *statement, Error *err);
int prepared_parameter_count(const Prepared *statement);
const SqlType *prepared_parameter_types(const Prepared *statement);
const ResultShape *prepared_shape(const Prepared *statement);
bool prepared_is_empty(const Prepared *statement);

/* -------- portals -------- */

/* Bind. `name` NULL: known to the caller only; "": the unnamed one, replaced; else 42P03 when
 * taken. `parameters` are copied. */
typedef struct PortalRequest {
    const char *name;
    Prepared *statement;
    const Value *parameters;
    int parameter_count;
    const int16_t *formats; /* result formats of the protocol; kept for the client; may be NULL */
    int format_count;
} PortalRequest;

MUST_USE Status session_open_portal(Session *session, const PortalRequest *request,
                                    Portal **ret_portal, Error *err);
MUST_USE Status session_find_portal(Session *session, const char *name, Portal **ret_portal,
                                    Error *err); /* 34000 */
void session_close_portal(Session *session, const char *name);
void portal_close(Portal *portal); /* also of a portal without a name */
const ResultShape *portal_shape(const Portal *portal);
int16_t portal_format(const Portal *portal, int column); /* 0 text, 1 binary */
/* May it block for long (DDL, waits)? Then it is run on a thread of its own. */
bool portal_may_block(const Portal *portal);
bool portal_is_empty(const Portal *portal); /* of an empty statement */

/* STATUS_OK: complete, see portal_tag. STATUS_MORE: `rows_max` rows (0: no bound) or about
 * `bytes_wanted` (0: no bound) were given. After an error the portal is of no use. The session's
 * transaction is failed or aborted by session_fail, which the caller calls. */
typedef struct PortalLimits {
    int64_t rows_max;
    int64_t bytes_wanted;
} PortalLimits;

MUST_USE Status portal_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                           int64_t *ret_rows, Error *err);
/* The client asks anew (Execute): rows of the tag are counted from here. */
void portal_begin_execute(Portal *portal);
const char *portal_tag(const Portal *portal);

/* -------- brackets around what the client sends -------- */

/* Several statements follow that are one implicit transaction. */
void session_begin_implicit(Session *session);
/* End of a Query message, Sync: commits what is not in a block. */
MUST_USE Status session_end_implicit(Session *session, Error *err);
/* A statement failed: undo its implicit transaction, or fail the block. */
void session_fail(Session *session);
