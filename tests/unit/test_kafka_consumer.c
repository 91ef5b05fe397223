/* Kafka consumer, against librdkafka's mock cluster and its faults. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
/* The mock comes after what it builds on. */
#include <librdkafka/rdkafka_mock.h>

#include "kafka/client.h"
#include "kafka/consumer.h"

/* clang-format off */
static const OptionSpec specs[] = {
    KAFKA_CONNECTION_OPTIONS(kafka_source_settings),
    {0},
};
/* clang-format on */

enum { FETCH = 1, PARTITIONS = 2, BATCH = 16, WAIT_MS = 20000 };

typedef struct Fixture {
    Arena *arena;
    rd_kafka_t *host; /* of the mock cluster; fills its topics, too */
    rd_kafka_mock_cluster_t *cluster;
    OptionSet set;
    KafkaConsumer *consumer;
    StrBuf got; /* what came: "place:offset key=value;", "place:offset end;" … */
    int counts[KAFKA_REFUSED + 1];
    Error error;
} Fixture;

static int set_up(void **state) {
    static const OptionSpec *const tables[] = {specs, NULL};
    Fixture *f = calloc(1, sizeof(*f));
    OptionText texts[] = {{.name = "brokers"},
                          {.name = "connect_timeout", .value = "20s"},
                          {.name = "rdkafka.fetch.wait.max.ms", .value = "5"},
                          {.name = "rdkafka.fetch.error.backoff.ms", .value = "5"}};
    OptionEnvironment environment = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[200];

    f->arena = arena_create("test", 0);
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason, sizeof(reason));
    rd_kafka_conf_set(conf, "linger.ms", "0", reason, sizeof(reason));
    f->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    assert_non_null(f->host);
    f->cluster = rd_kafka_handle_mock_cluster(f->host);
    rd_kafka_mock_topic_create(f->cluster, "t", PARTITIONS, 1);
    texts[0].value = rd_kafka_mock_cluster_bootstraps(f->cluster);
    assert_int_equal(options_parse(tables, texts, 4, &environment, f->arena, &f->set, &f->error),
                     STATUS_OK);
    assert_int_equal(kafka_consumer_open(&f->set, (KafkaReading) {.is_read_committed = true},
                                         &f->consumer, &f->error),
                     STATUS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;

    kafka_consumer_close(f->consumer);
    rd_kafka_destroy(f->host);
    strbuf_done(&f->got);
    arena_destroy(f->arena);
    free(f);
    return 0;
}

/* A message of "key" and `value`, without either when NULL; it is on the broker. */
static void put(Fixture *f, int32_t partition, const char *value) {
    char key[] = "key";
    char bytes[16];
    void *payload = value ? bytes : NULL;
    size_t length = value ? strlen(value) : 0;

    assert_true(length < sizeof(bytes));
    memcpy(bytes, value ? value : "", length);
    assert_int_equal(rd_kafka_producev(f->host, RD_KAFKA_V_TOPIC("t"),
                                       RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key, 3),
                                       RD_KAFKA_V_VALUE(payload, length), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(f->host, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void start(Fixture *f, int32_t partition, int64_t offset, int place) {
    assert_int_equal(kafka_consumer_start(f->consumer, "t", partition, offset, place, &f->error),
                     STATUS_OK);
}

static void write_down(Fixture *f, const KafkaMessage *message) {
    static const char *const words[] = {"", "end", "out of range", "refused"};

    f->counts[message->kind]++;
    strbuf_printf(&f->got, "%d:%d ", message->place, (int) message->offset);
    if (message->kind == KAFKA_RECORD)
        strbuf_printf(&f->got, "%.*s=%.*s;", (int) message->key_length, message->key,
                      message->value ? (int) message->value_length : 4,
                      message->value ? message->value : "NULL");
    else
        strbuf_printf(&f->got, "%s;", words[message->kind]);
}

/* Take what has come, once. */
static void take(Fixture *f) {
    KafkaMessage messages[BATCH];
    int count = kafka_consumer_take(f->consumer, messages, BATCH);

    for (int i = 0; i < count; i++)
        write_down(f, &messages[i]);
    kafka_consumer_release(f->consumer);
}

/* Take until so many of a kind have come, woken by the descriptor. */
static void take_until(Fixture *f, KafkaMessageKind kind, int count) {
    struct pollfd poll_fd = {.fd = kafka_consumer_wake_fd(f->consumer), .events = POLLIN};

    while (f->counts[kind] < count) {
        int before = f->counts[kind];

        kafka_consumer_clear_wake(f->consumer);
        take(f);
        if (f->counts[kind] == before && f->counts[kind] < count)
            assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
    }
}

static void forget(Fixture *f) {
    strbuf_clear(&f->got);
    memset(f->counts, 0, sizeof(f->counts));
}

static void records_come_in_order_and_then_the_end(void **state) {
    Fixture *f = *state;

    put(f, 0, "a");
    put(f, 0, NULL);
    put(f, 0, "");
    start(f, 0, 0, 7);
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "7:0 key=a;7:1 key=NULL;7:2 key=;7:3 end;");
    assert_int_equal(kafka_consumer_known_end(f->consumer, "t", 0), 3);
    forget(f);
    put(f, 0, "b");
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "7:3 key=b;7:4 end;");
}

static void each_partition_has_its_place_and_its_start(void **state) {
    Fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        put(f, 0, "a");
        put(f, 1, "b");
    }
    start(f, 0, 2, 10);
    take_until(f, KAFKA_END, 1);
    start(f, 1, 1, 11);
    take_until(f, KAFKA_END, 2);
    assert_string_equal(strbuf_text(&f->got),
                        "10:2 key=a;10:3 end;11:1 key=b;11:2 key=b;11:3 end;");
}

