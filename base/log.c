#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"

static _Atomic int log_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_set_level(LogLevel level) {
    atomic_store(&log_level, (int) level);
}

static void append_quoted(StrBuf *line, const char *text) {
    strbuf_append_char(line, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_append_char(line, '\\');
        if (*text == '\n')
            strbuf_append_text(line, "\\n");
        else if ((unsigned char) *text < 0x20)
            strbuf_append_char(line, ' ');
        else
            strbuf_append_char(line, *text);
    }
    strbuf_append_char(line, '"');
}

static void append_head(StrBuf *line, LogLevel level, const char *area) {
    struct timespec now;
    struct tm parts;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strbuf_printf(line, "ts=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ level=%s area=%s msg=",
                  parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                  parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000, level_names[level], area);
}

static void write_line(StrBuf *line) {
    ssize_t written;

    strbuf_append_char(line, '\n');
    written = write(STDERR_FILENO, line->data, line->length);
    (void) written; /* nobody is left to tell */
    strbuf_done(line);
}

void log_event(LogLevel level, const char *area, const char *format, ...) {
    StrBuf line = {0};
    StrBuf message = {0};
    va_list arguments;

    if ((int) level < atomic_load(&log_level))
        return;
    va_start(arguments, format);
    strbuf_vprintf(&message, format, arguments);
    va_end(arguments);
    append_head(&line, level, area);
    append_quoted(&line, strbuf_text(&message));
    strbuf_done(&message);
    write_line(&line);
}

void log_error(LogLevel level, const char *area, const Error *err) {
    StrBuf line = {0};

    if ((int) level < atomic_load(&log_level))
        return;
    append_head(&line, level, area);
    append_quoted(&line, err->message);
    strbuf_printf(&line, " sqlstate=%s", sqlstate_code(err->sqlstate));
    if (err->context[0]) {
        strbuf_append_text(&line, " context=");
        append_quoted(&line, err->context);
    }
    if (err->detail[0]) {
        strbuf_append_text(&line, " detail=");
        append_quoted(&line, err->detail);
    }
    write_line(&line);
}
