/* Kafka client: configuration by options, the handle's life, logs and faults. */
#include "kafka/client.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    LOG_WINDOW_SECONDS = 10,
    LOG_LINES_MAX = 10, /* per client and window */
    POLL_EVENTS_MAX = 64,
    OPTION_NAME_SIZE = 128, /* rdkafka.<any of the allow-list> */
    /* librdkafka's levels are syslog's, whose header has our names for other numbers. */
    SYSLOG_CRITICAL = 2,
    SYSLOG_ERROR = 3,
    SYSLOG_NOTICE = 5,
};

/* -------- logs and faults: librdkafka's threads call these -------- */

static void copy_text(char *to, size_t size, const char *from, size_t length) {
    snprintf(to, size, "%.*s", (int) (length < size ? length : size - 1), from);
}

/* "sasl_ssl://host:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after
 * 0ms in state CONNECT)" is broker "host:9092" and cause "Connection refused". */
static void split_reason(const char *reason, KafkaFault *fault) {
    const char *rest = strncmp(reason, "[thrd:", 6) == 0 ? strstr(reason, "]: ") : NULL;
    const char *name, *end, *failed;
    size_t name_length;

    name = rest ? rest + 3 : reason;
    end = strstr(name, ": ");
    if (end && !memchr(name, ' ', (size_t) (end - name))) {
        const char *scheme = strstr(name, "://");

        rest = end + 2;
        if (scheme && scheme < end)
            name = scheme + 3;
        name_length = strcspn(name, "/");
        copy_text(fault->broker, sizeof(fault->broker), name,
                  name_length < (size_t) (end - name) ? name_length : (size_t) (end - name));
    } else {
        rest = name;
        fault->broker[0] = '\0';
    }
    failed = strstr(rest, " failed: ");
    if (failed && strncmp(rest, "Connect to ", 11) == 0)
        rest = failed + strlen(" failed: ");
    end = strstr(rest, " (after ");
    if (!end)
        end = rest + strlen(rest);
    copy_text(fault->cause, sizeof(fault->cause), rest, (size_t) (end - rest));
}

static rd_kafka_resp_err_t code_of_reason(const char *reason) {
    if (strstr(reason, "Failed to resolve"))
        return RD_KAFKA_RESP_ERR__RESOLVE;
    if (strstr(reason, "SASL") && strstr(reason, "uthentication"))
        return RD_KAFKA_RESP_ERR__AUTHENTICATION;
    if (strstr(reason, "SSL handshake") || strstr(reason, "ssl"))
        return RD_KAFKA_RESP_ERR__SSL;
    return RD_KAFKA_RESP_ERR__TRANSPORT;
}

static void take_fault(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason) {
    KafkaFault fault = {.code = code};

    split_reason(reason, &fault);
    pthread_mutex_lock(&client->lock);
    /* A refused user says more than the connection that then ends. */
    if (client->fault.code != RD_KAFKA_RESP_ERR__AUTHENTICATION ||
        code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        client->fault = fault;
    pthread_mutex_unlock(&client->lock);
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque) {
    KafkaClient *client = opaque;

    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        pthread_mutex_lock(&client->lock);
        client->are_all_down = true;
        pthread_mutex_unlock(&client->lock);
    } else {
        take_fault(client, (rd_kafka_resp_err_t) code, reason);
    }
}

/* Whether this line may be written; *ret_dropped: lines that were not, to be told with it. */
static bool log_is_allowed(KafkaClient *client, int64_t *ret_dropped) {
    int64_t now_ns = context_real.monotonic_ns(&context_real);
    bool is_allowed;

    *ret_dropped = 0;
    pthread_mutex_lock(&client->lock);
    if (client->log_window_ns == 0 ||
        now_ns - client->log_window_ns > LOG_WINDOW_SECONDS * INT64_C(1000000000)) {
        client->log_window_ns = now_ns;
        client->log_count = 0;
        *ret_dropped = client->log_dropped;
        client->log_dropped = 0;
    }
    is_allowed = client->log_count++ < LOG_LINES_MAX;
    if (!is_allowed)
        client->log_dropped++;
    pthread_mutex_unlock(&client->lock);
    return is_allowed;
}

static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text) {
    KafkaClient *client = rd_kafka_opaque(handle);
    int64_t dropped;

    if (level <= SYSLOG_ERROR && strcmp(facility, "FAIL") == 0)
        take_fault(client, code_of_reason(text), text);
    if (client->role == KAFKA_ADMIN || level > SYSLOG_NOTICE || !log_is_allowed(client, &dropped))
        return;
    if (dropped > 0)
        log_event(LOG_WARNING, "kafka", "%" PRId64 " lines about %s were left out", dropped,
                  client->brokers);
    /* A broker that is away is a warning: the stream that waits for it says so. */
    log_event(level <= SYSLOG_CRITICAL ? LOG_ERROR : LOG_WARNING, "kafka", "%s: %s", facility,
              text);
}

