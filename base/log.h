/* Log: one logfmt line per event on standard error: ts= level= area= msg= key=value…
 *
 * Thread-safe: a line is one write(2). The level is the only mutable global of its kind. Never log
 * and return an error: whoever reports it to the user logs it. Secrets never reach this file. */
#pragma once

#include "base/status.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;

void log_set_level(LogLevel level);
/* `area` names the module ("stream"); the rest is printf for msg=. Newlines and quotes are escaped.
 */
void log_event(LogLevel level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);
void log_error(LogLevel level, const char *area, const Error *err); /* sqlstate=, hint= included */
