/* Kafka producer and replay, against librdkafka's mock cluster and its faults. */
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

#include "base/strbuf.h"
#include "kafka/client.h"
#include "kafka/producer.h"
#include "kafka/replay.h"

/* clang-format off */
static const OptionSpec specs[] = {
    KAFKA_CONNECTION_OPTIONS(kafka_sink_settings),
    {0},
};
/* clang-format on */

enum { PRODUCE = 0, INIT_PRODUCER_ID = 22, ADD_PARTITIONS_TO_TXN = 24, END_TXN = 26 };

typedef struct Fixture {
    Arena *arena;
    rd_kafka_t *host; /* of the mock cluster */
    rd_kafka_mock_cluster_t *cluster;
    OptionSet set;
    KafkaProducer *producer;
    KafkaTarget *target;
    StrBuf got; /* what the topic holds: "key=value;" */
    Error error;
} Fixture;

static int set_up(void **state) {
    static const OptionSpec *const tables[] = {specs, NULL};
    Fixture *f = calloc(1, sizeof(*f));
    OptionText texts[] = {{.name = "brokers"}, {.name = "connect_timeout", .value = "20s"}};
    OptionEnvironment environment = {0};
    char reason[200];

    f->arena = arena_create("test", 0);
    f->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof(reason));
    assert_non_null(f->host);
    f->cluster = rd_kafka_mock_cluster_new(f->host, 1);
    rd_kafka_mock_topic_create(f->cluster, "t", 1, 1);
    texts[0].value = rd_kafka_mock_cluster_bootstraps(f->cluster);
    assert_int_equal(options_parse(tables, texts, 2, &environment, f->arena, &f->set, &f->error),
                     STATUS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;

    kafka_producer_close(f->producer);
    rd_kafka_mock_cluster_destroy(f->cluster);
    rd_kafka_destroy(f->host);
    strbuf_done(&f->got);
    arena_destroy(f->arena);
    free(f);
    return 0;
}

static void open_producer(Fixture *f, KafkaProducerSpec spec) {
    spec.options = &f->set;
    spec.transaction_timeout_us = 60000000;
    if (!spec.delivery_timeout_us)
        spec.delivery_timeout_us = 20000000;
    if (!spec.buffer_bytes)
        spec.buffer_bytes = 1 << 20;
    assert_int_equal(kafka_producer_open(&spec, &f->producer, &f->error), STATUS_OK);
    if (spec.transactional_id)
        assert_int_equal(kafka_producer_init_transactions(f->producer, &f->error), STATUS_OK);
    assert_int_equal(kafka_producer_target(f->producer, "t", &f->target, &f->error), STATUS_OK);
}

static Status give(Fixture *f, const char *key, const char *value, size_t value_length) {
    KafkaOutgoing message = {.target = f->target,
                             .key = key,
                             .key_length = key ? strlen(key) : 0,
                             .value = value,
                             .value_length = value_length};

    return kafka_producer_send(f->producer, &message, &f->error);
}

static void give_well(Fixture *f, const char *key, const char *value) {
    assert_int_equal(give(f, key, value, value ? strlen(value) : 0), STATUS_OK);
}

static void assert_code(const Fixture *f, const char *code) {
    assert_string_equal(sqlstate_code(f->error.sqlstate), code);
}

static Status receive(void *data, const void *key, size_t key_length, const void *value,
                      size_t value_length, Error *err) {
    StrBuf *got = data;

    strbuf_append(got, key ? key : "NULL", key ? key_length : 4);
    strbuf_append(got, "=", 1);
    strbuf_append(got, value ? value : "NULL", value ? value_length : 4);
    strbuf_append(got, ";", 1);
    return STATUS_OK;
}

static KafkaReplay *open_replay(Fixture *f) {
    KafkaReplaySpec spec = {.options = &f->set, .topic = "t", .timeout_us = 20000000};
    KafkaReplay *replay = NULL;

    assert_int_equal(kafka_replay_open(&spec, &replay, &f->error), STATUS_OK);
    return replay;
}

static void assert_read(Fixture *f, KafkaReplay *replay, const char *expected) {
    strbuf_clear(&f->got);
    assert_int_equal(kafka_replay_read(replay, true, receive, &f->got, &f->error), STATUS_OK);
    assert_string_equal(strbuf_text(&f->got), expected);
}

static void what_was_waited_for_is_there(void **state) {
    Fixture *f = *state;
    KafkaReplay *replay;

    open_producer(f, (KafkaProducerSpec) {0});
    give_well(f, "a", "1");
    give_well(f, NULL, "2");
    give_well(f, "b", NULL);
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    replay = open_replay(f);
    assert_read(f, replay, "a=1;NULL=2;b=NULL;");
    give_well(f, "c", "");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    assert_read(f, replay, "c=;"); /* goes on where it was */
    assert_read(f, replay, "");
    kafka_replay_close(replay);
}

