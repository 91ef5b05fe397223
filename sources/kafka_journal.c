#include "sources/kafka_journal.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"

enum {
    JOURNAL_VERSION = 2,
    TOPIC_BYTES_MAX = 249, /* Kafka's */
};

struct KafkaJournal {
    bool has_begun;
    KafkaPartition *partitions;
    int count, capacity;
    char **topics; /* names, each once */
    int topic_count;
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
    assert(kafka_journal_find(journal, topic, number) < 0);
    assert(*topic && strlen(topic) <= TOPIC_BYTES_MAX);
    journal->has_changes = true;
    return add_partition(journal, &(KafkaPartition) {.topic = topic,
                                                     .number = number,
                                                     .begin = begin,
                                                     .stop = stop,
                                                     .mark = {.offset = -1}});
}

void kafka_journal_end(KafkaJournal *journal, int index) {
    assert(!kafka_journal_at(journal, index)->is_ended);
    journal->partitions[index].is_ended = true;
    journal->has_changes = true;
}

void kafka_journal_mark(KafkaJournal *journal, int index, const KafkaMark *mark) {
    assert(!kafka_journal_at(journal, index)->is_ended);
    journal->partitions[index].mark = *mark;
    journal->has_changes = true;
}

/* version u8, count u32, partitions: topic (length u32, bytes), number i32, is_ended u8, begin i64,
 * stop i64, mark: offset i64, fingerprint u64. Little-endian. */
void kafka_journal_take(KafkaJournal *journal, StrBuf *out) {
    if (!journal->has_changes)
        return;
    strbuf_append_u8(out, JOURNAL_VERSION);
    codec_append_u32(out, (uint32_t) journal->count);
    for (int i = 0; i < journal->count; i++) {
        const KafkaPartition *partition = &journal->partitions[i];
        uint32_t length = (uint32_t) strlen(partition->topic);

        codec_append_u32(out, length);
        strbuf_append(out, partition->topic, length);
        codec_append_i32(out, partition->number);
        strbuf_append_u8(out, partition->is_ended);
        codec_append_i64(out, partition->begin);
        codec_append_i64(out, partition->stop);
        codec_append_i64(out, partition->mark.offset);
        codec_append_u64(out, partition->mark.fingerprint);
    }
    journal->has_changes = false;
}

/* -------- restore -------- */

/* The partition that had this index goes on to have it. */
static bool fits(const KafkaJournal *journal, int index, const KafkaPartition *partition) {
    return index >= journal->count ||
           (journal->partitions[index].number == partition->number &&
            strcmp(journal->partitions[index].topic, partition->topic) == 0);
}

static bool restore_partition(KafkaJournal *journal, int index, CodecReader *reader) {
    char topic[TOPIC_BYTES_MAX + 1];
    uint32_t length = codec_read_u32(reader);
    KafkaPartition partition = {.topic = topic};

    if (length == 0 || length > TOPIC_BYTES_MAX)
        return false;
    codec_read_into(reader, topic, length);
    topic[length] = '\0';
    partition.number = codec_read_i32(reader);
    partition.is_ended = codec_read_u8(reader);
    partition.begin = codec_read_i64(reader);
    partition.stop = codec_read_i64(reader);
    partition.mark.offset = codec_read_i64(reader);
    partition.mark.fingerprint = codec_read_u64(reader);
    if (reader->is_damaged || strlen(topic) != length || partition.number < 0 ||
        partition.begin < 0 || partition.stop < 0 || partition.mark.offset < -1 ||
        !fits(journal, index, &partition))
        return false;
    if (index == journal->count)
        (void) add_partition(journal, &partition);
    partition.topic = journal->partitions[index].topic;
    journal->partitions[index] = partition;
    return true;
}

/* At most one of the same topic and number has not ended. */
static bool is_sound(const KafkaJournal *journal) {
    for (int i = 0; i < journal->count; i++) {
        const KafkaPartition *partition = &journal->partitions[i];

        if (!partition->is_ended &&
            kafka_journal_find(journal, partition->topic, partition->number) != i)
            return false;
    }
    return true;
}

Status kafka_journal_restore(KafkaJournal *journal, const uint8_t *bytes, size_t size_bytes,
                             Error *err) {
    CodecReader reader = codec_reader(bytes, size_bytes);
    uint8_t version = codec_read_u8(&reader);
    uint32_t count = codec_read_u32(&reader);

    if (reader.is_damaged || version != JOURNAL_VERSION || count < (uint32_t) journal->count)
        return error_set(err, DATA_CORRUPTED, "kafka journal is damaged");
    journal->has_begun = true;
    for (uint32_t i = 0; i < count; i++)
        if (!restore_partition(journal, (int) i, &reader))
            return error_set(err, DATA_CORRUPTED, "kafka journal is damaged");
    if (!codec_is_read_whole(&reader) || !is_sound(journal))
        return error_set(err, DATA_CORRUPTED, "kafka journal is damaged");
    return STATUS_OK;
}
