/* kafka_latency: a paced producer and a read_committed consumer, and the time between them.
 *
 * usage: kafka_latency BROKERS TOPIC_IN TOPIC_OUT EVENTS_PER_SECOND SECONDS [WARM_SECONDS]
 *
 * Every millisecond the producer sends the events that are due, of 256 bytes, to the next
 * partition:
 * {"id":…,"due_ns":…,"pad":"…"}. `due_ns` is when the event should have been sent, by the
 * monotonic clock, so a producer that falls behind makes the figures worse, not better. Whoever is
 * measured takes events from TOPIC_IN to TOPIC_OUT and keeps the text of both numbers; with the
 * same topic twice the program measures itself and the broker: the floor. Prints percentiles of the
 * events due after WARM_SECONDS, from when they were due and (passage) from the time that messages
 * bear, which is when the broker had them if TOPIC_IN says so and it is handed on; and how many
 * events were lost, doubled, or out of order within the partition by which they were sent. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "bench/kafka_common.h"

enum {
    EVENT_BYTES = 256,
    TICK_NS = 1000000,
    BATCH_MESSAGES = 10000,
    WAIT_MS = 100,
    PATIENCE_NS = 2000000000, /* after the last event came */
    PARTITIONS_MAX = 64,
};

typedef struct Run {
    const char *brokers, *topic_in, *topic_out;
    int64_t events_per_second, count, warm_ns;
    int partition_count; /* of TOPIC_IN */
    int64_t start_ns;
    _Atomic int64_t sent;
    rd_kafka_t *consumer;
    int64_t *latencies; /* ns, of the events after the warm-up */
    int64_t *passages;  /* of them ns since the time that their messages bear */
    int64_t latency_count, received, doubled, disordered;
    uint8_t *seen;                   /* per event */
    int64_t last_id[PARTITIONS_MAX]; /* the largest id received, per partition it was sent to */
} Run;

/* A millisecond's events go to one partition, as those of Kafka's default partitioner do: a request
 * each per millisecond, not one per partition. */
static int partition_of(const Run *run, int64_t due_ns) {
    return (int) ((due_ns - run->start_ns) / TICK_NS % run->partition_count);
}

/* -------- produce -------- */

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *data) {
    (void) client;
    (void) data;
    if (message->err)
        bench_die("delivery", rd_kafka_err2str(message->err));
}

static void send_event(Run *run, rd_kafka_t *client, rd_kafka_topic_t *topic, int64_t due_ns) {
    char text[EVENT_BYTES + 1];
    int64_t id = run->sent;
    int length = snprintf(text, sizeof(text), "{\"id\":%lld,\"due_ns\":%lld,\"pad\":\"",
                          (long long) id, (long long) due_ns);

    memset(text + length, 'x', (size_t) (EVENT_BYTES - 2 - length));
    memcpy(text + EVENT_BYTES - 2, "\"}", 2);
    while (rd_kafka_produce(topic, partition_of(run, due_ns), RD_KAFKA_MSG_F_COPY, text,
                            EVENT_BYTES, NULL, 0, NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            bench_die("produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(client, 1);
    }
    run->sent = id + 1;
}

static void wait_until(int64_t time_ns) {
    struct timespec time = {time_ns / 1000000000, time_ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
        continue;
}

static void *produce_main(void *argument) {
    static const char *const settings[] = {"linger.ms", "0", "acks", "1"};
    Run *run = argument;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;

    bench_set(conf, "bootstrap.servers", run->brokers);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i += 2)
        bench_set(conf, settings[i], settings[i + 1]);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!client)
        bench_die(run->brokers, text);
    topic = rd_kafka_topic_new(client, run->topic_in, NULL);
    for (int64_t tick = 1; run->sent < run->count; tick++) {
        int64_t due_ns = run->start_ns + tick * TICK_NS;
        int64_t due_count = tick * run->events_per_second / (1000000000 / TICK_NS);

        wait_until(due_ns);
        while (run->sent < due_count && run->sent < run->count)
            send_event(run, client, topic, due_ns);
        rd_kafka_poll(client, 0);
    }
    rd_kafka_flush(client, 10000);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    return NULL;
}

/* -------- consume -------- */

/* The number behind `name` in the message; -1 when there is none. */
static int64_t find_number(const rd_kafka_message_t *message, const char *name) {
    const char *at = memmem(message->payload, message->len, name, strlen(name));
    const char *end = (const char *) message->payload + message->len;
    int64_t number = 0;

    if (!at)
        return -1;
    for (at += strlen(name); at < end && (*at == ' ' || *at == ':' || *at == '"'); at++)
        continue;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    return number;
}

static void take_event(Run *run, const rd_kafka_message_t *message, int64_t now_ns) {
    int64_t id = find_number(message, "\"id\"");
    int64_t due_ns = find_number(message, "\"due_ns\"");
    rd_kafka_timestamp_type_t kind;
    int partition;

    if (id < 0 || id >= run->count || due_ns < run->start_ns)
        return; /* of a run before */
    if (run->seen[id]) {
        run->doubled++;
        return;
    }
    partition = partition_of(run, due_ns);
    run->seen[id] = 1;
    run->received++;
    if (id < run->last_id[partition])
        run->disordered++;
    else
        run->last_id[partition] = id;
    if (due_ns < run->start_ns + run->warm_ns)
        return;
    run->passages[run->latency_count] =
        bench_clock_ns(CLOCK_REALTIME) - rd_kafka_message_timestamp(message, &kind) * 1000000;
    run->latencies[run->latency_count++] = now_ns - due_ns;
}

static void consume(Run *run) {
    static rd_kafka_message_t *messages[BATCH_MESSAGES];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(run->consumer);
    int64_t last_ns = bench_clock_ns(CLOCK_MONOTONIC);
    int64_t now_ns = last_ns;

    while ((run->received < run->count || run->sent < run->count) &&
           (now_ns - last_ns < PATIENCE_NS || run->sent < run->count)) {
        /* one at a time from an empty queue: a batch call waits to be full */
        ssize_t got = rd_kafka_consume_batch_queue(queue, 0, messages, BATCH_MESSAGES);

        if (got <= 0)
            got = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, 1);
        now_ns = bench_clock_ns(CLOCK_MONOTONIC);
        for (ssize_t i = 0; i < got; i++) {
            /* a topic is just made: "not leader" and its like pass; librdkafka tries again */
            if (!messages[i]->err)
                take_event(run, messages[i], now_ns);
            rd_kafka_message_destroy(messages[i]);
            last_ns = now_ns;
        }
    }
    rd_kafka_queue_destroy(queue);
}

