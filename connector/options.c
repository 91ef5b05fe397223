/* Options: parse and check what stands in WITH (…) against the declared tables. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "connector/option.h"
#include "connector/path.h"
#include "types/datetime_form.h"

typedef struct OptionParse {
    const OptionSpec *const *tables;
    const OptionEnvironment *environment;
    Arena *arena;
    OptionSet set;
} OptionParse;

static Status bad_value(const OptionText *text, const char *expected, Error *err) {
    error_at(err, text->value_position, INVALID_PARAMETER,
             "invalid value for option \"%s\": \"%s\"", text->name, text->value);
    return error_hint(err, "%s", expected);
}

/* -------- one value by its type -------- */

static Status parse_choice(const OptionText *text, OptionValue *value, Arena *arena, Error *err) {
    const char *choices = value->spec->choices;
    Nearest nearest = nearest_begin(text->value);
    char *list = arena_strdup(arena, choices);
    char *rest = list;
    char *choice;

    while ((choice = strsep(&rest, "|"))) {
        if (strcmp(choice, text->value) == 0)
            return STATUS_OK;
        nearest_offer(&nearest, choice);
    }
    list = arena_strdup(arena, choices);
    for (char *c = list; *c; c++)
        if (*c == '|')
            *c = ',';
    IGNORE(bad_value(text, "", err)); /* returned by error_hint */
    if (nearest.best)
        return error_hint(err, "Did you mean \"%s\"? Possible values: %s.", nearest.best, list);
    return error_hint(err, "Possible values: %s.", list);
}

static Status parse_bool(const OptionText *text, OptionValue *value, Error *err) {
    static const char *const words[][2] = {
        {"true", "false"}, {"on", "off"}, {"yes", "no"}, {"1", "0"}, {"t", "f"}};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        for (int is_false = 0; is_false < 2; is_false++)
            if (strcasecmp(text->value, words[i][is_false]) == 0) {
                value->number = !is_false;
                return STATUS_OK;
            }
    return bad_value(text, "Write true or false.", err);
}

static bool parse_digits(const char *text, int64_t *ret_number, const char **ret_end) {
    char *end;

    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    *ret_end = end;
    return end != text && errno == 0;
}

static Status parse_int(const OptionText *text, OptionValue *value, Error *err) {
    const char *end;

    if (!parse_digits(text->value, &value->number, &end) || *end)
        return bad_value(text, "Write a whole number.", err);
    return STATUS_OK;
}

static Status parse_size(const OptionText *text, OptionValue *value, Error *err) {
    static const struct {
        const char *name;
        int64_t factor;
    } units[] = {{"", 1},         {"B", 1},        {"kB", 1 << 10},
                 {"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", (int64_t) 1 << 40}};
    const char *end;
    int64_t number;

    if (parse_digits(text->value, &number, &end) && number >= 0) {
        end += strspn(end, " ");
        for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
            if (strcasecmp(units[i].name, end) == 0 &&
                !__builtin_mul_overflow(number, units[i].factor, &value->number))
                return STATUS_OK;
    }
    return bad_value(text, "Write bytes with a unit: 64kB, 128MB, 1GB.", err);
}

static Status parse_duration(const OptionText *text, OptionValue *value, Error *err) {
    Interval interval;
    __int128 span;

    if (interval_parse_text(text->value, strlen(text->value), -1, &form_settings_default, &interval,
                            err) != STATUS_OK)
        return bad_value(text, "Write a duration: 500 ms, 1s, 5 minutes.", err);
    if (interval.months != 0)
        return bad_value(text, "Months have no fixed length: write days.", err);
    span = interval_span(&interval);
    if (span < 0 || span > INT64_MAX)
        return bad_value(text, "Write a duration that is not negative.", err);
    value->number = (int64_t) span;
    return STATUS_OK;
}

static Status parse_path(const OptionParse *parse, const OptionText *text, OptionValue *value,
                         Error *err) {
    Status status = path_resolve(text->value, parse->environment, parse->arena, &value->text, err);

    if (status != STATUS_OK)
        err->position = text->value_position;
    return status;
}

