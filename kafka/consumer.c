/* Kafka consumer: librdkafka's legacy ("simple") consumer, all partitions forwarded to one queue.
 *
 * The simple consumer needs no group: no coordinator is looked for, no __consumer_offsets is made.
 * What is fetched ahead is bounded by number and bytes (the limits count the common queue), and by
 * one answer of a broker beyond that. Above the limit a broker's thread sleeps for up to a second
 * whatever we take meanwhile; so it is woken after each half of the limit that was taken.
 *
 * librdkafka 2.0 knows topics by name only, and hides that a broker did not have a partition for a
 * while. But it asks where the partition is then, before it fetches on: in that answer, in the one
 * that follows each new connection, and in any time without a question for records lies the doubt
 * whether this is still the same topic. */
#include "kafka/consumer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "kafka/client.h"
#include "types/json.h"
#include "types/text_types.h"

enum {
    BATCH_MESSAGES = 1024,
    QUEUE_MESSAGES = 20000, /* fetched ahead: each costs about 400 bytes beside its own */
    QUEUE_KILOBYTES = 8192,
    HURRY_MESSAGES = QUEUE_MESSAGES / 4,
    HURRY_BYTES = QUEUE_KILOBYTES * 1024 / 4,
    PROBE_MS = 1,
    API_FETCH = 1,    /* Kafka's numbers of questions: for records, */
    API_METADATA = 3, /* and where partitions are */
    BROKERS = 64,
    UNWATCHED_US = 200000, /* without a question for records: who knows what happened */
    DOUBT_PAUSE_US = 1000000,
    DOUBT_PAUSE_US_MAX = 60000000,
};

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

/* One topic; places by partition number. */
typedef struct ConsumerTopic {
    char *name;
    rd_kafka_topic_t *handle;
    int *places; /* -1: not started */
    int32_t count;
    int32_t known_count; /* partitions that librdkafka has been told of, or asked about */
} ConsumerTopic;

struct KafkaConsumer {
    KafkaClient *client;
    rd_kafka_queue_t *queue;
    int wake_fd;
    ConsumerTopic **topics; /* pointers are stable: librdkafka keeps them */
    int topic_count;
    rd_kafka_message_t *batch[BATCH_MESSAGES];
    int batch_count;
    int64_t taken_messages, taken_bytes; /* since the brokers' threads were woken */
    int64_t fetch_wait_us;
    _Atomic bool has_doubt;              /* this and what follows: by librdkafka's threads */
    _Atomic int64_t stepped_us[BROKERS]; /* a broker was last asked for records, or answered */
    _Atomic int64_t doubted_us, doubt_pause_us; /* of unwatched times */
    Error refusal;
};

/* -------- opening -------- */

static Status configure(KafkaClient *client, KafkaReading reading, Error *err) {
    static const char *const defaults[][2] = {
        {"fetch.min.bytes", "1"},
        {"fetch.error.backoff.ms", "100"},
        {"topic.metadata.refresh.fast.interval.ms", "10"}, /* below the backoff: see the head */
        {"fetch.message.max.bytes", "1048576"},
        {"fetch.max.bytes", "4194304"}, /* a larger message still comes, alone */
        {"queued.min.messages", "20000"},
        {"queued.max.messages.kbytes", "8192"},
        {"socket.nagle.disable", "true"},
        {"reconnect.backoff.max.ms", "1000"},
    };

    _Static_assert(QUEUE_MESSAGES == 20000 && QUEUE_KILOBYTES == 8192, "as in the table");
    for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++)
        TRY(kafka_client_set_default(client, defaults[i][0], defaults[i][1], err));
    /* The end of a partition, and a partition that joins, wait for the fetch that is under way. */
    TRY(kafka_client_set_default(client, "fetch.wait.max.ms", reading.is_bounded ? "10" : "500",
                                 err));
    TRY(kafka_client_set(client, "isolation.level",
                         reading.is_read_committed ? "read_committed" : "read_uncommitted", err));
    TRY(kafka_client_set(client, "enable.partition.eof", "true", err));
    TRY(kafka_client_set(client, "enable.auto.commit", "false", err));
    TRY(kafka_client_set(client, "enable.auto.offset.store", "false", err));
    return kafka_client_set(client, "allow.auto.create.topics", "false", err);
}

