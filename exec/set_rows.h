/* Set rows: the rows of one call of a set-returning function, made a few at a time.
 *
 * generate_series over integers, numerics and times; unnest; the json functions that take a
 * document apart. Used by the function scan (arguments are constants) and by the project set
 * (arguments anew for each row). A NULL argument gives no rows. */
#pragma once

#include "exec/operator.h"
#include "types/json.h"
#include "types/nested.h"

typedef struct SetRows SetRows;

/* Where rows go: `room` slots from `first` on, of columns of `row_count` slots. */
typedef struct SetSlots {
    uint32_t first;
    uint32_t room;
    uint32_t row_count;
} SetSlots;

/* How one function makes its rows. start() sees arguments that are not NULL; fill() writes at
 * most `room` slots and sets is_done when there are no more. */
typedef struct SetFunction {
    const char *name;
    Status (*start)(SetRows *self, Error *err);
    Status (*fill)(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count, Error *err);
} SetFunction;

enum { SET_ARGUMENTS_MAX = 3 };

struct SetRows {
    const SetFunction *function;
    OperatorContext *cx; /* borrowed */
    int position;
    int argument_count;
    Value arguments[SET_ARGUMENTS_MAX]; /* the caller sets them before set_rows_start */
    bool is_done;
    int64_t next, last, step; /* a series of integers */
    ExprProgram *adder;       /* any other series: "next + step" over columns 1 and 2 */
    Value next_value, step_value;
    bool is_descending;
    NestedReader elements; /* unnest */
    Arena *document;       /* json: the tree of the argument; owned */
    const JsonNode *member;
};

/* The call's rows; 0A000 for a function that this does not know. */
MUST_USE Status set_rows_open(SetRows *self, const Expr *call, OperatorContext *cx, int position,
                              Error *err);
MUST_USE Status set_rows_start(SetRows *self, Error *err);
MUST_USE Status set_rows_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                              Error *err);
void set_rows_done(SetRows *self);

/* set_rows_json.c; NULL: not one of these. */
const SetFunction *set_rows_json_function(const char *name);
