/* Kafka journal: which partitions a kafka source has found, in the order of their indexes.
 *
 * The engine knows a partition by its index; the journal says which topic and number that is, and
 * where it began. A topic that was deleted and made again has new indexes: the old ones end. The
 * first record of a journal also says that the first look has been taken: what is found later was
 * new then, and is read from its beginning. A mark tells whether a topic is still the same: what
 * stands at one offset. Each record says all that the journal knows, so that old ones can go. */
#pragma once

#include "base/strbuf.h"

/* A record that was received, by what kafka_consumer_fingerprint() made of it. */
typedef struct KafkaMark {
    int64_t offset; /* -1: none */
    uint64_t fingerprint;
} KafkaMark;

typedef struct KafkaPartition {
    const char *topic; /* owned by the journal, stable */
    int32_t number;
    bool is_ended; /* the topic was deleted, or made again */
    int64_t begin; /* where reading begins */
    int64_t stop;  /* where it stops; INT64_MAX: never */
    KafkaMark mark;
} KafkaPartition;

typedef struct KafkaJournal KafkaJournal;

KafkaJournal *kafka_journal_create(void);
KafkaJournal *kafka_journal_destroy(KafkaJournal *journal); /* NULL is fine */
bool kafka_journal_has_begun(const KafkaJournal *journal);
int kafka_journal_count(const KafkaJournal *journal);
/* Borrowed until the next change. */
const KafkaPartition *kafka_journal_at(const KafkaJournal *journal, int index);
/* The index of the partition that has not ended; -1: none. */
int kafka_journal_find(const KafkaJournal *journal, const char *topic, int32_t number);

/* Changes, and their durable form: to be collected by kafka_journal_take(). */
void kafka_journal_begin(KafkaJournal *journal);
/* Returns the index. There is no such partition yet. */
int kafka_journal_add(KafkaJournal *journal, const char *topic, int32_t number, int64_t begin,
                      int64_t stop);
void kafka_journal_end(KafkaJournal *journal, int index);
void kafka_journal_mark(KafkaJournal *journal, int index, const KafkaMark *mark);
/* The durable form of it all; nothing when nothing changed since the last call. */
void kafka_journal_take(KafkaJournal *journal, StrBuf *out);
/* Play one durable record back: it counts alone, but an index never comes to mean another
 * partition. XX001 when it is damaged. */
MUST_USE Status kafka_journal_restore(KafkaJournal *journal, const uint8_t *bytes,
                                      size_t size_bytes, Error *err);
