/* Functions: what SQL can call, one registry for operators, functions, casts and aggregates.
 *
 * A function family is one file with `static const Function …_functions[]`, listed once in
 * functions/registry.c. Operators are functions whose name is the operator ("+", "~~"). Kernels
 * work on columns: one call per batch and expression node, no allocation, lock or virtual call per
 * row.
 *
 * Kernel laws: write result slot `row` for each selected row and no other; `result` is FLAT with
 * row_count slots, values zeroed, validity NULL. A strict function's kernel never sees a NULL (the
 * evaluator narrows the selection and sets the result's validity). A kernel that can yield NULL
 * calls column_set_null. New bytes (text results) live in call->arena. Errors: first bad row in
 * order.
 *
 * TYPE_ANY as a declared argument takes a value of any type as it is (an unknown literal as text);
 * TYPE_ARRAY takes any array. Constructs that have no name in SQL are internal functions:
 * is_null is_not_null is_true is_not_true is_false is_not_false is_unknown is_not_unknown
 * is_distinct_from is_not_distinct_from not. "!=" is looked up as "<>". */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "types/batch.h"
#include "types/text_form.h"

enum { FUNCTION_ARGUMENTS_MAX = 8 };

#define TYPE_ANY TYPE_UNKNOWN

/* What an evaluation may depend on beside its arguments. Borrowed for the evaluation's time. */
typedef struct EvalContext {
    const FormSettings *settings;
    int64_t now_us;        /* now(): the statement's or the epoch's, µs since 2000-01-01 UTC */
    int64_t wall_us;       /* clock_timestamp() base; same unit */
    uint64_t seed;         /* random(), gen_random_uuid() */
    const char *user_name; /* session facts for current_user and the like; "" in streams */
    const char *database_name;
    const void *catalog; /* catalog-bound functions cast it; NULL where there is none */
    const void *session; /* likewise */
    uint64_t *draws; /* random numbers drawn so far, moved on by each call; NULL: every call draws
                        the same. One worker's, so that a run can be repeated */
} EvalContext;

typedef struct KernelCall {
    const Column *arguments; /* argument_count of them; FLAT or CONSTANT */
    uint32_t argument_count;
    Column *result;
    const uint32_t *selection; /* NULL: rows 0 … count-1 */
    uint32_t count;            /* rows selected */
    uint32_t row_count;        /* slots in the result */
    Arena *arena;              /* the batch's */
    const EvalContext *context;
    const void *data; /* what Function.prepare made, or NULL */
} KernelCall;

typedef Status (*Kernel)(const KernelCall *call, Error *err);

/* for (each selected row): KERNEL_FOR_EACH(call, row) { … } */
#define KERNEL_FOR_EACH(call, row)                                                            \
    for (uint32_t kernel_i = 0,                                                               \
                  row = (call)->selection ? ((call)->count ? (call)->selection[0] : 0) : 0;   \
         kernel_i < (call)->count;                                                            \
         kernel_i++, row = (call)->selection                                                  \
                               ? (kernel_i < (call)->count ? (call)->selection[kernel_i] : 0) \
                               : kernel_i)
#define KERNEL_ARGUMENT(call, index, Type, row) COLUMN_VALUE(&(call)->arguments[index], Type, row)
#define KERNEL_RESULT(call, Type) ((Type *) (call)->result->values)

typedef enum Volatility { VOLATILITY_IMMUTABLE, VOLATILITY_STABLE, VOLATILITY_VOLATILE } Volatility;

enum {
    FUNCTION_VARIADIC = 1,   /* the last argument type repeats, at least once */
    FUNCTION_NOT_STRICT = 2, /* the kernel sees NULLs */
    FUNCTION_SET = 4,        /* returns a set: FROM and select list only */
    FUNCTION_INTERNAL = 8,   /* not callable by name from SQL */
    FUNCTION_UNIFY = 16,     /* all arguments are cast to their common type (greatest) */
};

typedef struct Function {
    const char *name;
    Kernel kernel;
    TypeId result;
    uint8_t argument_count;
    TypeId arguments[FUNCTION_ARGUMENTS_MAX];
    Volatility volatility;
    unsigned flags; /* FUNCTION_… */
    /* NULL, or: the exact result type (typmod, element type) from the argument types. */
    SqlType (*result_type)(const SqlType *arguments, uint32_t count);
    /* NULL, or: precompute from constant arguments (a compiled regex) once per compiled expression;
     * `constants[i]` is NULL where the argument is not constant. The result lives in the arena;
     * foreign resources are registered for release with *ret_release. */
    Status (*prepare)(const Value *const *constants, uint32_t count, Arena *arena,
                      const void **ret_data, void (**ret_release)(const void *data), Error *err);
} Function;

/* -------- casts -------- */

typedef enum CastContext { CAST_IMPLICIT, CAST_ASSIGNMENT, CAST_EXPLICIT } CastContext;

typedef struct Cast {
    TypeId from;
    TypeId to;
    CastContext context; /* the weakest in which it may be used */
    Kernel kernel;       /* strict; result->type has the target's typmod, which the kernel obeys;
                            call->data is &CastMode. NULL: the bytes are the same (relabelling) */
    Volatility volatility;
} Cast;

