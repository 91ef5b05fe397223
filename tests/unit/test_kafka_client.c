/* Kafka client and admin, against librdkafka's mock cluster and against nobody. */
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

#include "base/clock.h"
#include "kafka/admin.h"
#include "kafka/client.h"
#include "kafka/pattern.h"
#include "store/file.h"

/* clang-format off */
static const OptionSpec specs[] = {
    KAFKA_CONNECTION_OPTIONS(kafka_source_settings),
    {"isolation", OPTION_CHOICE, "read_committed|read_uncommitted", "read_committed", "", 0},
    {0},
};
/* clang-format on */

typedef struct Fixture {
    Arena *arena;
    char folder[64];
    rd_kafka_t *host; /* of the mock cluster */
    rd_kafka_mock_cluster_t *cluster;
    OptionEnvironment environment;
    OptionSet set;
    SecretVault *vault;
    SecretReference secret; /* "p" */
    KafkaAdmin *admin;
    Error error;
} Fixture;

static int set_up(void **state) {
    Fixture *f = calloc(1, sizeof(*f));
    StrBuf sealed = {0};

    f->arena = arena_create("test", 0);
    snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-kafka-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->vault = secret_vault_create(arena_printf(f->arena, "%s/key", f->folder), NULL, NULL);
    assert_int_equal(secret_seal(f->vault, "p", true, &sealed, &f->error), STATUS_OK);
    f->secret = (SecretReference) {1, "s", arena_strdup(f->arena, sealed.data)};
    strbuf_done(&sealed);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;

    kafka_admin_close(f->admin);
    if (f->cluster)
        rd_kafka_mock_cluster_destroy(f->cluster);
    if (f->host)
        rd_kafka_destroy(f->host);
    secret_vault_destroy(f->vault);
    assert_int_equal(file_remove_tree(f->folder, &f->error), STATUS_OK);
    arena_destroy(f->arena);
    free(f);
    return 0;
}

/* Pairs of name and value, ended by NULL; the value SECRET is one. */
static Status parse(Fixture *f, const char *const *pairs) {
    static const OptionSpec *const tables[] = {specs, NULL};
    static const char *const allowed[] = {"/tmp", NULL};
    OptionText texts[16];
    int count = 0;

    for (; pairs[2 * count]; count++)
        texts[count] = (OptionText) {
            .name = pairs[2 * count],
            .value = pairs[2 * count + 1],
            .name_position = 10 * count + 1,
            .value_position = 10 * count + 5,
            .secret = strcmp(pairs[2 * count + 1], "SECRET") == 0 ? &f->secret : NULL};
    f->environment = (OptionEnvironment) {
        .allowed_directories = allowed, .base_directory = "/tmp", .vault = f->vault};
    error_clear(&f->error);
    return options_parse(tables, texts, count, &f->environment, f->arena, &f->set, &f->error);
}

static Status configure(Fixture *f, const char *const *pairs) {
    CLEANUP(kafka_client_destroyp) KafkaClient *client = NULL;

    TRY(parse(f, pairs));
    return kafka_client_create(&f->set, KAFKA_CONSUMER, &client, &f->error);
}

static void open_mock(Fixture *f) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[200];
    const char *pairs[] = {"brokers", NULL, "connect_timeout", "2s", NULL};

    f->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    assert_non_null(f->host);
    f->cluster = rd_kafka_mock_cluster_new(f->host, 1);
    pairs[1] = rd_kafka_mock_cluster_bootstraps(f->cluster);
    assert_int_equal(parse(f, pairs), STATUS_OK);
    assert_int_equal(kafka_admin_open(&f->set, NULL, &f->admin, &f->error), STATUS_OK);
}

static Status ask_dead(Fixture *f, const char *brokers, const volatile bool *cancel) {
    const char *const names[] = {"t"};
    const char *const pairs[] = {"brokers", brokers, "connect_timeout", "300 ms", NULL};
    KafkaTopicList topics;

    assert_int_equal(parse(f, pairs), STATUS_OK);
    assert_int_equal(kafka_admin_open(&f->set, cancel, &f->admin, &f->error), STATUS_OK);
    return kafka_admin_topics(f->admin, names, 1, f->arena, &topics, &f->error);
}

static void a_refused_connection_names_broker_and_cause(void **state) {
    Fixture *f = *state;
    int64_t begin_ns = context_real.monotonic_ns(&context_real);

    assert_int_equal(ask_dead(f, "127.0.0.1:1", NULL), STATUS_ERROR);
    assert_string_equal(f->error.message, "could not look at topic \"t\": broker \"127.0.0.1:1\": "
                                          "Connection refused");
    assert_string_equal(sqlstate_code(f->error.sqlstate), "08001");
    assert_true(context_real.monotonic_ns(&context_real) - begin_ns < INT64_C(2000000000));
}

static void an_unknown_host_is_named(void **state) {
    Fixture *f = *state;

    assert_int_equal(ask_dead(f, "no-such-host.invalid:9092", NULL), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "08001");
    assert_non_null(strstr(f->error.message, "Failed to resolve 'no-such-host.invalid:9092'"));
}

static void a_question_can_be_cancelled(void **state) {
    static const volatile bool cancel = true;
    Fixture *f = *state;

    assert_int_equal(ask_dead(f, "127.0.0.1:1", &cancel), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "57014");
}

