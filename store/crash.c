#include "store/crash.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const crash_names[] = {
#define X(name, text) text,
    CRASH_POINTS(X)
#undef X
};

/* Written once by crash_init, before any thread starts. */
static int armed_point = -1;
static _Atomic int passes_left = 0;
static long delay_us = 0;
static int log_fd = -1;

static void arm(const char *text) {
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t) (colon - text) : strlen(text);
    long count = colon ? strtol(colon + 1, NULL, 10) : 1;

    for (int i = 0; i < CRASH_POINT_COUNT; i++)
        if (strlen(crash_names[i]) == length && memcmp(crash_names[i], text, length) == 0) {
            armed_point = i;
            atomic_store(&passes_left, (int) (count > 0 ? count : 1));
        }
}

void crash_init(void) {
    const char *point = getenv("MILLRACE_CRASH_POINT");
    const char *delay = getenv("MILLRACE_CRASH_DELAY_US");
    const char *log_path = getenv("MILLRACE_CRASH_LOG");

    if (point)
        arm(point);
    if (delay)
        delay_us = strtol(delay, NULL, 10);
    if (log_path)
        log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void log_pass(CrashPoint point) {
    char line[64];
    int length = snprintf(line, sizeof(line), "%s\n", crash_names[point]);
    ssize_t written = write(log_fd, line, (size_t) length);

    (void) written; /* a test's evidence; its reader notices a gap */
}

void crash_point(CrashPoint point) {
    if (log_fd >= 0)
        log_pass(point);
    if ((int) point == armed_point && atomic_fetch_sub(&passes_left, 1) == 1)
        kill(getpid(), SIGKILL);
    if (delay_us > 0) {
        struct timespec pause = {delay_us / 1000000, delay_us % 1000000 * 1000};

        nanosleep(&pause, NULL);
    }
}
