/* The inside of sessions, statements and portals, shared by server/session*.c and statement_*.c. */
#pragma once

#include "planner/planner.h"
#include "server/session.h"

typedef enum TransactionState {
    TRANSACTION_NONE,
    TRANSACTION_IMPLICIT, /* several statements of one Query, or until Sync */
    TRANSACTION_BLOCK,    /* BEGIN */
    TRANSACTION_FAILED,   /* a block that only ROLLBACK ends */
} TransactionState;

typedef struct Savepoint {
    char *name;       /* owned */
    int catalog_mark; /* changes of the catalog before it */
    struct Savepoint *next;
} Savepoint;

struct Session {
    Server *server;
    SessionClient *client; /* borrowed */
    Session *next;         /* of the server's list */
    Session *previous;
    uint32_t process_id;
    uint32_t secret;
    char *user;
    char *database;
    char *client_address;
    int64_t started_at_us;
    Settings settings;
    Settings startup_settings; /* what RESET goes back to */
    FormSettings forms;
    volatile bool cancel;
    bool is_timed_out; /* why `cancel` is set */
    bool is_ended;     /* the client is gone: `cancel` stays set */

    TransactionState transaction;
    int64_t transaction_at_us;
    Settings *settings_at_begin;             /* owned; NULL: nothing was SET in this transaction */
    Settings *settings_at_commit;            /* owned; without SET LOCAL */
    Savepoint *savepoints;                   /* innermost first */
    CatalogTransaction *catalog_transaction; /* NULL: no DDL yet */

    Prepared *statements;
    Portal *portals;

    /* Guarded by server->session_mutex: what millrace.sessions shows. */
    char query[1024];
    char application_name[64];
    int64_t query_at_us;
    bool is_active;
};

struct ParsedText {
    Arena *arena;
    AstStatementList *list;
    char *sql;
    const char *shown; /* `sql` without the secrets in it */
    size_t length;
    int reference_count; /* one thread a session: plain */
};

typedef struct StatementType StatementType;

struct Prepared {
    Session *session;
    char *name; /* owned; NULL: not in the session's list */
    Prepared *next;
    int reference_count;
    ParsedText *text;
    AstNode *node; /* NULL: empty */
    const StatementType *type;
    Arena *arena;
    SqlType *parameter_types;
    int parameter_count;
    bool is_described;
    ResultShape shape;
};

struct Portal {
    Session *session;
    char *name; /* owned; NULL: not in the session's list */
    Portal *next;
    Prepared *statement; /* ref */
    Arena *arena;
    Value *parameters;
    int parameter_count;
    int16_t *formats;
    int format_count;
    ResultShape shape;
    bool is_holdable; /* WITH HOLD: lives on after the transaction */
    bool is_binary;
    bool is_started;
    bool is_complete;
    bool is_failed;
    int64_t row_count; /* given so far, since portal_begin_execute */
    int64_t position;  /* rows given ever */
    char tag[64];

    /* A query's. */
    CatalogSnapshot *snapshot;
    Query *query;
    Epoch *epoch;
    ExecEnvironment environment;
    int64_t bad_rows;   /* records that a batch read skipped */
    int64_t bad_fields; /* of records that it kept */
    Error first_bad;    /* of either */
    /* Rows that are there already (SHOW, EXPLAIN): text columns. */
    Batch *rows;
    uint32_t rows_given;
    Portal *target;   /* EXECUTE: what runs; FETCH: the cursor */
    bool owns_target; /* EXECUTE */
    bool is_running;  /* not to be closed by a COMMIT that it runs */
    void *state;      /* of its statement type, in `arena` */
};

/* What a kind of statement does. One file a family, one line in server/statement_types.c. */
struct StatementType {
    AstKind kind;
    bool may_block;                       /* always run on a thread of its own */
    bool (*blocks)(const Portal *portal); /* or ask; NULL: as may_block says */
    bool is_allowed_in_failed;            /* ROLLBACK, COMMIT */
    /* Parameter types and shape, without running. NULL: neither. */
    Status (*describe)(Prepared *statement, Error *err);
    /* Bind to a portal: shape, query or rows. NULL: the statement's shape. */
    Status (*open)(Portal *portal, Error *err);
    /* Give rows, or do it; sets the tag when complete. */
    Status (*run)(Portal *portal, PortalLimits limits, RowReceiver *receiver, int64_t *ret_rows,
                  Error *err);
};

const StatementType *statement_type_of(const AstNode *node);

/* -------- of session.c, for the statements -------- */
void session_notice(Session *session, SessionSeverity severity, SqlState state, const char *format,
                    ...) PRINTF_LIKE(4, 5);