static void an_offset_that_is_not_there_is_told(void **state) {
    Fixture *f = *state;

    put(f, 0, "a");
    start(f, 0, 100, 0);
    take_until(f, KAFKA_OUT_OF_RANGE, 1);
    assert_int_equal(f->counts[KAFKA_RECORD], 0);
    forget(f);
    start(f, 0, 0, 0);
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "0:0 key=a;0:1 end;");
}

static void a_partition_can_be_read_again_from_elsewhere(void **state) {
    Fixture *f = *state;

    for (int i = 0; i < 4; i++)
        put(f, 0, "a");
    start(f, 0, 0, 1);
    take_until(f, KAFKA_RECORD, 1);
    forget(f);
    start(f, 0, 3, 2); /* nothing of the first start comes any more */
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "2:3 key=a;2:4 end;");
}

static void a_stopped_partition_is_silent(void **state) {
    Fixture *f = *state;

    put(f, 0, "a");
    put(f, 1, "b");
    start(f, 0, 0, 0);
    take_until(f, KAFKA_END, 1);
    kafka_consumer_stop(f->consumer, "t", 0);
    kafka_consumer_stop(f->consumer, "t", 1); /* not started: fine */
    kafka_consumer_stop(f->consumer, "other", 0);
    forget(f);
    put(f, 0, "never");
    start(f, 1, 0, 1);
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "1:0 key=b;1:1 end;");
}

static void passing_faults_lose_and_double_nothing(void **state) {
    Fixture *f = *state;

    put(f, 0, "a");
    put(f, 0, "b");
    rd_kafka_mock_push_request_errors(
        f->cluster, FETCH, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE);
    start(f, 0, 0, 0);
    take_until(f, KAFKA_END, 1);
    assert_string_equal(strbuf_text(&f->got), "0:0 key=a;0:1 key=b;0:2 end;");
}

static void a_broker_that_is_away_is_trouble_until_it_is_back(void **state) {
    Fixture *f = *state;
    Error why = {0};

    put(f, 0, "a");
    start(f, 0, 0, 0);
    take_until(f, KAFKA_END, 1);
    assert_false(kafka_consumer_trouble(f->consumer, &why));
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    /* The cause may come a moment later than the fact. */
    while (!kafka_consumer_trouble(f->consumer, &why) || !strstr(why.message, "127.0.0.1:"))
        take(f);
    assert_string_equal(sqlstate_code(why.sqlstate), "08006");
    rd_kafka_mock_broker_set_up(f->cluster, 1);
    put(f, 0, "b");
    take_until(f, KAFKA_RECORD, 2);
    assert_false(kafka_consumer_trouble(f->consumer, &why));
    assert_non_null(strstr(strbuf_text(&f->got), "0:1 key=b;"));
}

static void what_may_not_be_read_is_refused_with_the_reason(void **state) {
    Fixture *f = *state;
    Error why = {0};

    put(f, 0, "a");
    rd_kafka_mock_push_request_errors(f->cluster, FETCH, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    start(f, 0, 0, 0);
    take_until(f, KAFKA_REFUSED, 1);
    kafka_consumer_refusal(f->consumer, &why);
    assert_string_equal(sqlstate_code(why.sqlstate), "42501");
    assert_non_null(strstr(why.message, "\"t\""));
}

static void headers_and_times_are_given(void **state) {
    Fixture *f = *state;
    rd_kafka_headers_t *sent = rd_kafka_headers_new(3);
    KafkaMessage message;
    StrBuf headers = {0};
    bool is_append = true;

    rd_kafka_header_add(sent, "a\"b", -1, "x\ny", 3);
    rd_kafka_header_add(sent, "n", -1, NULL, 0);
    rd_kafka_header_add(sent, "h", -1, "\xff\x01", 2);
    assert_int_equal(rd_kafka_producev(f->host, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_TIMESTAMP(1700000000123),
                                       RD_KAFKA_V_HEADERS(sent), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(f->host, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    start(f, 0, 0, 0);
    while (kafka_consumer_take(f->consumer, &message, 1) < 1)
        kafka_consumer_release(f->consumer);
    assert_int_equal(message.kind, KAFKA_RECORD);
    assert_null(message.key);
    assert_true(kafka_consumer_timestamp(&message, &is_append) == INT64_C(1700000000123));
    assert_false(is_append);
    assert_true(kafka_consumer_append_headers(&message, &headers));
    assert_string_equal(strbuf_text(&headers), "[{\"key\":\"a\\\"b\",\"value\":\"x\\ny\"},"
                                               "{\"key\":\"n\",\"value\":null},"
                                               "{\"key\":\"h\",\"value\":\"\\\\xff01\"}]");
    kafka_consumer_release(f->consumer);
    strbuf_done(&headers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(records_come_in_order_and_then_the_end),
        TEST(each_partition_has_its_place_and_its_start),
        TEST(an_offset_that_is_not_there_is_told),
        TEST(a_partition_can_be_read_again_from_elsewhere),
        TEST(a_stopped_partition_is_silent),
        TEST(passing_faults_lose_and_double_nothing),
        TEST(a_broker_that_is_away_is_trouble_until_it_is_back),
        TEST(what_may_not_be_read_is_refused_with_the_reason),
        TEST(headers_and_times_are_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
