/* The inside of a Protocol, shared by protocol.c (start-up, Query, dispatch) and
 * protocol_extended.c (Parse, Bind, Describe, Execute, Close). */
#pragma once

#include "server/protocol.h"

typedef enum ProtocolWork {
    WORK_NONE,
    WORK_QUERY,   /* a Query message: `script` from `script_index` on, `portal` open or NULL */
    WORK_EXECUTE, /* an Execute message: `portal`, `rows_remaining` */
} ProtocolWork;

struct Protocol {
    SessionClient client; /* must be first */
    Server *server;
    Session *session; /* NULL: the start failed */
    StrBuf output;
    StrBuf input;
    size_t input_used;
    bool is_closed;
    bool is_skipping; /* after an error of the extended protocol, until Sync */

    ProtocolWork work;
    ParsedText *script;
    int script_index;
    Portal *portal;
    int64_t rows_remaining; /* 0: no bound */
};

typedef struct WireReceiver {
    RowReceiver base; /* must be first */
    StrBuf *out;
    const Portal *portal;
    const FormSettings *forms;
} WireReceiver;

void protocol_append_ready(Protocol *protocol);
/* An error that fails the transaction, to the client. */
void protocol_report(Protocol *protocol, const Error *error);
/* `portal` NULL: of a statement, whose formats are not known yet. */
void protocol_append_row_description(Protocol *protocol, const ResultShape *shape,
                                     const Portal *portal);
void protocol_append_complete(Protocol *protocol, const Portal *portal);
MUST_USE Status protocol_run_portal(Protocol *protocol, Portal *portal, int64_t rows_max,
                                    int64_t *ret_rows, Error *err);
void protocol_end_work(Protocol *protocol);
void protocol_take_extended(Protocol *protocol, const WireFrame *frame);
ProtocolOutcome protocol_continue_execute(Protocol *protocol, bool may_block);
