/* Grammar run: the parser that Lemon makes, behind three calls. Private to parser/. */
#pragma once

#include "parser/parse.h"

enum { GRAMMAR_RUN_BYTES = 192 * 1024 };

/* Lives on the caller's stack: only what is used of it is touched. */
typedef struct GrammarRun {
    _Alignas(16) char parser[GRAMMAR_RUN_BYTES];
} GrammarRun;

void grammar_run_init(GrammarRun *run, Parse *parse);
void grammar_run_feed(GrammarRun *run, int kind, Token token); /* kind 0: the end */
void grammar_run_done(GrammarRun *run);
