/* Plan bytes: writing and reading what a stored plan is made of: numbers, names, types,
 * expressions.
 *
 * Numbers are little-endian words; a name is its length and bytes; a type is PostgreSQL's OID; a
 * function, a cast or an aggregate is its name and signature, so that a plan outlives the order of
 * our tables. The reader trusts nothing: past a fault every read gives zero, and `status` tells. */
#pragma once

#include "base/codec.h"
#include "optimizer/optimizer.h"

typedef struct PlanWriter {
    StrBuf *out;
    /* Fingerprints: columns as places among the inputs of this node, no names, no positions. */
    const Plan *canonical; /* NULL: everything as it is */
} PlanWriter;

typedef struct PlanReader {
    CodecReader codec;
    Arena *arena;
    Error *err;
    Status status;
    int depth;
} PlanReader;

void write_u8(PlanWriter *writer, int value);
void write_i32(PlanWriter *writer, int64_t value);
void write_i64(PlanWriter *writer, int64_t value);
void write_name(PlanWriter *writer, const char *name); /* nothing in a fingerprint */
void write_symbol(PlanWriter *writer, const char *name);
void write_type(PlanWriter *writer, SqlType type);
void write_column_id(PlanWriter *writer, ColumnId id);
void write_expr(PlanWriter *writer, const Expr *expr); /* NULL is fine */

uint8_t read_u8(PlanReader *reader);
int32_t read_i32(PlanReader *reader);
int64_t read_i64(PlanReader *reader);
int read_below(PlanReader *reader, int bound); /* a byte that must be less */
const char *read_name(PlanReader *reader);     /* arena; never NULL */
SqlType read_type(PlanReader *reader);
ColumnId read_column_id(PlanReader *reader); /* 0: none */
/* How many follow: at most as many as there are bytes left, item_bytes each. */
int read_count(PlanReader *reader, size_t item_bytes);
const Expr *read_expr(PlanReader *reader);     /* never NULL: a constant after a fault */
const Expr *read_optional(PlanReader *reader); /* NULL: none */
/* The first fault counts; nothing can be read behind it. */
void reader_fail(PlanReader *reader, const char *what);
