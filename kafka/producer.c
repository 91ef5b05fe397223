/* Kafka producer: sending within bounds, delivery reports, transactions.
 *
 * rd_kafka_flush() steps in 10 ms, so reports are counted instead: a callback in our own thread's
 * polls. A transaction call of librdkafka's that times out goes on by itself and is called again
 * until it has an outcome or our patience ends: delivery_timeout without progress, or
 * connect_timeout when every broker is away. */
#include "kafka/producer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/flag.h"
#include "base/memory.h"
#include "kafka/client.h"

enum {
    POLL_MS = 100,      /* at most between two looks at `cancel` */
    STEP_MS = 500,      /* of one call of the transaction interface */
    SERVE_EVERY = 1024, /* messages sent between two looks for reports */
    ABORT_MS = 2000,
    ABANDON_MS = 1000,
    CANCEL_GRACE_MS = 2000,
    NAME_SIZE = 256,
    MESSAGE_PARTS_MAX = 8,
};

struct KafkaTarget {
    KafkaTarget *next;
    rd_kafka_topic_t *topic;
};

/* The first message that was not delivered. */
typedef struct Failure {
    rd_kafka_resp_err_t code;
    char topic[NAME_SIZE];
    int32_t partition;
    size_t size_bytes;
} Failure;

struct KafkaProducer {
    KafkaClient *client;
    KafkaProducerSpec spec; /* options are not borrowed beyond open() */
    KafkaTarget *targets;
    int64_t pending;     /* sent, not reported */
    int64_t unserved;    /* sent since the last look for reports */
    int64_t progress_ns; /* when something was confirmed last, or began to be waited for */
    Failure failure;
    bool is_transactional, is_open, is_lost; /* is_open: a transaction */
};

static int64_t now_ns(void) {
    return context_real.monotonic_ns(&context_real);
}

/* -------- life -------- */

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
    KafkaClient *client = opaque;
    KafkaProducer *producer = client->owner;

    producer->pending--;
    if (message->err && !producer->failure.code) {
        producer->failure.code = message->err;
        producer->failure.partition = message->partition;
        producer->failure.size_bytes = message->len + message->key_len;
        snprintf(producer->failure.topic, sizeof(producer->failure.topic), "%s",
                 rd_kafka_topic_name(message->rkt));
    }
}

static Status set_number(KafkaClient *client, const char *name, int64_t number, Error *err) {
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, number);
    return kafka_client_set(client, name, text, err);
}

static Status set_transactions(KafkaClient *client, const KafkaProducerSpec *spec, Error *err) {
    if (!spec->transactional_id)
        return STATUS_OK;
    TRY(kafka_client_set(client, "transactional.id", spec->transactional_id, err));
    return set_number(client, "transaction.timeout.ms", spec->transaction_timeout_us / 1000, err);
}

static Status configure(KafkaClient *client, const KafkaProducerSpec *spec, Error *err) {
    char text[24];

    TRY(kafka_client_set(client, "enable.idempotence", "true", err));
    TRY(kafka_client_set(client, "allow.auto.create.topics", "false", err));
    TRY(set_number(client, "queue.buffering.max.kbytes", (spec->buffer_bytes + 1023) / 1024, err));
    TRY(kafka_client_set(client, "queue.buffering.max.messages", "100000", err));
    /* The broker says what is too large; here only what the buffer can't hold is. */
    snprintf(text, sizeof(text), "%" PRId64, spec->buffer_bytes);
    TRY(kafka_client_set_default(client, "message.max.bytes", text, err));
    TRY(kafka_client_set_default(client, "linger.ms", "0", err)); /* an epoch waits for them */
    TRY(kafka_client_set_default(client, "partitioner", "murmur2_random", err)); /* as Java's */
    TRY(set_transactions(client, spec, err));
    rd_kafka_conf_set_dr_msg_cb(client->conf, on_delivery);
    return STATUS_OK;
}

Status kafka_producer_open(const KafkaProducerSpec *spec, KafkaProducer **ret_producer,
                           Error *err) {
    CLEANUP(kafka_producer_closep) KafkaProducer *producer = memory_zalloc(sizeof(*producer));

    producer->spec = *spec;
    producer->spec.options = NULL;
    producer->spec.transactional_id = NULL;
    producer->is_transactional = spec->transactional_id != NULL;
    TRY(kafka_client_create(spec->options, KAFKA_PRODUCER, &producer->client, err));
    producer->client->owner = producer;
    TRY(configure(producer->client, spec, err));
    TRY(kafka_client_start(producer->client, err));
    *ret_producer = TAKE(producer);
    return STATUS_OK;
}

