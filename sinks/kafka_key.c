#include "sinks/kafka_key.h"

#include <inttypes.h>
#include <string.h>

#include "expr/expr.h"
#include "formats/formats.h"
#include "planner/row_items.h"
#include "sinks/kafka_part.h"

typedef enum KeyForm { KEY_TEXT, KEY_RAW, KEY_JSON, KEY_CSV } KeyForm;

/* A column, or an expression over the row's. */
typedef struct KeyItem {
    int place;            /* -1: an expression */
    const Expr *expr;     /* NULL: a column of a list of names */
    ExprProgram *program; /* of an expression */
} KeyItem;

struct KafkaKey {
    Arena *arena;
    Arena *batch_arena; /* what expressions gave */
    const SinkEnvironment *environment;
    KafkaKeyUse use;
    KeyForm form;
    KafkaPart part;
    KeyItem *items; /* one for each column of the part */
};

static const EvalContext key_context = {
    .settings = &form_settings_default, .user_name = "", .database_name = ""};

/* -------- a list of names -------- */

/* "a, b" or "\"a, b\"": the next name of the list, without its quotes. */
static bool next_name(const char **cursor, const char **ret_name, size_t *ret_length) {
    const char *at = *cursor + strspn(*cursor, " \t\n,");
    size_t length;

    if (!*at)
        return false;
    if (*at == '"' && strchr(at + 1, '"')) {
        length = strcspn(at + 1, "\"");
        *ret_name = at + 1;
        *ret_length = length;
        *cursor = at + length + 2;
        return true;
    }
    length = strcspn(at, ",");
    *cursor = at + length;
    while (length && strchr(" \t\n", at[length - 1]))
        length--;
    *ret_name = at;
    *ret_length = length;
    return true;
}

static bool is_list_of_columns(const SinkEnvironment *environment, const char *list) {
    const char *name;
    size_t length;

    while (next_name(&list, &name, &length))
        if (kafka_find_column(environment, name, length) < 0)
            return false;
    return true;
}

static size_t count_entries(const char *list) {
    const char *name;
    size_t length;
    size_t count = 0;

    while (next_name(&list, &name, &length))
        count++;
    return count;
}

static void add_item(KafkaKey *key, const char *name, SqlType type, KeyItem item) {
    key->items[key->part.count] = item;
    kafka_part_add(&key->part, name, type);
}

static Status add_column(KafkaKey *key, int place, Error *err) {
    const SinkEnvironment *environment = key->environment;

    if (kafka_key_has_column(key, place))
        return error_set(err, DUPLICATE_COLUMN,
                         "the sink's option \"key\" names the column \"%s\" twice",
                         environment->names[place]);
    add_item(key, environment->names[place], environment->types[place], (KeyItem) {.place = place});
    return STATUS_OK;
}

static void make_room(KafkaKey *key, size_t count) {
    key->items = arena_new_array(key->arena, KeyItem, count + 1);
    kafka_part_init(&key->part, (uint32_t) count, key->arena);
}

static Status bind_names(KafkaKey *key, const char *list, Error *err) {
    const char *name;
    size_t length;

    make_room(key, count_entries(list));
    while (next_name(&list, &name, &length))
        TRY(add_column(key, kafka_find_column(key->environment, name, length), err));
    return STATUS_OK;
}

/* -------- a list of expressions -------- */

/* Where in the option: the statement at hand, CREATE STREAM, does not hold its text. */
static Status in_option(Status status, const char *text, Error *err) {
    if (status == STATUS_OK)
        return STATUS_OK;
    if (err->position > 0)
        IGNORE(error_context(err, "character %d of the sink's key \"%s\"", err->position, text));
    else
        IGNORE(error_context(err, "the sink's key \"%s\"", text)); /* returned below */
    err->position = 0;
    return status;
}

static Status compile(KafkaKey *key, KeyItem *item, Error *err) {
    uint32_t count = key->environment->column_count;
    ColumnId *ids = arena_new_array(key->arena, ColumnId, count + 1);

    for (uint32_t i = 0; i < count; i++)
        ids[i] = (ColumnId) i + 1;
    return expr_compile(item->expr, ids, count, &item->program, err);
}

static Status add_expression(KafkaKey *key, const RowItem *item, Error *err) {
    const Expr *expr = item->expr;

    if (expr->kind == EXPR_COLUMN && strcmp(item->name, expr->column.name) == 0)
        return add_column(key, expr->column.id - 1, err);
    add_item(key, item->name, expr->type, (KeyItem) {.place = -1, .expr = expr});
    return compile(key, &key->items[key->part.count - 1], err);
}

