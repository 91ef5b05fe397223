#include "sources/kafka_start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "types/datetime.h"
#include "types/datetime_form.h"
#include "types/json.h"

/* More than any cluster has; guards the array's size. */
enum { OFFSETS_MAX = 100000 };

typedef struct StartParse {
    const OptionValue *value;
    Arena *arena;
    KafkaStart *start;
    int capacity;
} StartParse;

static Status bad_value(const StartParse *parse, Error *err) {
    error_at(err, parse->value->position, INVALID_PARAMETER,
             "invalid value for option \"%s\": \"%s\"", parse->value->name, parse->value->text);
    return error_hint(err, "Write earliest, latest, a timestamp ('2024-01-31 12:00:00+00'), or "
                           "offsets by partition: '0:100,1:5', 'topic:0:100' or '{\"0\": 100}'.");
}

typedef struct Digits {
    const char *data;
    size_t length;
} Digits;

/* All of it is a number from 0 to `max`. */
static bool parse_number(Digits text, int64_t max, int64_t *ret_number) {
    int64_t number = 0;

    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9' ||
            __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number))
            return false;
    *ret_number = number;
    return text.length > 0 && number <= max;
}

/* False: no such numbers, or the partition is named twice. */
static bool add_offset(StartParse *parse, const char *topic, Digits partition, Digits offset) {
    KafkaStart *start = parse->start;
    int64_t number, at;

    if (!parse_number(partition, INT32_MAX, &number) || !parse_number(offset, INT64_MAX, &at) ||
        start->count == OFFSETS_MAX)
        return false;
    if (kafka_start_offset(start, topic ? topic : "", (int32_t) number) >= 0)
        return false;
    if (start->count == parse->capacity) {
        KafkaStartOffset *grown;

        parse->capacity = parse->capacity ? 2 * parse->capacity : 8;
        grown = arena_new_array(parse->arena, KafkaStartOffset, (size_t) parse->capacity);
        if (start->count)
            memcpy(grown, start->offsets, sizeof(*grown) * (size_t) start->count);
        start->offsets = grown;
    }
    start->offsets[start->count++] = (KafkaStartOffset) {topic, (int32_t) number, at};
    return true;
}

int64_t kafka_start_offset(const KafkaStart *start, const char *topic, int32_t partition) {
    for (int i = 0; i < start->count; i++) {
        const KafkaStartOffset *offset = &start->offsets[i];

        if (offset->partition == partition && (!offset->topic || strcmp(offset->topic, topic) == 0))
            return offset->offset;
    }
    return -1;
}

static Digits digits_of(const TextView *text) {
    return (Digits) {text_data(text), text->length};
}

/* {"0": 100}, of one topic or of all. */
static bool take_object(StartParse *parse, const char *topic, const JsonNode *object) {
    for (const JsonNode *member = object->first_child; member; member = member->next)
        if (member->kind != JSON_NUMBER ||
            !add_offset(parse, topic, digits_of(&member->key), digits_of(&member->text)))
            return false;
    return true;
}

static bool parse_json(StartParse *parse) {
    const JsonNode *root;
    Error ignored;

    if (json_read(parse->value->text, strlen(parse->value->text), parse->arena, &root, &ignored) !=
            STATUS_OK ||
        root->kind != JSON_OBJECT || root->child_count == 0)
        return false;
    if (root->first_child->kind == JSON_NUMBER)
        return take_object(parse, NULL, root);
    for (const JsonNode *member = root->first_child; member; member = member->next)
        if (member->kind != JSON_OBJECT ||
            !take_object(parse,
                         arena_strndup(parse->arena, text_data(&member->key), member->key.length),
                         member))
            return false;
    return parse->start->count > 0;
}

/* "0:100" or "topic:0:100". Topic names have no colon. */
static bool parse_item(StartParse *parse, const char *item) {
    const char *last = strrchr(item, ':');
    const char *first = strchr(item, ':');
    const char *partition = first == last ? item : first + 1;
    const char *topic = NULL;

    if (!last)
        return false;
    if (first != last)
        topic = arena_strndup(parse->arena, item, (size_t) (first - item));
    return add_offset(parse, topic, (Digits) {partition, (size_t) (last - partition)},
                      (Digits) {last + 1, strlen(last + 1)});
}

char *kafka_next_item(char **rest) {
    char *item = strsep(rest, ",");

    if (!item)
        return NULL;
    item += strspn(item, " ");
    while (*item && item[strlen(item) - 1] == ' ')
        item[strlen(item) - 1] = '\0';
    return item;
}

/* A list has digits, then a colon, in its first item's end; a timestamp has not. */
static bool parse_list(StartParse *parse) {
    char *rest = arena_strdup(parse->arena, parse->value->text);
    char *item;

    while ((item = kafka_next_item(&rest)))
        if (!parse_item(parse, item))
            return false;
    return true;
}

static bool parse_time(StartParse *parse) {
    const char *text = parse->value->text;
    int64_t micros;
    Error ignored;

    if (timestamptz_parse_text(text, strlen(text), -1, &form_settings_default, &micros, &ignored) !=
            STATUS_OK ||
        micros == TIMESTAMP_PLUS_INFINITY || micros == TIMESTAMP_MINUS_INFINITY)
        return false;
    micros += DATETIME_UNIX_EPOCH_US;
    parse->start->timestamp_ms = micros / 1000 + (micros % 1000 > 0); /* not before it */
    return parse->start->timestamp_ms >= 0;
}

Status kafka_start_parse(const OptionSet *options, const char *name, Arena *arena,
                         KafkaStart *ret_start, Error *err) {
    KafkaStart start = {.kind = KAFKA_START_OFFSETS};
    StartParse parse = {.value = option_find(options, name), .arena = arena, .start = &start};
    const char *text = parse.value->text;
    bool is_good = true;

    if (strcmp(text, "earliest") == 0) {
        start.kind = KAFKA_START_EARLIEST;
    } else if (strcmp(text, "latest") == 0) {
        start.kind = KAFKA_START_LATEST;
    } else if (*text == '{') {
        is_good = parse_json(&parse);
    } else if (!parse_list(&parse)) {
        start = (KafkaStart) {.kind = KAFKA_START_TIME};
        is_good = parse_time(&parse);
    }
    if (!is_good)
        return bad_value(&parse, err);
    *ret_start = start;
    return STATUS_OK;
}
