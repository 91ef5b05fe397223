/* Kafka producer: messages to topics, idempotent or in transactions.
 *
 * State diagram:  open → (init_transactions → (begin → send* → wait → commit | abort)*)? → close
 * A message that was sent is copied; its delivery report comes with a later call of send() or
 * wait(). What is under way is bounded: a send() that finds no room waits for reports. After an
 * error other than 57014 the producer is lost: nothing but abort() and close() may follow, and
 * whether what was sent or committed is there, only the topics tell. No header of librdkafka's
 * here. One thread at a time; calls block, and give up soon after `cancel` becomes true. */
#pragma once

#include "kafka/options.h"

typedef struct KafkaProducer KafkaProducer;
typedef struct KafkaTarget KafkaTarget; /* a topic to send to; lives as long as the producer */

typedef struct KafkaProducerSpec {
    const OptionSet *options;
    const char *transactional_id; /* NULL: no transactions */
    int64_t transaction_timeout_us;
    int64_t delivery_timeout_us; /* nothing was confirmed for so long: the producer is lost */
    int64_t buffer_bytes;        /* under way at most; the largest message, too */
    const volatile bool *cancel; /* NULL: never */
} KafkaProducerSpec;

typedef struct KafkaHeader {
    const char *name;
    size_t name_length;
    const char *value; /* NULL: a null */
    size_t value_length;
} KafkaHeader;

typedef struct KafkaOutgoing {
    KafkaTarget *target;
    int32_t partition; /* -1: by the key's hash as Java's clients do it; without key, any */
    const void *key;   /* NULL: none */
    size_t key_length;
    const void *value; /* NULL: a tombstone */
    size_t value_length;
    int64_t timestamp_ms; /* since 1970; 0: now */
    const KafkaHeader *headers;
    uint32_t header_count;
} KafkaOutgoing;

MUST_USE Status kafka_producer_open(const KafkaProducerSpec *spec, KafkaProducer **ret_producer,
                                    Error *err);
/* What was under way is given up; a transaction stays open until its next owner aborts it. */
KafkaProducer *kafka_producer_close(KafkaProducer *producer); /* NULL is fine */
DEFINE_CLEANUP(KafkaProducer, kafka_producer_close)

/* Fence every earlier producer of this transactional id, abort its open transaction. */
MUST_USE Status kafka_producer_init_transactions(KafkaProducer *producer, Error *err);
MUST_USE Status kafka_producer_begin(KafkaProducer *producer, Error *err);
/* The topic must be there: producers make none. */
MUST_USE Status kafka_producer_target(KafkaProducer *producer, const char *topic,
                                      KafkaTarget **ret_target, Error *err);
MUST_USE Status kafka_producer_send(KafkaProducer *producer, const KafkaOutgoing *message,
                                    Error *err);
/* All that was sent is on the brokers. */
MUST_USE Status kafka_producer_wait(KafkaProducer *producer, Error *err);
/* After wait(). An error, which comes later than `cancel`, leaves the outcome unknown. */
MUST_USE Status kafka_producer_commit(KafkaProducer *producer, Error *err);
/* Forget what was sent since begin(); without transactions: what is not on the wire yet. An error:
 * the producer is lost. */
MUST_USE Status kafka_producer_abort(KafkaProducer *producer, Error *err);
bool kafka_producer_is_lost(const KafkaProducer *producer);
