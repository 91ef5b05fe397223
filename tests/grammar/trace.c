/* Trace: which productions of the grammar the texts on stdin use.
 *
 * Texts are separated by NUL bytes. Lemon's own trace goes to stdout; the line before each text's
 * trace is `text N`, after it comes `parsed` or the error. tests/grammar/coverage.py reads it. */
#include <stdio.h>
#include <stdlib.h>

#include "parser/parser.h"

void sql_grammarTrace(FILE *file, char *prefix); /* Lemon's, in builds with assertions */

static void trace_text(int number, const char *text, size_t length) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("trace", 0);
    AstStatementList *statements = NULL;
    Error error = {0};

    printf("text %d\n", number);
    if (parser_parse(text, length, arena, &statements, &error) == STATUS_OK)
        printf("parsed\n");
    else
        printf("error %s\n", error.message);
}

int main(void) {
    char prefix[] = "";
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;

    sql_grammarTrace(stdout, prefix);
    for (int number = 0; (length = getdelim(&text, &capacity, 0, stdin)) > 0; number++) {
        if (text[length - 1] == 0)
            length--;
        trace_text(number, text, (size_t) length);
    }
    free(text);
    return 0;
}
