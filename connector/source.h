/* Source: where rows come from. A source has partitions; a partition is a sequence of records at
 * int64 offsets.
 *
 * The law of fetch [from, to): the same offsets give the same records for ever. Offsets are record
 * numbers (kafka, queue) or byte positions in the virtual concatenation of everything discovered
 * (file); any number in between may be a cut: a record belongs to the range in which its first byte
 * lies. What was discovered (files, partitions) goes to a journal that the reader of the source
 * makes durable before it uses it; restore() plays it back.
 *
 * A SourceReader belongs to one stream or one batch query; calls come from one thread at a time,
 * except fetch(), which any worker may call at any time after discover(). */
#pragma once

#include <stdatomic.h>

#include "base/clock.h"
#include "connector/format.h"

typedef struct SourceReader SourceReader;

/* Records cut by the source; reference-counted. */
typedef struct Block {
    _Atomic int reference_count;
    uint32_t record_count;
    Record *records;
    int name_count;
    const char *const *names;   /* of files, for the metadata column `path`; names[0]: the topic */
    const int64_t *modified_us; /* per name; NULL: not of files */
    int32_t partition_number;   /* the topic's own number, for the metadata column `partition` */
    const Record *header;       /* first record of the file that all records are of; NULL: the
                                   source has no files, or the format does not look at it */
    int64_t next_offset;        /* where to go on: [from, next_offset) is in the block */
    int64_t size_bytes;
    void (*release)(struct Block *block); /* frees it and what it points to */
} Block;

static inline Block *block_ref(Block *block) {
    atomic_fetch_add_explicit(&block->reference_count, 1, memory_order_relaxed);
    return block;
}

static inline void block_unref(Block *block) {
    if (block && atomic_fetch_sub_explicit(&block->reference_count, 1, memory_order_acq_rel) == 1)
        block->release(block);
}

typedef struct PartitionState {
    int64_t begin;     /* where reading starts: of a new partition, or of a batch read */
    int64_t end;       /* fetch() gives everything below it without waiting */
    int64_t known_end; /* behind the last record that is known of; for lag. >= end */
    bool is_caught_up; /* `end` is all there is, as far as is known: not only all that came yet */
    bool is_settling;  /* something is there that will count soon (a file just written) */
    bool is_full;      /* nothing more comes before trim(): its share of the buffer is taken */
    bool is_ended;     /* nothing will ever come beyond `end`: it holds no watermark back */
    const char *name;  /* "0", "orders-3"; for the views. Borrowed from the reader */
    const char *topic; /* where a partition is one of a topic's; NULL: it is not */
    int32_t number;    /* in its topic */
} PartitionState;

/* A fault of the source itself, for millrace.errors: a vanished or rewritten file. */
typedef void (*SourceReport)(void *data, int partition, int64_t offset, const char *position_text,
                             const Error *fault);

typedef struct SourceEnvironment {
    const OptionSet *options;
    const FormatType *format;
    int64_t object_id;
    SourceReport report;
    void *report_data;
    int64_t stream_id;           /* 0: a batch query */
    const volatile bool *cancel; /* whatever waits gives up soon after it becomes true: 57014; NULL:
                                    never */
    /* What the plan needs of each record beside its value: the rest may be left out. */
    bool wants_lines;     /* number the records in their files (metadata column `line`) */
    bool wants_key;       /* Record.key */
    bool wants_headers;   /* Record.headers */
    bool wants_timestamp; /* Record.timestamp_us, timestamp_type */
    bool is_batch_read;   /* a bounded read of what is there now: up to latest_ends() */
    Context *clock;
} SourceEnvironment;

typedef struct MetadataColumn {
    const char *name; /* path, line, modified, key, … ; NULL ends */
    TypeId type;
} MetadataColumn;

