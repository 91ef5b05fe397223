/* Kafka sink: a stream's rows as messages, exactly once or at least once.
 *
 * Exactly once: an epoch is one transaction, which holds its rows and its marker
 * (kafka_progress.h); decide() commits it. Two producers take turns, because the brokers finish a
 * transaction after its commit has returned, and a producer that begins the next one before waits
 * 20 ms. recover() fences whoever wrote before us *first* (init_transactions), then reads what is
 * committed: a marker that is not there then never will be. After an error of a producer the writer
 * is of no more use; the stream opens another, whose marker tells what came of the epoch.
 *
 * At least once: an idempotent producer; prepare() waits until all is on the brokers. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "kafka/admin.h"
#include "sinks/kafka_key.h"
#include "sinks/kafka_message.h"
#include "sinks/kafka_progress.h"
#include "sinks/sinks.h"
#include "store/crash.h"

enum {
    LANES = 2,
    TOPIC_NAME_MAX = 249, /* Kafka's */
    TOPICS_MAX = 10000,   /* of one writer */
    SLOTS_FIRST = 16,
    TRANSACTIONAL_ID_SIZE = 128,
    BUFFER_LEAST_BYTES = 1 << 16,
    BUFFER_MOST_BYTES = 1000000000, /* librdkafka's largest message */
};

/* A topic that rows went to. */
typedef struct TopicEntry {
    uint64_t hash;
    uint32_t length;
    char name[TOPIC_NAME_MAX + 1];
    KafkaTarget *targets[LANES];
} TopicEntry;

typedef struct TopicTable {
    TopicEntry **slots; /* open addressing; entries are in the writer's arena */
    uint32_t slot_count, count;
} TopicTable;

struct SinkWriter {
    Arena *arena;
    SinkEnvironment environment;
    KafkaEncoder *encoder;
    KafkaProgress *progress;         /* exactly once */
    KafkaProducer *producers[LANES]; /* at least once: the first */
    KafkaTarget *progress_targets[LANES];
    KafkaAdmin *admin; /* while topics are looked for */
    TopicTable topics;
    TopicEntry *topic; /* the option's; NULL: a column says */
    int lane;          /* of the epoch under way, or the last one */
    bool is_exact;
    bool is_begun; /* the epoch's transaction */
    int64_t row_count, byte_count;
};

/* clang-format off */
static const OptionSpec kafka_options[] = {
    KAFKA_CONNECTION_OPTIONS(kafka_sink_settings),
    {"topic", OPTION_TEXT, NULL, NULL,
     "where all rows go; default: each row's column \"topic\"", 0},
    {"topic_column", OPTION_TEXT, NULL, NULL, "the column that says a row's topic", 0},
    {"partition_column", OPTION_TEXT, NULL, NULL,
     "the column that says a row's partition; default: the key's hash", 0},
    {"key", OPTION_TEXT, NULL, NULL,
     "columns or expressions of the message's key; default in update mode: the query's key", 0},
    {"key_format", OPTION_CHOICE, "json|csv|text|raw", NULL,
     "default: text of one column, json of several", 0},
    {"key_in_value", OPTION_BOOL, NULL, "true", "the key's columns are in the value, too", 0},
    {"headers_column", OPTION_TEXT, NULL, NULL, "the column with a message's headers (jsonb)", 0},
    {"timestamp_column", OPTION_TEXT, NULL, NULL,
     "the column that says a message's time; default: now", 0},
    {"envelope", OPTION_CHOICE, "append|upsert|changelog", "append",
     "what a change of a row is", 0},
    {"delivery", OPTION_CHOICE, "exactly_once|at_least_once", "exactly_once",
     "with or without transactions", 0},
    {"create_topic", OPTION_BOOL, NULL, "false", "make topics that are missing", 0},
    {"partitions", OPTION_INT, NULL, NULL, "of topics that we make; default: the broker's", 0},
    {"replication", OPTION_INT, NULL, NULL, "of topics that we make; default: the broker's", 0},
    {"progress_topic", OPTION_TEXT, NULL, "_millrace_progress",
     "where exactly_once keeps what is committed; it is made when it is missing", 0},
    {"transaction_timeout", OPTION_DURATION, NULL, "5min",
     "the brokers abort a transaction that is open for longer", 0},
    {"delivery_timeout", OPTION_DURATION, NULL, "30s",
     "how long brokers may confirm nothing before the stream starts anew", 0},
    {"buffer", OPTION_SIZE, NULL, "32MB",
     "messages on their way at most; the largest message, too", 0},
    {0},
};
/* clang-format on */