static int64_t now_us(void) {
    return context_real.monotonic_ns(&context_real) / 1000;
}

static void raise_doubt(KafkaConsumer *consumer) {
    static const uint64_t one = 1;
    ssize_t written;

    atomic_store_explicit(&consumer->has_doubt, true, memory_order_release);
    written = write(consumer->wake_fd, &one, sizeof(one));
    (void) written; /* full: it is awake */
}

/* Nobody watched for a while. Where that is the rule (a slow broker, long epochs) it may not hold
 * up everything: the rarer the more often it is. */
static void raise_rare_doubt(KafkaConsumer *consumer, int64_t now) {
    int64_t pause_us = atomic_load_explicit(&consumer->doubt_pause_us, memory_order_relaxed);
    int64_t since_us = now - atomic_load_explicit(&consumer->doubted_us, memory_order_relaxed);

    if (since_us < pause_us)
        return;
    pause_us = since_us > 4 * pause_us             ? DOUBT_PAUSE_US
               : 2 * pause_us < DOUBT_PAUSE_US_MAX ? 2 * pause_us
                                                   : DOUBT_PAUSE_US_MAX;
    atomic_store_explicit(&consumer->doubt_pause_us, pause_us, memory_order_relaxed);
    atomic_store_explicit(&consumer->doubted_us, now, memory_order_relaxed);
    raise_doubt(consumer);
}

/* A broker was asked for records, or has answered: how long is it since the step before? */
static void watch(KafkaConsumer *consumer, int32_t broker_id, bool is_answer) {
    /* Two that meet in one place only make for less doubt. */
    _Atomic int64_t *stepped_us = &consumer->stepped_us[broker_id % BROKERS];
    int64_t before_us = atomic_load_explicit(stepped_us, memory_order_relaxed);
    int64_t now = now_us();

    if (before_us > 0 && now - before_us > UNWATCHED_US + (is_answer ? consumer->fetch_wait_us : 0))
        raise_rare_doubt(consumer, now);
    atomic_store_explicit(stepped_us, now, memory_order_relaxed);
}

