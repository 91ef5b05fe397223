/* Rows as bytes: how state, sorts, joins and the log keep a row.
 *
 * Two forms. The *value form* keeps everything (display scale, sign of zero) and is read back into
 * columns. The *key form* is equal byte for byte exactly when the SQL values are equal (NULL equals
 * NULL), so that a hash table compares keys with memcmp: numeric loses trailing zeros, floats lose
 * the sign of zero and NaN payloads, bpchar its padding, interval is normalised. Key form can't be
 * read back into the display form; aggregates keep the first arrival's value form beside it where
 * the two differ. Both: per column one byte tag (0 NULL, 1 value) then fixed little-endian bytes,
 * or u32 length and bytes. Both are written to checkpoints: the layout has a version. */
#pragma once

#include "base/strbuf.h"
#include "types/batch.h"

enum { ROW_LAYOUT_VERSION = 1 };

void row_append_value(StrBuf *out, const Column *column, uint32_t row);
void row_append_key(StrBuf *out, const Column *column, uint32_t row);
/* The same of a Value (may be NULL). */
void row_append_value_of(StrBuf *out, const Value *value);
void row_append_key_of(StrBuf *out, const Value *value);
void row_append_sort_key_of(StrBuf *out, const Value *value, bool is_descending, bool nulls_first);
/* Value form into a Value whose bytes are borrowed from the buffer. */
bool row_read_value_of(const uint8_t **cursor, const uint8_t *end, SqlType type, Value *ret_value);
/* Is the key form of this type also its value form (ints, text, timestamps, …)? */
bool row_key_is_value(SqlType type);
/* Read one column's value at *cursor (value form) into `column[row]` and advance; bytes longer than
 * 12 are borrowed from the buffer. false: the bytes are damaged (cursor would pass `end`). */
bool row_read_value(const uint8_t **cursor, const uint8_t *end, Column *column, uint32_t row,
                    uint32_t row_count, Arena *arena);
bool row_skip_value(const uint8_t **cursor, const uint8_t *end, SqlType type);
/* ORDER BY form: memcmp order of these bytes is the SQL order (NULLs as told). */
void row_append_sort_key(StrBuf *out, const Column *column, uint32_t row, bool is_descending,
                         bool nulls_first);