/* -------- options -------- */

static bool is_exact(const OptionSet *options) {
    return option_text(options, "delivery")[0] == 'e';
}

static SinkGuarantee kafka_guarantee(const OptionSet *options) {
    return is_exact(options) ? SINK_TRANSACTIONAL : SINK_AT_LEAST_ONCE;
}

static unsigned kafka_capabilities(const OptionSet *options) {
    if (kafka_envelope(options) == KAFKA_ENVELOPE_APPEND)
        return SINK_TAKES_APPEND;
    return SINK_TAKES_APPEND | SINK_TAKES_UPDATE | SINK_PREFERS_UPSERT |
           (kafka_envelope(options) == KAFKA_ENVELOPE_CHANGELOG ? SINK_WANTS_BEFORE : 0);
}

static const char *kafka_mode_hint(const OptionSet *options, SinkMode refused) {
    return kafka_envelope(options) == KAFKA_ENVELOPE_APPEND
               ? "OUTPUT MODE UPDATE takes it, with a sink that has envelope = 'upsert' or "
                 "'changelog'."
               : NULL; /* the planner offers the statement in another mode */
}

static Status refuse_pair(const OptionSet *options, const char *name, const char *why, Error *err) {
    return error_at(err, option_find(options, name)->position, INVALID_PARAMETER,
                    "option \"%s\" has no use %s", name, why);
}

static Status kafka_check_options(const OptionSet *options, Error *err) {
    TRY(kafka_key_check_options(options, err));
    if (option_text(options, "topic") && option_text(options, "topic_column"))
        return refuse_pair(options, "topic_column", "with option \"topic\"", err);
    if (!option_number(options, "create_topic"))
        for (int i = 0; i < 2; i++) {
            const char *name = i ? "replication" : "partitions";

            if (option_is_set(options, name))
                return refuse_pair(options, name, "without create_topic = true", err);
        }
    TRY(option_check_bounds(options, "partitions", 1, 100000, "1 to 100000", err));
    TRY(option_check_bounds(options, "replication", 1, 100, "1 to 100", err));
    TRY(option_check_bounds(options, "transaction_timeout", 1000000, INT64_C(86400000000),
                            "1s to 24h", err));
    TRY(option_check_bounds(options, "delivery_timeout", 1000000, INT64_C(86400000000), "1s to 24h",
                            err));
    return option_check_bounds(options, "buffer", BUFFER_LEAST_BYTES, BUFFER_MOST_BYTES,
                               "64kB to 1000000000", err);
}

/* -------- topics -------- */

static int64_t number_or(const OptionSet *options, const char *name, int64_t otherwise) {
    return option_is_set(options, name) ? option_number(options, name) : otherwise;
}

/* There, or made if the options say so. */
static Status find_topic(KafkaAdmin *admin, const OptionSet *options, const char *name, bool makes,
                         Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka topic", 0);
    KafkaTopicList found = {0};
    KafkaNewTopic topic = {name, (int) number_or(options, "partitions", -1),
                           (int) number_or(options, "replication", -1), false};

    TRY(kafka_admin_topics(admin, &name, 1, arena, &found, err));
    if (found.items[0].partition_count > 0)
        return STATUS_OK;
    if (!option_number(options, "create_topic")) {
        IGNORE(error_set(err, UNDEFINED_TABLE, "there is no topic \"%s\" at %s", name,
                         option_text(options, "brokers"))); /* hinted */
        return error_hint(err, "Make it, or create the sink with create_topic = true.");
    }
    return makes ? kafka_admin_create_topic(admin, &topic, NULL, err) : STATUS_OK;
}

