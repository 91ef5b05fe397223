/* Lookahead: see lookahead.h. Two steps for each token: merge_words() with a table of word
 * sequences, then settle_word() for words whose meaning hangs on their neighbours. */
#include "parser/lookahead.h"

#include <assert.h>
#include <string.h>

#include "parser/grammar.h"

/* Words that become one token, longest first among those with a common start. A merge to TK_ID is
 * a type's name, and `text` is what the catalog calls it. */
typedef struct Merge {
    const char *words[4];
    int kind;
    const char *text;
} Merge;

/* clang-format off */
static const Merge merges[] = {
    {{"at", "time", "zone"},                       TK_AT_TIME_ZONE,         "at time zone"},
    {{"bit", "varying"},                           TK_ID,                   "varbit"},
    {{"char", "varying"},                          TK_ID,                   "varchar"},
    {{"character", "varying"},                     TK_ID,                   "varchar"},
    {{"current", "row"},                           TK_CURRENT_ROW,          "current row"},
    {{"double", "precision"},                      TK_ID,                   "float8"},
    {{"emit", "changes"},                          TK_EMIT_CHANGES,         "emit changes"},
    {{"emit", "on", "window", "close"},            TK_EMIT_ON_WINDOW_CLOSE, "emit on window close"},
    {{"for", "system_time", "as", "of"},           TK_FOR_SYSTEM_TIME,      "for system_time"},
    {{"grouping", "sets"},                         TK_GROUPING_SETS,        "grouping sets"},
    {{"if", "exists"},                             TK_IF_EXISTS,            "if exists"},
    {{"if", "not", "exists"},                      TK_IF_NOT_EXISTS,        "if not exists"},
    {{"national", "char", "varying"},              TK_ID,                   "varchar"},
    {{"national", "character", "varying"},         TK_ID,                   "varchar"},
    {{"national", "char"},                         TK_ID,                   "character"},
    {{"national", "character"},                    TK_ID,                   "character"},
    {{"nchar", "varying"},                         TK_ID,                   "varchar"},
    {{"not", "between"},                           TK_NOT_BETWEEN,          "not between"},
    {{"not", "ilike"},                             TK_NOT_ILIKE,            "not ilike"},
    {{"not", "in"},                                TK_NOT_IN,               "not in"},
    {{"not", "like"},                              TK_NOT_LIKE,             "not like"},
    {{"not", "similar", "to"},                     TK_NOT_SIMILAR_TO,       "not similar to"},
    {{"nulls", "first"},                           TK_NULLS_FIRST,          "nulls first"},
    {{"nulls", "last"},                            TK_NULLS_LAST,           "nulls last"},
    {{"partition", "by"},                          TK_PARTITION_BY,         "partition by"},
    {{"similar", "to"},                            TK_SIMILAR_TO,           "similar to"},
    {{"unbounded", "following"},                   TK_UNBOUNDED_FOLLOWING,  "unbounded following"},
    {{"unbounded", "preceding"},                   TK_UNBOUNDED_PRECEDING,  "unbounded preceding"},
    {{"with", "ordinality"},                       TK_WITH_ORDINALITY,      "with ordinality"},
    {{"with", "time", "zone"},                     TK_WITH_TIME_ZONE,       "with time zone"},
    {{"within", "group"},                          TK_WITHIN_GROUP,         "within group"},
    {{"within", "watermark"},                      TK_WITHIN_WATERMARK,     "within watermark"},
    {{"without", "time", "zone"},                  TK_WITHOUT_TIME_ZONE,    "without time zone"},
};
/* clang-format on */

void lookahead_init(Lookahead *lookahead, const char *sql, size_t length, Arena *arena) {
    *lookahead = (Lookahead) {.count = 0};
    lexer_init(&lookahead->lexer, sql, length, arena);
}

/* The token `ahead` of the next one; fills the window as far as needed. */
static Status peek(Lookahead *lookahead, int ahead, const LexToken **ret, Error *err) {
    assert(ahead < LOOKAHEAD_TOKENS);
    while (lookahead->count <= ahead) {
        TRY(lexer_next(&lookahead->lexer, &lookahead->tokens[lookahead->count], err));
        lookahead->count++;
    }
    *ret = &lookahead->tokens[ahead];
    return STATUS_OK;
}

static bool is_word(const LexToken *token) {
    return !token->value.is_quoted && token->kind != TK_STRING && token->kind != TK_OP &&
           ((token->value.text[0] >= 'a' && token->value.text[0] <= 'z') ||
            token->value.text[0] == '_') &&
           token->kind != TK_BITS;
}

static bool is_the_word(const LexToken *token, const char *word) {
    return is_word(token) && strcmp(token->value.text, word) == 0;
}

/* May the token name something without quotes, or is it quoted? */
static bool is_name(const LexToken *token) {
    const Keyword *keyword = NULL;

    if (token->kind == TK_ID)
        return true;
    if (!is_word(token))
        return false;
    keyword = keyword_find(token->value.text, (size_t) token->value.length);
    return keyword == NULL || keyword->category <= KEYWORD_COLUMN_NAME;
}

