/* Support for tests of formats: a decoder from columns and options, and one record at a time. */
#pragma once

#include "connector/format.h"

/* A decoder of the format; options as name, value, …, NULL. Fails the test when it can't be made.
 */
Decoder *formats_decoder(const FormatType *format, const DecodeColumn *columns, uint32_t count,
                         const char *const *options, Arena *arena);
Encoder *formats_encoder(const FormatType *format, const char *const *names, const SqlType *types,
                         uint32_t count, Arena *arena);
/* A copy of the bytes in the arena, padded as a source pads them. */
Record formats_record(const char *bytes, size_t length, Arena *arena);
/* Decodes one record; NULL when it is bad, else its row as text: values by their output function
 * between '|', NULL as "~". `ret_state`: the SQLSTATE of a bad one. */
const char *formats_row(const FormatType *format, Decoder *decoder, const Record *record,
                        Arena *arena, const char **ret_message);
