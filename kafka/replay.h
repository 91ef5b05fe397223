/* Kafka replay: what a topic's partition holds, from its first record to its end as of now.
 *
 * Committed records only, in order. A record behind the first one of an open transaction can't be
 * had before that one ends, be it committed or not. */
#pragma once

#include "kafka/options.h"

typedef struct KafkaReplay KafkaReplay;

typedef struct KafkaReplaySpec {
    const OptionSet *options;
    const char *topic;
    int32_t partition;
    int64_t timeout_us;          /* without any progress */
    const volatile bool *cancel; /* NULL: never */
} KafkaReplaySpec;

/* Key and value are NULL when the record has none. */
typedef Status (*KafkaReplayReceive)(void *data, const void *key, size_t key_length,
                                     const void *value, size_t value_length, Error *err);

MUST_USE Status kafka_replay_open(const KafkaReplaySpec *spec, KafkaReplay **ret_replay,
                                  Error *err);
KafkaReplay *kafka_replay_close(KafkaReplay *replay); /* NULL is fine */
DEFINE_CLEANUP(KafkaReplay, kafka_replay_close)
/* Goes on behind what the last call gave. `waits`: to the very end, waiting for transactions that
 * are open; else to the first of them. 08006 when the end isn't reached in time. */
MUST_USE Status kafka_replay_read(KafkaReplay *replay, bool waits, KafkaReplayReceive receive,
                                  void *data, Error *err);
