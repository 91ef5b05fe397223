/* SET, RESET, SHOW of settings, SET TRANSACTION. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "optimizer/optimizer.h"
#include "parser/ast_expr.h"
#include "parser/ast_statement.h"
#include "server/session_state.h"

/* -------- SET -------- */

static Status append_literal(const AstNode *node, StrBuf *out, Error *err) {
    const AstLiteral *literal = (const AstLiteral *) node;

    if (node->kind != AST_LITERAL)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "an expression as the value of a setting is not supported");
    if (literal->literal == AST_LITERAL_BOOLEAN)
        strbuf_append_text(out, literal->integer ? "on" : "off");
    else if (literal->text)
        strbuf_append_text(out, literal->text);
    return STATUS_OK;
}

static Status append_values(const AstList *values, StrBuf *out, Error *err) {
    for (int i = 0; i < values->count; i++) {
        if (i)
            strbuf_append_text(out, ", ");
        TRY(append_literal(values->items[i], out, err));
    }
    return STATUS_OK;
}

static Status reset_all(Session *session, Error *err) {
    for (int i = 0; i < SETTING_COUNT; i++)
        if (setting_specs[i].context == SETTING_CONTEXT_USER)
            TRY(session_change_setting(session, (SettingId) i, NULL, false, err));
    return STATUS_OK;
}

static bool rule_exists(const char *name, size_t length) {
    if (length == 3 && strncmp(name, "all", 3) == 0)
        return true;
    for (const RuleBatch *batch = rule_batches; batch->name; batch++)
        for (const Rule *const *rule = batch->rules; *rule; rule++)
            if (strlen((*rule)->name) == length && strncmp((*rule)->name, name, length) == 0)
                return true;
    return false;
}

/* disable_rules: names of rules that there are. */
static Status check_rules(const char *text, int position, Error *err) {
    while (*text) {
        size_t length = strcspn(text, ", ");
        char name[64];

        if (length && !rule_exists(text, length)) {
            Nearest nearest;

            snprintf(name, sizeof(name), "%.*s", (int) length, text);
            nearest = nearest_begin(name);
            for (const RuleBatch *batch = rule_batches; batch->name; batch++)
                for (const Rule *const *rule = batch->rules; *rule; rule++)
                    nearest_offer(&nearest, (*rule)->name);
            error_at(err, position, INVALID_PARAMETER, "there is no rule \"%s\"", name);
            return nearest.best ? error_hint(err, "Did you mean \"%s\"?", nearest.best)
                                : STATUS_ERROR;
        }
        text += length + strspn(text + length, ", ");
    }
    return STATUS_OK;
}

static Status change(Session *session, const AstSet *set, Error *err) {
    StrBuf text = {0};
    SettingId id;
    Status status;

    TRY(setting_lookup(set->name, set->base.position, &id, err));
    if (set->values.count > 1 && !(setting_specs[id].flags & SETTING_LIST))
        return error_at(err, set->base.position, INVALID_PARAMETER,
                        "SET %s takes only one argument", setting_specs[id].name);
    status = append_values(&set->values, &text, err);
    if (status == STATUS_OK && id == SETTING_DISABLE_RULES)
        status = check_rules(strbuf_text(&text), set->base.position, err);
    if (status == STATUS_OK)
        status = session_change_setting(session, id, set->values.count ? strbuf_text(&text) : NULL,
                                        set->scope == AST_SET_LOCAL, err);
    strbuf_done(&text);
    if (status != STATUS_OK && err->position == 0 && set->values.count)
        err->position = ((const AstNode *) set->values.items[0])->position;
    return status;
}

static Status set_run(Portal *portal, PortalLimits limits, RowReceiver *receiver, int64_t *ret_rows,
                      Error *err) {
    const AstSet *set = (const AstSet *) portal->statement->node;
    Session *session = portal->session;

    portal_set_tag(portal, set->is_reset ? "RESET" : "SET");
    if (set->scope == AST_SET_SYSTEM) {
        error_at(err, set->base.position, FEATURE_NOT_SUPPORTED, "ALTER SYSTEM is not supported");
        return error_hint(err, "Write the setting to the config file, and restart the server.");
    }
    if (!set->name)
        return reset_all(session, err);
    if (set->scope == AST_SET_LOCAL && session->transaction != TRANSACTION_BLOCK) {
        session_notice(session, SESSION_WARNING, SQLSTATE_NO_ACTIVE_SQL_TRANSACTION,
                       "SET LOCAL can only be used in transaction blocks");
        return STATUS_OK;
    }
    return change(session, set, err);
}

const StatementType set_statement = {.kind = AST_SET, .run = set_run};

/* -------- SHOW -------- */

