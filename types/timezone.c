/* Time zones: TZif files (RFC 8536) read and checked here, plus the POSIX rule of their footer for
 * the years after the last transition.
 *
 * Loaded zones live in append-only lists, one a hash bucket, whose heads are atomic: readers take
 * no lock, and two threads that load the same zone at once leave a harmless second copy behind. */
#include "types/timezone.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/memory.h"
#include "types/datetime.h"
#include "types/timezone_rule.h"

enum {
    TZIF_HEADER_BYTES = 44,
    TZIF_FILE_BYTES_MAX = 1 << 20,
    ZONE_NAME_BYTES_MAX = 255,
    ZONE_TYPES_MAX = 256,
    ZONE_BUCKETS = 256,
    ZONE_RULES_CACHED_MAX =
        4096, /* POSIX strings, which can come from data; the database is small */
};

typedef struct ZoneType {
    int32_t offset;
    bool is_dst;
    const char *abbreviation; /* into TimeZone.abbreviations */
} ZoneType;

struct TimeZone {
    const char *name;
    const char *key;      /* the name as it was asked for, in lower case */
    int64_t *transitions; /* Unix seconds, ascending */
    uint8_t *transition_types;
    int32_t transition_count;
    int32_t type_count;
    ZoneType *types;
    char *abbreviations;
    bool has_rule;
    ZoneRule rule; /* in force after the last transition */
    const TimeZone *next;
};

static const char *const zone_directory = "/usr/share/zoneinfo";

static const ZoneType utc_types[] = {{0, false, "UTC"}};
const TimeZone timezone_utc_zone = {
    .name = "UTC",
    .key = "utc",
    .type_count = 1,
    .types = (ZoneType *) (uintptr_t) utc_types,
};

/* shared: grows only; nodes are immutable once published */
static _Atomic(const TimeZone *) zone_buckets[ZONE_BUCKETS];
static atomic_int zone_rules_cached;

const TimeZone *timezone_utc(void) {
    return &timezone_utc_zone;
}

const char *timezone_name(const TimeZone *zone) {
    return zone->name;
}

/* -------- reading TZif -------- */

static uint32_t read_u32(const uint8_t *bytes) {
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           bytes[3];
}

static int64_t read_i64(const uint8_t *bytes) {
    return (int64_t) ((uint64_t) read_u32(bytes) << 32 | read_u32(bytes + 4));
}

typedef struct TzifHeader {
    uint32_t utc_count, standard_count, leap_count, transition_count, type_count, character_count;
    uint8_t version;
} TzifHeader;

