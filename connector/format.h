/* Format: bytes ↔ columns.
 *
 * A decoder turns records (lines, messages) into the columns that the plan needs, and tells which
 * records are bad. An encoder turns rows into bytes for a sink. */
#pragma once

#include "base/strbuf.h"
#include "connector/option.h"
#include "types/batch.h"
#include "types/text_form.h"

/* One record as the source cut it. `data` is readable for RECORD_PADDING bytes past `length`. */
typedef struct Record {
    const char *data; /* NULL: the record has no value (a tombstone): a row of NULLs */
    uint32_t length;
    int32_t file;    /* block-local: index into the block's names, or -1 */
    int64_t offset;  /* in its partition: a position that names it in errors */
    const char *key; /* kafka; NULL: none. Readable for RECORD_PADDING bytes past key_length */
    uint32_t key_length;
    uint32_t headers_length;
    const char *headers;   /* JSON, [{"key":"k","value":"v"}]; NULL: none */
    int64_t timestamp_us;  /* kafka, µs since 2000-01-01 UTC; INT64_MIN: none */
    int8_t timestamp_type; /* a TimestampType */
    int64_t line;          /* number in its file from 1; 0: not counted */
    const char *fault;     /* NULL; else the source says why it is bad (54000): data is a sample */
} Record;

enum { RECORD_PADDING = 64 };

typedef enum TimestampType { TIMESTAMP_NONE, TIMESTAMP_CREATE, TIMESTAMP_APPEND } TimestampType;

/* A column wanted from each record. */
typedef struct DecodeColumn {
    const char *name;
    const char *path; /* FROM '$.a.b'; NULL: by name */
    SqlType type;
    bool is_not_null;
    int position;          /* its place among the source's payload columns, from 0 (csv) */
    bool is_checked_only;  /* named by the bound statement but not needed: conversion is checked, no
                              values kept */
    bool is_null_when_bad; /* a value that does not convert is NULL, and told; never NOT NULL */
} DecodeColumn;

typedef struct BadRecord {
    uint32_t record; /* index in the call's records */
    SqlState sqlstate;
    const char *column_name; /* NULL: the whole record */
    const char *message;     /* arena */
    bool is_kept;            /* the record is a row all the same, with NULL in that column */
} BadRecord;

/* Fields of good records that did not convert and are NULL: is_null_when_bad. */
typedef struct NulledFields {
    BadRecord *items;
    uint32_t count, capacity;
} NulledFields;

/* Append it, as kept. */
void nulled_fields_add(NulledFields *fields, const BadRecord *bad, Arena *arena);

typedef struct DecodeResult {
    Batch *batch; /* rows of the good records in order; columns as wanted (checked-only ones too,
                     empty) */
    uint32_t *row_records; /* [batch->row_count]: which record a row came from */
    BadRecord *bad;
    uint32_t bad_count;
    NulledFields nulled;
    uint32_t header_count; /* records that were headers, neither rows nor bad */
} DecodeResult;

typedef struct Decoder Decoder;
typedef struct Encoder Encoder;

typedef struct FormatType {
    const char *name;
    const char *extension;     /* "json": of a sink's files */
    const OptionSpec *options; /* may be NULL */
    bool reads_paths;          /* FROM '$.a.b' says where in a record a column is */
    /* At CREATE: values that their spec alone can't judge. NULL: none. */
    MUST_USE Status (*check)(const OptionSet *options, Error *err);
    MUST_USE Status (*decoder_create)(const DecodeColumn *columns, uint32_t count,
                                      const OptionSet *options, const FormSettings *settings,
                                      Decoder **ret_decoder, Error *err);
    /* The records that follow are of a file whose first one is `header` (borrowed for the call).
     * Called before any decode() of records from files, also of those behind the first. NULL: the
     * format does not look at it. */
    void (*begin_file)(Decoder *decoder, const Record *header);
    /* At most LIMIT_BATCH_ROWS records. All in `arena`; text may point into the records. One thread
     * a decoder. Never fails for bad input, only for the memory limit. */
    MUST_USE Status (*decode)(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                              DecodeResult *ret_result, Error *err);
    void (*decoder_destroy)(Decoder *decoder);
    /* NULL when the format can't be written. */
    MUST_USE Status (*encoder_create)(const char *const *names, const SqlType *types,
                                      uint32_t count, const OptionSet *options,
                                      Encoder **ret_encoder, Error *err);
    void (*encode_header)(Encoder *encoder, StrBuf *out); /* first bytes of a file; NULL: none */
    /* The active rows, each ended by a '\n', which is no part of a message: one that sends messages
     * encodes row by row and takes it off. */
    MUST_USE Status (*encode)(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err);
    void (*encoder_destroy)(Encoder *encoder);
} FormatType;
