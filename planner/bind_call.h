/* Bind call: what calls have beside their function's resolution. Private to planner/. */
#pragma once

#include "planner/bind.h"

/* bind_named.c: its arguments may have names. */
MUST_USE Status bind_make_interval(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                                   Error *err);

/* bind_missing.c: known names of what is not here are refused, 0A000; other names pass. */
MUST_USE Status refuse_missing_function(const char *name, int position, Error *err);
MUST_USE Status refuse_missing_view(const AstName *name, Error *err);