static Status kafka_check(const OptionSet *options, const char *server_id,
                          const volatile bool *cancel, Error *err) {
    CLEANUP(kafka_admin_closep) KafkaAdmin *admin = NULL;
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka check", 0);
    const char *topic = option_text(options, "topic");
    KafkaTopicList found = {0};

    TRY(kafka_admin_open(options, cancel, &admin, err));
    if (topic)
        return find_topic(admin, options, topic, false, err);
    topic = option_text(options, "progress_topic"); /* any question tells whether they are there */
    return kafka_admin_topics(admin, &topic, 1, arena, &found, err);
}

static Status kafka_check_columns(const SinkEnvironment *environment, Error *err) {
    CLEANUP(kafka_encoder_destroyp) KafkaEncoder *encoder = NULL;

    return kafka_encoder_create(environment, &encoder, err);
}

/* -------- topics of rows -------- */

static void grow_topics(TopicTable *topics, Arena *arena) {
    uint32_t count = topics->slot_count ? topics->slot_count * 2 : SLOTS_FIRST;
    TopicEntry **slots = arena_new_array(arena, TopicEntry *, count);

    for (uint32_t i = 0; i < topics->slot_count; i++) {
        TopicEntry *entry = topics->slots[i];
        uint32_t slot;

        if (!entry)
            continue;
        for (slot = (uint32_t) entry->hash & (count - 1); slots[slot];)
            slot = (slot + 1) & (count - 1);
        slots[slot] = entry;
    }
    topics->slots = slots;
    topics->slot_count = count;
}

static TopicEntry *find_entry(const TopicTable *topics, uint64_t hash, const char *name,
                              size_t length) {
    uint32_t mask = topics->slot_count - 1;

    for (uint32_t slot = (uint32_t) hash & mask; topics->slot_count && topics->slots[slot];
         slot = (slot + 1) & mask) {
        TopicEntry *entry = topics->slots[slot];

        if (entry->hash == hash && entry->length == length &&
            memcmp(entry->name, name, length) == 0)
            return entry;
    }
    return NULL;
}

static Status check_topic_name(const char *name, size_t length, Error *err) {
    if (length <= TOPIC_NAME_MAX && !memchr(name, '\0', length))
        return STATUS_OK;
    return error_set(err, INVALID_PARAMETER, "the name of a row's topic is too long: \"%.*s\"…", 40,
                     name);
}

/* Rows go there for the first time: is it there? */
static Status add_topic(SinkWriter *writer, uint64_t hash, const char *name, size_t length,
                        TopicEntry **ret_entry, Error *err) {
    TopicTable *topics = &writer->topics;
    TopicEntry *entry;
    uint32_t slot;

    TRY(check_topic_name(name, length, err));
    if (topics->count == TOPICS_MAX)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "the rows name more than %d topics",
                         TOPICS_MAX);
    entry = arena_new(writer->arena, TopicEntry);
    entry->hash = hash;
    entry->length = (uint32_t) length;
    memcpy(entry->name, name, length);
    if (!writer->admin)
        TRY(kafka_admin_open(writer->environment.options, writer->environment.cancel,
                             &writer->admin, err));
    TRY(find_topic(writer->admin, writer->environment.options, entry->name, true, err));
    if (topics->count * 2 >= topics->slot_count)
        grow_topics(topics, writer->arena);
    for (slot = (uint32_t) hash & (topics->slot_count - 1); topics->slots[slot];)
        slot = (slot + 1) & (topics->slot_count - 1);
    topics->slots[slot] = entry;
    topics->count++;
    *ret_entry = entry;
    return STATUS_OK;
}

static Status take_topic(SinkWriter *writer, const char *name, size_t length,
                         TopicEntry **ret_entry, Error *err) {
    uint64_t hash = hash_bytes(name, length);

    *ret_entry = find_entry(&writer->topics, hash, name, length);
    return *ret_entry ? STATUS_OK : add_topic(writer, hash, name, length, ret_entry, err);
}

/* Where the producer at work sends messages of that topic. */
static Status take_target(SinkWriter *writer, TopicEntry *topic, KafkaTarget **ret_target,
                          Error *err) {
    KafkaTarget **target = &topic->targets[writer->lane];

    if (!*target)
        TRY(kafka_producer_target(writer->producers[writer->lane], topic->name, target, err));
    *ret_target = *target;
    return STATUS_OK;
}