/* call->data of a cast kernel: typmod overflow of an explicit cast to varchar(n) truncates, else
 * errors. */
typedef struct CastMode {
    CastContext context;
} CastMode;

/* -------- aggregates -------- */

/* An aggregate's running state is `state_size` bytes at a 16-byte aligned address, zeroed, then
 * init()ed. Variable parts (a text minimum) live in the arena that the call gives and are reached
 * by pointers; serialize() writes all, deserialize() reads it back. Equal inputs in any order give
 * equal serialised bytes and answers (order-free aggregates) — floats sum exactly (fixed-point
 * limbs). */
typedef struct AggregateCall {
    const Column *arguments; /* argument_count; rows are those of the batch */
    uint32_t argument_count;
    const uint32_t *rows; /* the rows to take, in order */
    uint32_t count;
    void **states;          /* states[i] for rows[i]: already offset to this aggregate */
    const int64_t *weights; /* by row position; NULL: all +1 */
    Arena *arena;           /* for variable parts; lives as long as the states */
    const EvalContext *context;
} AggregateCall;

typedef struct Aggregate {
    const char *name;
    uint8_t argument_count; /* 0: count(*) */
    TypeId arguments[4];
    TypeId result;
    uint32_t state_size;
    bool is_strict;        /* rows with a NULL argument are skipped before update() */
    bool takes_retraction; /* weights < 0 are understood; else the planner picks `retracting` */
    bool is_order_free;
    bool is_ordered_set;    /* called with WITHIN GROUP, whose column is the last argument */
    const char *retracting; /* name of the variant that understands retractions, or NULL */
    void (*init)(void *state);
    Status (*update)(const AggregateCall *call, Error *err);
    /* Add `other` to `state`; `arena` for variable parts of `state`. */
    Status (*merge)(void *state, const void *other, Arena *arena, Error *err);
    /* Write the answer of states[i] to result row i. */
    Status (*finalize)(void *const *states, uint32_t count, Column *result, Arena *arena,
                       Error *err);
    void (*serialize)(const void *state, StrBuf *out);
    /* false: damaged bytes. Advances *cursor; variable parts are copied to the arena. */
    bool (*deserialize)(const uint8_t **cursor, const uint8_t *end, void *state, Arena *arena);
    SqlType (*result_type)(const SqlType *arguments, uint32_t count);
} Aggregate;

/* -------- the registry: lookups over the const tables of functions/registry.c -------- */

/* What one file adds: `const FunctionFamily family_x`, and a line X(x) in functions/registry.c. */
typedef struct FunctionFamily {
    const Function *functions;
    uint32_t function_count;
    const Cast *casts;
    uint32_t cast_count;
    const Aggregate *aggregates;
    uint32_t aggregate_count;
} FunctionFamily;

/* For families that live in folders above this one (catalog-bound functions): called by main before
 * the first lookup and before any thread starts. */
void functions_add_family(const FunctionFamily *family);

/* The types of a call's arguments, borrowed. */
typedef struct SqlTypes {
    const SqlType *items;
    uint32_t count;
} SqlTypes;

/* Resolve as PostgreSQL does (exact, then implicit casts, preferred types, unknown literals).
 * ret_argument_types gets the types that the arguments must be cast to.
 * 42883 with the hint of PostgreSQL when none fits; 42725 when ambiguous. */
MUST_USE Status function_resolve(const char *name, SqlTypes arguments,
                                 const Function **ret_function, SqlType *ret_argument_types,
                                 SqlType *ret_result, Error *err);
MUST_USE Status operator_resolve(const char *name, SqlTypes arguments,
                                 const Function **ret_function, SqlType *ret_argument_types,
                                 SqlType *ret_result, Error *err);
MUST_USE Status aggregate_resolve(const char *name, SqlTypes arguments,
                                  const Aggregate **ret_aggregate, SqlType *ret_argument_types,
                                  SqlType *ret_result, Error *err);
bool aggregate_exists(const char *name);
bool function_exists(const char *name);
/* By exact signature: what a stored plan names. NULL when gone. */
const Function *function_find(const char *name, const TypeId *arguments, uint32_t count);
const Aggregate *aggregate_find(const char *name, const TypeId *arguments, uint32_t count);
/* NULL when there is no such cast in this context. Same type: the typmod coercion, or NULL; see
 * cast_is_needed. Casts by text form (any → text by assignment, text → any explicitly) are found
 * too. Unknown → any type goes through the type's text input. */
const Cast *cast_find(TypeId from, TypeId to, CastContext context);
/* May a value go from one to the other implicitly, unknown literals and TYPE_ANY included? */
bool type_can_coerce(SqlType from, TypeId to);
/* The preferred types of their categories: boolean, double precision, oid, text, timestamptz,
 * interval. */
bool type_is_preferred(TypeId id);
bool cast_is_needed(SqlType from, SqlType to);
/* The common type of CASE, UNION, VALUES, … by PostgreSQL's rules. 42804 with both names. */
MUST_USE Status type_unify(const SqlType *types, uint32_t count, const char *construct,
                           SqlType *ret_type, Error *err);
/* Walk everything (pg_proc, the manual). Index from 0; NULL past the end. */
const Function *function_at(uint32_t index);
const Aggregate *aggregate_at(uint32_t index);