static Status bind_expressions(KafkaKey *key, const char *text, Error *err) {
    const SinkEnvironment *environment = key->environment;
    const RowShape shape = {environment->column_count, environment->names, environment->types,
                            "the key of a sink"};
    RowItems items = {0};
    Status status = in_option(row_items_bind(text, &shape, key->arena, &items, err), text, err);

    if (status != STATUS_OK && err->sqlstate == SQLSTATE_UNDEFINED_COLUMN && !err->hint[0])
        return kafka_columns_hint(environment, err);
    TRY(status);
    make_room(key, (size_t) items.count);
    for (int i = 0; i < items.count; i++)
        TRY(add_expression(key, &items.items[i], err));
    return STATUS_OK;
}

/* -------- update mode -------- */

/* The option to write instead: key = 'a, b'. */
static Status add_key_hint(const SinkEnvironment *environment, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    for (int i = 0; i < environment->key_count; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "",
                      environment->names[environment->key_columns[i]]);
    return error_hint(err, "Create the sink with key = '%s', or without key, which means the same.",
                      strbuf_text(&text));
}

static bool is_key_column(const SinkEnvironment *environment, int place) {
    for (int i = 0; i < environment->key_count; i++)
        if (environment->key_columns[i] == place)
            return true;
    return false;
}

typedef struct Reads {
    const SinkEnvironment *environment;
    bool beside_key;
} Reads;

static void visit_column(ColumnId id, void *data) {
    Reads *reads = data;

    reads->beside_key |= !is_key_column(reads->environment, id - 1);
}

/* Types whose equal values are written alike. */
static bool has_one_form(TypeId type) {
    return type == TYPE_BOOL || type == TYPE_INT2 || type == TYPE_INT4 || type == TYPE_INT8 ||
           type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_UUID || type == TYPE_DATE;
}

static bool is_faithful_cast(const Expr *expr) {
    TypeId from = expr->arguments[0]->type.id;
    TypeId to = expr->type.id;

    if (expr->type.typmod >= 0 || !has_one_form(from))
        return false;
    return to == TYPE_TEXT || to == TYPE_VARCHAR || (from == TYPE_INT2 && to == TYPE_INT4) ||
           ((from == TYPE_INT2 || from == TYPE_INT4) && to == TYPE_INT8);
}

/* The column whose values the expression tells apart, each from all others: itself, cast to text,
 * behind or before a constant; 0: none that is known. */
static ColumnId faithful_to(const Expr *expr) {
    if (expr->kind == EXPR_COLUMN)
        return expr->column.id;
    if (expr->kind == EXPR_CAST)
        return is_faithful_cast(expr) ? faithful_to(expr->arguments[0]) : 0;
    if (expr->kind != EXPR_CALL || strcmp(expr->function->name, "||") != 0 ||
        expr->type.id != TYPE_TEXT)
        return 0;
    for (int i = 0; i < 2; i++)
        if (expr->arguments[i]->kind == EXPR_CONSTANT && !expr->arguments[i]->constant.is_null)
            return faithful_to(expr->arguments[1 - i]);
    return 0;
}

static bool tells_apart(const KafkaKey *key, int place) {
    for (uint32_t i = 0; i < key->part.count; i++)
        if (key->items[i].expr ? faithful_to(key->items[i].expr) == place + 1
                               : key->items[i].place == place)
            return true;
    return false;
}

/* In update mode a message replaces the one with its key: it must be the key of the rows. */
static Status check_update_key(const KafkaKey *key, Error *err) {
    const SinkEnvironment *environment = key->environment;
    Reads reads = {.environment = environment};

    for (uint32_t i = 0; i < key->part.count; i++)
        if (key->items[i].expr)
            expr_visit_columns(key->items[i].expr, visit_column, &reads);
        else
            visit_column(key->items[i].place + 1, &reads);
    if (reads.beside_key) {
        IGNORE(error_set(
            err, INVALID_COLUMN_REFERENCE, /* hinted */
            "with envelope = 'upsert' the sink's key must be the key of the query's rows"));
        return add_key_hint(environment, err);
    }
    for (int i = 0; i < environment->key_count; i++) {
        int place = environment->key_columns[i];

        if (tells_apart(key, place))
            continue;
        IGNORE(error_set(err, INVALID_COLUMN_REFERENCE, /* hinted */
                         "with envelope = 'upsert' the sink's key must tell rows apart: those "
                         "with another \"%s\" could have the same",
                         environment->names[place]));
        return add_key_hint(environment, err);
    }
    return STATUS_OK;
}

