/* kafka_pass: takes messages from one topic to another with librdkafka and nothing between.
 *
 * usage: kafka_pass BROKERS TOPIC_IN TOPIC_OUT at_least_once|exactly_once
 *
 * The floor of an engine over librdkafka: no decoding, no state, no checkpoint. What has come goes
 * to the partition it came from, with the time that it bears; at least once by an idempotent
 * producer, without waiting for its reports; exactly once by a transaction for whatever has come
 * while the one before was committed (the offsets, which a program would have to keep, are left
 * out). Prints a line when it reads, and its CPU seconds when SIGTERM ends it. */
#include <signal.h>
#include <string.h>

#include "bench/kafka_common.h"

enum { BATCH_MESSAGES = 10000, WAIT_MS = 100, PATIENCE_MS = 10000 };

static volatile sig_atomic_t is_over;

static void on_term(int number) {
    (void) number;
    is_over = 1;
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *data) {
    (void) client;
    (void) data;
    if (message->err)
        bench_die("delivery", rd_kafka_err2str(message->err));
}

static void check(rd_kafka_error_t *error) {
    if (error)
        bench_die("transaction", rd_kafka_error_string(error));
}

static rd_kafka_t *open_producer(const char *brokers, const char *topic, bool is_exact) {
    static const char *const settings[] = {"linger.ms", "0", "enable.idempotence", "true"};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];
    rd_kafka_t *client;

    bench_set(conf, "bootstrap.servers", brokers);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i += 2)
        bench_set(conf, settings[i], settings[i + 1]);
    if (is_exact)
        bench_set(conf, "transactional.id", topic);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!client)
        bench_die(brokers, text);
    if (is_exact)
        check(rd_kafka_init_transactions(client, PATIENCE_MS));
    return client;
}

static void send_on(rd_kafka_t *producer, const char *topic, const rd_kafka_message_t *message) {
    rd_kafka_timestamp_type_t kind;
    rd_kafka_resp_err_t code;

    do {
        code = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(message->partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(message->payload, message->len),
            RD_KAFKA_V_TIMESTAMP(rd_kafka_message_timestamp(message, &kind)), RD_KAFKA_V_END);
        rd_kafka_poll(producer, code ? 1 : 0);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (code)
        bench_die("produce", rd_kafka_err2str(code));
}

static void pass(rd_kafka_queue_t *queue, rd_kafka_t *producer, const char *topic, bool is_exact) {
    static rd_kafka_message_t *messages[BATCH_MESSAGES];
    ssize_t got = rd_kafka_consume_batch_queue(queue, 0, messages, BATCH_MESSAGES);

    if (got <= 0) /* one at a time from an empty queue: a batch call waits to be full */
        got = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, 1);
    if (got > 0 && is_exact)
        check(rd_kafka_begin_transaction(producer));
    for (ssize_t i = 0; i < got; i++) {
        if (!messages[i]->err)
            send_on(producer, topic, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    while (is_exact && rd_kafka_outq_len(producer) > 0) /* rd_kafka_flush() steps in 10 ms */
        rd_kafka_poll(producer, WAIT_MS);
    if (got > 0 && is_exact)
        check(rd_kafka_commit_transaction(producer, PATIENCE_MS));
    rd_kafka_poll(producer, 0);
}

int main(int argc, char **argv) {
    static const char *const settings[] = {
        "group.id",       "millrace-bench",     "isolation.level",
        "read_committed", "enable.auto.commit", "false",
    };
    rd_kafka_queue_t *queue;
    rd_kafka_t *consumer, *producer;
    bool is_exact;

    if (argc != 5) {
        fprintf(stderr, "usage: kafka_pass BROKERS TOPIC_IN TOPIC_OUT "
                        "at_least_once|exactly_once\n");
        return 2;
    }
    is_exact = strcmp(argv[4], "exactly_once") == 0;
    signal(SIGTERM, on_term);
    producer = open_producer(argv[1], argv[3], is_exact);
    consumer =
        bench_client(RD_KAFKA_CONSUMER, argv[1], settings, sizeof(settings) / sizeof(*settings));
    bench_assign(consumer, argv[2], false);
    queue = rd_kafka_queue_get_consumer(consumer);
    puts("reading");
    fflush(stdout);
    while (!is_over)
        pass(queue, producer, argv[3], is_exact);
    printf("cpu_s=%.3f\n", bench_cpu_s());
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
    return 0;
}