/* A broker's thread calls. */
static rd_kafka_resp_err_t on_request(rd_kafka_t *handle, int socket, const char *broker,
                                      int32_t broker_id, int16_t question, int16_t version,
                                      int32_t number, size_t size_bytes, void *opaque) {
    if (question == API_FETCH && broker_id >= 0)
        watch(opaque, broker_id, false);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A broker's thread calls, before it looks into the answer. */
static rd_kafka_resp_err_t on_response(rd_kafka_t *handle, int socket, const char *broker,
                                       int32_t broker_id, int16_t question, int16_t version,
                                       int32_t number, size_t size_bytes, int64_t took_us,
                                       rd_kafka_resp_err_t code, void *opaque) {
    if (question == API_METADATA && !code)
        raise_doubt(opaque);
    else if (question == API_FETCH && !code && broker_id >= 0)
        watch(opaque, broker_id, true);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *handle, const rd_kafka_conf_t *conf, void *opaque,
                                  char *reason, size_t size) {
    rd_kafka_resp_err_t code =
        rd_kafka_interceptor_add_on_request_sent(handle, "millrace", on_request, opaque);

    return code ? code
                : rd_kafka_interceptor_add_on_response_received(handle, "millrace", on_response,
                                                                opaque);
}

static void watch_answers(KafkaConsumer *consumer) {
    rd_kafka_conf_t *conf = consumer->client->conf;
    char wait_ms[32] = "0";
    size_t size = sizeof(wait_ms);

    (void) rd_kafka_conf_get(conf, "fetch.wait.max.ms", wait_ms, &size); /* it has that */
    consumer->fetch_wait_us = strtoll(wait_ms, NULL, 10) * 1000;
    rd_kafka_conf_interceptor_add_on_new(conf, "millrace", on_new, consumer);
}

Status kafka_consumer_open(const OptionSet *options, KafkaReading reading,
                           KafkaConsumer **ret_consumer, Error *err) {
    CLEANUP(kafka_consumer_closep) KafkaConsumer *consumer = memory_zalloc(sizeof(*consumer));
    static const uint64_t one = 1;
    rd_kafka_queue_t *faults;

    consumer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (consumer->wake_fd < 0)
        return error_errno(err, errno, "could not make an event descriptor");
    TRY(kafka_client_create(options, KAFKA_CONSUMER, &consumer->client, err));
    TRY(configure(consumer->client, reading, err));
    memory_keep_freed(); /* librdkafka takes new memory for each answer, some megabytes */
    watch_answers(consumer);
    TRY(kafka_client_start(consumer->client, err));
    consumer->queue = rd_kafka_queue_new(consumer->client->handle);
    rd_kafka_queue_io_event_enable(consumer->queue, consumer->wake_fd, &one, sizeof(one));
    faults = rd_kafka_queue_get_main(consumer->client->handle);
    rd_kafka_queue_io_event_enable(faults, consumer->wake_fd, &one, sizeof(one));
    rd_kafka_queue_destroy(faults);
    *ret_consumer = TAKE(consumer);
    return STATUS_OK;
}

static void stop_topic(ConsumerTopic *topic) {
    for (int32_t i = 0; i < topic->count; i++)
        if (topic->places[i] >= 0)
            (void) rd_kafka_consume_stop(topic->handle, i);
    rd_kafka_topic_destroy(topic->handle);
    memory_free(topic->places);
    memory_free(topic->name);
    memory_free(topic);
}

KafkaConsumer *kafka_consumer_close(KafkaConsumer *consumer) {
    if (!consumer)
        return NULL;
    kafka_consumer_release(consumer);
    for (int i = 0; i < consumer->topic_count; i++)
        stop_topic(consumer->topics[i]);
    memory_free(consumer->topics);
    if (consumer->queue)
        rd_kafka_queue_destroy(consumer->queue);
    consumer->client = kafka_client_destroy(consumer->client);
    if (consumer->wake_fd >= 0)
        close(consumer->wake_fd); /* after librdkafka, which writes to it */
    memory_free(consumer);
    return NULL;
}

/* -------- assignment -------- */

static ConsumerTopic *find_topic(const KafkaConsumer *consumer, const char *name) {
    for (int i = 0; i < consumer->topic_count; i++)
        if (strcmp(consumer->topics[i]->name, name) == 0)
            return consumer->topics[i];
    return NULL;
}

static ConsumerTopic *add_topic(KafkaConsumer *consumer, const char *name) {
    ConsumerTopic *topic = memory_zalloc(sizeof(*topic));
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    char reason[256];

    topic->name = memory_strdup(name);
    rd_kafka_topic_conf_set_opaque(conf, topic);
    /* Ours to decide what happens; neither name can be refused. */
    (void) rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", reason, sizeof(reason));
    (void) rd_kafka_topic_conf_set(conf, "auto.commit.enable", "false", reason, sizeof(reason));
    topic->handle = rd_kafka_topic_new(consumer->client->handle, name, conf);
    if (!topic->handle) {
        rd_kafka_topic_conf_destroy(conf);
        memory_free(topic->name);
        memory_free(topic);
        return NULL;
    }
    consumer->topics = memory_realloc(consumer->topics, sizeof(*consumer->topics) *
                                                            (size_t) (consumer->topic_count + 1));
    consumer->topics[consumer->topic_count++] = topic;
    return topic;
}

static void grow_places(ConsumerTopic *topic, int32_t partition) {
    if (partition < topic->count)
        return;
    topic->places = memory_realloc(topic->places, sizeof(int) * (size_t) (partition + 1));
    for (int32_t i = topic->count; i <= partition; i++)
        topic->places[i] = -1;
    topic->count = partition + 1;
}

/* On a connection that is there already, librdkafka asks about a new topic a second later, and
 * about new partitions of a known one after minutes. Its question is ours to send; the answer need
 * not be waited for. */
static void learn_partition(KafkaConsumer *consumer, ConsumerTopic *topic, int32_t partition) {
    const struct rd_kafka_metadata *metadata;

    if (partition < topic->known_count)
        return;
    topic->known_count = partition + 1;
    if (rd_kafka_metadata(consumer->client->handle, 0, topic->handle, &metadata, PROBE_MS))
        return;
    if (metadata->topic_cnt == 1 && metadata->topics[0].partition_cnt > topic->known_count)
        topic->known_count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
}

Status kafka_consumer_start(KafkaConsumer *consumer, const char *name, int32_t partition,
                            int64_t offset, int place, Error *err) {
    ConsumerTopic *topic = find_topic(consumer, name);
    char what[320];

    assert(consumer->batch_count == 0);
    snprintf(what, sizeof(what), "could not read topic \"%s\", partition %" PRId32, name,
             partition);
    kafka_consumer_stop(consumer, name, partition);
    if (!topic)
        topic = add_topic(consumer, name);
    if (!topic)
        return kafka_client_error(consumer->client, rd_kafka_last_error(), what, err);
    grow_places(topic, partition);
    if (rd_kafka_consume_start_queue(topic->handle, partition, offset, consumer->queue))
        return kafka_client_error(consumer->client, rd_kafka_last_error(), what, err);
    topic->places[partition] = place;
    learn_partition(consumer, topic, partition);
    return STATUS_OK;
}

void kafka_consumer_stop(KafkaConsumer *consumer, const char *name, int32_t partition) {
    ConsumerTopic *topic = find_topic(consumer, name);

    assert(consumer->batch_count == 0);
    if (!topic || partition >= topic->count || topic->places[partition] < 0)
        return;
    (void) rd_kafka_consume_stop(topic->handle, partition); /* it was started */
    topic->places[partition] = -1;
}

/* -------- taking -------- */

/* librdkafka has no call for "look again", but new credentials make every broker's thread do so: we
 * give it the ones that it has. */
static void hurry(KafkaConsumer *consumer) {
    consumer->taken_messages = consumer->taken_bytes = 0;
    kafka_client_renew_credentials(consumer->client);
}

static KafkaMessageKind kind_of(KafkaConsumer *consumer, const rd_kafka_message_t *message) {
    char what[320];

    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return KAFKA_RECORD;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        return KAFKA_END;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return KAFKA_OUT_OF_RANGE;
    default:
        snprintf(what, sizeof(what), "could not read topic \"%s\", partition %" PRId32,
                 message->rkt ? rd_kafka_topic_name(message->rkt) : "", message->partition);
        IGNORE(kafka_client_error(consumer->client, message->err, what, &consumer->refusal));
        return KAFKA_REFUSED; /* the caller asks for it */
    }
}

