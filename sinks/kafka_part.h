/* Kafka part: some columns of a batch as bytes of a format, a row at a time; and how the sink's
 * options name columns. */
#pragma once

#include "connector/sink.h"

typedef struct KafkaPart {
    uint32_t count;
    const char **names;
    SqlType *types;
    Encoder *encoder;         /* NULL: none is needed */
    const FormatType *format; /* the encoder's */
    Batch batch;              /* the columns of the batch at hand */
    StrBuf bytes;             /* of the row at hand */
} KafkaPart;

/* Room for so many columns; they are added by the caller. */
void kafka_part_init(KafkaPart *part, uint32_t capacity, Arena *arena);
void kafka_part_add(KafkaPart *part, const char *name, SqlType type);
MUST_USE Status kafka_part_open(KafkaPart *part, const FormatType *format, const OptionSet *options,
                                Error *err);
void kafka_part_done(KafkaPart *part);
/* The row into part->bytes, without the line's end. */
MUST_USE Status kafka_part_encode(KafkaPart *part, uint32_t row, Error *err);

int kafka_find_column(const SinkEnvironment *environment, const char *name, size_t length);
/* 42703, and what columns there are. */
MUST_USE Status kafka_need_column(const SinkEnvironment *environment, const char *option,
                                  const char *name, size_t length, int *ret_place, Error *err);
/* "The rows have the columns …" */
Status kafka_columns_hint(const SinkEnvironment *environment, Error *err);

typedef struct KafkaTypes {
    const char *what;   /* "partition" */
    const char *wanted; /* "an integer" */
    size_t count;
    TypeId ids[3];
} KafkaTypes;
/* 42804 */
MUST_USE Status kafka_need_type(const KafkaTypes *types, const char *name, SqlType type,
                                Error *err);
