/* Kafka admin: questions to the brokers that have an answer or a cause within connect_timeout.
 *
 * Topics and partitions, offsets, new topics, offsets shown to lag tools. No header of librdkafka's
 * here: sources/ and sinks/ use it. Calls block; `cancel` (NULL: none) ends them with 57014 within
 * a fraction of a second. One thread at a time. */
#pragma once

#include "base/arena.h"
#include "kafka/options.h"

typedef struct KafkaAdmin KafkaAdmin;

typedef struct KafkaTopic {
    const char *name;
    int32_t partition_count; /* 0: there is no such topic */
} KafkaTopic;

typedef struct KafkaTopicList {
    int count;
    KafkaTopic *items; /* arena */
} KafkaTopicList;

/* A place in a partition, asked and answered. */
typedef struct KafkaPlace {
    const char *topic;
    int32_t partition;
    int64_t timestamp_ms; /* in: for kafka_admin_offsets_at_times */
    int64_t offset;       /* out; -1: none */
    bool is_missing;      /* out: there is no such topic or partition (any more) */
} KafkaPlace;

typedef struct KafkaNewTopic {
    const char *name;
    int partitions;  /* -1: the broker's default */
    int replication; /* -1: the broker's default */
    bool is_compacted;
} KafkaNewTopic;

/* No connection yet: the first question makes it. Options of a source or a sink. If they have an
 * option "isolation", the offsets of kafka_admin_ends() are by it. */
MUST_USE Status kafka_admin_open(const OptionSet *options, const volatile bool *cancel,
                                 KafkaAdmin **ret_admin, Error *err);
KafkaAdmin *kafka_admin_close(KafkaAdmin *admin); /* NULL is fine */
DEFINE_CLEANUP(KafkaAdmin, kafka_admin_close)

/* The named topics, in the order given; unknown ones with partition_count 0. */
MUST_USE Status kafka_admin_topics(KafkaAdmin *admin, const char *const *names, int count,
                                   Arena *arena, KafkaTopicList *ret_topics, Error *err);
/* Every topic whose whole name matches the regular expression (PCRE2), by name; the brokers' own
 * (__consumer_offsets …) only when the pattern begins with '_'. 2201B: bad pattern. */
MUST_USE Status kafka_admin_match(KafkaAdmin *admin, const char *pattern, Arena *arena,
                                  KafkaTopicList *ret_topics, Error *err);
/* 2201B; no broker is asked. */
MUST_USE Status kafka_pattern_check(const char *pattern, Error *err);

/* The first offset that is there. */
MUST_USE Status kafka_admin_begins(KafkaAdmin *admin, KafkaPlace *places, int count, Error *err);
/* Behind the last record: the last stable offset when read_committed, else the high watermark. */
MUST_USE Status kafka_admin_ends(KafkaAdmin *admin, KafkaPlace *places, int count, Error *err);
/* The first record at or after timestamp_ms; -1: none yet. */
MUST_USE Status kafka_admin_offsets_at_times(KafkaAdmin *admin, KafkaPlace *places, int count,
                                             Error *err);

/* A topic that is there already is fine: *ret_is_new (may be NULL) tells. */
MUST_USE Status kafka_admin_create_topic(KafkaAdmin *admin, const KafkaNewTopic *topic,
                                         bool *ret_is_new, Error *err);
/* Tell `group` our offsets, for tools that show lag. */
MUST_USE Status kafka_admin_publish_offsets(KafkaAdmin *admin, const char *group,
                                            const KafkaPlace *places, int count, Error *err);
