/* kafka_load: fills a topic with the lines of files.
 *
 * usage: kafka_load BROKERS TOPIC FILE…
 *
 * Line i goes to partition i modulo the number of partitions, without its line break, so that all
 * partitions advance together through the event time of files written by gen_ads. */
#include <errno.h>
#include <string.h>

#include "bench/kafka_common.h"

enum { LINE_BYTES_MAX = 1 << 20, POLL_EVERY = 1000, FLUSH_MS = 120000 };

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *data) {
    (void) client;
    (void) data;
    if (message->err)
        bench_die("delivery", rd_kafka_err2str(message->err));
}

/* Retries while the producer's queue is full. */
static void produce(rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition,
                    const char *line, size_t length) {
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, (void *) (uintptr_t) line,
                            length, NULL, 0, NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            bench_die("produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(client, 10);
    }
}

static int64_t fill_from(rd_kafka_t *client, rd_kafka_topic_t *topic, int partition_count,
                         const char *path, int64_t count) {
    static char line[LINE_BYTES_MAX];
    FILE *file = fopen(path, "rb");

    if (!file)
        bench_die(path, strerror(errno));
    while (fgets(line, sizeof(line), file)) {
        produce(client, topic, (int32_t) (count % partition_count), line, strcspn(line, "\n"));
        if (++count % POLL_EVERY == 0)
            rd_kafka_poll(client, 0);
    }
    fclose(file);
    return count;
}

static void fill(const char *brokers, const char *topic_name, char **paths, int path_count) {
    static const char *const settings[] = {
        "linger.ms", "20", "batch.size", "1000000", "queue.buffering.max.messages", "200000",
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    char text[512];
    int partition_count;
    int64_t count = 0;

    bench_set(conf, "bootstrap.servers", brokers);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i += 2)
        bench_set(conf, settings[i], settings[i + 1]);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!client)
        bench_die(brokers, text);
    partition_count = bench_partition_count(client, topic_name);
    topic = rd_kafka_topic_new(client, topic_name, NULL);
    for (int i = 0; i < path_count; i++)
        count = fill_from(client, topic, partition_count, paths[i], count);
    if (rd_kafka_flush(client, FLUSH_MS))
        bench_die(topic_name, "the broker did not take all messages in time");
    printf("messages=%lld partitions=%d\n", (long long) count, partition_count);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: kafka_load BROKERS TOPIC FILE…\n");
        return 2;
    }
    fill(argv[1], argv[2], argv + 3, argc - 3);
    return 0;
}