/* -------- life -------- */

static SinkWriter *kafka_close(SinkWriter *writer) {
    if (!writer)
        return NULL;
    for (int i = 0; i < LANES; i++)
        kafka_producer_close(writer->producers[i]);
    kafka_progress_close(writer->progress);
    kafka_admin_close(writer->admin);
    kafka_encoder_destroy(writer->encoder);
    arena_destroy(writer->arena);
    return NULL;
}

static Status kafka_open(const SinkEnvironment *environment, SinkWriter **ret_writer, Error *err) {
    Arena *arena = arena_create("kafka sink", 0);
    SinkWriter *writer = arena_new(arena, SinkWriter);

    writer->arena = arena;
    writer->environment = *environment;
    writer->is_exact = is_exact(environment->options);
    if (kafka_encoder_create(&writer->environment, &writer->encoder, err) != STATUS_OK) {
        kafka_close(writer);
        return STATUS_ERROR;
    }
    *ret_writer = writer;
    return STATUS_OK;
}

static Status open_producer(SinkWriter *writer, int lane, Error *err) {
    const OptionSet *options = writer->environment.options;
    char id[TRANSACTIONAL_ID_SIZE];
    KafkaProducerSpec spec = {
        .options = options,
        .transaction_timeout_us = option_number(options, "transaction_timeout"),
        .delivery_timeout_us = option_number(options, "delivery_timeout"),
        .buffer_bytes = option_number(options, "buffer"),
        .cancel = writer->environment.cancel,
    };

    if (writer->is_exact) {
        snprintf(id, sizeof(id), "millrace-%s-%d", kafka_progress_identity(writer->progress), lane);
        spec.transactional_id = id;
    }
    return kafka_producer_open(&spec, &writer->producers[lane], err);
}

/* -------- recovery -------- */

/* In both transactional ids, so that no predecessor's transaction stays open. */
static Status fence(SinkWriter *writer, Error *err) {
    const char *topic = option_text(writer->environment.options, "progress_topic");

    for (int i = 0; i < LANES; i++)
        TRY(open_producer(writer, i, err));
    for (int i = 0; i < LANES; i++) {
        TRY(kafka_producer_init_transactions(writer->producers[i], err));
        TRY(kafka_producer_target(writer->producers[i], topic, &writer->progress_targets[i], err));
    }
    return STATUS_OK;
}

/* Tell that the stream is ours from now on. */
static Status claim(SinkWriter *writer, Error *err) {
    KafkaProducer *producer = writer->producers[writer->lane];

    TRY(kafka_producer_begin(producer, err));
    TRY(kafka_progress_send_owner(writer->progress, producer,
                                  writer->progress_targets[writer->lane], err));
    TRY(kafka_producer_wait(producer, err));
    return kafka_producer_commit(producer, err);
}

static Status recover_exactly(SinkWriter *writer, Error *err) {
    TRY(kafka_progress_open(&writer->environment, &writer->progress, err));
    TRY(kafka_progress_read(writer->progress, false, err));
    TRY(kafka_progress_check_owner(writer->progress, err));
    TRY(fence(writer, err));
    crash_point(CRASH_SINK_FENCED);
    TRY(kafka_progress_read(writer->progress, true, err));
    return claim(writer, err);
}

static Status kafka_recover(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                            size_t receipt_size, Error *err) {
    const char *topic = option_text(writer->environment.options, "topic");

    if (topic)
        TRY(take_topic(writer, topic, strlen(topic), &writer->topic, err));
    writer->admin = kafka_admin_close(writer->admin);
    return writer->is_exact ? recover_exactly(writer, err) : open_producer(writer, 0, err);
}

static Status kafka_read_marker(SinkWriter *writer, StrBuf *header, Error *err) {
    const StrBuf *marker = kafka_progress_marker(writer->progress);

    strbuf_append(header, strbuf_text(marker), marker->length);
    return STATUS_OK;
}

/* -------- an epoch -------- */