/* A password in the text of a statement would be in logs, histories and the catalog. */
static Status parse_secret(const OptionText *text, OptionValue *value, Error *err) {
    value->secret = text->secret;
    if (value->secret)
        return STATUS_OK;
    error_at(err, text->name_position, INVALID_PARAMETER,
             "the value of option \"%s\" must be a secret", text->name);
    return error_hint(err, "CREATE SECRET my_secret AS '…'; then %s = SECRET my_secret in WITH.",
                      text->name);
}

static Status parse_value(const OptionParse *parse, const OptionText *text, OptionValue *value,
                          Error *err) {
    if (value->spec->type == OPTION_SECRET)
        return parse_secret(text, value, err);
    if (text->secret)
        return error_at(err, text->value_position, INVALID_PARAMETER,
                        "option \"%s\" takes no secret: its value is shown", text->name);
    value->text = arena_strdup(parse->arena, text->value);
    switch (value->spec->type) {
    case OPTION_CHOICE:
        return parse_choice(text, value, parse->arena, err);
    case OPTION_BOOL:
        return parse_bool(text, value, err);
    case OPTION_INT:
        return parse_int(text, value, err);
    case OPTION_SIZE:
        return parse_size(text, value, err);
    case OPTION_DURATION:
        return parse_duration(text, value, err);
    case OPTION_PATH:
        return parse_path(parse, text, value, err);
    case OPTION_TEXT:
    case OPTION_SECRET: /* see above */
        break;
    }
    return STATUS_OK;
}

/* -------- the set -------- */

static int count_specs(const OptionSpec *const *tables) {
    int count = 0;

    for (; *tables; tables++)
        for (const OptionSpec *spec = *tables; spec->name; spec++)
            count++;
    return count;
}

/* A name in two tables is the first one's. */
static OptionValue *find_value(const OptionSet *set, const char *name) {
    for (int i = 0; i < set->count; i++)
        if (strcmp(set->values[i].name, name) == 0)
            return &set->values[i];
    return NULL;
}

const OptionValue *option_lookup(const OptionSet *options, const char *name) {
    return find_value(options, name);
}

static Status unknown_option(const OptionSet *set, const OptionText *text, Error *err) {
    Nearest nearest = nearest_begin(text->name);

    for (int i = 0; i < set->count; i++)
        if (!(set->values[i].spec->flags & OPTION_UNSUPPORTED))
            nearest_offer(&nearest, set->values[i].name);
    error_at(err, text->name_position, INVALID_PARAMETER, "unknown option \"%s\"", text->name);
    if (nearest.best)
        return error_hint(err, "Did you mean \"%s\"?", nearest.best);
    return STATUS_ERROR;
}

/* The length of "rdkafka." when `name` begins so; 0: not a prefix, or not this one's. */
static size_t prefix_length(const OptionSpec *spec, const char *name) {
    size_t length = strlen(spec->name);

    if (!spec->members)
        return 0;
    assert(length > 2 && strcmp(spec->name + length - 2, ".*") == 0);
    return strncmp(spec->name, name, length - 1) == 0 ? length - 1 : 0;
}

static Status unknown_member(const OptionParse *parse, const OptionSpec *spec, size_t length,
                             const OptionText *text, Error *err) {
    Nearest nearest = nearest_begin(text->name + length);

    for (const OptionSpec *member = spec->members; member->name; member++)
        nearest_offer(&nearest, member->name);
    error_at(err, text->name_position, INVALID_PARAMETER, "option \"%s\" is not allowed",
             text->name);
    if (nearest.best)
        return error_hint(err, "Did you mean \"%.*s%s\"?", (int) length, text->name, nearest.best);
    return error_hint(err, "Possible: %s.", spec->doc);
}

