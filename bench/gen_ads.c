/* gen_ads: ad events as JSON lines of exactly 256 bytes, like those of the Yahoo streaming
 * benchmark.
 *
 * usage: gen_ads FOLDER [count [seed [files [events_per_second]]]]
 *
 * The same arguments give the same bytes on any machine. There are 100 campaigns of 10 ads; a third
 * of the events are views. Event time begins at 2026-01-01 and rises steadily by the given rate;
 * file i of n holds the i-th n-th of the events, so that files by name are files by time. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AD_COUNT 1000
#define USER_COUNT 100000
#define PAGE_COUNT 1000
#define LINE_BYTES 256
#define START_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct Options {
    const char *folder;
    int64_t count;
    uint64_t seed;
    int64_t file_count;
    int64_t events_per_second;
} Options;

static const char *const ad_types[] = {"banner", "modal", "sponsored", "mail", "mobile"};
static const char *const event_types[] = {"view", "click", "purchase"};

/* SplitMix64 (Steele et al., 2014): a good mix of any 64 bits, and a generator by counting. */
static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The id number `index` of a kind, in the form of a UUID. */
static void format_uuid(char ret_text[37], uint64_t kind, uint64_t index) {
    uint64_t high = mix(kind * UINT64_C(1000003) + index);
    uint64_t low = mix(high);

    snprintf(ret_text, 37, "%08" PRIx32 "-%04x-%04x-%04x-%012" PRIx64, (uint32_t) (high >> 32),
             (unsigned) (high >> 16) & 0xffff, (unsigned) high & 0xffff, (unsigned) (low >> 48),
             low & UINT64_C(0xffffffffffff));
}

static void format_time(char ret_text[25], int64_t time_ms) {
    time_t seconds = (time_t) (time_ms / 1000);
    struct tm parts;
    char to_seconds[20];

    gmtime_r(&seconds, &parts);
    strftime(to_seconds, sizeof(to_seconds), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(ret_text, 25, "%s.%03uZ", to_seconds, (unsigned) (time_ms % 1000) % 1000);
}

/* Event number `index` into a line of LINE_BYTES, its line break included. */
static void format_event(char *ret_line, const Options *options, int64_t index) {
    uint64_t random = mix(options->seed ^ mix((uint64_t) index));
    uint64_t other = mix(random);
    char user[37], page[37], ad[37], time_text[25], line[LINE_BYTES + 64];
    int length;

    format_uuid(user, 1, random % USER_COUNT);
    format_uuid(page, 2, (random >> 20) % PAGE_COUNT);
    format_uuid(ad, 3, (random >> 40) % AD_COUNT);
    format_time(time_text, START_MS + index * 1000 / options->events_per_second);
    length = snprintf(line, sizeof(line),
                      "{\"user_id\":\"%s\",\"page_id\":\"%s\",\"ad_id\":\"%s\",\"ad_type\":\"%s\","
                      "\"event_type\":\"%s\",\"event_time\":\"%s\",\"ip_address\":\"%d.%d.%d.%d\"",
                      user, page, ad, ad_types[other % 5], event_types[(other >> 8) % 3], time_text,
                      (int) ((other >> 16) % 10), (int) ((other >> 24) % 10),
                      (int) ((other >> 32) % 10), (int) ((other >> 40) % 10));
    memset(ret_line, ' ', LINE_BYTES);
    memcpy(ret_line, line, (size_t) length);
    ret_line[LINE_BYTES - 2] = '}';
    ret_line[LINE_BYTES - 1] = '\n';
}

/* Writes events [first, end) as file number `file_index`. */
static bool write_file(const Options *options, int64_t file_index, int64_t first, int64_t end) {
    char path[4096], line[LINE_BYTES];
    bool is_written = true;
    FILE *file;

    snprintf(path, sizeof(path), "%s/ads-%05" PRId64 ".json", options->folder, file_index);
    file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "gen_ads: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (int64_t i = first; i < end && is_written; i++) {
        format_event(line, options, i);
        is_written = fwrite(line, LINE_BYTES, 1, file) == 1;
    }
    if (fclose(file) != 0 || !is_written) {
        fprintf(stderr, "gen_ads: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static int64_t number_argument(int argc, char **argv, int index, int64_t fallback) {
    return argc > index ? strtoll(argv[index], NULL, 10) : fallback;
}

int main(int argc, char **argv) {
    Options options = {
        .folder = argc > 1 ? argv[1] : NULL,
        .count = number_argument(argc, argv, 2, 1000000),
        .seed = (uint64_t) number_argument(argc, argv, 3, 1),
        .file_count = number_argument(argc, argv, 4, 1),
        .events_per_second = number_argument(argc, argv, 5, 10000),
    };

    if (argc < 2 || argc > 6 || options.count < 0 || options.file_count < 1 ||
        options.events_per_second < 1) {
        fprintf(stderr, "usage: gen_ads FOLDER [count [seed [files [events_per_second]]]]\n");
        return 2;
    }
    for (int64_t i = 0; i < options.file_count; i++) {
        if (!write_file(&options, i, options.count * i / options.file_count,
                        options.count * (i + 1) / options.file_count))
            return 1;
    }
    return 0;
}
