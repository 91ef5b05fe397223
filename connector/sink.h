/* Sink: where a stream's rows go, one transaction an epoch.
 *
 * State diagram of a writer:
 *   open → recover → (begin → write* → [mark] → prepare → [decide] → publish)* → close
 *                       └─────────────── abort ──────────────┘
 * prepare makes the epoch's part durable and invisible and returns a receipt, which the checkpoint
 * keeps; publish makes it visible: idempotent, repeated at recovery from the last receipt. A
 * TRANSACTIONAL sink has the header as a marker in a transaction of its own, which decide commits.
 * Calls come from one thread at a time, on the I/O pool (they may block). */
#pragma once

#include "connector/format.h"

typedef enum SinkGuarantee {
    SINK_PUBLISH_AFTER_COMMIT,
    SINK_TRANSACTIONAL,
    SINK_AT_LEAST_ONCE,
} SinkGuarantee;

enum {
    SINK_TAKES_APPEND = 1,
    SINK_TAKES_UPDATE = 2, /* rows with op */
    SINK_TAKES_COMPLETE = 4,
    SINK_PREFERS_UPSERT = 8,  /* "takes upserts": UPDATE is the inferred default mode */
    SINK_COMPLETE_ALONE = 16, /* a stream in complete mode has the sink for itself */
    SINK_WANTS_BEFORE = 32,   /* update mode: CHANGE_BEFORE, too */
};

typedef enum SinkMode { SINK_MODE_APPEND, SINK_MODE_UPDATE, SINK_MODE_COMPLETE } SinkMode;

typedef struct SinkWriter SinkWriter;

typedef struct SinkEnvironment {
    const OptionSet *options;
    const FormatType *format;
    int64_t sink_id;
    int64_t stream_id;
    uint8_t incarnation[16];
    const char *stream_name;     /* for messages and manifests only */
    const char *server_id;       /* owner of folders */
    const volatile bool *cancel; /* whatever waits gives up soon after it becomes true: 57014; NULL:
                                    never */
    SinkMode mode;
    uint32_t column_count;
    const char *const *names;
    const SqlType *types;
    const int *key_columns; /* update mode: key_count of them; 0: no key */
    int key_count;
} SinkEnvironment;

/* In update mode, ops[i] says what active row i is. CHANGE_BEFORE is what the next row, a
 * CHANGE_UPSERT, replaces; that may come first in the next batch. Only sinks that want it get it,
 * and to them an upsert without it is a key's first row. */
typedef enum ChangeOp { CHANGE_INSERT, CHANGE_DELETE, CHANGE_UPSERT, CHANGE_BEFORE } ChangeOp;

typedef struct SinkType {
    const char *name;
    const OptionSpec *options;
    SinkGuarantee guarantee;
    /* Where the options choose. NULL: `guarantee`. */
    SinkGuarantee (*guarantee_of)(const OptionSet *options);
    unsigned capabilities;                                 /* SINK_TAKES_… */
    unsigned (*capabilities_of)(const OptionSet *options); /* NULL: `capabilities` */
    /* What would make the sink take a mode that it refuses; NULL: nothing that it knows. */
    const char *(*mode_hint)(const OptionSet *options, SinkMode refused);
    bool needs_format;
    /* The option that says where: no two sinks may have the same; NULL: they may. */
    const char *exclusive_option;
    /* Whenever the options are bound: values and pairs of them that their specs alone can't judge;
     * reaches for nothing outside. NULL: none. */
    MUST_USE Status (*check_options)(const OptionSet *options, Error *err);
    /* At CREATE: reachable? owned? 57014 soon after *cancel. NULL: nothing to check. */
    MUST_USE Status (*check)(const OptionSet *options, const char *server_id,
                             const volatile bool *cancel, Error *err);
    /* At CREATE STREAM: are mode, columns and key what the options ask for, and can the format hold
     * them? Of the environment's ids only sink_id is known then. 0A000, 42703, 42804 … with a hint.
     * NULL: what the format can hold, with op and epoch in front in update mode. */
    MUST_USE Status (*check_columns)(const SinkEnvironment *environment, Error *err);
    MUST_USE Status (*open)(const SinkEnvironment *environment, SinkWriter **ret_writer,
                            Error *err);
    /* After a start: `receipt` of the last decided epoch (size 0: none). Removes everything
     * undecided. */
    MUST_USE Status (*recover)(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                               size_t receipt_size, Error *err);
    MUST_USE Status (*begin)(SinkWriter *writer, int64_t epoch, Error *err);
    /* Rows in order. `ops` NULL in append and complete mode. */
    MUST_USE Status (*write)(SinkWriter *writer, const Batch *batch, const ChangeOp *ops,
                             Error *err);
    /* TRANSACTIONAL only (as guarantee_of says): the epoch's marker, into the transaction of its
     * rows. Before prepare, which then waits for both at once. */
    MUST_USE Status (*mark)(SinkWriter *writer, const uint8_t *header, size_t header_size,
                            Error *err);
    /* `is_last`: roll open files now (stop, WAIT FOR STREAM). */
    MUST_USE Status (*prepare)(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err);
    /* TRANSACTIONAL only: commit rows and marker. An indefinite outcome is 08006 or 40…; the stream
     * then recovers. */
    MUST_USE Status (*decide)(SinkWriter *writer, int64_t epoch, Error *err);
    /* TRANSACTIONAL only: the last marker; size 0: none. */
    MUST_USE Status (*read_marker)(SinkWriter *writer, StrBuf *header, Error *err);
    MUST_USE Status (*publish)(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                               size_t receipt_size, Error *err);
    /* Forget the epoch that is under way. */
    MUST_USE Status (*abort)(SinkWriter *writer, Error *err);
    /* Microseconds until a roll is due (age, idle); -1: none. NULL: never. */
    int64_t (*roll_due_us)(SinkWriter *writer);
    SinkWriter *(*close)(SinkWriter *writer);
    /* DROP SINK / DROP STREAM: nothing to do for most. May be NULL. */
    void (*totals)(SinkWriter *writer, int64_t *ret_rows, int64_t *ret_bytes);
} SinkType;

static inline SinkGuarantee sink_guarantee(const SinkType *type, const OptionSet *options) {
    return type->guarantee_of ? type->guarantee_of(options) : type->guarantee;
}

static inline unsigned sink_capabilities(const SinkType *type, const OptionSet *options) {
    return type->capabilities_of ? type->capabilities_of(options) : type->capabilities;
}