/* -------- report -------- */

static int compare_numbers(const void *left, const void *right) {
    int64_t a = *(const int64_t *) left;
    int64_t b = *(const int64_t *) right;

    return (a > b) - (a < b);
}

static double percentile_ms(const Run *run, const int64_t *sorted, double share) {
    int64_t index = (int64_t) (share * (double) (run->latency_count - 1));

    return run->latency_count ? (double) sorted[index] / 1e6 : -1;
}

static void report(Run *run) {
    size_t count = (size_t) run->latency_count;

    qsort(run->latencies, count, sizeof(int64_t), compare_numbers);
    qsort(run->passages, count, sizeof(int64_t), compare_numbers);
    printf("sent=%lld received=%lld doubled=%lld disordered=%lld p50_ms=%.2f p99_ms=%.2f "
           "p999_ms=%.2f max_ms=%.2f passage_p50_ms=%.2f passage_p99_ms=%.2f cpu_s=%.2f\n",
           (long long) run->sent, (long long) run->received, (long long) run->doubled,
           (long long) run->disordered, percentile_ms(run, run->latencies, 0.5),
           percentile_ms(run, run->latencies, 0.99), percentile_ms(run, run->latencies, 0.999),
           percentile_ms(run, run->latencies, 1), percentile_ms(run, run->passages, 0.5),
           percentile_ms(run, run->passages, 0.99), bench_cpu_s());
}

int main(int argc, char **argv) {
    static const char *const settings[] = {
        "group.id",           "millrace-bench", "isolation.level",   "read_committed",
        "enable.auto.commit", "false",          "fetch.wait.max.ms", "100",
    };
    static Run run;
    pthread_t producer;

    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: kafka_latency BROKERS TOPIC_IN TOPIC_OUT EVENTS_PER_SECOND "
                        "SECONDS [WARM_SECONDS]\n");
        return 2;
    }
    run.brokers = argv[1];
    run.topic_in = argv[2];
    run.topic_out = argv[3];
    run.events_per_second = strtoll(argv[4], NULL, 10);
    run.count = run.events_per_second * strtoll(argv[5], NULL, 10);
    run.warm_ns = (argc > 6 ? strtoll(argv[6], NULL, 10) : 2) * 1000000000;
    run.seen = calloc((size_t) run.count + 1, 1);
    run.latencies = calloc((size_t) run.count + 1, sizeof(int64_t));
    run.passages = calloc((size_t) run.count + 1, sizeof(int64_t));
    if (run.count <= 0 || !run.seen || !run.latencies || !run.passages)
        bench_die("kafka_latency", "no such number of events");
    run.consumer = bench_client(RD_KAFKA_CONSUMER, run.brokers, settings,
                                sizeof(settings) / sizeof(*settings));
    bench_assign(run.consumer, run.topic_out, true);
    run.partition_count = bench_partition_count(run.consumer, run.topic_in);
    if (run.partition_count > PARTITIONS_MAX)
        bench_die(run.topic_in, "too many partitions");
    run.start_ns = bench_clock_ns(CLOCK_MONOTONIC) + 300 * TICK_NS;
    pthread_create(&producer, NULL, produce_main, &run);
    consume(&run);
    pthread_join(producer, NULL);
    report(&run);
    rd_kafka_consumer_close(run.consumer);
    rd_kafka_destroy(run.consumer);
    return 0;
}