static bool tzif_read_header(const uint8_t *bytes, size_t size_bytes, TzifHeader *ret_header) {
    if (size_bytes < TZIF_HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return false;
    *ret_header = (TzifHeader) {
        .version = bytes[4],
        .utc_count = read_u32(bytes + 20),
        .standard_count = read_u32(bytes + 24),
        .leap_count = read_u32(bytes + 28),
        .transition_count = read_u32(bytes + 32),
        .type_count = read_u32(bytes + 36),
        .character_count = read_u32(bytes + 40),
    };
    return ret_header->transition_count < 100000 && ret_header->type_count >= 1 &&
           ret_header->type_count <= ZONE_TYPES_MAX && ret_header->character_count >= 1 &&
           ret_header->character_count < 10000 && ret_header->leap_count < 10000 &&
           ret_header->utc_count <= ZONE_TYPES_MAX && ret_header->standard_count <= ZONE_TYPES_MAX;
}

/* Size of the data block that follows the header. */
static size_t tzif_body_bytes(const TzifHeader *header, size_t time_bytes) {
    return header->transition_count * (time_bytes + 1) + header->type_count * 6 +
           header->character_count + header->leap_count * (time_bytes + 4) +
           header->standard_count + header->utc_count;
}

/* The 64-bit block's transitions and types; false when something points outside. */
static bool tzif_read_body(const uint8_t *body, const TzifHeader *header, TimeZone *zone) {
    uint32_t count = header->transition_count;
    const uint8_t *types = body + (size_t) count * 9;
    const uint8_t *characters = types + (size_t) header->type_count * 6;

    zone->transition_count = (int32_t) count;
    zone->type_count = (int32_t) header->type_count;
    zone->transitions = memory_zalloc((count + 1) * sizeof(int64_t));
    zone->transition_types = memory_zalloc(count + 1);
    zone->types = memory_zalloc(header->type_count * sizeof(ZoneType));
    zone->abbreviations = memory_zalloc(header->character_count + 1);
    memcpy(zone->abbreviations, characters, header->character_count);
    for (uint32_t i = 0; i < count; i++) {
        zone->transitions[i] = read_i64(body + (size_t) i * 8);
        zone->transition_types[i] = body[(size_t) count * 8 + i];
        if (zone->transition_types[i] >= header->type_count ||
            (i > 0 && zone->transitions[i] <= zone->transitions[i - 1]))
            return false;
    }
    for (uint32_t i = 0; i < header->type_count; i++) {
        const uint8_t *entry = types + (size_t) i * 6;
        int32_t offset = (int32_t) read_u32(entry);

        if (offset <= -DATETIME_DAY_SECONDS * 7 || offset >= DATETIME_DAY_SECONDS * 7 ||
            entry[5] >= header->character_count)
            return false;
        zone->types[i] = (ZoneType) {offset, entry[4] != 0, zone->abbreviations + entry[5]};
    }
    return true;
}

static bool tzif_read(const uint8_t *bytes, size_t size_bytes, TimeZone *zone) {
    TzifHeader header;
    size_t body_bytes;
    char footer[128];
    size_t footer_bytes;

    if (!tzif_read_header(bytes, size_bytes, &header) || header.version < '2')
        return false;
    body_bytes = TZIF_HEADER_BYTES + tzif_body_bytes(&header, 4);
    if (body_bytes > size_bytes)
        return false;
    bytes += body_bytes;
    size_bytes -= body_bytes;
    if (!tzif_read_header(bytes, size_bytes, &header))
        return false;
    body_bytes = tzif_body_bytes(&header, 8);
    if (TZIF_HEADER_BYTES + body_bytes > size_bytes ||
        !tzif_read_body(bytes + TZIF_HEADER_BYTES, &header, zone))
        return false;
    bytes += TZIF_HEADER_BYTES + body_bytes;
    size_bytes -= TZIF_HEADER_BYTES + body_bytes;
    /* "\n<rule>\n"; an empty rule means that the last type lasts for ever */
    if (size_bytes < 2 || bytes[0] != '\n' || bytes[size_bytes - 1] != '\n')
        return true;
    footer_bytes = size_bytes - 2;
    if (footer_bytes == 0 || footer_bytes >= sizeof(footer))
        return true;
    memcpy(footer, bytes + 1, footer_bytes);
    footer[footer_bytes] = '\0';
    zone->has_rule = zone_rule_parse(footer, &zone->rule);
    return zone->has_rule;
}

static void zone_free(TimeZone *zone) {
    memory_free((void *) (uintptr_t) zone->name);
    memory_free((void *) (uintptr_t) zone->key);
    memory_free(zone->transitions);
    memory_free(zone->transition_types);
    memory_free(zone->types);
    memory_free(zone->abbreviations);
    memory_free(zone);
}

/* -------- names -------- */

/* Letters, digits, '_', '+', '-' and '/', without empty or dotted parts: never leaves the folder.
 */
static bool zone_name_is_safe(const char *name) {
    size_t length = strlen(name);

    if (length == 0 || length > ZONE_NAME_BYTES_MAX || name[0] == '/' || name[length - 1] == '/' ||
        strstr(name, "//"))
        return false;
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char) *at) && !strchr("_+-/", *at))
            return false;
    return true;
}

/* Replace the part [start, start+length) of `path` by the folder's entry that equals it in any
 * case. */
