/* Kafka settings: the allow-list of librdkafka's own settings, given as rdkafka.<name>.
 *
 * On it is what tunes: sizes, times, retries. Never on it: what loads code (plugin.library.paths),
 * runs a command (sasl.kerberos.kinit.cmd), names a file (*.location, *.keytab), holds a secret
 * (those are typed options), shows contents (debug), turns a check off
 * (enable.ssl.certificate.verification), or decides what is exact (acks, enable.idempotence,
 * isolation.level, enable.auto.commit, group.*, transactional.id): those are ours. */
#include "kafka/options.h"

/* clang-format off */
#define COMMON_SETTINGS                                                                            \
    {"client.id", OPTION_TEXT, NULL, NULL, "our name in the brokers' logs and quotas", 0},         \
    {"client.rack", OPTION_TEXT, NULL, NULL, "our rack, to read from the nearest replica", 0},     \
    {"api.version.request.timeout.ms", OPTION_INT, NULL, NULL, "for the first question", 0},       \
    {"broker.address.family", OPTION_CHOICE, "any|v4|v6", NULL, "addresses to try", 0},            \
    {"broker.address.ttl", OPTION_INT, NULL, NULL, "ms that an address is remembered", 0},         \
    {"connections.max.idle.ms", OPTION_INT, NULL, NULL, "idle connections are closed", 0},         \
    {"message.max.bytes", OPTION_INT, NULL, NULL, "largest request", 0},                           \
    {"metadata.max.age.ms", OPTION_INT, NULL, NULL, "how long metadata are believed", 0},          \
    {"receive.message.max.bytes", OPTION_INT, NULL, NULL, "largest response", 0},                  \
    {"reconnect.backoff.max.ms", OPTION_INT, NULL, NULL, "longest wait to connect again", 0},      \
    {"reconnect.backoff.ms", OPTION_INT, NULL, NULL, "first wait to connect again", 0},            \
    {"socket.connection.setup.timeout.ms", OPTION_INT, NULL, NULL, "to connect", 0},               \
    {"socket.keepalive.enable", OPTION_BOOL, NULL, NULL, "TCP keep-alive", 0},                     \
    {"socket.max.fails", OPTION_INT, NULL, NULL, "failed requests until a new connection", 0},     \
    {"socket.nagle.disable", OPTION_BOOL, NULL, NULL, "TCP_NODELAY", 0},                           \
    {"socket.receive.buffer.bytes", OPTION_INT, NULL, NULL, "SO_RCVBUF", 0},                       \
    {"socket.send.buffer.bytes", OPTION_INT, NULL, NULL, "SO_SNDBUF", 0},                          \
    {"socket.timeout.ms", OPTION_INT, NULL, NULL, "for one request", 0},                           \
    {"ssl.cipher.suites", OPTION_TEXT, NULL, NULL, "OpenSSL's list", 0},                           \
    {"ssl.curves.list", OPTION_TEXT, NULL, NULL, "OpenSSL's list", 0},                             \
    {"ssl.sigalgs.list", OPTION_TEXT, NULL, NULL, "OpenSSL's list", 0},                            \
    {"topic.metadata.refresh.fast.interval.ms", OPTION_INT, NULL, NULL, "no leader yet", 0}, \
    {"topic.metadata.refresh.interval.ms", OPTION_INT, NULL, NULL, "between two looks", 0}, \
    {"topic.metadata.refresh.sparse", OPTION_BOOL, NULL, NULL, "ask for our topics only", 0}

const OptionSpec kafka_common_settings[] = {
    COMMON_SETTINGS,
    {0},
};

const OptionSpec kafka_source_settings[] = {
    COMMON_SETTINGS,
    {"check.crcs", OPTION_BOOL, NULL, NULL, "check the records' sums", 0},
    {"fetch.error.backoff.ms", OPTION_INT, NULL, NULL, "wait after an error", 0},
    {"fetch.max.bytes", OPTION_INT, NULL, NULL, "most that one answer holds", 0},
    {"fetch.message.max.bytes", OPTION_INT, NULL, NULL, "most of one partition in an answer", 0},
    {"fetch.min.bytes", OPTION_INT, NULL, NULL, "least that the broker answers with", 0},
    {"fetch.wait.max.ms", OPTION_INT, NULL, NULL, "longest that the broker waits for it", 0},
    {"queued.max.messages.kbytes", OPTION_INT, NULL, NULL, "most fetched ahead, a partition", 0},
    {"queued.min.messages", OPTION_INT, NULL, NULL, "least fetched ahead, a partition", 0},
    {0},
};

const OptionSpec kafka_sink_settings[] = {
    COMMON_SETTINGS,
    {"batch.num.messages", OPTION_INT, NULL, NULL, "most messages in a batch", 0},
    {"batch.size", OPTION_INT, NULL, NULL, "most bytes in a batch", 0},
    {"compression.codec", OPTION_CHOICE, "none|gzip|snappy|lz4|zstd", NULL, "of batches", 0},
    {"compression.level", OPTION_INT, NULL, NULL, "of batches", 0},
    {"compression.type", OPTION_CHOICE, "none|gzip|snappy|lz4|zstd", NULL, "of batches", 0},
    {"linger.ms", OPTION_TEXT, NULL, NULL, "how long a batch waits for more messages", 0},
    {"message.send.max.retries", OPTION_INT, NULL, NULL, "before a message has failed", 0},
    {"message.timeout.ms", OPTION_INT, NULL, NULL, "before a message has failed", 0},
    {"partitioner", OPTION_CHOICE,
     "random|consistent|consistent_random|murmur2|murmur2_random|fnv1a|fnv1a_random", NULL,
     "the partition of a key", 0},
    {"queue.buffering.max.kbytes", OPTION_INT, NULL, NULL, "most that waits to be sent", 0},
    {"queue.buffering.max.messages", OPTION_INT, NULL, NULL, "most that waits to be sent", 0},
    {"request.timeout.ms", OPTION_INT, NULL, NULL, "for the broker's acknowledgement", 0},
    {"retry.backoff.ms", OPTION_INT, NULL, NULL, "wait before a retry", 0},
    {"sticky.partitioning.linger.ms", OPTION_INT, NULL, NULL, "a partition is kept for no key", 0},
    {0},
};
/* clang-format on */