static void drop_first(Lookahead *lookahead, int count) {
    assert(lookahead->count >= count);
    lookahead->count -= count;
    memmove(lookahead->tokens, lookahead->tokens + count,
            sizeof(LexToken) * (size_t) lookahead->count);
}

/* When the next tokens are the words of `merge`, takes them and makes *token their one token. */
static Status try_merge(Lookahead *lookahead, const Merge *merge, LexToken *token, bool *ret_merged,
                        Error *err) {
    const LexToken *last = NULL;
    int count = 0;

    *ret_merged = false;
    for (count = 1; count < 4 && merge->words[count] != NULL; count++) {
        TRY(peek(lookahead, count - 1, &last, err));
        if (!is_the_word(last, merge->words[count]))
            return STATUS_OK;
    }
    token->kind = merge->kind;
    token->end = last->end;
    token->value.text = merge->text;
    token->value.length = (int) strlen(merge->text);
    drop_first(lookahead, count - 1);
    *ret_merged = true;
    return STATUS_OK;
}

static Status merge_words(Lookahead *lookahead, LexToken *token, bool *ret_merged, Error *err) {
    *ret_merged = false;
    for (size_t i = 0; i < ARRAY_LENGTH(merges) && !*ret_merged; i++) {
        const char *first = merges[i].words[0];
        if (first[0] != token->value.text[0] || strcmp(first, token->value.text) != 0)
            continue;
        TRY(try_merge(lookahead, &merges[i], token, ret_merged, err));
    }
    return STATUS_OK;
}

/* WINDOW w AS ( */
static Status settle_window(Lookahead *lookahead, LexToken *token, Error *err) {
    const LexToken *name = NULL;
    const LexToken *as = NULL;
    const LexToken *paren = NULL;

    token->kind = TK_ID;
    TRY(peek(lookahead, 0, &name, err));
    if (!is_name(name))
        return STATUS_OK;
    TRY(peek(lookahead, 1, &as, err));
    if (!is_the_word(as, "as"))
        return STATUS_OK;
    TRY(peek(lookahead, 2, &paren, err));
    if (paren->kind == TK_LP)
        token->kind = TK_WINDOW;
    return STATUS_OK;
}

/* WATERMARK FOR …, WATERMARK ts DELAY OF … */
static Status settle_watermark(Lookahead *lookahead, LexToken *token, Error *err) {
    const LexToken *next = NULL;
    const LexToken *second = NULL;
    const LexToken *third = NULL;

    TRY(peek(lookahead, 0, &next, err));
    if (next->kind == TK_FOR)
        token->kind = TK_WATERMARK_FOR;
    if (!is_name(next))
        return STATUS_OK;
    TRY(peek(lookahead, 1, &second, err));
    if (!is_the_word(second, "delay"))
        return STATUS_OK;
    TRY(peek(lookahead, 2, &third, err));
    if (is_the_word(third, "of"))
        token->kind = TK_WATERMARK_DELAY;
    return STATUS_OK;
}

/* INTERVAL '…', INTERVAL DAY TO SECOND; elsewhere it is a name like any type's. */
static void settle_interval(const LexToken *next, LexToken *token) {
    static const char *const fields[] = {"year", "month", "day", "hour", "minute", "second"};

    token->kind = TK_ID;
    if (next->kind == TK_STRING)
        token->kind = TK_INTERVAL;
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (is_the_word(next, fields[i]))
            token->kind = TK_INTERVAL;
}

/* ON CONFLICT ( or DO; ROWS FROM (; TIME ZONE in SET and SHOW: pairs that hang on a third. */
static Status settle_pair(Lookahead *lookahead, LexToken *token, Error *err) {
    const LexToken *next = NULL;
    const LexToken *third = NULL;
    int previous = lookahead->previous;
    bool is_on = token->kind == TK_ON;
    bool is_rows = token->kind == TK_ROWS;
    bool is_time = is_the_word(token, "time");
    bool is_pair = false;

    if (!is_on && !is_rows && !is_time)
        return STATUS_OK;
    TRY(peek(lookahead, 0, &next, err));
    if (!is_the_word(next, is_on ? "conflict" : is_rows ? "from" : "zone"))
        return STATUS_OK;
    TRY(peek(lookahead, 1, &third, err));
    if (is_on)
        is_pair = third->kind == TK_LP || third->kind == TK_DO;
    else if (is_rows)
        is_pair = third->kind == TK_LP;
    else
        is_pair = previous == TK_SET || previous == TK_LOCAL || previous == TK_SESSION ||
                  previous == TK_SHOW || previous == TK_RESET;
    if (!is_pair)
        return STATUS_OK;
    TRY(peek(lookahead, 0, &next, err));
    token->kind = is_on ? TK_ON_CONFLICT : is_rows ? TK_ROWS_FROM : TK_TIME_ZONE;
    token->end = next->end;
    drop_first(lookahead, 1);
    return STATUS_OK;
}