static bool zone_match_part(const char *folder, char *part, size_t length) {
    DIR *directory = opendir(folder);
    bool is_found = false;

    if (!directory)
        return false;
    for (struct dirent *entry; !is_found && (entry = readdir(directory));)
        if (strlen(entry->d_name) == length && strncasecmp(entry->d_name, part, length) == 0) {
            memcpy(part, entry->d_name, length);
            is_found = true;
        }
    closedir(directory);
    return is_found;
}

/* Spell `name` as the tz database does. */
static bool zone_canonical_name(char *name) {
    char path[512];
    char *part = name;

    while (true) {
        size_t length = strcspn(part, "/");

        snprintf(path, sizeof(path), "%s/%.*s", zone_directory, (int) (part - name), name);
        if (!zone_match_part(path, part, length))
            return false;
        part += length;
        if (*part == '\0')
            return true;
        part++;
    }
}

static bool zone_load_file(const char *name, TimeZone *zone) {
    char spelled[ZONE_NAME_BYTES_MAX + 1];
    char path[512];
    FILE *file;
    uint8_t *bytes;
    size_t size_bytes;
    bool is_read;

    if (!zone_name_is_safe(name))
        return false;
    snprintf(spelled, sizeof(spelled), "%s", name);
    if (!zone_canonical_name(spelled))
        return false;
    snprintf(path, sizeof(path), "%s/%s", zone_directory, spelled);
    file = fopen(path, "re");
    if (!file)
        return false;
    bytes = memory_alloc(TZIF_FILE_BYTES_MAX);
    size_bytes = fread(bytes, 1, TZIF_FILE_BYTES_MAX, file);
    fclose(file);
    is_read = tzif_read(bytes, size_bytes, zone);
    memory_free(bytes);
    if (is_read)
        zone->name = memory_strdup(spelled);
    return is_read;
}

static bool zone_load_rule(const char *name, TimeZone *zone) {
    char upper[ZONE_NAME_BYTES_MAX + 1];
    size_t length = strlen(name);

    if (length > ZONE_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i <= length; i++)
        upper[i] = (char) toupper((unsigned char) name[i]);
    if (!zone_rule_parse(upper, &zone->rule))
        return false;
    zone->has_rule = true;
    zone->name = memory_strdup(upper);
    return true;
}

static _Atomic(const TimeZone *) *zone_bucket(const char *key) {
    return &zone_buckets[hash_bytes(key, strlen(key)) % ZONE_BUCKETS];
}

static const TimeZone *zone_publish(TimeZone *zone) {
    _Atomic(const TimeZone *) *bucket = zone_bucket(zone->key);
    const TimeZone *head = atomic_load(bucket);

    do {
        zone->next = head;
    } while (!atomic_compare_exchange_weak(bucket, &head, zone));
    return zone;
}

/* `name` in lower case; false when it is empty or too long. */
static bool zone_key(const char *name, char key[ZONE_NAME_BYTES_MAX + 1]) {
    size_t length = strlen(name);

    if (length == 0 || length > ZONE_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i <= length; i++)
        key[i] = (char) tolower((unsigned char) name[i]);
    return true;
}

static const TimeZone *zone_cached(const char *key) {
    if (strcmp(key, timezone_utc_zone.key) == 0)
        return &timezone_utc_zone;
    for (const TimeZone *zone = atomic_load(zone_bucket(key)); zone; zone = zone->next)
        if (strcmp(zone->key, key) == 0)
            return zone;
    return NULL;
}

