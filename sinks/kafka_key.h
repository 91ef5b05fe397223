/* Kafka key: what the options `key` and `key_format` make of a row's columns.
 *
 * `key` lists columns, or any immutable expressions over them (planner/row_items.h), which are
 * computed a batch at a time. A list of which every entry is the name of a column means those,
 * whatever else it might mean: "user", "order id". Where messages replace each other by key in
 * update mode (upsert), the key must tell apart what the query's key does, and read nothing else:
 * or a row's end would go elsewhere than the row, or one row replace another. */
#pragma once

#include "connector/sink.h"

typedef struct KafkaKey KafkaKey;

typedef enum KafkaKeyUse {
    KAFKA_KEY_PLAIN,  /* it says where a message goes */
    KAFKA_KEY_UPSERT, /* it is what a message replaces: there must be one */
} KafkaKeyUse;

/* What can be said of the options alone; 42601 within the text of `key`. */
MUST_USE Status kafka_key_check_options(const OptionSet *options, Error *err);
/* 22023, 42703, 42P10, 42P17 … The key borrows the environment. */
MUST_USE Status kafka_key_create(const SinkEnvironment *environment, KafkaKeyUse use,
                                 KafkaKey **ret_key, Error *err);
KafkaKey *kafka_key_destroy(KafkaKey *key);                /* NULL is fine */
bool kafka_key_has_column(const KafkaKey *key, int place); /* as it is, not in an expression */
/* The rows that follow are this batch's; borrowed. */
MUST_USE Status kafka_key_batch(KafkaKey *key, const Batch *batch, Error *err);
/* Bytes are borrowed until the next row; NULL: no key. 22004: it must have one. */
MUST_USE Status kafka_key_encode(KafkaKey *key, uint32_t row, const char **ret_bytes,
                                 size_t *ret_length, Error *err);
