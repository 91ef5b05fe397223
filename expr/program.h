/* The form of a compiled expression; private to expr/.
 *
 * Registers hold columns: inputs of the batch, constants, results. Slots hold sets of rows: slot 0
 * is the batch's active rows, others are narrowed from an earlier one. Each instruction works on
 * the rows of its slot; for an empty slot it does nothing. CASE, AND and OR are laid out flat: they
 * narrow slots rather than jump.
 *
 *   a AND b:   a in s0; R = a; s1 = rows of s0 where R is not false; b in s1; R &= b for s1
 *   CASE:      w1 in s0; s1 = s0 where w1; t1 in s1; R = t1 for s1; s2 = s0 where not w1; … */
#pragma once

#include "expr/expr.h"

typedef enum OpCode {
    OP_CALL,             /* result = function(arguments) */
    OP_CAST,             /* result = cast kernel(argument) */
    OP_RELABEL,          /* result = the argument's column under another type */
    OP_IN,               /* result = argument is in the set */
    OP_COPY,             /* rows of the slot: result = argument; makes result when new */
    OP_MERGE_AND,        /* rows of the slot: result = result AND argument */
    OP_MERGE_OR,         /* rows of the slot: result = result OR argument */
    OP_SELECT_TRUE,      /* slot `result` = rows of the slot where the argument is true */
    OP_SELECT_NOT_TRUE,  /* … false or NULL */
    OP_SELECT_NOT_FALSE, /* … true or NULL */
} OpCode;

typedef struct InSet {
    PhysicalType physical;
    bool has_null;
    uint32_t count;
    int64_t *integers; /* sorted; integer physical types */
    Value *values;     /* sorted; all others */
} InSet;

typedef struct Instruction {
    OpCode code;
    uint32_t slot;
    uint32_t result; /* register, or slot for the selects */
    SqlType type;
    uint32_t argument_count;
    const uint32_t *arguments; /* registers */
    Kernel kernel;
    const void *data; /* KernelCall.data */
    const InSet *set;
    bool is_strict;
    bool is_volatile;
} Instruction;

typedef enum RegisterKind { REGISTER_INPUT, REGISTER_CONSTANT, REGISTER_RESULT } RegisterKind;

typedef struct Register {
    RegisterKind kind;
    SqlType type;
    uint32_t input;  /* the batch's column */
    Column constant; /* in the program's arena */
} Register;

typedef struct Release {
    void (*release)(const void *data);
    const void *data;
    struct Release *next;
} Release;

/* One sequence of instructions. */
typedef struct Code {
    Instruction *instructions;
    uint32_t count;
    uint32_t capacity;
    Register *registers;
    uint32_t register_count;
    uint32_t register_capacity;
    uint32_t slot_count;
    uint32_t result_register;
    uint32_t result_slot; /* of a selection */
} Code;

struct ExprProgram {
    Arena *arena; /* owns all of it */
    SqlType type;
    Code value;  /* computes result_register */
    Code select; /* computes result_slot; only boolean programs, compiled when `has_select` */
    bool has_select;
    Release *releases;
};

/* UTC, nobody's session: for folding, and when the caller has no context. */
extern const EvalContext program_no_context;

/* Run one kernel over constant columns: a CONSTANT column in the arena. Used for folding too. */
MUST_USE Status program_call_constant(const Instruction *instruction, const Column *arguments,
                                      const EvalContext *context, Arena *arena, Column *ret_column,
                                      Error *err);