static void passing_faults_of_a_broker_lose_and_double_nothing(void **state) {
    Fixture *f = *state;
    KafkaReplay *replay;

    open_producer(f, (KafkaProducerSpec) {0});
    rd_kafka_mock_push_request_errors(
        f->cluster, PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    give_well(f, "a", "1");
    give_well(f, "b", "2");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    replay = open_replay(f);
    assert_read(f, replay, "a=1;b=2;");
    kafka_replay_close(replay);
}

static void a_message_that_the_broker_finds_too_large_is_54000(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {0});
    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "54000");
    assert_true(kafka_producer_is_lost(f->producer));
}

static void a_message_larger_than_the_buffer_is_54000(void **state) {
    Fixture *f = *state;
    char *large = calloc(1, (1 << 20) + 1);

    open_producer(f, (KafkaProducerSpec) {0});
    assert_int_equal(give(f, NULL, large, (1 << 20) + 1), STATUS_ERROR);
    assert_code(f, "54000");
    free(large);
}

static void what_may_not_be_written_is_42501(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {0});
    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "42501");
    assert_non_null(strstr(f->error.message, "\"t\""));
}

static void a_broker_that_is_away_ends_the_wait(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {.delivery_timeout_us = 300000});
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    give_well(f, "b", "2");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "08006");
    assert_true(kafka_producer_is_lost(f->producer));
}

static void cancel_ends_the_wait(void **state) {
    static const volatile bool cancel = true;
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {.cancel = &cancel});
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "57014");
}

static void a_full_buffer_waits_for_reports(void **state) {
    Fixture *f = *state;
    char value[4096];

    memset(value, 'x', sizeof(value));
    open_producer(f, (KafkaProducerSpec) {.buffer_bytes = 64 << 10});
    rd_kafka_mock_broker_set_rtt(f->cluster, 1, 20);
    for (int i = 0; i < 200; i++)
        assert_int_equal(give(f, NULL, value, sizeof(value)), STATUS_OK);
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
}

static void a_commit_survives_passing_faults(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {.transactional_id = "id"});
    assert_int_equal(kafka_producer_begin(f->producer, &f->error), STATUS_OK);
    rd_kafka_mock_push_request_errors(f->cluster, ADD_PARTITIONS_TO_TXN, 1,
                                      RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    assert_int_equal(kafka_producer_commit(f->producer, &f->error), STATUS_OK);
    assert_int_equal(kafka_producer_begin(f->producer, &f->error), STATUS_OK);
    assert_int_equal(kafka_producer_abort(f->producer, &f->error), STATUS_OK);
    assert_false(kafka_producer_is_lost(f->producer));
}

static void who_was_fenced_is_lost_and_says_why(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {.transactional_id = "id"});
    assert_int_equal(kafka_producer_begin(f->producer, &f->error), STATUS_OK);
    give_well(f, "a", "1");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 1,
                                      RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(kafka_producer_commit(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "08006");
    assert_non_null(strstr(f->error.message, "a newer producer took this one's place"));
    assert_true(kafka_producer_is_lost(f->producer));
    assert_int_equal(kafka_producer_abort(f->producer, &f->error), STATUS_ERROR);
}

static void a_transaction_may_be_aborted_with_messages_under_way(void **state) {
    Fixture *f = *state;

    open_producer(f, (KafkaProducerSpec) {.transactional_id = "id"});
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(kafka_producer_begin(f->producer, &f->error), STATUS_OK);
        for (int i = 0; i < 100; i++)
            give_well(f, "k", "v");
        assert_int_equal(kafka_producer_abort(f->producer, &f->error), STATUS_OK);
    }
    assert_int_equal(kafka_producer_begin(f->producer, &f->error), STATUS_OK);
    give_well(f, "k", "v");
    assert_int_equal(kafka_producer_wait(f->producer, &f->error), STATUS_OK);
    assert_int_equal(kafka_producer_commit(f->producer, &f->error), STATUS_OK);
}

static void transactions_that_are_not_allowed_are_42501(void **state) {
    KafkaProducerSpec spec = {.transactional_id = "id",
                              .transaction_timeout_us = 60000000,
                              .delivery_timeout_us = 20000000,
                              .buffer_bytes = 1 << 20};
    Fixture *f = *state;

    spec.options = &f->set;
    assert_int_equal(kafka_producer_open(&spec, &f->producer, &f->error), STATUS_OK);
    rd_kafka_mock_push_request_errors(f->cluster, INIT_PRODUCER_ID, 1,
                                      RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert_int_equal(kafka_producer_init_transactions(f->producer, &f->error), STATUS_ERROR);
    assert_code(f, "42501");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_was_waited_for_is_there),
        TEST(passing_faults_of_a_broker_lose_and_double_nothing),
        TEST(a_message_that_the_broker_finds_too_large_is_54000),
        TEST(a_message_larger_than_the_buffer_is_54000),
        TEST(what_may_not_be_written_is_42501),
        TEST(a_broker_that_is_away_ends_the_wait),
        TEST(cancel_ends_the_wait),
        TEST(a_full_buffer_waits_for_reports),
        TEST(a_commit_survives_passing_faults),
        TEST(who_was_fenced_is_lost_and_says_why),
        TEST(a_transaction_may_be_aborted_with_messages_under_way),
        TEST(transactions_that_are_not_allowed_are_42501),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