/* False: of a partition that is not wanted any more, or no news of a partition. */
static bool describe(KafkaConsumer *consumer, rd_kafka_message_t *message, KafkaMessage *ret) {
    const ConsumerTopic *topic = message->rkt ? rd_kafka_topic_opaque(message->rkt) : NULL;

    if (!topic || message->partition < 0 || message->partition >= topic->count ||
        topic->places[message->partition] < 0)
        return false;
    *ret = (KafkaMessage) {
        .kind = message->err ? kind_of(consumer, message) : KAFKA_RECORD,
        .place = topic->places[message->partition],
        .offset = message->offset,
        .value = message->payload,
        .value_length = message->len,
        .key = message->key,
        .key_length = message->key_len,
        .foreign = message,
    };
    return true;
}

int kafka_consumer_take(KafkaConsumer *consumer, KafkaMessage *messages, int max) {
    int count = 0;
    ssize_t taken;

    assert(consumer->batch_count == 0);
    taken = rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->batch,
                                         (size_t) (max < BATCH_MESSAGES ? max : BATCH_MESSAGES));
    consumer->batch_count = taken > 0 ? (int) taken : 0;
    for (int i = 0; i < consumer->batch_count; i++) {
        consumer->taken_bytes += (int64_t) consumer->batch[i]->len;
        count += describe(consumer, consumer->batch[i], &messages[count]);
    }
    consumer->taken_messages += consumer->batch_count;
    if (consumer->taken_messages >= HURRY_MESSAGES || consumer->taken_bytes >= HURRY_BYTES)
        hurry(consumer);
    if (consumer->batch_count == 0) {
        kafka_client_poll(consumer->client);
        return -1;
    }
    kafka_client_clear_fault(consumer->client);
    return count;
}

void kafka_consumer_release(KafkaConsumer *consumer) {
    for (int i = 0; i < consumer->batch_count; i++)
        rd_kafka_message_destroy(consumer->batch[i]);
    consumer->batch_count = 0;
}

