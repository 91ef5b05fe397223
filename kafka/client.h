/* Kafka client: one librdkafka handle by our options, with its logs, its faults and its errors.
 *
 * Only kafka/ includes this header. create() makes the configuration; the caller adds its own
 * settings and callbacks to client->conf; start() makes the handle; destroy() ends both. librdkafka
 * tells causes ("Connection refused") in its log and in error events, and gives the call that
 * failed no more than "timed out": the client remembers the last cause, and
 * kafka_client_error() says it together with the broker.
 *
 * Laws: (1) nothing that comes from an OPTION_SECRET is in a log line or an error; (2) log lines
 * are limited in number per client; (3) an admin's are not logged at all: its caller reports. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "base/status.h"
#include "kafka/options.h"

typedef enum KafkaRole { KAFKA_CONSUMER, KAFKA_PRODUCER, KAFKA_ADMIN } KafkaRole;

/* The last thing that went wrong with a broker. */
typedef struct KafkaFault {
    rd_kafka_resp_err_t code; /* 0: nothing since the last clear */
    char broker[256];         /* "host:port"; "" when it is not told */
    char cause[512];          /* "Connection refused" */
} KafkaFault;

typedef struct KafkaClient {
    rd_kafka_conf_t *conf; /* until start() */
    rd_kafka_t *handle;    /* after start() */
    KafkaRole role;
    char *brokers;            /* as written; owned */
    int64_t timeout_us;       /* connect_timeout */
    const OptionSet *options; /* borrowed until start() */
    char *username;           /* owned; NULL: no SASL */
    SecretReference password; /* texts owned */
    const SecretVault *vault;
    void *owner;          /* for the caller's callbacks: their opaque is the client */
    pthread_mutex_t lock; /* guards what follows: librdkafka's threads call back */
    KafkaFault fault;
    bool are_all_down;     /* each broker failed once; until the next clear */
    int64_t log_window_ns; /* the rate limit: lines since the window's begin */
    int log_count;
    int64_t log_dropped;
} KafkaClient;

/* 22023 at its position for a setting that librdkafka refuses. */
MUST_USE Status kafka_client_create(const OptionSet *options, KafkaRole role,
                                    KafkaClient **ret_client, Error *err);
/* A setting of ours: the user's rdkafka.* does not override it. XX000 when refused. */
MUST_USE Status kafka_client_set(KafkaClient *client, const char *name, const char *value,
                                 Error *err);
/* Ours unless the user gave rdkafka.<name>. */
MUST_USE Status kafka_client_set_default(KafkaClient *client, const char *name, const char *value,
                                         Error *err);
/* Make the handle; no connection yet. */
MUST_USE Status kafka_client_start(KafkaClient *client, Error *err);
KafkaClient *kafka_client_destroy(KafkaClient *client); /* NULL is fine */
DEFINE_CLEANUP(KafkaClient, kafka_client_destroy)

/* Give librdkafka user and password again, by the secret's newest value: it takes them for the next
 * connection. Makes every broker's thread look again at what it has to do. */
void kafka_client_renew_credentials(KafkaClient *client);

/* Serve error events and callbacks that wait; call it now and then, from one thread. */
void kafka_client_poll(KafkaClient *client);
/* The last fault; false: none since the last clear. */
bool kafka_client_fault(KafkaClient *client, KafkaFault *ret_fault);
bool kafka_client_are_all_down(KafkaClient *client); /* each failed since the last clear */
void kafka_client_clear_fault(KafkaClient *client);  /* a broker answered */

/* librdkafka's code as our error, with the broker and the cause when the network is to blame:
 * 08001 (admin: at CREATE) or 08006 transport, 28000 authentication, 42501 authorisation, 42P01
 * unknown topic, 54000 size … `what` names the deed: "could not read topic \"x\"". */
Status kafka_client_error(KafkaClient *client, rd_kafka_resp_err_t code, const char *what,
                          Error *err);
/* Without a client to ask. `text` (may be NULL) is what librdkafka or the broker says. */
Status kafka_error(Error *err, rd_kafka_resp_err_t code, const char *text, const char *what);
/* The code's class only. */
SqlState kafka_sqlstate(rd_kafka_resp_err_t code, KafkaRole role);
