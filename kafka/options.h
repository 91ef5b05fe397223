/* Kafka options: what a kafka source and a kafka sink have in common in WITH (…).
 *
 * This header knows nothing of librdkafka, so that the tables in sources/ and sinks/ can take the
 * rows. Settings of librdkafka itself are given as rdkafka.<name>, and only those on an allow-list
 * (kafka/settings.c): nothing that loads code, runs a command, reads a file or shows contents. */
#pragma once

#include "connector/option.h"

/* The allow-lists, members of the prefix option rdkafka.*. */
extern const OptionSpec kafka_common_settings[]; /* what both have */
extern const OptionSpec kafka_source_settings[];
extern const OptionSpec kafka_sink_settings[];

/* Rows for an OptionSpec table; `settings` is one of the lists above. */
/* clang-format off */
#define KAFKA_CONNECTION_OPTIONS(settings)                                                        \
    {"brokers", OPTION_TEXT, NULL, NULL, "where to begin: host:port, host:port", OPTION_REQUIRED}, \
    {"connect_timeout", OPTION_DURATION, NULL, "5s",                                              \
     "how long CREATE and each question to the brokers may take", 0},                             \
    {"security_protocol", OPTION_CHOICE, "plaintext|ssl|sasl_plaintext|sasl_ssl", NULL,           \
     "how the brokers are spoken to; default: plaintext, sasl_plaintext with sasl_username", 0},  \
    {"sasl_mechanism", OPTION_CHOICE, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512", NULL,                  \
     "how the user is proved; default: SCRAM-SHA-512", 0},                                        \
    {"sasl_username", OPTION_TEXT, NULL, NULL, "the user's name", 0},                             \
    {"sasl_password", OPTION_SECRET, NULL, NULL, "the user's password", 0},                       \
    {"ssl_ca", OPTION_PATH, NULL, NULL,                                                           \
     "certificates of the authorities to trust (PEM); default: the system's", 0},                 \
    {"ssl_certificate", OPTION_PATH, NULL, NULL, "our certificate (PEM)", 0},                     \
    {"ssl_key", OPTION_PATH, NULL, NULL, "our certificate's private key (PEM)", 0},               \
    {"ssl_key_password", OPTION_SECRET, NULL, NULL, "the private key's password", 0},             \
    {"ssl_check_hostname", OPTION_BOOL, NULL, "true",                                             \
     "the broker's certificate must be for its host's name", 0},                                  \
    {"rdkafka.*", OPTION_TEXT, NULL, NULL, "a setting of librdkafka for sizes or times", 0,  \
     settings}
/* clang-format on */
