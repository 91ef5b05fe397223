/* AST of statements that are neither queries (a statement that is a query is an AstQuery) nor
 * definitions (ast_ddl.h). See ast.h for the laws. */
#pragma once

#include "parser/ast.h"
#include "parser/ast_ddl.h"

/* ---- Data ---- */

struct AstInsert { /* AST_INSERT */
    AstNode base;
    AstWith *with; /* or NULL */
    AstName *name;
    const char *alias;          /* or NULL */
    AstList columns;            /* AstIdentifier; empty: all */
    AstQuery *query;            /* NULL: DEFAULT VALUES */
    AstOnConflict *on_conflict; /* or NULL */
    AstList returning;          /* AstTarget */
};

struct AstOnConflict { /* AST_ON_CONFLICT */
    AstNode base;
    AstList columns;     /* AstIdentifier; may be empty for DO NOTHING */
    AstList assignments; /* AstAssignment; empty: DO NOTHING */
    AstNode *where;      /* or NULL */
};

struct AstUpdate { /* AST_UPDATE */
    AstNode base;
    AstWith *with; /* or NULL */
    AstTableRef *table;
    AstList assignments; /* AstAssignment */
    AstList from;        /* FROM items */
    AstNode *where;      /* or NULL */
    AstList returning;   /* AstTarget */
};

struct AstDelete { /* AST_DELETE */
    AstNode base;
    AstWith *with; /* or NULL */
    AstTableRef *table;
    AstList from;      /* USING: FROM items */
    AstNode *where;    /* or NULL */
    AstList returning; /* AstTarget */
};

/* column = value; (a, b) = ROW or subquery. */
struct AstAssignment { /* AST_ASSIGNMENT */
    AstNode base;
    AstList columns; /* AstIdentifier: one, or several when written (a, b) = … */
    AstNode *value;
};

struct AstTruncate { /* AST_TRUNCATE */
    AstNode base;
    AstList names; /* AstName */
    AstDropBehavior behavior;
};

typedef enum AstCopyEnd { AST_COPY_STDIO, AST_COPY_FILE, AST_COPY_PROGRAM } AstCopyEnd;

/* COPY name [(columns)] {FROM|TO} …, COPY (query) TO …; query: AstQuery, AstSubscribe, or a DML
 * statement. */
struct AstCopy { /* AST_COPY */
    AstNode base;
    AstName *name;   /* or NULL */
    AstNode *source; /* or NULL */
    AstList columns; /* AstIdentifier */
    bool is_from;    /* else TO */
    AstCopyEnd end;
    const char *file; /* or program; NULL for STDIN, STDOUT */
    AstList options;  /* AstOption: both the new and the old spelling */
    AstNode *where;   /* COPY FROM … WHERE, or NULL */
};

/* SUBSCRIBE [TO] {name | (query)} [WITH (…)] */
struct AstSubscribe { /* AST_SUBSCRIBE */
    AstNode base;
    AstName *name;   /* or NULL */
    AstQuery *query; /* or NULL */
    AstList options; /* AstOption */
};

/* ---- Looking and testing ---- */

/* EXPLAIN [ANALYZE] [VERBOSE] [(options)] statement. ANALYZE and VERBOSE are options too. */
struct AstExplain { /* AST_EXPLAIN */
    AstNode base;
    AstList options;    /* AstOption: "analyze", "verbose", "rules", "plan", "format" … */
    AstNode *statement; /* any statement that has a plan */
};

/* EXPLAIN ANALYZE STREAM s, EXPLAIN WHY STREAM s */
struct AstExplainStream { /* AST_EXPLAIN_STREAM */
    AstNode base;
    bool is_why; /* else ANALYZE */
    AstName *name;
};

/* PRINT SOURCE s [LIMIT n] */
struct AstPrintSource { /* AST_PRINT_SOURCE */
    AstNode base;
    AstName *name;
    AstNode *limit; /* or NULL */
};

/* WAIT FOR STREAM s [TIMEOUT interval]; FLUSH: name is NULL. */
struct AstWait { /* AST_WAIT */
    AstNode base;
    AstName *name;    /* NULL: all streams */
    AstNode *timeout; /* or NULL */
};

/* ASSERT ROWS (actual) EQUAL (expected) */
struct AstAssertRows { /* AST_ASSERT_ROWS */
    AstNode base;
    AstQuery *actual;
    AstQuery *expected;
};

/* ASSERT STREAM s WATERMARK op value */
struct AstAssertStream { /* AST_ASSERT_STREAM */
    AstNode base;
    AstName *name;
    const char *op; /* ">=" … */
    AstNode *value;
};

/* ---- Settings ---- */

typedef enum AstSetScope { AST_SET_SESSION, AST_SET_LOCAL, AST_SET_SYSTEM } AstSetScope;

/* SET name = values, RESET name, ALTER SYSTEM SET name = values. SET TIME ZONE is "timezone",
 * SET NAMES "client_encoding", SET ROLE "role", SET SCHEMA "search_path". */
