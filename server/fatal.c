/* All in the handler is async-signal-safe: numbers are put into a fixed buffer by hand. backtrace()
 * is, once it has loaded its library, which the first call at start does. */
#include "server/fatal.h"

#include <execinfo.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"
#include "base/thread.h"
#include "types/datetime.h"

enum {
    FRAMES_MAX = 48,
    LINE_BYTES = 2048,
};

typedef struct FatalLine {
    char bytes[LINE_BYTES];
    size_t length;
} FatalLine;

static const struct {
    int number;
    const char *name;
} fatal_signals[] = {{SIGSEGV, "SIGSEGV"},
                     {SIGBUS, "SIGBUS"},
                     {SIGFPE, "SIGFPE"},
                     {SIGILL, "SIGILL"},
                     {SIGABRT, "SIGABRT"}};

/* The linker's names for where the program begins, and where its code ends. */
extern const char __executable_start[];
extern const char etext[];

static void put_text(FatalLine *line, const char *text) {
    while (*text && line->length < LINE_BYTES)
        line->bytes[line->length++] = *text++;
}

static void put_number(FatalLine *line, uint64_t number, unsigned base, int digits_min) {
    char digits[24];
    int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number || count < digits_min);
    while (count && line->length < LINE_BYTES)
        line->bytes[line->length++] = digits[--count];
}

/* As base/log.c writes it. */
static void put_time(FatalLine *line) {
    struct timespec now;
    CivilTime civil;

    clock_gettime(CLOCK_REALTIME, &now);
    civil = timestamp_to_civil((int64_t) now.tv_sec * 1000000 - DATETIME_UNIX_EPOCH_US);
    put_text(line, "ts=");
    put_number(line, (uint64_t) civil.year, 10, 4);
    put_text(line, "-");
    put_number(line, (uint64_t) civil.month, 10, 2);
    put_text(line, "-");
    put_number(line, (uint64_t) civil.day, 10, 2);
    put_text(line, "T");
    put_number(line, (uint64_t) civil.hour, 10, 2);
    put_text(line, ":");
    put_number(line, (uint64_t) civil.minute, 10, 2);
    put_text(line, ":");
    put_number(line, (uint64_t) civil.second, 10, 2);
    put_text(line, ".");
    put_number(line, (uint64_t) now.tv_nsec / 1000000, 10, 3);
    put_text(line, "Z");
}

/* Our own as offsets into the file, as addr2line takes them: the program lies elsewhere each time.
 */
static void put_callers(FatalLine *line) {
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);

    for (int i = 0; i < count; i++) {
        uintptr_t address = (uintptr_t) frames[i];
        uintptr_t begin = (uintptr_t) __executable_start;
        bool is_ours = address >= begin && address < (uintptr_t) etext;

        put_text(line, i ? " " : "");
        put_text(line, is_ours ? "+0x" : "0x");
        put_number(line, is_ours ? address - begin : address, 16, 1);
    }
}

static const char *signal_name(int number) {
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++)
        if (fatal_signals[i].number == number)
            return fatal_signals[i].name;
    return "";
}

static void die_telling(int number, siginfo_t *info, void *context) {
    FatalLine line = {.length = 0};
    ssize_t written;

    put_time(&line);
    put_text(&line, " level=fatal area=server msg=\"the server dies of ");
    put_text(&line, signal_name(number));
    put_text(&line, "\" version=" MILLRACE_VERSION " address=0x");
    put_number(&line, (uintptr_t) info->si_addr, 16, 1);
    put_text(&line, " callers=\"");
    put_callers(&line);
    put_text(&line, "\"\n");
    written = write(STDERR_FILENO, line.bytes, line.length);
    (void) written;       /* nobody is left to tell */
    (void) raise(number); /* the default again: it comes when this handler returns */
}

void fatal_signals_init(void) {
    struct sigaction action = {.sa_sigaction = die_telling,
                               .sa_flags = (int) (SA_SIGINFO | SA_ONSTACK | SA_RESETHAND)};
    struct sigaction before;
    void *frame[1];

    thread_begin();
    (void) backtrace(frame, 1);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++)
        if (sigaction(fatal_signals[i].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void) sigaction(fatal_signals[i].number, &action, NULL);
    (void) signal(SIGPIPE, SIG_IGN);
    (void) signal(SIGXFSZ, SIG_IGN);
}