static Status refuse_keyless(const SinkEnvironment *environment, Error *err) {
    if (environment->mode == SINK_MODE_UPDATE) {
        IGNORE(error_set(err, FEATURE_NOT_SUPPORTED, /* hinted */
                         "envelope = 'upsert' is not supported for rows without a key"));
        return error_hint(err, "Select every column of GROUP BY, or create the sink with envelope "
                               "= 'changelog'.");
    }
    IGNORE(
        error_set(err, INVALID_PARAMETER, "envelope = 'upsert' needs the sink's option \"key\""));
    return error_hint(err, "Create the sink with key = '%s'.", environment->names[0]);
}

static Status bind_query_key(KafkaKey *key, Error *err) {
    const SinkEnvironment *environment = key->environment;

    make_room(key, environment->column_count);
    for (int i = 0; environment->mode == SINK_MODE_UPDATE && i < environment->key_count; i++)
        TRY(add_column(key, environment->key_columns[i], err));
    return STATUS_OK;
}

static Status bind_items(KafkaKey *key, Error *err) {
    const SinkEnvironment *environment = key->environment;
    const char *text = option_text(environment->options, "key");
    bool is_upsert = key->use == KAFKA_KEY_UPSERT;
    bool is_update = environment->mode == SINK_MODE_UPDATE;

    if (is_upsert && is_update && environment->key_count == 0)
        return refuse_keyless(environment, err);
    if (!text)
        TRY(bind_query_key(key, err));
    else if (is_list_of_columns(environment, text))
        TRY(bind_names(key, text, err));
    else
        TRY(bind_expressions(key, text, err));
    if (is_upsert && key->part.count == 0)
        return refuse_keyless(environment, err);
    return is_upsert && is_update ? check_update_key(key, err) : STATUS_OK;
}

/* -------- the form -------- */

static KeyForm choose_form(const KafkaKey *key) {
    const char *form = option_text(key->environment->options, "key_format");

    if (!form)
        return key->part.count > 1 ? KEY_JSON : KEY_TEXT;
    switch (form[0]) {
    case 'j':
        return KEY_JSON;
    case 'c':
        return KEY_CSV;
    case 'r':
        return KEY_RAW;
    default:
        return KEY_TEXT;
    }
}

static Status open_csv(KafkaKey *key, Error *err) {
    const OptionSpec *tables[] = {format_csv.options, NULL};
    const char *nowhere[] = {NULL};
    OptionEnvironment environment = {nowhere, "/"};
    OptionSet *options = arena_new(key->arena, OptionSet);

    TRY(options_parse(tables, NULL, 0, &environment, key->arena, options, err));
    return kafka_part_open(&key->part, &format_csv, options, err);
}

/* The members of an object have names of their own. */
static Status open_json(KafkaKey *key, Error *err) {
    const KafkaPart *part = &key->part;

    for (uint32_t i = 0; i < part->count; i++)
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(part->names[i], part->names[j]) != 0)
                continue;
            IGNORE(error_set(err, DUPLICATE_COLUMN, /* hinted */
                             "two members of the sink's key have the name \"%s\"", part->names[i]));
            return error_hint(err, "Name them: expression AS name.");
        }
    return kafka_part_open(&key->part, &format_json, key->environment->options, err);
}

static Status open_form(KafkaKey *key, Error *err) {
    static const KafkaTypes raw_types = {
        "raw key", "bytea or text", 3, {TYPE_BYTEA, TYPE_TEXT, TYPE_VARCHAR}};
    const KafkaPart *part = &key->part;

    key->form = choose_form(key);
    if (part->count == 0)
        return STATUS_OK;
    if (key->form == KEY_JSON)
        return open_json(key, err);
    if (key->form == KEY_CSV)
        return open_csv(key, err);
    if (part->count > 1) {
        IGNORE(error_set(err, INVALID_PARAMETER, "key_format = '%s' takes one column, not %" PRIu32,
                         key->form == KEY_RAW ? "raw" : "text", part->count));
        return error_hint(err, "Create the sink with key_format = 'json'.");
    }
    if (key->form == KEY_RAW)
        return kafka_need_type(&raw_types, part->names[0], part->types[0], err);
    return STATUS_OK;
}