typedef struct Unit {
    const char *name;
    int64_t factor;
} Unit;

/* The value with the largest unit that divides it, as PostgreSQL shows it. */
static const char *display(const Settings *settings, SettingId id, Arena *arena) {
    static const Unit time_units[] = {
        {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
    static const Unit size_units[] = {
        {"TB", (int64_t) 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}};
    SettingType type = setting_specs[id].type;
    const Unit *units = type == SETTING_TYPE_SIZE ? size_units : time_units;
    int64_t number;

    if (type != SETTING_TYPE_SIZE && type != SETTING_TYPE_MILLISECONDS)
        return settings_text(settings, id);
    number = settings_number(settings, id);
    if (number == 0)
        return "0";
    while (number % units->factor)
        units++;
    return arena_printf(arena, "%lld%s", (long long) (number / units->factor), units->name);
}

static Status show_open(Portal *portal, Error *err) {
    const AstShow *show = (const AstShow *) portal->statement->node;
    const Settings *settings = &portal->session->settings;
    TextRows rows = {.arena = portal->arena, .column_count = show->name ? 1 : 3};
    static const char *const all_names[] = {"name", "setting", "description"};
    SettingId id;

    portal_set_tag(portal, "SHOW");
    if (show->name) {
        const char *cell;

        TRY(setting_lookup(show->name, show->base.position, &id, err));
        cell = display(settings, id, portal->arena);
        text_rows_add(&rows, &cell);
        portal_set_rows(portal, &setting_specs[id].name, &rows);
        return STATUS_OK;
    }
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *cells[] = {setting_specs[i].name,
                               display(settings, (SettingId) i, portal->arena),
                               setting_doc((SettingId) i)};

        text_rows_add(&rows, cells);
    }
    portal_set_rows(portal, all_names, &rows);
    return STATUS_OK;
}

static Status show_describe(Prepared *statement, Error *err) {
    const AstShow *show = (const AstShow *) statement->node;
    static const char *const all_names[] = {"name", "setting", "description"};
    const char *const *names = all_names;
    SettingId id;

    if (show->name) {
        TRY(setting_lookup(show->name, show->base.position, &id, err));
        names = &setting_specs[id].name;
    }
    prepared_set_text_shape(statement, names, show->name ? 1 : 3);
    return STATUS_OK;
}

const StatementType show_statement = {
    .kind = AST_SHOW, .describe = show_describe, .open = show_open, .run = portal_give_rows};

/* -------- SET TRANSACTION -------- */

/* "isolation_level" of a mode list is the setting transaction_isolation, … */
Status session_set_transaction_modes(Session *session, const AstList *modes, bool is_default,
                                     Error *err) {
    static const struct {
        const char *mode;
        SettingId now;
        SettingId next;
    } known[] = {
        {"isolation_level", SETTING_TRANSACTION_ISOLATION, SETTING_DEFAULT_ISOLATION},
        {"read_only", SETTING_TRANSACTION_READ_ONLY, SETTING_DEFAULT_READ_ONLY},
        {"deferrable", SETTING_TRANSACTION_DEFERRABLE, SETTING_DEFAULT_DEFERRABLE},
    };

    for (int m = 0; m < modes->count; m++) {
        const AstOption *mode = (const AstOption *) modes->items[m];
        StrBuf text = {0};
        Status status = STATUS_OK;

        for (size_t i = 0; i < ARRAY_LENGTH(known) && mode->value; i++)
            if (strcmp(known[i].mode, mode->name) == 0) {
                status = append_literal(mode->value, &text, err);
                if (status == STATUS_OK)
                    status =
                        session_change_setting(session, is_default ? known[i].next : known[i].now,
                                               strbuf_text(&text), !is_default, err);
            }
        strbuf_done(&text);
        TRY(status);
    }
    return STATUS_OK;
}

static Status set_transaction_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                                  int64_t *ret_rows, Error *err) {
    const AstSetTransaction *set = (const AstSetTransaction *) portal->statement->node;
    Session *session = portal->session;

    portal_set_tag(portal, "SET");
    if (set->snapshot)
        return error_at(err, set->base.position, FEATURE_NOT_SUPPORTED,
                        "SET TRANSACTION SNAPSHOT is not supported");
    if (!set->is_session_default && session->transaction != TRANSACTION_BLOCK) {
        session_notice(session, SESSION_WARNING, SQLSTATE_NO_ACTIVE_SQL_TRANSACTION,
                       "SET TRANSACTION can only be used in transaction blocks");
        return STATUS_OK;
    }
    return session_set_transaction_modes(session, &set->modes, set->is_session_default, err);
}

const StatementType set_transaction_statement = {.kind = AST_SET_TRANSACTION,
                                                 .run = set_transaction_run};