/* A transaction left open holds up who reads the progress topic until transaction_timeout: a stream
 * that failed, and won't fence it soon, ends it as well as it can. Of one whose commit has begun
 * librdkafka refuses this at once; the marker tells what came of it. */
static void abandon_transaction(KafkaProducer *producer) {
    if (producer->is_open && !kafka_client_are_all_down(producer->client))
        rd_kafka_error_destroy(rd_kafka_abort_transaction(producer->client->handle, ABANDON_MS));
}

KafkaProducer *kafka_producer_close(KafkaProducer *producer) {
    if (!producer)
        return NULL;
    if (producer->client && producer->client->handle) {
        abandon_transaction(producer);
        rd_kafka_purge(producer->client->handle,
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        kafka_client_poll(producer->client);
    }
    while (producer->targets) {
        KafkaTarget *target = producer->targets;

        producer->targets = target->next;
        rd_kafka_topic_destroy(target->topic);
        memory_free(target);
    }
    kafka_client_destroy(producer->client);
    memory_free(producer);
    return NULL;
}

bool kafka_producer_is_lost(const KafkaProducer *producer) {
    return producer->is_lost;
}

/* -------- errors -------- */

static bool is_fence(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
}

/* The producer is lost, and why. */
static Status lose(KafkaProducer *producer, rd_kafka_resp_err_t code, const char *what,
                   Error *err) {
    char reason[512] = "";
    rd_kafka_resp_err_t fatal =
        rd_kafka_fatal_error(producer->client->handle, reason, sizeof(reason));

    producer->is_lost = true;
    if (fatal)
        code = fatal;
    if (is_fence(code))
        return error_set(err, CONNECTION_FAILURE,
                         "%s: a newer producer took this one's place, or its transaction was open "
                         "for longer than transaction_timeout",
                         what);
    if (fatal)
        return kafka_error(err, fatal, reason, what);
    return kafka_client_error(producer->client, code, what, err);
}

/* As lose(), from what a transaction call returned; frees it. */
static Status lose_by(KafkaProducer *producer, rd_kafka_error_t *error, const char *what,
                      Error *err) {
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    char text[512];

    snprintf(text, sizeof(text), "%s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    IGNORE(lose(producer, code, what, err)); /* as below */
    if (!err->detail[0] && !strstr(err->message, text))
        return error_detail(err, "%s", text);
    return STATUS_ERROR;
}

static Status too_large(const char *topic, size_t size_bytes, Error *err) {
    IGNORE(error_set(err, PROGRAM_LIMIT_EXCEEDED,
                     "a row is too large for topic \"%s\": %zu bytes with its key", topic,
                     size_bytes)); /* hinted */
    return error_hint(err, "The sink's option buffer, rdkafka.message.max.bytes and the topic's "
                           "max.message.bytes limit it.");
}

static Status no_partition(const char *topic, int32_t partition, Error *err) {
    return error_set(err, INVALID_PARAMETER, "topic \"%s\" has no partition %" PRId32, topic,
                     partition);
}

/* A message was not delivered. */
static Status fail_delivery(KafkaProducer *producer, Error *err) {
    const Failure *failure = &producer->failure;
    char what[NAME_SIZE + 64];

    producer->is_lost = true;
    if (failure->code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return too_large(failure->topic, failure->size_bytes, err);
    if (failure->code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && failure->partition >= 0)
        return no_partition(failure->topic, failure->partition, err);
    snprintf(what, sizeof(what), "could not write to topic \"%s\"", failure->topic);
    return lose(producer, failure->code, what, err);
}

/* -------- waiting -------- */

/* How long nothing may come back. */
static int64_t patience_ns(KafkaProducer *producer) {
    if (kafka_client_are_all_down(producer->client) &&
        producer->client->timeout_us < producer->spec.delivery_timeout_us)
        return producer->client->timeout_us * 1000;
    return producer->spec.delivery_timeout_us * 1000;
}

static void begin_waiting(KafkaProducer *producer) {
    producer->progress_ns = now_ns();
}

/* Serve reports, waiting for the first at most POLL_MS. */
static Status serve(KafkaProducer *producer, Error *err) {
    int64_t before = producer->pending;

    rd_kafka_poll(producer->client->handle, POLL_MS);
    if (producer->failure.code)
        return fail_delivery(producer, err);
    if (producer->pending < before)
        producer->progress_ns = now_ns();
    else if (flag_is_set(producer->spec.cancel))
        return error_canceled(err);
    else if (now_ns() - producer->progress_ns > patience_ns(producer))
        return lose(producer, RD_KAFKA_RESP_ERR__TIMED_OUT, "could not write", err);
    return STATUS_OK;
}

Status kafka_producer_wait(KafkaProducer *producer, Error *err) {
    if (producer->failure.code)
        return fail_delivery(producer, err);
    if (producer->pending == 0)
        return STATUS_OK;
    begin_waiting(producer);
    while (producer->pending > 0)
        TRY(serve(producer, err));
    kafka_client_clear_fault(producer->client);
    return STATUS_OK;
}

/* -------- sending -------- */

Status kafka_producer_target(KafkaProducer *producer, const char *topic, KafkaTarget **ret_target,
                             Error *err) {
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client->handle, topic, NULL);
    KafkaTarget *target;
    char what[NAME_SIZE + 64];

    if (!handle) {
        snprintf(what, sizeof(what), "could not write to topic \"%.255s\"", topic);
        return kafka_client_error(producer->client, rd_kafka_last_error(), what, err);
    }
    target = memory_zalloc(sizeof(*target));
    target->topic = handle;
    target->next = producer->targets;
    producer->targets = target;
    *ret_target = target;
    return STATUS_OK;
}

static rd_kafka_headers_t *make_headers(const KafkaOutgoing *message) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);

    for (uint32_t i = 0; i < message->header_count; i++) {
        const KafkaHeader *header = &message->headers[i];

        rd_kafka_header_add(headers, header->name, (ssize_t) header->name_length, header->value,
                            (ssize_t) header->value_length);
    }
    return headers;
}

