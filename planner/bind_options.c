/* WITH (…): written options to texts; connectors and formats by name. */
#include <string.h>

#include "base/nearest.h"
#include "planner/bind_create.h"

static Status option_literal(Binder *binder, const AstOption *option, const AstNode *value,
                             const char **ret_text, Error *err) {
    const AstLiteral *literal = (const AstLiteral *) value;

    if (value->kind == AST_CAST) /* INTERVAL '5 seconds' */
        return option_literal(binder, option, ((const AstCast *) value)->operand, ret_text, err);
    if (value->kind != AST_LITERAL || literal->literal == AST_LITERAL_NULL)
        return error_at(err, value->position, INVALID_PARAMETER,
                        "the value of option \"%s\" must be a constant", option->name);
    *ret_text = literal->literal == AST_LITERAL_BOOLEAN ? (literal->integer ? "true" : "false")
                                                        : literal->text;
    return STATUS_OK;
}

/* SECRET s: the object, which then can't be dropped. */
static Status option_secret_reference(Binder *binder, const AstSecretRef *written,
                                      const SecretReference **ret_reference, Error *err) {
    const AstName *name = written->name;
    const Relation *secret =
        binder->cx->catalog ? catalog_find_secret(binder->cx->catalog, name->name) : NULL;
    SecretReference *reference;
    const char *nearest;

    if (!secret || name->schema) {
        IGNORE(error_at(err, name->base.position, UNDEFINED_OBJECT, /* hinted */
                        "secret \"%s%s%s\" does not exist", name->schema ? name->schema : "",
                        name->schema ? "." : "", name->name));
        nearest = binder->cx->catalog
                      ? catalog_nearest(binder->cx->catalog, name->name, 1U << RELATION_SECRET)
                      : NULL;
        return nearest ? error_hint(err, "Did you mean \"%s\"?", nearest)
                       : error_hint(err, "Create it first: CREATE SECRET %s AS '…'.", name->name);
    }
    TRY(relation_check_sound(secret, name->base.position, err));
    binder_depend(binder, secret->id);
    reference = arena_new(binder->arena, SecretReference);
    *reference = (SecretReference) {.id = secret->id,
                                    .name = arena_strdup(binder->arena, secret->name),
                                    .sealed = arena_strdup(binder->arena, secret->sealed)};
    *ret_reference = reference;
    return STATUS_OK;
}

Status bind_option_texts(Binder *binder, const AstList *options, OptionTexts *ret_texts,
                         Error *err) {
    OptionText *items = arena_new_array(binder->arena, OptionText, (size_t) options->count + 1);

    for (int i = 0; i < options->count; i++) {
        const AstOption *option = (const AstOption *) options->items[i];

        items[i] = (OptionText) {.name = option->name,
                                 .value = "true", /* a bare name switches on */
                                 .name_position = option->base.position,
                                 .value_position = option->base.position};
        if (!option->value)
            continue;
        items[i].value_position = option->value->position;
        items[i].value = "";
        if (option->value->kind == AST_SECRET_REF)
            TRY(option_secret_reference(binder, (const AstSecretRef *) option->value,
                                        &items[i].secret, err));
        else
            TRY(option_literal(binder, option, option->value, &items[i].value, err));
    }
    *ret_texts = (OptionTexts) {options->count, items};
    return STATUS_OK;
}

const OptionText *find_option_text(const OptionTexts *texts, const char *name) {
    for (int i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i].name, name) == 0)
            return &texts->items[i];
    return NULL;
}

Status connector_is_missing(const OptionTexts *texts, Error *err) {
    for (int i = 0; i < texts->count; i++) {
        Nearest nearest = nearest_begin(texts->items[i].name);

        nearest_offer(&nearest, "connector");
        if (!nearest.best)
            continue;
        IGNORE(error_at(err, texts->items[i].name_position, INVALID_PARAMETER, /* hinted */
                        "unknown option \"%s\"", texts->items[i].name));
        return error_hint(err, "Did you mean \"connector\"?");
    }
    IGNORE(error_set(err, INVALID_PARAMETER, "option \"connector\" is missing")); /* hinted */
    return error_hint(err, "Add connector = 'file' to WITH.");
}

bool is_planned_connector(const char *name) {
    static const char *const names[] = {"kafka", "queue", "socket", "rate", "generate", "postgres"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

Status bind_format(Binder *binder, const OptionTexts *texts, const FormatType **ret_format,
                   Error *err) {
    const Registry *registry = binder->cx->registry;
    const OptionText *text = find_option_text(texts, "format");
    Nearest nearest = nearest_begin(text ? text->value : "json");

    *ret_format = registry_find_format(registry, nearest.wanted);
    if (*ret_format)
        return STATUS_OK;
    for (const FormatType *const *format = registry->formats; *format; format++)
        nearest_offer(&nearest, (*format)->name);
    IGNORE(error_at(err, text ? text->value_position : 0, INVALID_PARAMETER, /* hinted */
                    "there is no format \"%s\"", nearest.wanted));
    if (nearest.best)
        return error_hint(err, "Did you mean \"%s\"?", nearest.best);
    return STATUS_ERROR;
}