/* IGNORE NULLS between `)` and OVER. */
static Status settle_ignore(Lookahead *lookahead, LexToken *token, Error *err) {
    const LexToken *next = NULL;
    const LexToken *over = NULL;

    if (lookahead->previous != TK_RP)
        return STATUS_OK;
    TRY(peek(lookahead, 0, &next, err));
    if (!is_the_word(next, "nulls"))
        return STATUS_OK;
    TRY(peek(lookahead, 1, &over, err));
    if (!is_the_word(over, "over"))
        return STATUS_OK;
    token->kind = TK_IGNORE_NULLS;
    token->end = lookahead->tokens[0].end;
    drop_first(lookahead, 1);
    return STATUS_OK;
}

/* Words that are keywords only before `(`. */
static bool needs_paren(int kind) {
    switch (kind) {
    case TK_COALESCE:
    case TK_CUBE:
    case TK_EXISTS:
    case TK_EXTRACT:
    case TK_GREATEST:
    case TK_LEAST:
    case TK_NULLIF:
    case TK_OPERATOR:
    case TK_OVERLAY:
    case TK_POSITION:
    case TK_ROLLUP:
    case TK_SUBSTRING:
    case TK_TRIM:
    case TK_TRY_CAST:
    case TK_VALUES:
        return true;
    default:
        return false;
    }
}

static bool is_window_function(const LexToken *token) {
    return is_the_word(token, "tumble") || is_the_word(token, "hop") ||
           is_the_word(token, "cumulate") || is_the_word(token, "session");
}

/* What the word means before `next`, when one token ahead and one behind decide. */
static void settle_by_neighbours(int previous, const LexToken *next, LexToken *token) {
    bool is_before_paren = next->kind == TK_LP;
    int kind = token->kind;

    if (is_before_paren && is_window_function(token))
        token->kind = TK_WINDOW_TVF;
    else if (is_before_paren && (kind == TK_LEFT || kind == TK_RIGHT || kind == TK_CURRENT_SCHEMA))
        token->kind = TK_ID;
    else if (is_before_paren && kind == TK_ROW)
        token->kind = TK_ROW_CONSTRUCTOR;
    else if (!is_before_paren && needs_paren(kind) &&
             !(kind == TK_VALUES && previous == TK_DEFAULT))
        token->kind = TK_ID;
    else if (kind == TK_OVER && !((previous == TK_RP || previous == TK_IGNORE_NULLS) &&
                                  (is_before_paren || is_name(next))))
        token->kind = TK_ID;
    else if (kind == TK_FILTER && !(previous == TK_RP && is_before_paren))
        token->kind = TK_ID;
    else if (kind == TK_OVERLAPS && previous != TK_RP)
        token->kind = TK_ID;
    else if (kind == TK_ASOF && next->kind != TK_JOIN && next->kind != TK_LEFT)
        token->kind = TK_ID;
    else if (kind == TK_INTERVAL)
        settle_interval(next, token);
    else if ((previous == TK_SET || previous == TK_LOCAL || previous == TK_SESSION) &&
             (next->kind == TK_EQ || next->kind == TK_TO) && kind != TK_TIME_ZONE)
        token->kind = TK_ID;
}

static Status settle_word(Lookahead *lookahead, LexToken *token, Error *err) {
    const LexToken *next = NULL;
    bool is_merged = false;

    if (lookahead->previous == TK_DOT) {
        token->kind = TK_ID;
        return STATUS_OK;
    }
    TRY(peek(lookahead, 0, &next, err));
    if (next->kind == TK_ARROW || next->kind == TK_ASSIGN) {
        token->kind = TK_ID;
        return STATUS_OK;
    }
    TRY(merge_words(lookahead, token, &is_merged, err));
    if (is_merged)
        return STATUS_OK;
    if (token->kind == TK_WINDOW)
        return settle_window(lookahead, token, err);
    if (token->kind == TK_WATERMARK)
        return settle_watermark(lookahead, token, err);
    if (is_the_word(token, "ignore"))
        return settle_ignore(lookahead, token, err);
    settle_by_neighbours(lookahead->previous, next, token);
    return settle_pair(lookahead, token, err);
}

Status lookahead_next(Lookahead *lookahead, LexToken *ret, Error *err) {
    const LexToken *next = NULL;

    TRY(peek(lookahead, 0, &next, err));
    *ret = *next;
    if (ret->kind != 0)
        drop_first(lookahead, 1);
    if (is_word(ret)) {
        TRY(settle_word(lookahead, ret, err));
    } else if (ret->kind == TK_DOT) {
        TRY(peek(lookahead, 0, &next, err));
        if (next->kind == TK_STAR) {
            ret->kind = TK_DOT_STAR;
            ret->end = next->end;
            drop_first(lookahead, 1);
        }
    }
    lookahead->previous = ret->kind == TK_SEMI ? 0 : ret->kind;
    return STATUS_OK;
}
