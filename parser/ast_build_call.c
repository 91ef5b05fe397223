/* AST constructors: function calls and windows. See ast_build.h. */
#include "parser/ast_build.h"

#include <assert.h>
#include <string.h>

AstNode *ast_call(Parse *parse, AstList *name, AstList *arguments, AstList *order_by,
                  AstCallForm form) {
    AstName *qualified = ast_name(parse, name);
    AstFuncCall *call = ast_new(parse, AST_FUNC_CALL, AstFuncCall, qualified->base.position);

    call->name = qualified;
    call->arguments = ast_list_value(arguments);
    call->order_by = ast_list_value(order_by);
    call->is_star = form == AST_CALL_STAR;
    call->is_distinct = form == AST_CALL_DISTINCT;
    call->is_variadic = form == AST_CALL_VARIADIC;
    return &call->base;
}

AstNode *ast_call_clauses(Parse *parse, AstNode *call, AstList *within_group, AstNode *filter,
                          AstWindowSpec *over) {
    AstFuncCall *node = (AstFuncCall *) call;

    assert(call->kind == AST_FUNC_CALL);
    node->within_group = ast_list_value(within_group);
    node->filter = filter;
    node->over = over;
    if (within_group == NULL)
        return call;
    if (node->order_by.count > 0)
        parse_error_at(parse, call->position,
                       "cannot use multiple ORDER BY clauses with WITHIN GROUP");
    if (node->is_distinct)
        parse_error_at(parse, call->position, "cannot use DISTINCT with WITHIN GROUP");
    if (node->is_variadic)
        parse_error_at(parse, call->position, "cannot use VARIADIC with WITHIN GROUP");
    return call;
}

AstNode *ast_named_arg(Parse *parse, const Token *name, AstNode *value) {
    AstNamedArg *argument = ast_new(parse, AST_NAMED_ARG, AstNamedArg, name->position);

    argument->name = name->text;
    argument->value = value;
    return &argument->base;
}

/* ---- Special forms ---- */

static AstFuncCall *new_special(Parse *parse, int position, const char *name) {
    AstFuncCall *call = ast_new(parse, AST_FUNC_CALL, AstFuncCall, position);

    call->name = ast_new(parse, AST_NAME, AstName, position);
    call->name->name = name;
    return call;
}

AstNode *ast_special_list(Parse *parse, const Token *token, AstList *arguments) {
    AstFuncCall *call = new_special(parse, token->position, token->text);

    call->arguments = ast_list_value(arguments);
    return &call->base;
}

AstNode *ast_special(Parse *parse, const Token *token, AstNode *first, AstNode *second,
                     AstNode *third, AstNode *fourth) {
    AstNode *arguments[] = {first, second, third, fourth};
    AstList *list = NULL;

    for (int i = 0; i < 4; i++)
        if (arguments[i] != NULL)
            list = ast_list_append(parse, list, arguments[i]);
    return ast_special_list(parse, token, list);
}

AstNode *ast_substring_for(Parse *parse, const Token *token, AstNode *text, AstNode *count) {
    return ast_special(parse, token, text, ast_integer(parse, 1), count, NULL);
}

AstNode *ast_substring_similar(Parse *parse, const Token *token, AstNode *text, AstNode *pattern,
                               AstNode *escape) {
    AstNode *node = ast_special(parse, token, text, pattern, escape, NULL);

    ((AstFuncCall *) node)->syntax = AST_FUNC_SIMILAR;
    return node;
}

AstNode *ast_extract(Parse *parse, const Token *token, const Token *field, AstNode *operand) {
    AstFuncCall *call = new_special(parse, token->position, "extract");

    ast_list_append(parse, &call->arguments, ast_string(parse, field));
    ast_list_append(parse, &call->arguments, operand);
    call->syntax = AST_FUNC_EXTRACT;
    return &call->base;
}

AstNode *ast_position(Parse *parse, const Token *token, AstNode *needle, AstNode *text) {
    AstFuncCall *call = new_special(parse, token->position, "position");

    ast_list_append(parse, &call->arguments, text);
    ast_list_append(parse, &call->arguments, needle);
    call->syntax = AST_FUNC_POSITION;
    return &call->base;
}

AstNode *ast_trim(Parse *parse, const Token *token, const Token *side, AstList *arguments) {
    const char *name = "btrim";

    if (side != NULL && strcmp(side->text, "leading") == 0)
        name = "ltrim";
    else if (side != NULL && strcmp(side->text, "trailing") == 0)
        name = "rtrim";
    AstFuncCall *call = new_special(parse, token->position, name);
    call->arguments = ast_list_value(arguments);
    return &call->base;
}