/* -------- life -------- */

/* Is each entry one word or more, as a name is? Then it may be a column's. */
static bool may_be_names(const char *text) {
    return text[strcspn(text, "()'|+*/<>=:;$.[]")] == '\0';
}

/* The character of the statement's text, when the option is written as '…'. */
static int place_in_statement(const OptionValue *value, int position) {
    int place = value->position + position;

    for (const char *at = value->text; *at && position > 1; at++) {
        place += *at == '\'';
        position -= ((unsigned char) at[1] & 0xc0) != 0x80;
    }
    return place;
}

Status kafka_key_check_options(const OptionSet *options, Error *err) {
    const OptionValue *value = option_find(options, "key");

    if (value->is_null || may_be_names(value->text) ||
        row_items_check(value->text, err) == STATUS_OK)
        return STATUS_OK;
    if (err->position > 0)
        err->position = place_in_statement(value, err->position);
    return error_context(err, "the sink's key \"%s\"", value->text);
}

Status kafka_key_create(const SinkEnvironment *environment, KafkaKeyUse use, KafkaKey **ret_key,
                        Error *err) {
    Arena *arena = arena_create("kafka key", 0);
    KafkaKey *key = arena_new(arena, KafkaKey);

    key->arena = arena;
    key->batch_arena = arena_create("kafka key batch", 0);
    key->environment = environment;
    key->use = use;
    if (bind_items(key, err) != STATUS_OK || open_form(key, err) != STATUS_OK) {
        kafka_key_destroy(key);
        return STATUS_ERROR;
    }
    *ret_key = key;
    return STATUS_OK;
}

KafkaKey *kafka_key_destroy(KafkaKey *key) {
    if (!key)
        return NULL;
    for (uint32_t i = 0; i < key->part.count; i++)
        expr_program_destroy(key->items[i].program);
    kafka_part_done(&key->part);
    arena_destroy(key->batch_arena);
    arena_destroy(key->arena);
    return NULL;
}

bool kafka_key_has_column(const KafkaKey *key, int place) {
    for (uint32_t i = 0; i < key->part.count; i++)
        if (key->items[i].place == place)
            return true;
    return false;
}

/* -------- rows -------- */

Status kafka_key_batch(KafkaKey *key, const Batch *batch, Error *err) {
    Batch *mine = &key->part.batch;

    arena_reset(key->batch_arena);
    mine->row_count = batch->row_count;
    for (uint32_t i = 0; i < key->part.count; i++) {
        const KeyItem *item = &key->items[i];

        if (!item->program)
            mine->columns[i] = batch->columns[item->place];
        else if (expr_evaluate(item->program, batch, &key_context, key->batch_arena,
                               &mine->columns[i], err) != STATUS_OK)
            return in_option(STATUS_ERROR, option_text(key->environment->options, "key"), err);
    }
    return STATUS_OK;
}

static Status refuse_null(const KafkaKey *key, Error *err) {
    IGNORE(error_set(err, NULL_VALUE_NOT_ALLOWED,
                     "a row's key \"%s\" is NULL, and a message with envelope = 'upsert' must have "
                     "one",
                     key->part.names[0])); /* hinted */
    return error_hint(err, "With key_format = 'json' a NULL can be told.");
}

static void append_value(KafkaKey *key, Value value) {
    StrBuf *bytes = &key->part.bytes;

    strbuf_clear(bytes);
    if (key->form == KEY_RAW)
        strbuf_append(bytes, text_data(&value.text), value.text.length);
    else
        value_append_text(&value, &form_settings_default, bytes);
}

Status kafka_key_encode(KafkaKey *key, uint32_t row, const char **ret_bytes, size_t *ret_length,
                        Error *err) {
    const Column *column = &key->part.batch.columns[0];

    if (key->part.count == 0)
        return STATUS_OK;
    if (key->part.encoder)
        TRY(kafka_part_encode(&key->part, row, err));
    else if (column_is_null(column, row))
        return key->use == KAFKA_KEY_UPSERT ? refuse_null(key, err) : STATUS_OK;
    else
        append_value(key, column_get(column, row));
    *ret_bytes = strbuf_text(&key->part.bytes);
    *ret_length = key->part.bytes.length;
    return STATUS_OK;
}
