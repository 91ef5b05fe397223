/* Kafka pattern: topic names that match a regular expression as a whole. */
#pragma once

#include "base/status.h"

typedef struct KafkaPattern KafkaPattern;

MUST_USE Status kafka_pattern_create(const char *text, KafkaPattern **ret_pattern, Error *err);
/* A match that would take too long is none. */
bool kafka_pattern_matches(const KafkaPattern *pattern, const char *topic);
KafkaPattern *kafka_pattern_destroy(KafkaPattern *pattern); /* NULL is fine */
DEFINE_CLEANUP(KafkaPattern, kafka_pattern_destroy)
