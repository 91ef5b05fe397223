/* Kafka consumer: partitions that we assign ourselves, drained in batches through one queue.
 *
 * No group, no offsets at the broker, no thread of ours: librdkafka's threads fetch ahead within
 * limits that are set here, and wake_fd() becomes readable when there is something to take. No
 * header of librdkafka's here: sources/ uses it.
 *
 * Laws: (1) messages of a partition come in the order of their offsets, none twice, from the offset
 * that start() was given; (2) after the last record that can be read now comes one KAFKA_END, whose
 * offset lies behind gaps (aborted transactions, compaction, control records) too; (3) after a
 * KAFKA_OUT_OF_RANGE or KAFKA_REFUSED nothing more comes of that partition until it is started
 * again. One thread at a time. */
#pragma once

#include "base/strbuf.h"
#include "kafka/options.h"

typedef struct KafkaConsumer KafkaConsumer;

typedef enum KafkaMessageKind {
    KAFKA_RECORD,
    KAFKA_END,          /* all that there is has come: up to `offset` */
    KAFKA_OUT_OF_RANGE, /* the broker does not have `offset`: too old, or of a topic made again */
    KAFKA_REFUSED,      /* may not be read: see kafka_consumer_refusal() */
} KafkaMessageKind;

/* Bytes are borrowed until kafka_consumer_release(). */
typedef struct KafkaMessage {
    KafkaMessageKind kind;
    int place; /* as start() was given it */
    int64_t offset;
    const char *value; /* NULL: none (a tombstone) */
    size_t value_length;
    const char *key; /* NULL: none */
    size_t key_length;
    const void *foreign; /* librdkafka's own */
} KafkaMessage;

/* How a consumer reads. */
typedef struct KafkaReading {
    bool is_read_committed; /* open and aborted transactions are not seen */
    bool is_bounded;        /* up to ends that are known: a broker with nothing more says so soon */
} KafkaReading;

MUST_USE Status kafka_consumer_open(const OptionSet *options, KafkaReading reading,
                                    KafkaConsumer **ret_consumer, Error *err);
KafkaConsumer *kafka_consumer_close(KafkaConsumer *consumer); /* NULL is fine */
DEFINE_CLEANUP(KafkaConsumer, kafka_consumer_close)

/* Fetch the partition from `offset` on; what comes of it bears `place`. Does not wait. */
MUST_USE Status kafka_consumer_start(KafkaConsumer *consumer, const char *topic, int32_t partition,
                                     int64_t offset, int place, Error *err);
/* Nothing more comes of it. Not started: fine. */
void kafka_consumer_stop(KafkaConsumer *consumer, const char *topic, int32_t partition);

/* What has come, at most `max`; -1: nothing has. Does not wait. Release before the next call. */
int kafka_consumer_take(KafkaConsumer *consumer, KafkaMessage *messages, int max);
void kafka_consumer_release(KafkaConsumer *consumer);
/* Of a KAFKA_RECORD: what tells it from another one at its offset. The same for ever. */
uint64_t kafka_consumer_fingerprint(const KafkaMessage *message);
/* Whether since the last call something was heard that goes before a topic can be another one: a
 * broker did not have a partition, a connection was made (again); and so every few minutes. Asked
 * between take() and the use of what it gave, and answered by false, that is of the topics that
 * were there before. Wakes. */
bool kafka_consumer_has_doubt(KafkaConsumer *consumer);
/* Have the brokers asked where the topic is. Raises a doubt. */
void kafka_consumer_find_again(KafkaConsumer *consumer, const char *topic);
/* Milliseconds since 1970; -1: none. *ret_is_append: by the broker's clock, not the producer's. */
int64_t kafka_consumer_timestamp(const KafkaMessage *message, bool *ret_is_append);
/* The headers as JSON: [{"key":"k","value":"v"}]; a value that is no text as "\\x…", none as null.
 * False: the message has none. */
bool kafka_consumer_append_headers(const KafkaMessage *message, StrBuf *out);

/* Readable when take() may give something. clear() before taking. */
int kafka_consumer_wake_fd(KafkaConsumer *consumer);
void kafka_consumer_clear_wake(KafkaConsumer *consumer);

/* Behind the last record of the partition as the last answer told it; -1: not known. */
int64_t kafka_consumer_known_end(KafkaConsumer *consumer, const char *topic, int32_t partition);
/* Whether no broker can be reached at present, and why (08006). */
bool kafka_consumer_trouble(KafkaConsumer *consumer, Error *ret_error);
/* Why the last KAFKA_REFUSED was. */
void kafka_consumer_refusal(KafkaConsumer *consumer, Error *ret_error);