AstNode *ast_at_time_zone(Parse *parse, AstNode *operand, AstNode *zone, const Token *token) {
    AstFuncCall *call = new_special(parse, token->position, "timezone");

    ast_list_append(parse, &call->arguments, zone);
    ast_list_append(parse, &call->arguments, operand);
    call->syntax = AST_FUNC_AT_TIME_ZONE;
    return &call->base;
}

/* (a, b) OVERLAPS (c, d) is overlaps(a, b, c, d). */
AstNode *ast_overlaps(Parse *parse, AstNode *left, const Token *token, AstNode *right) {
    AstFuncCall *call = new_special(parse, token->position, "overlaps");
    const AstRow *rows[] = {(AstRow *) left, (AstRow *) right};

    for (int i = 0; i < 2; i++) {
        if (rows[i]->elements.count != 2)
            parse_error_at(parse, token->position,
                           "wrong number of parameters on %s side of OVERLAPS expression",
                           i == 0 ? "left" : "right");
        AST_FOREACH(AstNode, element, &rows[i]->elements)
        ast_list_append(parse, &call->arguments, element);
    }
    return &call->base;
}

/* ---- Windows ---- */

AstWindowSpec *ast_window_reference(Parse *parse, const Token *name) {
    AstWindowSpec *spec = ast_new(parse, AST_WINDOW_SPEC, AstWindowSpec, name->position);

    spec->base_name = name->text;
    spec->is_reference = true;
    return spec;
}

AstWindowSpec *ast_window_ignore_nulls(AstWindowSpec *spec) {
    spec->is_ignore_nulls = true;
    return spec;
}

AstWindowSpec *ast_window_spec(Parse *parse, const Token *token, const Token *base,
                               AstList *partition_by, AstList *order_by,
                               const AstWindowSpec *frame) {
    AstWindowSpec *spec = ast_new(parse, AST_WINDOW_SPEC, AstWindowSpec, token->position);

    if (frame != NULL) {
        AstNode head = spec->base;
        *spec = *frame;
        spec->base = head;
    }
    spec->base_name = base->text;
    spec->partition_by = ast_list_value(partition_by);
    spec->order_by = ast_list_value(order_by);
    return spec;
}

AstNode *ast_window_named(Parse *parse, const Token *name, AstWindowSpec *spec) {
    spec->name = name->text;
    spec->base.position = name->position;
    return &spec->base;
}

AstFrameBound *ast_frame_bound(Parse *parse, AstFrameBoundKind kind, AstNode *offset) {
    AstFrameBound *bound = arena_new(parse->arena, AstFrameBound);

    bound->kind = kind;
    bound->offset = offset;
    return bound;
}

AstWindowSpec *ast_frame(Parse *parse, const Token *mode, const AstFrameBound *start,
                         const AstFrameBound *end, AstFrameExclude exclude) {
    AstWindowSpec *spec = ast_new(parse, AST_WINDOW_SPEC, AstWindowSpec, mode->position);

    spec->frame = mode->text[1] == 'o'   ? AST_FRAME_ROWS
                  : mode->text[1] == 'a' ? AST_FRAME_RANGE
                                         : AST_FRAME_GROUPS;
    spec->start = start->kind;
    spec->start_offset = start->offset;
    spec->end = end != NULL ? end->kind : AST_BOUND_CURRENT_ROW;
    spec->end_offset = end != NULL ? end->offset : NULL;
    spec->exclude = exclude;
    if (spec->start == AST_BOUND_UNBOUNDED_FOLLOWING)
        parse_error_at(parse, mode->position, "frame start cannot be UNBOUNDED FOLLOWING");
    else if (spec->end == AST_BOUND_UNBOUNDED_PRECEDING)
        parse_error_at(parse, mode->position, "frame end cannot be UNBOUNDED PRECEDING");
    else if (spec->start == AST_BOUND_CURRENT_ROW && spec->end == AST_BOUND_PRECEDING)
        parse_error_at(parse, mode->position,
                       "frame starting from current row cannot have preceding rows");
    else if (spec->start == AST_BOUND_FOLLOWING && spec->end < AST_BOUND_FOLLOWING)
        parse_error_at(parse, mode->position,
                       "frame starting from following row cannot end before it");
    return spec;
}