/* `is_limited`: the name can come from data, which must not fill the memory with rules. */
static Status find_or_load(const char *name, bool is_limited, const TimeZone **ret_zone,
                           Error *err) {
    char key[ZONE_NAME_BYTES_MAX + 1];
    const TimeZone *cached;
    TimeZone *zone;

    if (!zone_key(name, key))
        return error_set(err, INVALID_PARAMETER, "time zone \"%s\" not recognized", name);
    cached = zone_cached(key);
    if (!cached) {
        zone = memory_zalloc(sizeof(TimeZone));
        if (!zone_load_file(name, zone) && !zone_load_rule(name, zone)) {
            zone_free(zone);
            return error_set(err, INVALID_PARAMETER, "time zone \"%s\" not recognized", name);
        }
        if (is_limited && zone->type_count == 0 &&
            atomic_fetch_add(&zone_rules_cached, 1) >= ZONE_RULES_CACHED_MAX) {
            zone_free(zone);
            return error_set(err, CONFIGURATION_LIMIT_EXCEEDED,
                             "too many different time zone rules");
        }
        zone->key = memory_strdup(key);
        cached = zone_publish(zone);
    }
    *ret_zone = cached;
    return STATUS_OK;
}

Status timezone_find_name(const char *name, const TimeZone **ret_zone, Error *err) {
    return find_or_load(name, true, ret_zone, err);
}

Status timezone_find_setting(const char *value, const TimeZone **ret_zone, Error *err) {
    const double hours_max = 7 * 24 - 1;
    char *end;
    double hours = strtod(value, &end);

    if (end == value || *end != '\0')
        return timezone_find_name(value, ret_zone, err);
    if (!(hours >= -hours_max && hours <= hours_max))
        return error_set(err, INVALID_PARAMETER, "time zone \"%s\" not recognized", value);
    *ret_zone = timezone_fixed((int32_t) (hours * 3600));
    return STATUS_OK;
}

Status timezone_find(const char *name, const TimeZone **ret_zone, Error *err) {
    char lower[ZONE_NAME_BYTES_MAX + 1];
    ZoneAbbreviation abbreviation;

    if (!zone_key(name, lower) || !timezone_find_abbreviation(lower, &abbreviation))
        return timezone_find_name(name, ret_zone, err);
    *ret_zone = abbreviation.zone ? abbreviation.zone : timezone_fixed(abbreviation.offset);
    return STATUS_OK;
}

const TimeZone *timezone_fixed(int32_t offset_seconds) {
    char name[80];
    int32_t magnitude = offset_seconds < 0 ? -offset_seconds : offset_seconds;
    char part[24];
    const TimeZone *zone = NULL;
    Error err;

    assert(magnitude < 7 * DATETIME_DAY_SECONDS);
    if (offset_seconds == 0)
        return &timezone_utc_zone;
    if (magnitude % 60)
        snprintf(part, sizeof(part), "%02d:%02d:%02d", magnitude / 3600, magnitude / 60 % 60,
                 magnitude % 60);
    else if (magnitude % 3600)
        snprintf(part, sizeof(part), "%02d:%02d", magnitude / 3600, magnitude / 60 % 60);
    else
        snprintf(part, sizeof(part), "%02d", magnitude / 3600);
    /* POSIX counts west of Greenwich */
    snprintf(name, sizeof(name), "<%c%s>%c%s", offset_seconds < 0 ? '-' : '+', part,
             offset_seconds < 0 ? '+' : '-', part);
    IGNORE(find_or_load(name, false, &zone, &err)); /* the name is a valid rule */
    assert(zone);
    return zone;
}

/* -------- offsets -------- */

