/* CREATE SECRET, ALTER SECRET: values are sealed before they are anything of the catalog's. */
#include <string.h>

#include "parser/ast_ddl.h"
#include "parser/ast_expr.h"
#include "parser/deparse.h"
#include "server/session_state.h"

static bool has_secrets(const CatalogSnapshot *snapshot) {
    for (int i = 0; i < catalog_count(snapshot); i++)
        if (catalog_at(snapshot, i)->kind == RELATION_SECRET)
            return true;
    return false;
}

/* CREATE SECRET name AS 'sealed'. A new key is made for the first secret only: others would be
 * lost with the old one. */
static Status sealed_definition(Portal *portal, const CatalogSnapshot *snapshot, const char *name,
                                const AstLiteral *value, const char **ret_text, Error *err) {
    AstName bare = {.base = {.kind = AST_NAME}, .name = name};
    AstLiteral literal = {.base = {.kind = AST_LITERAL}, .literal = AST_LITERAL_STRING};
    AstCreateSecret create = {
        .base = {.kind = AST_CREATE_SECRET}, .name = &bare, .value = &literal};
    StrBuf sealed = {0};
    Status status;

    if (strlen(value->text) != value->length)
        return error_set(err, CHARACTER_NOT_IN_REPERTOIRE, "a secret can't hold a zero byte");
    status = secret_seal(portal->session->server->vault, value->text, !has_secrets(snapshot),
                         &sealed, err);
    if (status == STATUS_OK) {
        literal.text = arena_strdup(portal->arena, strbuf_text(&sealed));
        literal.length = sealed.length;
        *ret_text = deparse_node(&create.base, portal->arena);
    }
    strbuf_done(&sealed);
    return status;
}

static Status replace_value(Portal *portal, CatalogTransaction *transaction, const Relation *secret,
                            const AstLiteral *value, Error *err) {
    Relation changed = {.id = secret->id};

    TRY(sealed_definition(portal, catalog_transaction_snapshot(transaction), secret->name, value,
                          &changed.definition, err));
    return catalog_replace(transaction, &changed, false, err);
}

static Status create_secret_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                                int64_t *ret_rows, Error *err) {
    const AstCreateSecret *create = (const AstCreateSecret *) portal->statement->node;
    Relation secret = {
        .kind = RELATION_SECRET, .schema = CATALOG_SECRETS, .name = create->name->name};
    CatalogTransaction *transaction = NULL;
    const Relation *existing, *created = NULL;

    portal_set_tag(portal, "CREATE SECRET");
    if (create->name->schema)
        return error_set(err, FEATURE_NOT_SUPPORTED, "a secret in a schema is not supported");
    TRY(session_catalog_transaction(portal->session, &transaction, err));
    existing = catalog_find_secret(catalog_transaction_snapshot(transaction), secret.name);
    if (existing && create->flags.if_not_exists) {
        session_notice(portal->session, SESSION_NOTICE, SQLSTATE_DUPLICATE_OBJECT,
                       "secret \"%s\" already exists, skipping", secret.name);
        return STATUS_OK;
    }
    if (existing && create->flags.or_replace)
        return replace_value(portal, transaction, existing, create->value, err);
    TRY(sealed_definition(portal, catalog_transaction_snapshot(transaction), secret.name,
                          create->value, &secret.definition, err));
    return catalog_create(transaction, &secret, &created, err);
}

const StatementType create_secret_statement = {
    .kind = AST_CREATE_SECRET, .may_block = true, .run = create_secret_run};

Status alter_secret_run(Portal *portal, const AstAlter *alter, Error *err) {
    CatalogTransaction *transaction = NULL;
    const Relation *secret = NULL;

    TRY(session_catalog_transaction(portal->session, &transaction, err));
    TRY(find_object(catalog_transaction_snapshot(transaction), AST_OBJECT_SECRET, alter->name,
                    &secret, err));
    return replace_value(portal, transaction, secret, (const AstLiteral *) alter->value, err);
}

/* SHOW CREATE SECRET: all but the value. */
const char *secret_shown_text(const Relation *secret, Arena *arena) {
    AstName name = {.base = {.kind = AST_NAME}, .name = secret->name};
    AstLiteral literal = {.base = {.kind = AST_LITERAL},
                          .literal = AST_LITERAL_STRING,
                          .text = "******",
                          .length = strlen("******")};
    AstCreateSecret create = {
        .base = {.kind = AST_CREATE_SECRET}, .name = &name, .value = &literal};

    return deparse_node(&create.base, arena);
}
