/* Kafka replay: a consumer without a group, read by one call until the end. */
#include "kafka/replay.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/flag.h"
#include "base/memory.h"
#include "kafka/client.h"

enum { POLL_MS = 100, LEADER_MS = 500, NAME_SIZE = 256 };

struct KafkaReplay {
    KafkaClient *client;
    rd_kafka_topic_t *topic;
    int32_t partition;
    int64_t position; /* of the next record */
    int64_t timeout_us;
    const volatile bool *cancel;
    char what[NAME_SIZE + 64]; /* for errors */
};

/* One read. */
typedef struct ReplayRun {
    KafkaReplay *replay;
    KafkaReplayReceive receive;
    void *data;
    int64_t progress_ns;
    bool waits, is_at_end;
} ReplayRun;

static int64_t now_ns(void) {
    return context_real.monotonic_ns(&context_real);
}

static Status configure(KafkaClient *client, Error *err) {
    TRY(kafka_client_set(client, "isolation.level", "read_committed", err));
    TRY(kafka_client_set(client, "enable.partition.eof", "true", err));
    TRY(kafka_client_set(client, "enable.auto.commit", "false", err));
    TRY(kafka_client_set(client, "allow.auto.create.topics", "false", err));
    TRY(kafka_client_set(client, "auto.offset.reset", "earliest", err));
    TRY(kafka_client_set(client, "fetch.wait.max.ms", "10", err)); /* the end is told sooner */
    return kafka_client_set(client, "queued.max.messages.kbytes", "4096", err);
}

Status kafka_replay_open(const KafkaReplaySpec *spec, KafkaReplay **ret_replay, Error *err) {
    CLEANUP(kafka_replay_closep) KafkaReplay *replay = memory_zalloc(sizeof(*replay));

    replay->partition = spec->partition;
    replay->timeout_us = spec->timeout_us;
    replay->cancel = spec->cancel;
    snprintf(replay->what, sizeof(replay->what), "could not read topic \"%.255s\"", spec->topic);
    TRY(kafka_client_create(spec->options, KAFKA_CONSUMER, &replay->client, err));
    TRY(configure(replay->client, err));
    TRY(kafka_client_start(replay->client, err));
    replay->topic = rd_kafka_topic_new(replay->client->handle, spec->topic, NULL);
    if (!replay->topic)
        return kafka_client_error(replay->client, rd_kafka_last_error(), replay->what, err);
    *ret_replay = TAKE(replay);
    return STATUS_OK;
}

KafkaReplay *kafka_replay_close(KafkaReplay *replay) {
    if (!replay)
        return NULL;
    if (replay->topic)
        rd_kafka_topic_destroy(replay->topic);
    kafka_client_destroy(replay->client);
    memory_free(replay);
    return NULL;
}

/* Committed records end here; is it the end for all? Otherwise somebody's transaction is open. */
static bool is_the_end(const KafkaReplay *replay, int64_t offset) {
    int64_t low = 0;
    int64_t high = 0;

    return rd_kafka_get_watermark_offsets(replay->client->handle,
                                          rd_kafka_topic_name(replay->topic), replay->partition,
                                          &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
           offset >= high;
}

static Status take(ReplayRun *run, const rd_kafka_message_t *message, Error *err) {
    KafkaReplay *replay = run->replay;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        replay->position = message->offset;
        run->is_at_end = !run->waits || is_the_end(replay, message->offset);
        return STATUS_OK;
    }
    if (message->err)
        return kafka_client_error(replay->client, message->err, replay->what, err);
    run->progress_ns = now_ns();
    replay->position = message->offset + 1;
    return run->receive(run->data, message->key, message->key_len, message->payload, message->len,
                        err);
}

/* Nothing came: may we go on waiting? An end that an open transaction holds back is told again
 * when it moves. */
static Status look_around(ReplayRun *run, Error *err) {
    KafkaReplay *replay = run->replay;

    kafka_client_poll(replay->client);
    if (flag_is_set(replay->cancel))
        return error_canceled(err);
    if (now_ns() - run->progress_ns > replay->timeout_us * 1000)
        return kafka_client_error(replay->client, RD_KAFKA_RESP_ERR__TIMED_OUT, replay->what, err);
    return STATUS_OK;
}

static Status read_to_end(ReplayRun *run, Error *err) {
    while (!run->is_at_end) {
        rd_kafka_message_t *message =
            rd_kafka_consume(run->replay->topic, run->replay->partition, POLL_MS);
        Status status;

        if (!message) {
            TRY(look_around(run, err));
            continue;
        }
        status = take(run, message, err);
        rd_kafka_message_destroy(message);
        TRY(status);
    }
    return STATUS_OK;
}

/* Where the records begin, asked beforehand: librdkafka, told to begin at the beginning while it
 * does not know the leader yet, looks for both half a second later. */
static int64_t first_offset(const KafkaReplay *replay) {
    int64_t low = 0;
    int64_t high = 0;

    if (rd_kafka_query_watermark_offsets(replay->client->handle, rd_kafka_topic_name(replay->topic),
                                         replay->partition, &low, &high,
                                         LEADER_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return RD_KAFKA_OFFSET_BEGINNING; /* reading tells why */
    return low;
}

Status kafka_replay_read(KafkaReplay *replay, bool waits, KafkaReplayReceive receive, void *data,
                         Error *err) {
    ReplayRun run = {replay, receive, data, now_ns(), waits, false};
    Status status;

    /* Started anew each time: what was fetched before tells of an older end. */
    kafka_client_clear_fault(replay->client);
    if (rd_kafka_consume_start(replay->topic, replay->partition,
                               replay->position > 0 ? replay->position : first_offset(replay)))
        return kafka_client_error(replay->client, rd_kafka_last_error(), replay->what, err);
    status = read_to_end(&run, err);
    rd_kafka_consume_stop(replay->topic, replay->partition);
    return status;
}
