/* Fuzz: SQL text through lexer and grammar.
 *
 * Claims: any bytes give a tree or an error with a SQLSTATE and a message; a position lies inside
 * the text; statements lie inside it, in order. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 0);
    AstStatementList *list = NULL;
    size_t end_byte = 0;
    Error error = {0};

    if (parser_parse((const char *) data, size_bytes, arena, &list, &error) != STATUS_OK) {
        assert(error.sqlstate != SQLSTATE_SUCCESSFUL_COMPLETION);
        assert(error.message[0] != 0);
        assert(error.position >= 0);
        assert((size_t) error.position <= size_bytes + 1);
        return 0;
    }
    for (int i = 0; i < list->count; i++) {
        assert(list->items[i].node);
        assert(list->items[i].start_byte >= end_byte);
        assert(list->items[i].end_byte > list->items[i].start_byte);
        end_byte = list->items[i].end_byte;
    }
    assert(end_byte <= size_bytes);
    return 0;
}