struct AstSet { /* AST_SET */
    AstNode base;
    AstSetScope scope;
    const char *name; /* dotted names too; NULL: RESET ALL */
    AstList values;   /* AstLiteral (a bare word is a string), AstCast for an INTERVAL; empty:
                       * DEFAULT or RESET */
    bool is_reset;    /* written RESET */
};

/* SHOW name; SHOW ALL: NULL. */
struct AstShow { /* AST_SHOW */
    AstNode base;
    const char *name;
};

/* SHOW STREAMS [FROM schema] [LIKE 'pattern'] */
struct AstShowObjects { /* AST_SHOW_OBJECTS */
    AstNode base;
    AstObjectKind object;
    const char *schema;  /* or NULL */
    const char *pattern; /* or NULL */
};

/* SHOW CREATE STREAM s */
struct AstShowCreate { /* AST_SHOW_CREATE */
    AstNode base;
    AstObjectKind object;
    AstName *name;
};

struct AstDescribe { /* AST_DESCRIBE */
    AstNode base;
    AstName *name;
};

/* ---- Transactions, cursors, prepared statements, session ---- */

typedef enum AstTransactionAction {
    AST_TRANSACTION_BEGIN, /* BEGIN, START TRANSACTION */
    AST_TRANSACTION_COMMIT,
    AST_TRANSACTION_ROLLBACK,
    AST_TRANSACTION_SAVEPOINT,   /* `savepoint` */
    AST_TRANSACTION_RELEASE,     /* `savepoint` */
    AST_TRANSACTION_ROLLBACK_TO, /* `savepoint` */
} AstTransactionAction;

struct AstTransaction { /* AST_TRANSACTION */
    AstNode base;
    AstTransactionAction action;
    AstList modes; /* AstOption: "isolation_level" = 'read committed', "read_only", "deferrable" */
    const char *savepoint; /* or NULL */
    bool and_chain;
};

/* SET TRANSACTION modes; SET SESSION CHARACTERISTICS AS TRANSACTION modes */
struct AstSetTransaction { /* AST_SET_TRANSACTION */
    AstNode base;
    AstList modes;           /* as AstTransaction's */
    const char *snapshot;    /* SET TRANSACTION SNAPSHOT 'id', or NULL */
    bool is_session_default; /* SESSION CHARACTERISTICS */
};

typedef enum AstCursorScroll { AST_SCROLL_DEFAULT, AST_SCROLL_YES, AST_SCROLL_NO } AstCursorScroll;

struct AstDeclareCursor { /* AST_DECLARE_CURSOR */
    AstNode base;
    const char *name;
    bool is_binary;
    bool with_hold;
    AstCursorScroll scroll;
    AstNode *query; /* AstQuery or AstSubscribe */
};

typedef enum AstFetchDirection {
    AST_FETCH_FORWARD,
    AST_FETCH_BACKWARD,
    AST_FETCH_ABSOLUTE,
    AST_FETCH_RELATIVE,
} AstFetchDirection;

/* NEXT is FORWARD 1, PRIOR is BACKWARD 1, FIRST is ABSOLUTE 1, LAST is ABSOLUTE -1. */
struct AstFetch { /* AST_FETCH */
    AstNode base;
    bool is_move; /* MOVE: no rows come */
    AstFetchDirection direction;
    int64_t count;
    bool is_all; /* FORWARD ALL, BACKWARD ALL: count is not used */
    const char *cursor;
};

struct AstCloseCursor { /* AST_CLOSE_CURSOR */
    AstNode base;
    const char *name; /* NULL: ALL */
};

struct AstPrepare { /* AST_PREPARE */
    AstNode base;
    const char *name;
    AstList types; /* AstType */
    AstNode *statement;
};

struct AstExecute { /* AST_EXECUTE */
    AstNode base;
    const char *name;
    AstList arguments; /* expressions */
};

struct AstDeallocate { /* AST_DEALLOCATE */
    AstNode base;
    const char *name; /* NULL: ALL */
};

typedef enum AstDiscardTarget {
    AST_DISCARD_ALL,
    AST_DISCARD_PLANS,
    AST_DISCARD_SEQUENCES,
    AST_DISCARD_TEMP,
} AstDiscardTarget;

struct AstDiscard { /* AST_DISCARD */
    AstNode base;
    AstDiscardTarget target;
};

typedef enum AstNotifyAction { AST_LISTEN, AST_UNLISTEN, AST_NOTIFY_SEND } AstNotifyAction;

struct AstNotify { /* AST_NOTIFY */
    AstNode base;
    AstNotifyAction action;
    const char *channel; /* NULL: UNLISTEN * */
    const char *payload; /* NOTIFY c, 'payload', or NULL */
};

struct AstCheckpoint { /* AST_CHECKPOINT */
    AstNode base;
};
