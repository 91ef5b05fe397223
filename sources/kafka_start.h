/* Kafka start: where reading begins and where it stops, as options `start` and `stop` say it.
 *
 * 'earliest', 'latest', a timestamp, or offsets by partition: '0:100,1:5', with several topics
 * 'orders:0:100,audit:1:5', or as JSON: {"0": 100} or {"orders": {"0": 100}}. */
#pragma once

#include "base/arena.h"
#include "connector/option.h"

typedef enum KafkaStartKind {
    KAFKA_START_EARLIEST,
    KAFKA_START_LATEST,
    KAFKA_START_TIME,
    KAFKA_START_OFFSETS,
} KafkaStartKind;

typedef struct KafkaStartOffset {
    const char *topic; /* NULL: whichever */
    int32_t partition;
    int64_t offset;
} KafkaStartOffset;

typedef struct KafkaStart {
    KafkaStartKind kind;
    int64_t timestamp_ms; /* since 1970 */
    int count;
    KafkaStartOffset *offsets; /* arena */
} KafkaStart;

/* The value of option `name`, which is not null. 22023 at its position. */
MUST_USE Status kafka_start_parse(const OptionSet *options, const char *name, Arena *arena,
                                  KafkaStart *ret_start, Error *err);
/* The next item of 'a, b, c' without the blanks around it, cut out of *rest; NULL: no more. */
char *kafka_next_item(char **rest);
/* The offset named for the partition; -1: none. */
int64_t kafka_start_offset(const KafkaStart *start, const char *topic, int32_t partition);