void kafka_client_poll(KafkaClient *client) {
    for (int i = 0; i < POLL_EVENTS_MAX && rd_kafka_poll(client->handle, 0) > 0; i++)
        ;
}

bool kafka_client_fault(KafkaClient *client, KafkaFault *ret_fault) {
    pthread_mutex_lock(&client->lock);
    *ret_fault = client->fault;
    pthread_mutex_unlock(&client->lock);
    return ret_fault->code != RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool kafka_client_are_all_down(KafkaClient *client) {
    bool are_all_down;

    pthread_mutex_lock(&client->lock);
    are_all_down = client->are_all_down;
    pthread_mutex_unlock(&client->lock);
    return are_all_down;
}

void kafka_client_clear_fault(KafkaClient *client) {
    pthread_mutex_lock(&client->lock);
    client->fault.code = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->are_all_down = false;
    pthread_mutex_unlock(&client->lock);
}

/* -------- configuration -------- */

static Status set_by_user(KafkaClient *client, const char *name, const OptionValue *value,
                          const char *text, Error *err) {
    char reason[512];

    if (rd_kafka_conf_set(client->conf, name, text, reason, sizeof(reason)) == RD_KAFKA_CONF_OK)
        return STATUS_OK;
    error_at(err, value->position, INVALID_PARAMETER, "invalid value for option \"%s\"",
             value->name);
    return error_detail(err, "%s", reason);
}

/* librdkafka's message would quote the value: it is not passed on. */
static Status set_secret(KafkaClient *client, const char *name, const OptionValue *value,
                         Error *err) {
    char reason[512];
    StrBuf plain = {0};
    Status status = option_secret(client->options, value->name, &plain, err);

    if (status == STATUS_OK && rd_kafka_conf_set(client->conf, name, strbuf_text(&plain), reason,
                                                 sizeof(reason)) != RD_KAFKA_CONF_OK)
        status = error_at(err, value->position, INVALID_PARAMETER,
                          "invalid value for option \"%s\"", value->name);
    secret_wipe(&plain);
    return status;
}

Status kafka_client_set(KafkaClient *client, const char *name, const char *value, Error *err) {
    char reason[512];

    if (rd_kafka_conf_set(client->conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
        return error_set(err, INTERNAL_ERROR, "librdkafka refuses %s: %s", name, reason);
    return STATUS_OK;
}

/* The member of rdkafka.* that is called `name`; NULL: not given. */
static const OptionValue *given_setting(const OptionSet *options, const char *name) {
    char option[OPTION_NAME_SIZE];
    const OptionValue *value;

    snprintf(option, sizeof(option), "rdkafka.%s", name);
    value = option_lookup(options, option);
    return value && value->is_set ? value : NULL;
}

Status kafka_client_set_default(KafkaClient *client, const char *name, const char *value,
                                Error *err) {
    return given_setting(client->options, name) ? STATUS_OK
                                                : kafka_client_set(client, name, value, err);
}

/* Whether a setting concerns an admin too, which is neither consumer nor producer. */
static bool is_common(const char *name) {
    for (const OptionSpec *spec = kafka_common_settings; spec->name; spec++)
        if (strcmp(spec->name, name) == 0)
            return true;
    return false;
}

/* CREATE asks an admin: a setting that is not for one is checked all the same. */
static Status try_setting(KafkaClient *client, const OptionValue *value, const char *text,
                          Error *err) {
    rd_kafka_conf_t *own = client->conf;
    Status status;

    client->conf = rd_kafka_conf_new();
    status = set_by_user(client, value->spec->name, value, text, err);
    rd_kafka_conf_destroy(client->conf);
    client->conf = own;
    return status;
}

static Status set_given(KafkaClient *client, Error *err) {
    for (int i = 0; i < client->options->count; i++) {
        const OptionValue *value = &client->options->values[i];
        const char *text = value->text;

        if (strncmp(value->name, "rdkafka.", 8) != 0 || !value->is_set)
            continue;
        if (value->spec->type == OPTION_BOOL)
            text = value->number ? "true" : "false";
        if (client->role == KAFKA_ADMIN && !is_common(value->spec->name))
            TRY(try_setting(client, value, text, err));
        else
            TRY(set_by_user(client, value->spec->name, value, text, err));
    }
    return STATUS_OK;
}

/* Options that stand for one setting each. */
static Status set_typed(KafkaClient *client, Error *err) {
    static const char *const pairs[][2] = {
        {"brokers", "bootstrap.servers"},
        {"sasl_username", "sasl.username"},
        {"sasl_password", "sasl.password"},
        {"ssl_ca", "ssl.ca.location"},
        {"ssl_certificate", "ssl.certificate.location"},
        {"ssl_key", "ssl.key.location"},
        {"ssl_key_password", "ssl.key.password"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        const OptionValue *value = option_find(client->options, pairs[i][0]);

        if (value->secret)
            TRY(set_secret(client, pairs[i][1], value, err));
        else if (!value->is_null)
            TRY(set_by_user(client, pairs[i][1], value, value->text, err));
    }
    return STATUS_OK;
}

static Status needs(const OptionSet *options, const char *name, const char *needed, Error *err) {
    const OptionValue *value = option_find(options, name);

    if (value->is_null || !option_find(options, needed)->is_null)
        return STATUS_OK;
    error_at(err, value->position, INVALID_PARAMETER, "option \"%s\" needs option \"%s\"", name,
             needed);
    return error_hint(err, "Add %s to WITH.", needed);
}

static Status refuse_without(const OptionSet *options, const char *prefix, const char *protocol,
                             Error *err) {
    for (int i = 0; i < options->count; i++) {
        const OptionValue *value = &options->values[i];

        if (!value->is_set || strncmp(value->name, prefix, strlen(prefix)) != 0)
            continue;
        error_at(err, value->position, INVALID_PARAMETER,
                 "option \"%s\" has no use with security_protocol = '%s'", value->name, protocol);
        return error_hint(err, "Possible values of security_protocol: plaintext, ssl, "
                               "sasl_plaintext, sasl_ssl.");
    }
    return STATUS_OK;
}

/* The protocol, and that the options fit to it. */
static Status set_security(KafkaClient *client, Error *err) {
    const OptionSet *options = client->options;
    const char *protocol = option_text(options, "security_protocol");
    const char *mechanism = option_text(options, "sasl_mechanism");
    bool is_sasl, is_ssl;

    if (!protocol)
        protocol = option_text(options, "sasl_username") ? "sasl_plaintext" : "plaintext";
    is_sasl = strncmp(protocol, "sasl", 4) == 0;
    is_ssl = strcmp(protocol, "ssl") == 0 || strcmp(protocol, "sasl_ssl") == 0;
    TRY(needs(options, "sasl_username", "sasl_password", err));
    TRY(needs(options, "sasl_password", "sasl_username", err));
    TRY(needs(options, "ssl_certificate", "ssl_key", err));
    TRY(needs(options, "ssl_key", "ssl_certificate", err));
    TRY(needs(options, "ssl_key_password", "ssl_key", err));
    TRY(kafka_client_set(client, "security.protocol", protocol, err));
    if (!is_ssl)
        TRY(refuse_without(options, "ssl_", protocol, err));
    else
        TRY(kafka_client_set(client, "ssl.endpoint.identification.algorithm",
                             option_number(options, "ssl_check_hostname") ? "https" : "none", err));
    if (!is_sasl)
        return refuse_without(options, "sasl_", protocol, err);
    if (!option_text(options, "sasl_username"))
        return error_set(err, INVALID_PARAMETER,
                         "security_protocol = '%s' needs options \"sasl_username\" and "
                         "\"sasl_password\"",
                         protocol);
    return kafka_client_set(client, "sasl.mechanism", mechanism ? mechanism : "SCRAM-SHA-512", err);
}

static Status configure(KafkaClient *client, Error *err) {
    rd_kafka_conf_set_opaque(client->conf, client);
    rd_kafka_conf_set_error_cb(client->conf, on_error);
    rd_kafka_conf_set_log_cb(client->conf, on_log);
    TRY(kafka_client_set(client, "client.id", "millrace", err));
    /* An address that refuses is soon followed by the name's next one. */
    TRY(kafka_client_set(client, "reconnect.backoff.ms", "50", err));
    TRY(kafka_client_set(client, "log.connection.close", "false", err));
    TRY(set_typed(client, err));
    TRY(set_security(client, err));
    return set_given(client, err);
}

/* -------- life -------- */

Status kafka_client_create(const OptionSet *options, KafkaRole role, KafkaClient **ret_client,
                           Error *err) {
    CLEANUP(kafka_client_destroyp) KafkaClient *client = memory_zalloc(sizeof(*client));

    pthread_mutex_init(&client->lock, NULL);
    client->conf = rd_kafka_conf_new();
    client->role = role;
    client->options = options;
    client->brokers = memory_strdup(option_text(options, "brokers"));
    client->timeout_us = option_number(options, "connect_timeout");
    TRY(configure(client, err));
    *ret_client = TAKE(client);
    return STATUS_OK;
}

/* What renew_credentials() needs when the options are gone. */
static void keep_credentials(KafkaClient *client) {
    const OptionValue *password = option_find(client->options, "sasl_password");

    if (!password->secret)
        return;
    client->username = memory_strdup(option_text(client->options, "sasl_username"));
    client->password = (SecretReference) {.id = password->secret->id,
                                          .name = memory_strdup(password->secret->name),
                                          .sealed = memory_strdup(password->secret->sealed)};
    client->vault = client->options->environment->vault;
}

Status kafka_client_start(KafkaClient *client, Error *err) {
    char reason[512];
    rd_kafka_type_t type = client->role == KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;

    assert(client->conf && !client->handle);
    client->handle = rd_kafka_new(type, client->conf, reason, sizeof(reason));
    keep_credentials(client);
    client->options = NULL;
    if (!client->handle)
        return error_set(err, INVALID_PARAMETER, "could not set up Kafka for \"%s\": %s",
                         client->brokers, reason);
    client->conf = NULL; /* the handle's now */
    return STATUS_OK;
}

KafkaClient *kafka_client_destroy(KafkaClient *client) {
    if (!client)
        return NULL;
    if (client->handle)
        rd_kafka_destroy(client->handle);
    if (client->conf)
        rd_kafka_conf_destroy(client->conf);
    pthread_mutex_destroy(&client->lock);
    memory_free(client->brokers);
    memory_free(client->username);
    memory_free((char *) (uintptr_t) client->password.name);
    memory_free((char *) (uintptr_t) client->password.sealed);
    memory_free(client);
    return NULL;
}

void kafka_client_renew_credentials(KafkaClient *client) {
    rd_kafka_error_t *error = NULL;
    StrBuf plain = {0};
    Error ignored;

    /* A secret that can't be opened now: what librdkafka has stays. */
    if (!client->username)
        error = rd_kafka_sasl_set_credentials(client->handle, "", "");
    else if (secret_open(client->vault, &client->password, &plain, &ignored) == STATUS_OK)
        error =
            rd_kafka_sasl_set_credentials(client->handle, client->username, strbuf_text(&plain));
    if (error)
        rd_kafka_error_destroy(error);
    secret_wipe(&plain);
}

/* -------- errors -------- */

static bool is_transport(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__NODE_UPDATE:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        return true;
    default:
        return false;
    }
}

SqlState kafka_sqlstate(rd_kafka_resp_err_t code, KafkaRole role) {
    if (is_transport(code))
        return role == KAFKA_ADMIN ? SQLSTATE_CONNECTOR_UNREACHABLE : SQLSTATE_CONNECTION_FAILURE;
    switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
        return SQLSTATE_INVALID_AUTHORIZATION;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return SQLSTATE_INSUFFICIENT_PRIVILEGE;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return SQLSTATE_UNDEFINED_TABLE;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return SQLSTATE_DUPLICATE_TABLE;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return SQLSTATE_PROGRAM_LIMIT_EXCEEDED;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        return SQLSTATE_INSUFFICIENT_RESOURCES;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return SQLSTATE_INVALID_PARAMETER;
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
        return SQLSTATE_FEATURE_NOT_SUPPORTED;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return SQLSTATE_DATA_CORRUPTED;
    default:
        return SQLSTATE_CONNECTION_FAILURE;
    }
}

Status kafka_error(Error *err, rd_kafka_resp_err_t code, const char *text, const char *what) {
    return error_fill(err, kafka_sqlstate(code, KAFKA_CONSUMER), 0, "%s: %s", what,
                      text && *text ? text : rd_kafka_err2str(code));
}

Status kafka_client_error(KafkaClient *client, rd_kafka_resp_err_t code, const char *what,
                          Error *err) {
    KafkaFault fault;

    if (client->handle)
        kafka_client_poll(client);
    if (!is_transport(code)) {
        error_fill(err, kafka_sqlstate(code, client->role), 0, "%s: %s", what,
                   rd_kafka_err2str(code));
        return STATUS_ERROR;
    }
    if (!kafka_client_fault(client, &fault)) {
        error_fill(err, kafka_sqlstate(code, client->role), 0, "%s: broker \"%s\": %s", what,
                   client->brokers, rd_kafka_err2str(code));
        return STATUS_ERROR;
    }
    error_fill(err, kafka_sqlstate(fault.code, client->role), 0, "%s: broker \"%s\": %s", what,
               fault.broker[0] ? fault.broker : client->brokers, fault.cause);
    return STATUS_ERROR;
}
