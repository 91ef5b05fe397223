/* What the Kafka bench programs share: clocks, a configuration from arguments, an end with words.
 *
 * These programs are rulers: they talk to librdkafka directly and share nothing with the engine. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static inline int64_t bench_clock_ns(clockid_t clock) {
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline double bench_cpu_s(void) {
    return (double) bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}

static inline double bench_peak_mb(void) {
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double) usage.ru_maxrss / 1024;
}

static inline _Noreturn void bench_die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static inline void bench_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char text[512];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
        bench_die(name, text);
}

/* A client for these brokers; the settings are name, value, … up to `count`. */
static inline rd_kafka_t *bench_client(rd_kafka_type_t type, const char *brokers,
                                       const char *const *settings, int count) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];
    rd_kafka_t *client;

    bench_set(conf, "bootstrap.servers", brokers);
    for (int i = 0; i + 1 < count; i += 2)
        bench_set(conf, settings[i], settings[i + 1]);
    client = rd_kafka_new(type, conf, text, sizeof(text));
    if (!client)
        bench_die(brokers, text);
    return client;
}

static inline int bench_partition_count(rd_kafka_t *client, const char *topic) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, handle, &metadata, 10000);
    int count = 0;

    if (code)
        bench_die(topic, rd_kafka_err2str(code));
    count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    if (count == 0)
        bench_die(topic, "no such topic");
    return count;
}

/* Assigns all partitions from their beginning, or from where they end now; returns their number. */
static inline int bench_assign(rd_kafka_t *client, const char *topic, bool from_end) {
    int count = bench_partition_count(client, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

    for (int i = 0; i < count && !code; i++) {
        int64_t low = 0, high = 0;

        /* a topic that was just made has no leaders for a moment */
        for (int tries = 0; tries == 0 || (code && tries < 200); tries++) {
            if (tries)
                nanosleep(&(struct timespec) {.tv_nsec = 20000000}, NULL);
            code = rd_kafka_query_watermark_offsets(client, topic, i, &low, &high, 10000);
        }
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = from_end ? high : low;
    }
    if (!code)
        code = rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        bench_die(topic, rd_kafka_err2str(code));
    return count;
}