static Status kafka_begin(SinkWriter *writer, int64_t epoch, Error *err) {
    if (writer->is_exact)
        writer->lane = (writer->lane + 1) % LANES;
    kafka_encoder_begin(writer->encoder);
    assert(!writer->is_begun);
    return STATUS_OK;
}

static Status begin_transaction(SinkWriter *writer, Error *err) {
    if (writer->is_begun || !writer->is_exact)
        return STATUS_OK;
    TRY(kafka_producer_begin(writer->producers[writer->lane], err));
    writer->is_begun = true;
    return STATUS_OK;
}

static Status send_row(SinkWriter *writer, const KafkaRow *row, Error *err) {
    TopicEntry *topic = writer->topic;
    KafkaOutgoing message = {
        .partition = row->partition,
        .key = row->key,
        .key_length = row->key_length,
        .value = row->value,
        .value_length = row->value_length,
        .timestamp_ms = row->timestamp_ms,
        .headers = row->headers,
        .header_count = row->header_count,
    };

    if (row->topic.length > 0)
        TRY(take_topic(writer, text_data(&row->topic), row->topic.length, &topic, err));
    TRY(take_target(writer, topic, &message.target, err));
    writer->row_count++;
    writer->byte_count += (int64_t) (row->key_length + row->value_length);
    return kafka_producer_send(writer->producers[writer->lane], &message, err);
}

static Status kafka_write(SinkWriter *writer, const Batch *batch, const ChangeOp *ops, Error *err) {
    TRY(begin_transaction(writer, err));
    TRY(kafka_encoder_batch(writer->encoder, batch, err));
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        KafkaRow row;

        TRY(kafka_encoder_row(writer->encoder, batch_active_row(batch, i),
                              ops ? ops[i] : CHANGE_INSERT, &row, err));
        if (row.is_message)
            TRY(send_row(writer, &row, err));
    }
    crash_point(CRASH_SINK_WROTE);
    return STATUS_OK;
}

/* Sent when the rows have arrived, the marker would need two more trips and librdkafka's timer,
 * until its partition has joined the transaction, too. */
static Status kafka_mark(SinkWriter *writer, const uint8_t *header, size_t header_size,
                         Error *err) {
    TRY(begin_transaction(writer, err));
    return kafka_progress_send_marker(writer->progress, writer->producers[writer->lane],
                                      writer->progress_targets[writer->lane], header, header_size,
                                      err);
}

static Status kafka_prepare(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err) {
    writer->admin = kafka_admin_close(writer->admin);
    return kafka_producer_wait(writer->producers[writer->lane], err);
}

static Status kafka_decide(SinkWriter *writer, int64_t epoch, Error *err) {
    crash_point(CRASH_SINK_MARKED);
    TRY(kafka_producer_commit(writer->producers[writer->lane], err));
    writer->is_begun = false;
    return STATUS_OK;
}

static Status kafka_publish(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                            size_t receipt_size, Error *err) {
    return STATUS_OK;
}

static Status kafka_abort(SinkWriter *writer, Error *err) {
    if (writer->is_exact && !writer->is_begun)
        return STATUS_OK;
    writer->is_begun = false;
    return kafka_producer_abort(writer->producers[writer->lane], err);
}

static void kafka_totals(SinkWriter *writer, int64_t *ret_rows, int64_t *ret_bytes) {
    *ret_rows = writer->row_count;
    *ret_bytes = writer->byte_count;
}

const SinkType sink_kafka = {
    .name = "kafka",
    .options = kafka_options,
    .guarantee = SINK_TRANSACTIONAL,
    .guarantee_of = kafka_guarantee,
    .capabilities = SINK_TAKES_APPEND,
    .capabilities_of = kafka_capabilities,
    .mode_hint = kafka_mode_hint,
    .needs_format = true,
    .check_options = kafka_check_options,
    .check = kafka_check,
    .check_columns = kafka_check_columns,
    .open = kafka_open,
    .recover = kafka_recover,
    .begin = kafka_begin,
    .write = kafka_write,
    .mark = kafka_mark,
    .prepare = kafka_prepare,
    .decide = kafka_decide,
    .read_marker = kafka_read_marker,
    .publish = kafka_publish,
    .abort = kafka_abort,
    .close = kafka_close,
    .totals = kafka_totals,
};