/* Index of the last transition at or before `unix_seconds`; -1: before all. */
static int32_t zone_search(const TimeZone *zone, int64_t unix_seconds) {
    int32_t low = 0;
    int32_t high = zone->transition_count;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (zone->transitions[middle] <= unix_seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static ZoneMoment zone_type_moment(const TimeZone *zone, int32_t type) {
    return (ZoneMoment) {zone->types[type].offset, zone->types[type].is_dst,
                         zone->types[type].abbreviation};
}

static ZoneMoment zone_moment_at(const TimeZone *zone, int64_t unix_seconds) {
    int32_t index;

    if (zone->transition_count == 0)
        return zone->has_rule ? zone_rule_at(&zone->rule, unix_seconds) : zone_type_moment(zone, 0);
    index = zone_search(zone, unix_seconds);
    if (index < 0)
        return zone_type_moment(zone, 0);
    if (index == zone->transition_count - 1 && zone->has_rule)
        return zone_rule_at(&zone->rule, unix_seconds);
    return zone_type_moment(zone, zone->transition_types[index]);
}

static int64_t unix_seconds_of(int64_t timestamp_us) {
    return datetime_floor_div(timestamp_us, DATETIME_SECOND_US) + DATETIME_UNIX_EPOCH_SECONDS;
}

int32_t timezone_offset_at(const TimeZone *zone, int64_t utc_us, const char **ret_abbreviation) {
    ZoneMoment moment = zone_moment_at(zone, unix_seconds_of(utc_us));

    if (ret_abbreviation)
        *ret_abbreviation = moment.abbreviation;
    return moment.offset;
}

/* The first change after `unix_seconds`; false: none. */
static bool zone_next_change(const TimeZone *zone, int64_t unix_seconds, int64_t *ret_change) {
    int32_t next = zone_search(zone, unix_seconds) + 1;

    if (next < zone->transition_count) {
        *ret_change = zone->transitions[next];
        return true;
    }
    return zone->has_rule && zone_rule_next(&zone->rule, unix_seconds, ret_change);
}

/* Offset of a local time. No two changes of a zone are closer than two days, so the one that can
 * matter is the first after (local time - 1 day). */
static int32_t zone_local_offset(const TimeZone *zone, int64_t local_seconds) {
    int64_t probe = local_seconds - DATETIME_DAY_SECONDS;
    int32_t before = zone_moment_at(zone, probe).offset;
    int64_t change;
    int64_t before_utc, after_utc;
    int32_t after;

    if (!zone_next_change(zone, probe, &change))
        return before;
    after = zone_moment_at(zone, change).offset;
    before_utc = local_seconds - before;
    after_utc = local_seconds - after;
    if (before_utc < change && after_utc < change)
        return before;
    if (before_utc > change && after_utc >= change)
        return after;
    /* in a gap the time before the change, in an overlap the time after it */
    return before_utc > after_utc ? before : after;
}

int32_t timezone_local_offset(const TimeZone *zone, int64_t local_seconds) {
    return zone_local_offset(zone, local_seconds + DATETIME_UNIX_EPOCH_SECONDS);
}

int64_t timezone_local_to_utc(const TimeZone *zone, int64_t local_us) {
    return local_us - zone_local_offset(zone, unix_seconds_of(local_us)) * DATETIME_SECOND_US;
}

int64_t timezone_utc_to_local(const TimeZone *zone, int64_t utc_us) {
    return utc_us + timezone_offset_at(zone, utc_us, NULL) * DATETIME_SECOND_US;
}

bool timezone_is_fixed(const TimeZone *zone, int32_t *ret_offset) {
    *ret_offset = zone_moment_at(zone, 0).offset;
    for (int32_t i = 0; i < zone->type_count; i++)
        if (zone->types[i].offset != *ret_offset)
            return false;
    return !zone->has_rule || !zone->rule.has_dst;
}

int32_t timezone_abbreviation_offset(const TimeZone *zone, const char *abbreviation,
                                     int64_t utc_seconds, int32_t fallback) {
    int32_t start = zone_search(zone, utc_seconds + DATETIME_UNIX_EPOCH_SECONDS);
    ZoneMoment moment;

    if (zone->has_rule && start == zone->transition_count - 1 &&
        zone_rule_named(&zone->rule, abbreviation, &moment))
        return moment.offset;
    /* the last meaning that it had, else the first that it will have */
    for (int32_t i = start; i >= 0; i--)
        if (strcasecmp(zone->types[zone->transition_types[i]].abbreviation, abbreviation) == 0)
            return zone->types[zone->transition_types[i]].offset;
    for (int32_t i = start + 1; i < zone->transition_count; i++)
        if (strcasecmp(zone->types[zone->transition_types[i]].abbreviation, abbreviation) == 0)
            return zone->types[zone->transition_types[i]].offset;
    return fallback;
}
