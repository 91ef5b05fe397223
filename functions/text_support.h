/* Shared by the text families. */
#pragma once

#include <locale.h>

#include "base/strbuf.h"
#include "functions/function.h"

/* Unicode character classes and case; never freed. */
locale_t text_unicode_locale(void);
/* Argument `index`'s text form, as concat() writes it. */
void text_append_any(const KernelCall *call, uint32_t index, uint32_t row, StrBuf *out);
void text_append_lower(const TextView *view, StrBuf *out);