typedef struct SourceType {
    const char *name;
    const OptionSpec *options;
    const MetadataColumn *metadata;
    bool is_replayable; /* else at-least-once at best */
    bool offsets_are_bytes;
    int64_t idle_after_us; /* default of IDLE AFTER; -1: never idle by time */
    bool has_generations;  /* watermark steps only at barrier() */
    bool journal_is_whole; /* each record of it says all: the earlier ones are dropped */
    /* Whenever the options are bound: values and pairs of them that their specs alone can't judge;
     * reaches for nothing outside. NULL: none. */
    MUST_USE Status (*check_options)(const OptionSet *options, Error *err);
    /* At CREATE: can it be reached? 57014 soon after *cancel. NULL: nothing to check. */
    MUST_USE Status (*check)(const OptionSet *options, const volatile bool *cancel, Error *err);
    MUST_USE Status (*open)(const SourceEnvironment *environment, SourceReader **ret_reader,
                            Error *err);
    /* Find what is new. Appends to `journal` one record that must be durable before offsets past
     * the old ends are used; empty: nothing new. */
    MUST_USE Status (*discover)(SourceReader *reader, StrBuf *journal, Error *err);
    /* Play one journal record back; 58030 or XX001 when it makes no sense. */
    MUST_USE Status (*restore)(SourceReader *reader, const uint8_t *bytes, size_t size_bytes,
                               Error *err);
    int (*partition_count)(SourceReader *reader);
    void (*partition_state)(SourceReader *reader, int partition, PartitionState *ret_state);
    /* Reading goes on from `position`. Once per partition before anything of it is fetched: after
     * restore() with what was decided, after the discover() that found it with its begin. May be
     * called before anything of the outside was reached. NULL: nothing to do. */
    MUST_USE Status (*seek)(SourceReader *reader, int partition, int64_t position, Error *err);
    /* Behind the last record there is *now*, one per partition; asks the outside and may wait for
     * it. For bounded reads, WAIT FOR STREAM, ONCE, AVAILABLE NOW. The ends may be beyond
     * PartitionState.end: discover() gets there, or a batch read's fetch() waits. NULL:
     * PartitionState.end. */
    MUST_USE Status (*latest_ends)(SourceReader *reader, int64_t *ret_ends, Error *err);
    /* Before a marker's epoch is run again: can the rows of [from, to) be given? fetch() then waits
     * for them. 58030 when not. NULL: yes when to <= end. */
    MUST_USE Status (*check_range)(SourceReader *reader, int partition, int64_t from, int64_t to,
                                   Error *err);
    /* Is this all there will ever be (option `stop`)? A stream all of whose sources say so, and
     * which has read it, is finished. NULL: never. */
    bool (*is_finished)(SourceReader *reader);
    /* What is wrong at present although the reader goes on by itself (a broker is away): the stream
     * is shown as waiting, with it. False: nothing. NULL: never anything. */
    bool (*trouble)(SourceReader *reader, Error *ret_error);
    /* The largest offset <= `to` and > `from` at which the watermark may step; `from` when there is
     * none. NULL: anywhere. */
    int64_t (*barrier)(SourceReader *reader, int partition, int64_t from, int64_t to);
    /* A block of records that start in [from, to); at least one record unless none is there; about
     * `wanted_bytes`. ret_block->next_offset says how far it got. Any thread. Below
     * PartitionState.end it does not wait; beyond (a batch read, check_range) it does. */
    MUST_USE Status (*fetch)(SourceReader *reader, int partition, int64_t from, int64_t to,
                             size_t wanted_bytes, Block **ret_block, Error *err);
    /* A descriptor that becomes readable when discover() may find something; -1: none. NULL: none.
     */
    int (*wake_fd)(SourceReader *reader);
    /* Microseconds after which discover() is worth a call even so; -1: never. NULL: never. */
    int64_t (*recheck_after_us)(SourceReader *reader);
    /* A place in words for errors and logs: "out/a.json:17". */
    void (*describe_offset)(SourceReader *reader, int partition, int64_t offset, char *text,
                            size_t size);
    /* Everything below `offset` is decided (after each epoch that read of the partition) or, in a
     * batch read, consumed: what only it needs may be forgotten. Must be quick. NULL: nothing to
     * do. */
    void (*trim)(SourceReader *reader, int partition, int64_t offset);
    SourceReader *(*close)(SourceReader *reader);
} SourceType;
