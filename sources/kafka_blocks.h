/* Kafka blocks: received records of one partition, from their arrival until they are decided.
 *
 * Messages are copied here at once, so that librdkafka's memory goes back to it, into chunks of
 * contiguous bytes. What was added becomes visible by publish(), up to an offset that may lie
 * behind the last record (gaps). A Block is a view of a part of a chunk, without a copy; it keeps
 * the chunk alive, also past trim(). One thread at a time uses a partition's KafkaRecords; blocks
 * may be made of slices, and released, by any. */
#pragma once

#include "connector/source.h"

/* The chunks' memory: counted, and recycled. Shared by the partitions of one reader. */
typedef struct KafkaPool KafkaPool;

KafkaPool *kafka_pool_create(void);
/* The blocks that are still out keep it alive. NULL is fine. */
KafkaPool *kafka_pool_unref(KafkaPool *pool);
int64_t kafka_pool_used_bytes(KafkaPool *pool); /* any thread */
void kafka_pool_shrink(KafkaPool *pool);        /* give what is kept for reuse back */

/* A record to be kept. What the reader does not want is left at its "none". */
typedef struct KafkaEntry {
    int64_t offset;
    const char *value; /* NULL: none */
    size_t value_length;
    const char *key; /* NULL: none */
    size_t key_length;
    const char *headers; /* NULL: none */
    size_t headers_length;
    int64_t timestamp_us; /* INT64_MIN: none */
    TimestampType timestamp_type;
} KafkaEntry;

typedef struct KafkaRecords KafkaRecords;

/* Records of `topic`'s partition `number` from `begin` on. `has_extras`: entries may have more than
 * a value. The topic's name is borrowed as long as the pool's blocks live. */
KafkaRecords *kafka_records_create(KafkaPool *pool, const char *topic, int32_t number,
                                   bool has_extras, int64_t begin);
KafkaRecords *kafka_records_destroy(KafkaRecords *records); /* NULL is fine */
/* Offsets grow. */
void kafka_records_add(KafkaRecords *records, const KafkaEntry *entry);
/* What was added is visible, and [.., end) is complete. Never goes back. */
void kafka_records_publish(KafkaRecords *records, int64_t end);
/* Forget all: what follows begins at `position`. */
void kafka_records_restart(KafkaRecords *records, int64_t position);
int64_t kafka_records_begin(const KafkaRecords *records);
int64_t kafka_records_end(const KafkaRecords *records);
/* A part of the records, held. */
typedef struct KafkaSlice {
    struct KafkaChunk *chunk; /* NULL: no records */
    uint32_t index, count;
    const char *topic;
    int32_t number;
    bool has_extras;
    int64_t next_offset;
    int64_t size_bytes;
} KafkaSlice;

/* The records in [from, to), which begins below end(): about wanted_bytes of them, at least one
 * unless none is there. 58030 when they were trimmed. */
MUST_USE Status kafka_records_slice(KafkaRecords *records, int64_t from, int64_t to,
                                    size_t wanted_bytes, KafkaSlice *ret_slice, Error *err);
/* The slice as a block, which takes over what it holds. Any thread, beside calls on the records. */
Block *kafka_slice_block(const KafkaSlice *slice);
/* Forget what lies below `offset`. */
void kafka_records_trim(KafkaRecords *records, int64_t offset);