uint64_t kafka_consumer_fingerprint(const KafkaMessage *message) {
    bool is_append;
    uint64_t hash = (uint64_t) kafka_consumer_timestamp(message, &is_append);

    /* None is another than an empty one. */
    hash = hash_combine(hash, message->key ? message->key_length + 1 : 0);
    if (message->key_length)
        hash = hash_combine(hash, hash_bytes(message->key, message->key_length));
    hash = hash_combine(hash, message->value ? message->value_length + 1 : 0);
    if (message->value_length)
        hash = hash_combine(hash, hash_bytes(message->value, message->value_length));
    return hash;
}

bool kafka_consumer_has_doubt(KafkaConsumer *consumer) {
    return atomic_load_explicit(&consumer->has_doubt, memory_order_acquire) &&
           atomic_exchange_explicit(&consumer->has_doubt, false, memory_order_acq_rel);
}

void kafka_consumer_find_again(KafkaConsumer *consumer, const char *name) {
    ConsumerTopic *topic = find_topic(consumer, name);

    /* The answer, when it has come, has told of all partitions. */
    if (!topic || atomic_load_explicit(&consumer->has_doubt, memory_order_relaxed))
        return;
    topic->known_count = 0;
    learn_partition(consumer, topic, 0);
}

int64_t kafka_consumer_timestamp(const KafkaMessage *message, bool *ret_is_append) {
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message->foreign, &type);

    *ret_is_append = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms;
}

static void append_header_value(const char *value, size_t length, StrBuf *out) {
    StrBuf hex = {0};

    if (!value) {
        strbuf_append_text(out, "null");
    } else if (utf8_is_valid(value, value + length) && !memchr(value, '\0', length)) {
        json_append_string(value, length, out);
    } else {
        TextView bytes = text_view(value, (uint32_t) length);

        bytea_append_text(&bytes, true, &hex);
        json_append_string(strbuf_text(&hex), hex.length, out);
        strbuf_done(&hex);
    }
}

bool kafka_consumer_append_headers(const KafkaMessage *message, StrBuf *out) {
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t length;

    if (rd_kafka_message_headers(message->foreign, &headers))
        return false;
    strbuf_append_char(out, '[');
    for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &length); i++) {
        strbuf_append_text(out, i ? ",{\"key\":" : "{\"key\":");
        append_header_value(name, strlen(name), out);
        strbuf_append_text(out, ",\"value\":");
        append_header_value(value, length, out);
        strbuf_append_char(out, '}');
    }
    strbuf_append_char(out, ']');
    return true;
}

/* -------- waking, state -------- */

int kafka_consumer_wake_fd(KafkaConsumer *consumer) {
    return consumer->wake_fd;
}

void kafka_consumer_clear_wake(KafkaConsumer *consumer) {
    uint64_t count;
    ssize_t size = read(consumer->wake_fd, &count, sizeof(count));

    (void) size; /* nothing was there: fine */
}

int64_t kafka_consumer_known_end(KafkaConsumer *consumer, const char *topic, int32_t partition) {
    int64_t low, high;

    /* Asked for a topic that it does not know, librdkafka would make one without our settings. */
    if (!find_topic(consumer, topic))
        return -1;
    if (rd_kafka_get_watermark_offsets(consumer->client->handle, topic, partition, &low, &high))
        return -1;
    return high >= 0 ? high : -1;
}

bool kafka_consumer_trouble(KafkaConsumer *consumer, Error *ret_error) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;

    if (!kafka_client_are_all_down(consumer->client) || consumer->topic_count == 0)
        return false;
    /* Nobody tells when a connection is there again. Without one this is refused at once; with one
     * the answer need not be waited for. */
    code = rd_kafka_metadata(consumer->client->handle, 0, consumer->topics[0]->handle, &metadata,
                             PROBE_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    if (code != RD_KAFKA_RESP_ERR__TRANSPORT) {
        kafka_client_clear_fault(consumer->client);
        return false;
    }
    IGNORE(kafka_client_error(consumer->client, code, "could not read from Kafka", ret_error));
    return true;
}

void kafka_consumer_refusal(KafkaConsumer *consumer, Error *ret_error) {
    *ret_error = consumer->refusal;
}
