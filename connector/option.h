/* Options: what stands in WITH (…), declared in a connector's or format's table and nowhere else.
 *
 * Parsing, checking at CREATE (unknown option: 22023, position, nearest name), SHOW CREATE, \d and
 * the manual read the table. Values are typed once, here. */
#pragma once

#include "base/arena.h"
#include "connector/secret.h"

typedef enum OptionType {
    OPTION_TEXT,
    OPTION_CHOICE, /* one of choices "csv|json" */
    OPTION_BOOL,
    OPTION_INT,      /* int64 */
    OPTION_SIZE,     /* bytes: 128MB, 64kB */
    OPTION_DURATION, /* µs: '1s', '500 ms', any interval */
    OPTION_SECRET,   /* SECRET s: never shown; read by option_secret() */
    OPTION_PATH,     /* checked against allowed_directories, made absolute for use */
} OptionType;

enum {
    OPTION_REQUIRED = 1,
    OPTION_UNSUPPORTED = 2, /* its name is taken; 0A000 when it is written. doc says what it is */
};

typedef struct OptionSpec {
    const char *name; /* NULL ends the table */
    OptionType type;
    const char *choices;
    const char *fallback; /* text of the default; NULL: none */
    const char *doc;
    unsigned flags;
    /* A name that ends in ".*" is a prefix, and these may follow it. NULL: none. */
    const struct OptionSpec *members;
} OptionSpec;

/* One written `name = value`, as the parser gives it. */
typedef struct OptionText {
    const char *name;
    const char *value;
    int name_position;
    int value_position;
    const SecretReference *secret; /* SECRET s instead of a value; NULL: a value */
} OptionText;

typedef struct OptionValue {
    const char *name; /* as in WITH: "path", "rdkafka.fetch.max.bytes" */
    const OptionSpec *spec;
    bool is_set;  /* written by the user; else the fallback */
    bool is_null; /* neither written nor a fallback */
    const char *text;
    int64_t number; /* INT, SIZE, DURATION, BOOL */
    int position;
    const SecretReference *secret; /* SECRET */
} OptionValue;

/* Facts that checking needs. */
typedef struct OptionEnvironment {
    const char *const *allowed_directories; /* absolute, NULL-terminated */
    const char *base_directory;             /* relative paths start here */
    const SecretVault *vault;               /* opens secrets */
} OptionEnvironment;

typedef struct OptionSet {
    int count;
    OptionValue *values; /* one per spec, in the order of the tables, then the members written */
    const OptionEnvironment *environment; /* by which paths were checked: the server's, borrowed */
} OptionSet;

/* Check `texts` against the union of `tables` (NULL-terminated list of spec tables). Result in
 * arena. */
MUST_USE Status options_parse(const OptionSpec *const *tables, const OptionText *texts, int count,
                              const OptionEnvironment *environment, Arena *arena,
                              OptionSet *ret_options, Error *err);
const OptionValue *option_find(const OptionSet *options,
                               const char *name); /* asserts that it is declared */
/* NULL: no table declares it, or it is a member of a prefix that is not written. */
const OptionValue *option_lookup(const OptionSet *options, const char *name);
const char *option_text(const OptionSet *options, const char *name); /* NULL when null */
int64_t option_number(const OptionSet *options, const char *name);   /* asserts a value */
bool option_is_set(const OptionSet *options, const char *name);
/* A number that is there must be within least … most, both of them in; `words` say which: "1 to
 * 100". 22023 with position. */
MUST_USE Status option_check_bounds(const OptionSet *options, const char *name, int64_t least,
                                    int64_t most, const char *words, Error *err);
/* Append the value of a SECRET option that is not null; the caller wipes it. */
MUST_USE Status option_secret(const OptionSet *options, const char *name, StrBuf *plain,
                              Error *err);
