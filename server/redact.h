/* Redact: SQL texts and errors about them without the secrets that stand in them.
 *
 * A secret comes in as a literal of a statement, which may be wrong in any way: it can't be told by
 * parsing. So this looks at the words: every literal in a statement that begins as CREATE SECRET or
 * ALTER SECRET, and one that follows a name like sasl_password, also a misspelt one. Whatever
 * shows, logs or quotes a statement's text asks here first. */
#pragma once

#include "base/status.h"
#include "base/strbuf.h"

bool redact_has_secrets(const char *sql);
/* Append the text with '******' in place of each secret. */
void redact_sql(const char *sql, StrBuf *out);
/* An error about `sql` for its client: no secret in its texts, and no position on a line with a
 * secret, since psql would print that line. */
void redact_error(const char *sql, Error *err);
