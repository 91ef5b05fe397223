#include "sources/kafka_journal.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"

enum {
    JOURNAL_VERSION = 1,
    TOPIC_BYTES_MAX = 249, /* Kafka's */
    ENTRY_ADD = 1,
    ENTRY_END = 2,
};

struct KafkaJournal {
    bool has_begun;
    KafkaPartition *partitions;
    int count, capacity;
    char **topics; /* names, each once */
    int topic_count;
    StrBuf changes; /* entries not taken yet */
    uint32_t change_count;
    bool has_changes;
};

KafkaJournal *kafka_journal_create(void) {
    return memory_zalloc(sizeof(KafkaJournal));
}

KafkaJournal *kafka_journal_destroy(KafkaJournal *journal) {
    if (!journal)
        return NULL;
    for (int i = 0; i < journal->topic_count; i++)
        memory_free(journal->topics[i]);
    memory_free(journal->topics);
    memory_free(journal->partitions);
    strbuf_done(&journal->changes);
    memory_free(journal);
    return NULL;
}

bool kafka_journal_has_begun(const KafkaJournal *journal) {
    return journal->has_begun;
}

int kafka_journal_count(const KafkaJournal *journal) {
    return journal->count;
}

const KafkaPartition *kafka_journal_at(const KafkaJournal *journal, int index) {
    assert(index >= 0 && index < journal->count);
    return &journal->partitions[index];
}

int kafka_journal_find(const KafkaJournal *journal, const char *topic, int32_t number) {
    for (int i = 0; i < journal->count; i++) {
        const KafkaPartition *partition = &journal->partitions[i];

        if (!partition->is_ended && partition->number == number &&
            strcmp(partition->topic, topic) == 0)
            return i;
    }
    return -1;
}

static const char *keep_topic(KafkaJournal *journal, const char *topic) {
    for (int i = 0; i < journal->topic_count; i++)
        if (strcmp(journal->topics[i], topic) == 0)
            return journal->topics[i];
    journal->topics =
        memory_realloc(journal->topics, sizeof(char *) * (size_t) (journal->topic_count + 1));
    return journal->topics[journal->topic_count++] = memory_strdup(topic);
}

static int add_partition(KafkaJournal *journal, const KafkaPartition *partition) {
    if (journal->count == journal->capacity) {
        journal->capacity = journal->capacity ? 2 * journal->capacity : 16;
        journal->partitions = memory_realloc(journal->partitions,
                                             sizeof(KafkaPartition) * (size_t) journal->capacity);
    }
    journal->partitions[journal->count] = *partition;
    journal->partitions[journal->count].topic = keep_topic(journal, partition->topic);
    return journal->count++;
}

/* -------- changes -------- */

void kafka_journal_begin(KafkaJournal *journal) {
    journal->has_begun = true;
    journal->has_changes = true; /* a record without entries says it */
}

int kafka_journal_add(KafkaJournal *journal, const char *topic, int32_t number, int64_t begin,
                      int64_t stop) {
    uint32_t length = (uint32_t) strlen(topic);

    assert(kafka_journal_find(journal, topic, number) < 0);
    assert(length > 0 && length <= TOPIC_BYTES_MAX);
    strbuf_append_u8(&journal->changes, ENTRY_ADD);
    codec_append_u32(&journal->changes, length);
    strbuf_append(&journal->changes, topic, length);
    codec_append_i32(&journal->changes, number);
    codec_append_i64(&journal->changes, begin);
    codec_append_i64(&journal->changes, stop);
    journal->change_count++;
    journal->has_changes = true;
    return add_partition(
        journal,
        &(KafkaPartition) {.topic = topic, .number = number, .begin = begin, .stop = stop});
}

void kafka_journal_end(KafkaJournal *journal, int index) {
    assert(!kafka_journal_at(journal, index)->is_ended);
    journal->partitions[index].is_ended = true;
    strbuf_append_u8(&journal->changes, ENTRY_END);
    codec_append_i32(&journal->changes, index);
    journal->change_count++;
    journal->has_changes = true;
}

/* version u8, count u32, entries. An entry: kind u8; ADD: topic (length u32, bytes), number i32,
 * begin i64, stop i64; END: index i32. Little-endian. */
void kafka_journal_take(KafkaJournal *journal, StrBuf *out) {
    if (!journal->has_changes)
        return;
    strbuf_append_u8(out, JOURNAL_VERSION);
    codec_append_u32(out, journal->change_count);
    strbuf_append(out, strbuf_text(&journal->changes), journal->changes.length);
    strbuf_clear(&journal->changes);
    journal->change_count = 0;
    journal->has_changes = false;
}

/* -------- restore -------- */

static bool restore_add(KafkaJournal *journal, CodecReader *reader) {
    char topic[TOPIC_BYTES_MAX + 1];
    uint32_t length = codec_read_u32(reader);
    KafkaPartition partition = {.topic = topic};

    if (length == 0 || length > TOPIC_BYTES_MAX)
        return false;
    codec_read_into(reader, topic, length);
    topic[length] = '\0';
    partition.number = codec_read_i32(reader);
    partition.begin = codec_read_i64(reader);
    partition.stop = codec_read_i64(reader);
    if (reader->is_damaged || strlen(topic) != length || partition.number < 0 ||
        partition.begin < 0 || partition.stop < 0 ||
        kafka_journal_find(journal, topic, partition.number) >= 0)
        return false;
    (void) add_partition(journal, &partition);
    return true;
}

static bool restore_end(KafkaJournal *journal, CodecReader *reader) {
    int32_t index = codec_read_i32(reader);

    if (reader->is_damaged || index < 0 || index >= journal->count ||
        journal->partitions[index].is_ended)
        return false;
    journal->partitions[index].is_ended = true;
    return true;
}

static bool restore_entry(KafkaJournal *journal, CodecReader *reader) {
    switch (codec_read_u8(reader)) {
    case ENTRY_ADD:
        return restore_add(journal, reader);
    case ENTRY_END:
        return restore_end(journal, reader);
    default:
        return false;
    }
}

Status kafka_journal_restore(KafkaJournal *journal, const uint8_t *bytes, size_t size_bytes,
                             Error *err) {
    CodecReader reader = codec_reader(bytes, size_bytes);
    uint8_t version = codec_read_u8(&reader);
    uint32_t count = codec_read_u32(&reader);

    if (reader.is_damaged || version != JOURNAL_VERSION)
        return error_set(err, DATA_CORRUPTED, "kafka journal is damaged");
    journal->has_begun = true;
    for (uint32_t i = 0; i < count; i++)
        if (!restore_entry(journal, &reader))
            return error_set(err, DATA_CORRUPTED, "kafka journal is damaged");
    if (!codec_is_read_whole(&reader))
        return error_set(err, DATA_CORRUPTED, "kafka journal has bytes left over");
    return STATUS_OK;
}
