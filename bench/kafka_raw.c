/* kafka_raw: reads a topic with librdkafka from its beginning to its end and counts, no more.
 *
 * usage: kafka_raw BROKERS TOPIC batch|poll [setting value]…
 *
 * The limit of what an engine over librdkafka can reach. `batch` drains the consumer's queue many
 * messages at a time (rd_kafka_consume_batch_queue), `poll` one at a time (rd_kafka_consumer_poll),
 * as most programs do. Prints messages, wall and CPU seconds of the reading, and peak memory. */
#include <string.h>

#include "bench/kafka_common.h"

enum { BATCH_MESSAGES = 10000, WAIT_MS = 1000 };

typedef struct Count {
    int64_t messages, bytes;
    int ends; /* partitions whose end was reached */
} Count;

/* Counts a message and destroys it. */
static void count_message(Count *count, rd_kafka_message_t *message) {
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        count->ends++;
    } else if (message->err) {
        bench_die("kafka_raw", rd_kafka_message_errstr(message));
    } else {
        count->messages++;
        count->bytes += (int64_t) message->len;
    }
    rd_kafka_message_destroy(message);
}

static void read_batches(rd_kafka_t *client, int partition_count, Count *count) {
    static rd_kafka_message_t *messages[BATCH_MESSAGES];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);

    while (count->ends < partition_count) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, BATCH_MESSAGES);

        for (ssize_t i = 0; i < got; i++)
            count_message(count, messages[i]);
    }
    rd_kafka_queue_destroy(queue);
}

static void read_singly(rd_kafka_t *client, int partition_count, Count *count) {
    while (count->ends < partition_count) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, WAIT_MS);

        if (message)
            count_message(count, message);
    }
}

int main(int argc, char **argv) {
    static const char *const settings[] = {
        "group.id", "millrace-bench", "enable.partition.eof", "true", "enable.auto.commit", "false",
    };
    Count count = {0};
    double wall_s, cpu_s;
    const char *all[64];
    int setting_count = sizeof(settings) / sizeof(*settings);
    int partition_count;
    rd_kafka_t *client;

    if (argc < 4 || argc % 2 != 0 || argc > 48 ||
        (strcmp(argv[3], "batch") != 0 && strcmp(argv[3], "poll") != 0)) {
        fprintf(stderr, "usage: kafka_raw BROKERS TOPIC batch|poll [setting value]…\n");
        return 2;
    }
    memcpy(all, settings, sizeof(settings));
    for (int i = 4; i < argc; i++)
        all[setting_count++] = argv[i];
    cpu_s = bench_cpu_s();
    wall_s = (double) bench_clock_ns(CLOCK_MONOTONIC) / 1e9;
    client = bench_client(RD_KAFKA_CONSUMER, argv[1], all, setting_count);
    partition_count = bench_assign(client, argv[2], false);
    if (strcmp(argv[3], "batch") == 0)
        read_batches(client, partition_count, &count);
    else
        read_singly(client, partition_count, &count);
    cpu_s = bench_cpu_s() - cpu_s;
    wall_s = (double) bench_clock_ns(CLOCK_MONOTONIC) / 1e9 - wall_s;
    printf("messages=%lld bytes=%lld wall_s=%.3f cpu_s=%.3f peak_mb=%.1f\n",
           (long long) count.messages, (long long) count.bytes, wall_s, cpu_s, bench_peak_mb());
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
