/* Kafka message: from a stream's row to a message: topic, partition, key, value, headers, time.
 *
 * The layout is what the sink's options make of a row's columns; it is checked at CREATE STREAM and
 * made again when the writer opens. */
#pragma once

#include "connector/sink.h"
#include "kafka/producer.h"

typedef enum KafkaEnvelope {
    KAFKA_ENVELOPE_APPEND,    /* a row is a message */
    KAFKA_ENVELOPE_UPSERT,    /* a key's row is a message, its end a tombstone */
    KAFKA_ENVELOPE_CHANGELOG, /* {"op":…,"before":…,"after":…} */
} KafkaEnvelope;

typedef struct KafkaEncoder KafkaEncoder;

/* A row as a message. Bytes are borrowed until the next row. */
typedef struct KafkaRow {
    bool is_message;   /* else it is a part of the next one */
    TextView topic;    /* length 0: the option's */
    int32_t partition; /* -1: not said */
    const char *key;   /* NULL: none */
    size_t key_length;
    const char *value; /* NULL: none */
    size_t value_length;
    int64_t timestamp_ms; /* 0: not said */
    const KafkaHeader *headers;
    uint32_t header_count;
} KafkaRow;

KafkaEnvelope kafka_envelope(const OptionSet *options);
/* Do the options fit to the rows? 0A000, 22023, 42703, 42804 with hints. The encoder borrows the
 * environment. */
MUST_USE Status kafka_encoder_create(const SinkEnvironment *environment, KafkaEncoder **ret_encoder,
                                     Error *err);
KafkaEncoder *kafka_encoder_destroy(KafkaEncoder *encoder); /* NULL is fine */
DEFINE_CLEANUP(KafkaEncoder, kafka_encoder_destroy)
/* An epoch begins. */
void kafka_encoder_begin(KafkaEncoder *encoder);
/* The rows that follow are this batch's; borrowed. What an expression of the key says of a row is
 * an error of the batch. */
MUST_USE Status kafka_encoder_batch(KafkaEncoder *encoder, const Batch *batch, Error *err);
/* `op` as in SinkType.write; CHANGE_INSERT in append mode. A row that can't be a message (without a
 * topic, without the key that it must have) is 22004 or 22023. */
MUST_USE Status kafka_encoder_row(KafkaEncoder *encoder, uint32_t row, ChangeOp op,
                                  KafkaRow *ret_row, Error *err);