/* With a timestamp or headers, which the plain call doesn't take. */
static rd_kafka_resp_err_t produce_in_full(KafkaProducer *producer, const KafkaOutgoing *message) {
    rd_kafka_headers_t *headers = message->header_count ? make_headers(message) : NULL;
    rd_kafka_vu_t parts[MESSAGE_PARTS_MAX];
    size_t count = 0;
    rd_kafka_error_t *error;
    rd_kafka_resp_err_t code;

    parts[count].vtype = RD_KAFKA_VTYPE_RKT;
    parts[count++].u.rkt = message->target->topic;
    parts[count].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[count++].u.i32 = message->partition;
    parts[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[count++].u.i = RD_KAFKA_MSG_F_COPY;
    parts[count].vtype = RD_KAFKA_VTYPE_KEY;
    parts[count].u.mem.ptr = (void *) (uintptr_t) message->key; /* copied */
    parts[count++].u.mem.size = message->key_length;
    parts[count].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[count].u.mem.ptr = (void *) (uintptr_t) message->value; /* copied */
    parts[count++].u.mem.size = message->value_length;
    if (message->timestamp_ms) {
        parts[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
        parts[count++].u.i64 = message->timestamp_ms;
    }
    if (headers) {
        parts[count].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[count++].u.headers = headers;
    }
    error = rd_kafka_produceva(producer->client->handle, parts, count);
    if (!error)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (headers)
        rd_kafka_headers_destroy(headers); /* still ours */
    return code;
}

static rd_kafka_resp_err_t produce(KafkaProducer *producer, const KafkaOutgoing *message) {
    if (message->timestamp_ms || message->header_count)
        return produce_in_full(producer, message);
    if (rd_kafka_produce(message->target->topic, message->partition, RD_KAFKA_MSG_F_COPY,
                         (void *) (uintptr_t) message->value, message->value_length, message->key,
                         message->key_length, NULL) == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

static Status refuse(KafkaProducer *producer, const KafkaOutgoing *message,
                     rd_kafka_resp_err_t code, Error *err) {
    const char *topic = rd_kafka_topic_name(message->target->topic);
    char what[NAME_SIZE + 64];

    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        producer->is_lost = true;
        return too_large(topic, message->value_length + message->key_length, err);
    }
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        producer->is_lost = true;
        return no_partition(topic, message->partition, err);
    }
    snprintf(what, sizeof(what), "could not write to topic \"%.255s\"", topic);
    return lose(producer, code, what, err);
}

Status kafka_producer_send(KafkaProducer *producer, const KafkaOutgoing *message, Error *err) {
    rd_kafka_resp_err_t code;

    assert(!producer->is_transactional || producer->is_open);
    if ((int64_t) (message->value_length + message->key_length) > producer->spec.buffer_bytes)
        return refuse(producer, message, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, err);
    code = produce(producer, message);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        begin_waiting(producer);
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        TRY(serve(producer, err));
        code = produce(producer, message);
    }
    if (code)
        return refuse(producer, message, code, err);
    producer->pending++;
    if (++producer->unserved >= SERVE_EVERY) {
        producer->unserved = 0;
        rd_kafka_poll(producer->client->handle, 0);
        if (producer->failure.code)
            return fail_delivery(producer, err);
    }
    return STATUS_OK;
}

/* -------- transactions -------- */

typedef rd_kafka_error_t *(*TransactionCall)(rd_kafka_t *handle, int timeout_ms);

/* Call until there is an outcome. One that is `decisive` is given CANCEL_GRACE_MS after a cancel.
 */
static Status finish(KafkaProducer *producer, TransactionCall call, bool is_decisive,
                     const char *what, Error *err) {
    int64_t cancel_ns = 0;

    begin_waiting(producer);
    for (;;) {
        rd_kafka_error_t *error = call(producer->client->handle, STEP_MS);
        bool is_late, goes_on;

        if (!error)
            return STATUS_OK;
        kafka_client_poll(producer->client);
        if (!cancel_ns && flag_is_set(producer->spec.cancel))
            cancel_ns = now_ns();
        is_late = now_ns() - producer->progress_ns > patience_ns(producer) ||
                  (cancel_ns && now_ns() - cancel_ns > (int64_t) CANCEL_GRACE_MS * 1000000);
        goes_on = rd_kafka_error_is_retriable(error) && !rd_kafka_error_txn_requires_abort(error) &&
                  !rd_kafka_error_is_fatal(error);
        if (!goes_on || is_late)
            return lose_by(producer, error, what, err);
        rd_kafka_error_destroy(error);
        if (cancel_ns && !is_decisive) {
            producer->is_lost = true;
            return error_canceled(err);
        }
    }
}

Status kafka_producer_init_transactions(KafkaProducer *producer, Error *err) {
    return finish(producer, rd_kafka_init_transactions, false, "could not start transactions", err);
}

Status kafka_producer_begin(KafkaProducer *producer, Error *err) {
    rd_kafka_error_t *error = rd_kafka_begin_transaction(producer->client->handle);

    assert(!producer->is_open && producer->pending == 0);
    if (error)
        return lose_by(producer, error, "could not begin a transaction", err);
    producer->is_open = true;
    return STATUS_OK;
}

Status kafka_producer_commit(KafkaProducer *producer, Error *err) {
    assert(producer->is_open && producer->pending == 0);
    TRY(finish(producer, rd_kafka_commit_transaction, true, "could not commit a transaction", err));
    producer->is_open = false;
    kafka_client_clear_fault(producer->client);
    return STATUS_OK;
}

static Status abort_transaction(KafkaProducer *producer, Error *err) {
    rd_kafka_error_t *error;

    if (!producer->is_open)
        return STATUS_OK;
    error = rd_kafka_abort_transaction(producer->client->handle, ABORT_MS);
    if (error)
        return lose_by(producer, error, "could not abort a transaction", err);
    producer->is_open = false;
    return STATUS_OK;
}

Status kafka_producer_abort(KafkaProducer *producer, Error *err) {
    if (producer->is_lost)
        return error_set(err, CONNECTION_FAILURE, "the producer is lost");
    rd_kafka_purge(producer->client->handle, RD_KAFKA_PURGE_F_QUEUE);
    TRY(abort_transaction(producer, err));
    producer->failure.code = RD_KAFKA_RESP_ERR_NO_ERROR;
    begin_waiting(producer);
    while (producer->pending > 0) {
        rd_kafka_poll(producer->client->handle, POLL_MS);
        producer->failure.code = RD_KAFKA_RESP_ERR_NO_ERROR; /* purged */
        if (now_ns() - producer->progress_ns > (int64_t) ABORT_MS * 1000000)
            return lose(producer, RD_KAFKA_RESP_ERR__TIMED_OUT, "could not abort", err);
    }
    return STATUS_OK;
}