void session_send_notice(Session *session, SessionSeverity severity, const Error *notice);
void session_refresh_forms(Session *session);
/* The evaluation context of a statement that starts now. */
void session_init_eval(Session *session, EvalContext *ret_eval);
/* The catalog as this session sees it: its own uncommitted changes, or the newest. Ref'd. */
CatalogSnapshot *session_snapshot(Session *session);
void session_init_planner(Session *session, Arena *arena, const CatalogSnapshot *snapshot,
                          PlannerContext *ret_context);

/* SET, RESET (value NULL). `is_local`: until the end of the transaction. */
MUST_USE Status session_set_transaction_modes(Session *session, const AstList *modes,
                                              bool is_default, Error *err);
MUST_USE Status session_change_setting(Session *session, SettingId id, const char *value,
                                       bool is_local, Error *err);
void session_report_changes(Session *session, const Settings *before);

/* -------- of transaction.c -------- */
MUST_USE Status session_commit(Session *session,
                               Error *err); /* also after a failure: none is left */
void session_rollback(Session *session);
/* DDL: the writer lock, taken once a transaction. */
MUST_USE Status session_catalog_transaction(Session *session, CatalogTransaction **ret_transaction,
                                            Error *err);
/* A statement outside of any transaction is done: commit what it did. */
MUST_USE Status session_commit_statement(Session *session, Error *err);
/* 25001 in a block; an implicit transaction is committed first. `what`: "WAIT FOR STREAM". */
MUST_USE Status session_leave_transaction(Session *session, const char *what, Error *err);

/* -------- of statement.c -------- */
void parsed_text_redact(const ParsedText *text, Error *err); /* an error that a client sees */
Prepared *prepared_create(Session *session, ParsedText *text, AstNode *node);
MUST_USE Status prepared_enter(Session *session, Prepared *statement, const char *name, Error *err);
/* The same parameters and types as `from`. */
void prepared_take_parameters(Prepared *statement, const Prepared *from);
void session_close_statements(Session *session);
ResultShape shape_copy(const ResultShape *shape, Arena *arena);
void prepared_set_text_shape(Prepared *statement, const char *const *names, int count);
MUST_USE Status prepared_check_allowed(const Prepared *statement, Error *err);

/* -------- of portal.c, for the statements -------- */
typedef struct TextRows {
    Arena *arena;
    int column_count;
    int row_count;
    int capacity;
    const char **cells; /* row-major; NULL: SQL NULL */
} TextRows;

void session_close_portals(Session *session); /* but the one that runs */
void text_rows_add(TextRows *rows, const char *const *cells);
/* The portal gives these rows; columns are text. */
void portal_set_rows(Portal *portal, const char *const *names, const TextRows *rows);
MUST_USE Status portal_give_rows(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                                 int64_t *ret_rows, Error *err);
void portal_set_tag(Portal *portal, const char *format, ...) PRINTF_LIKE(2, 3);

/* -------- statement families: one file each, entered in statement_types.c -------- */
MUST_USE Status query_statement_describe(Prepared *statement, Error *err);
MUST_USE Status query_statement_open(Portal *portal, Error *err);
MUST_USE Status query_statement_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                                    int64_t *ret_rows, Error *err);
/* Of statement_ddl.c: 42P01, 42809. */
bool object_kind_matches(AstObjectKind wanted, RelationKind kind);
MUST_USE Status find_object(const CatalogSnapshot *snapshot, AstObjectKind object,
                            const AstName *name, const Relation **ret_relation, Error *err);
/* By the object's kind: secrets have names of their own. NULL: none. */
const Relation *find_named(const CatalogSnapshot *snapshot, AstObjectKind object,
                           const AstName *name);
MUST_USE Status alter_secret_run(Portal *portal, const AstAlter *alter, Error *err);
const char *secret_shown_text(const Relation *secret, Arena *arena);
MUST_USE Status alter_stream_run(Portal *portal, const AstAlter *alter, Error *err);
extern const StatementType set_statement;
extern const StatementType show_statement;
extern const StatementType set_transaction_statement;
extern const StatementType transaction_statement;
extern const StatementType create_source_statement;
extern const StatementType create_sink_statement;
extern const StatementType create_stream_statement;
extern const StatementType create_table_statement;
extern const StatementType create_view_statement;
extern const StatementType create_secret_statement;
extern const StatementType drop_statement;
extern const StatementType alter_statement;
extern const StatementType show_objects_statement;
extern const StatementType show_create_statement;
extern const StatementType describe_statement;
extern const StatementType declare_statement;
extern const StatementType fetch_statement;
extern const StatementType close_statement;
extern const StatementType prepare_statement;
extern const StatementType execute_statement;
extern const StatementType deallocate_statement;
extern const StatementType discard_statement;
extern const StatementType notify_statement;
extern const StatementType explain_statement;
extern const StatementType wait_statement;