/* The value for what is written; a member of a prefix gets a new one. */
static Status find_or_add(OptionParse *parse, const OptionText *text, OptionValue **ret_value,
                          Error *err) {
    *ret_value = find_value(&parse->set, text->name);
    for (int i = 0; !*ret_value && i < parse->set.count; i++) {
        const OptionSpec *spec = parse->set.values[i].spec;
        size_t length = prefix_length(spec, text->name);
        const OptionSpec *member = spec->members;

        if (length == 0)
            continue;
        while (member->name && strcmp(member->name, text->name + length) != 0)
            member++;
        if (!member->name)
            return unknown_member(parse, spec, length, text, err);
        *ret_value = &parse->set.values[parse->set.count++];
        **ret_value =
            (OptionValue) {.name = arena_strdup(parse->arena, text->name), .spec = member};
    }
    return *ret_value ? STATUS_OK : unknown_option(&parse->set, text, err);
}

static Status take_text(OptionParse *parse, const OptionText *text, Error *err) {
    OptionValue *value = NULL;

    TRY(find_or_add(parse, text, &value, err));
    if (value->spec->flags & OPTION_UNSUPPORTED)
        return error_at(err, text->name_position, FEATURE_NOT_SUPPORTED,
                        "option \"%s\" (%s) is not supported", text->name, value->spec->doc);
    if (value->is_set)
        return error_at(err, text->name_position, INVALID_PARAMETER,
                        "option \"%s\" is given more than once", text->name);
    value->is_set = true;
    value->is_null = false;
    value->position = text->value_position;
    return parse_value(parse, text, value, err);
}

static Status take_fallback(OptionParse *parse, OptionValue *value, Error *err) {
    const OptionSpec *spec = value->spec;
    OptionText text = {.name = spec->name, .value = spec->fallback};

    if (value->is_set)
        return STATUS_OK;
    value->is_null = !spec->fallback;
    if (spec->fallback)
        return parse_value(parse, &text, value, err);
    if (spec->flags & OPTION_REQUIRED) {
        error_set(err, INVALID_PARAMETER, "option \"%s\" is missing", spec->name);
        return error_hint(err, "Add %s = '…' to WITH: %s.", spec->name, spec->doc);
    }
    return STATUS_OK;
}

Status options_parse(const OptionSpec *const *tables, const OptionText *texts, int count,
                     const OptionEnvironment *environment, Arena *arena, OptionSet *ret_options,
                     Error *err) {
    OptionParse parse = {.tables = tables, .environment = environment, .arena = arena};
    int index = 0;

    parse.set.count = count_specs(tables);
    parse.set.environment = environment;
    parse.set.values = arena_new_array(arena, OptionValue, (size_t) (parse.set.count + count) + 1);
    for (; *tables; tables++)
        for (const OptionSpec *spec = *tables; spec->name; spec++)
            parse.set.values[index++] = (OptionValue) {.name = spec->name, .spec = spec};
    for (int i = 0; i < count; i++)
        TRY(take_text(&parse, &texts[i], err));
    for (int i = 0; i < parse.set.count; i++)
        TRY(take_fallback(&parse, &parse.set.values[i], err));
    *ret_options = parse.set;
    return STATUS_OK;
}

const OptionValue *option_find(const OptionSet *options, const char *name) {
    const OptionValue *value = find_value(options, name);

    assert(value); /* the option is declared in a table */
    return value;
}

const char *option_text(const OptionSet *options, const char *name) {
    const OptionValue *value = option_find(options, name);

    assert(value->spec->type != OPTION_SECRET);
    return value->is_null ? NULL : value->text;
}

int64_t option_number(const OptionSet *options, const char *name) {
    const OptionValue *value = option_find(options, name);

    assert(!value->is_null);
    return value->number;
}

bool option_is_set(const OptionSet *options, const char *name) {
    return option_find(options, name)->is_set;
}

Status option_check_bounds(const OptionSet *options, const char *name, int64_t least, int64_t most,
                           const char *words, Error *err) {
    const OptionValue *value = option_find(options, name);

    if (value->is_null || (value->number >= least && value->number <= most))
        return STATUS_OK;
    return error_at(err, value->position, INVALID_PARAMETER, "option \"%s\" must be %s", name,
                    words);
}

Status option_secret(const OptionSet *options, const char *name, StrBuf *plain, Error *err) {
    const OptionValue *value = option_find(options, name);

    assert(value->secret && options->environment->vault);
    return secret_open(options->environment->vault, value->secret, plain, err);
}
