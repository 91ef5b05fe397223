/* Text types: lengths of text, varchar(n), char(n), name and the forms of bytea and uuid. */
#pragma once

#include "base/strbuf.h"
#include "types/value.h"

/* 22021 with the offending bytes, as PostgreSQL; a zero byte is refused too. */
MUST_USE Status utf8_check(const char *text, size_t length, Error *err);

/* Make the text fit varchar(n), char(n), name or "char": blanks that are too many go, char(n) is
 * padded; other characters that are too many are 22001, or go when `is_explicit` (a cast). Borrows
 * from `text` or lives in the arena. */
MUST_USE Status text_apply_typmod(SqlType type, const TextView *text, bool is_explicit,
                                  Arena *arena, TextView *ret_text, Error *err);

void bytea_append_text(const TextView *bytes, bool is_hex, StrBuf *out);
MUST_USE Status bytea_parse(const char *text, size_t length, Arena *arena, TextView *ret_bytes,
                            Error *err);
void uuid_append_text(const Uuid *uuid, StrBuf *out);
MUST_USE Status uuid_parse(const char *text, size_t length, Uuid *ret_uuid, Error *err);