static void settings_off_the_list_are_refused_at_their_place(void **state) {
    static const char *const refused[] = {"rdkafka.plugin.library.paths",
                                          "rdkafka.sasl.kerberos.kinit.cmd",
                                          "rdkafka.ssl.ca.location",
                                          "rdkafka.debug",
                                          "rdkafka.sasl.password",
                                          "rdkafka.log_cb",
                                          "rdkafka.acks",
                                          "rdkafka.",
                                          "rdkafka.enable.ssl.certificate.verification"};
    Fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        const char *pairs[] = {"brokers", "a:1", refused[i], "1", NULL};

        assert_int_equal(configure(f, pairs), STATUS_ERROR);
        assert_string_equal(sqlstate_code(f->error.sqlstate), "22023");
        assert_int_equal(f->error.position, 11);
    }
}

static void a_near_setting_is_offered(void **state) {
    Fixture *f = *state;
    const char *pairs[] = {"brokers", "a:1", "rdkafka.fetch.max.byte", "1", NULL};

    assert_int_equal(configure(f, pairs), STATUS_ERROR);
    assert_string_equal(f->error.hint, "Did you mean \"rdkafka.fetch.max.bytes\"?");
}

static void a_value_that_librdkafka_refuses_is_22023(void **state) {
    Fixture *f = *state;
    const char *pairs[] = {"brokers", "a:1", "rdkafka.fetch.max.bytes", "-7", NULL};

    assert_int_equal(configure(f, pairs), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "22023");
    assert_int_equal(f->error.position, 15);
    assert_non_null(strstr(f->error.detail, "fetch.max.bytes"));
}

static void every_setting_on_the_list_is_librdkafkas(void **state) {
    static const OptionSpec *const lists[] = {kafka_source_settings, kafka_sink_settings};

    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        for (const OptionSpec *spec = lists[i]; spec->name; spec++) {
            rd_kafka_conf_t *conf = rd_kafka_conf_new();
            char reason[200];

            assert_int_not_equal(rd_kafka_conf_set(conf, spec->name, "1", reason, sizeof(reason)),
                                 RD_KAFKA_CONF_UNKNOWN);
            rd_kafka_conf_destroy(conf);
        }
}

static void security_options_fit_together(void **state) {
    static const char *const cases[][10] = {
        {"brokers", "a:1", "sasl_username", "u", NULL},
        {"brokers", "a:1", "sasl_password", "SECRET", NULL},
        {"brokers", "a:1", "ssl_ca", "/tmp/ca.pem", NULL},
        {"brokers", "a:1", "security_protocol", "sasl_ssl", NULL},
        {"brokers", "a:1", "security_protocol", "ssl", "sasl_username", "u", "sasl_password",
         "SECRET"},
    };
    Fixture *f = *state;
    const char *fine[] = {"brokers", "a:1", "sasl_username", "u", "sasl_password", "SECRET", NULL};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(configure(f, cases[i]), STATUS_ERROR);
        assert_string_equal(sqlstate_code(f->error.sqlstate), "22023");
    }
    assert_int_equal(configure(f, fine), STATUS_OK);
}

static void topics_are_made_and_found(void **state) {
    const char *const names[] = {"orders", "absent"};
    Fixture *f = *state;
    KafkaTopicList topics;

    open_mock(f);
    rd_kafka_mock_topic_create(f->cluster, "orders", 3, 1);
    rd_kafka_mock_topic_create(f->cluster, "orders_eu", 2, 1);
    rd_kafka_mock_topic_create(f->cluster, "_hidden", 1, 1);
    assert_int_equal(kafka_admin_topics(f->admin, names, 1, f->arena, &topics, &f->error),
                     STATUS_OK);
    assert_int_equal(topics.items[0].partition_count, 3);
    assert_int_equal(kafka_admin_match(f->admin, "orders.*", f->arena, &topics, &f->error),
                     STATUS_OK);
    assert_int_equal(topics.count, 2);
    assert_string_equal(topics.items[0].name, "orders");
    assert_string_equal(topics.items[1].name, "orders_eu");
    assert_int_equal(kafka_admin_match(f->admin, ".*", f->arena, &topics, &f->error), STATUS_OK);
    assert_int_equal(topics.count, 2);
}

static void offsets_of_many_partitions_come_at_once(void **state) {
    KafkaPlace places[] = {{.topic = "orders", .partition = 0},
                           {.topic = "orders", .partition = 1}};
    Fixture *f = *state;

    open_mock(f);
    rd_kafka_mock_topic_create(f->cluster, "orders", 2, 1);
    assert_int_equal(kafka_admin_ends(f->admin, places, 2, &f->error), STATUS_OK);
    assert_int_equal(places[0].offset, 0);
    assert_int_equal(places[1].offset, 0);
    assert_int_equal(kafka_admin_begins(f->admin, places, 2, &f->error), STATUS_OK);
    assert_int_equal(places[1].offset, 0);
    assert_false(places[1].is_missing);
}

static void patterns_match_whole_names(void **state) {
    CLEANUP(kafka_pattern_destroyp) KafkaPattern *pattern = NULL;
    Error error;

    assert_int_equal(kafka_pattern_create("a|ab", &pattern, &error), STATUS_OK);
    assert_true(kafka_pattern_matches(pattern, "ab"));
    assert_false(kafka_pattern_matches(pattern, "abc"));
    assert_int_equal(kafka_pattern_check("a(", &error), STATUS_ERROR);
    assert_string_equal(sqlstate_code(error.sqlstate), "2201B");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_refused_connection_names_broker_and_cause),
        CASE(an_unknown_host_is_named),
        CASE(a_question_can_be_cancelled),
        CASE(settings_off_the_list_are_refused_at_their_place),
        CASE(a_near_setting_is_offered),
        CASE(a_value_that_librdkafka_refuses_is_22023),
        CASE(every_setting_on_the_list_is_librdkafkas),
        CASE(security_options_fit_together),
        CASE(topics_are_made_and_found),
        CASE(offsets_of_many_partitions_come_at_once),
        CASE(patterns_match_whole_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
