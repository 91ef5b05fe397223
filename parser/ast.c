/* AST: names of kinds, for messages and tests. */
#include "parser/ast.h"

#include <assert.h>

const char *ast_object_kind_name(AstObjectKind kind) {
    static const char *const names[AST_OBJECT_KIND_COUNT] = {
        [AST_OBJECT_SOURCE] = "source",
        [AST_OBJECT_SINK] = "sink",
        [AST_OBJECT_STREAM] = "stream",
        [AST_OBJECT_TABLE] = "table",
        [AST_OBJECT_VIEW] = "view",
        [AST_OBJECT_SECRET] = "secret",
        [AST_OBJECT_ROLE] = "role",
        [AST_OBJECT_FUNCTION] = "function",
        [AST_OBJECT_CONNECTION] = "connection",
        [AST_OBJECT_SCHEMA] = "schema",
        [AST_OBJECT_COLUMN] = "column",
        [AST_OBJECT_DATABASE] = "database",
    };

    assert(kind < AST_OBJECT_KIND_COUNT);
    return names[kind];
}
