/* Compile: expression trees to flat programs.
 *
 * Immutable calls of constants are folded on the way; one that raises an error is left to run time,
 * where it may never be reached. A sub-expression that was computed for at least the rows at hand
 * is not computed again, unless it is volatile. */
#include <stdlib.h>

#include "expr/program.h"

enum {
    COMPILE_DEPTH_MAX = LIMIT_NESTING * 4,
    SHARED_SEARCH_MAX = 256, /* earlier sub-expressions that are looked at */
};

typedef struct Shared {
    const Expr *expr;
    uint32_t slot;
    uint32_t result;
} Shared;

typedef struct Compiler {
    ExprProgram *program;
    Code *code;
    const ColumnId *input_ids;
    uint32_t input_count;
    uint32_t *slot_parents;
    uint32_t slot_capacity;
    Shared *shared;
    uint32_t shared_count;
    uint32_t shared_capacity;
    int depth;
} Compiler;

static Status compile_node(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err);

/* Room for one more element of an array in the arena; the array doubles. */
static void *grow(Arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t item_size) {
    void *grown = NULL;

    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    grown = arena_alloc(arena, *capacity * item_size);
    if (count)
        memcpy(grown, items, count * item_size);
    return grown;
}

static uint32_t add_register(Compiler *self, Register entry) {
    Code *code = self->code;

    code->registers = grow(self->program->arena, code->registers, code->register_count,
                           &code->register_capacity, sizeof(Register));
    code->registers[code->register_count] = entry;
    return code->register_count++;
}

static uint32_t add_result(Compiler *self, SqlType type) {
    return add_register(self, (Register) {.kind = REGISTER_RESULT, .type = type});
}

static uint32_t add_constant(Compiler *self, const Value *value) {
    Value copy = value_copy(value, self->program->arena);

    return add_register(self,
                        (Register) {.kind = REGISTER_CONSTANT,
                                    .type = value->type,
                                    .constant = column_constant(&copy, self->program->arena)});
}

static const Column *constant_of(const Compiler *self, uint32_t index) {
    const Register *entry = &self->code->registers[index];

    return entry->kind == REGISTER_CONSTANT ? &entry->constant : NULL;
}

static Instruction *add_instruction(Compiler *self, OpCode code, uint32_t slot, uint32_t result) {
    Code *sequence = self->code;
    Instruction *instruction = NULL;

    sequence->instructions = grow(self->program->arena, sequence->instructions, sequence->count,
                                  &sequence->capacity, sizeof(Instruction));
    instruction = &sequence->instructions[sequence->count++];
    *instruction = (Instruction) {.code = code, .slot = slot, .result = result};
    return instruction;
}

static void add_unary(Compiler *self, OpCode code, uint32_t slot, uint32_t argument,
                      uint32_t result) {
    Instruction *instruction = add_instruction(self, code, slot, result);

    instruction->argument_count = 1;
    instruction->arguments = arena_memdup(self->program->arena, &argument, sizeof(argument));
    instruction->type = self->code->registers[argument].type;
}

static uint32_t add_slot(Compiler *self, OpCode code, uint32_t parent, uint32_t condition) {
    uint32_t slot = self->code->slot_count;

    self->slot_parents = grow(self->program->arena, self->slot_parents, slot, &self->slot_capacity,
                              sizeof(uint32_t));
    self->slot_parents[slot] = parent;
    self->code->slot_count++;
    add_unary(self, code, parent, condition, slot);
    return slot;
}

/* Are the rows of `slot` all in `ancestor`? */
static bool slot_is_within(const Compiler *self, uint32_t slot, uint32_t ancestor) {
    while (slot > ancestor)
        slot = self->slot_parents[slot];
    return slot == ancestor;
}

static bool find_shared(const Compiler *self, const Expr *expr, uint32_t slot,
                        uint32_t *ret_register) {
    uint32_t searched = 0;

    for (uint32_t i = self->shared_count; i > 0 && searched < SHARED_SEARCH_MAX; i--, searched++) {
        const Shared *shared = &self->shared[i - 1];

        if (shared->expr->kind == expr->kind && slot_is_within(self, slot, shared->slot) &&
            expr_equal(shared->expr, expr)) {
            *ret_register = shared->result;
            return true;
        }
    }
    return false;
}

static void add_shared(Compiler *self, const Expr *expr, uint32_t slot, uint32_t result) {
    self->shared = grow(self->program->arena, self->shared, self->shared_count,
                        &self->shared_capacity, sizeof(Shared));
    self->shared[self->shared_count++] = (Shared) {expr, slot, result};
}

static Status compile_column(Compiler *self, const Expr *expr, uint32_t *ret_register, Error *err) {
    for (uint32_t i = 0; i < self->input_count; i++) {
        if (self->input_ids[i] != expr->column.id)
            continue;
        for (uint32_t j = 0; j < self->code->register_count; j++) {
            const Register *entry = &self->code->registers[j];

            if (entry->kind == REGISTER_INPUT && entry->input == i) {
                *ret_register = j;
                return STATUS_OK;
            }
        }
        *ret_register =
            add_register(self, (Register) {.kind = REGISTER_INPUT, .type = expr->type, .input = i});
        return STATUS_OK;
    }
    return error_at(err, expr->position, INTERNAL_ERROR, "column \"%s\" (#%d) is not in the input",
                    expr->column.name, (int) expr->column.id);
}

/* Replace the instruction just prepared by a constant when all it reads is constant. */
static bool try_fold(Compiler *self, const Instruction *instruction, bool is_immutable,
                     uint32_t *ret_register) {
    Arena *arena = self->program->arena;
    Column *arguments = NULL;
    Column folded;
    Error ignored;

    if (!is_immutable)
        return false;
    arguments = arena_new_array(arena, Column, instruction->argument_count + 1);
    for (uint32_t i = 0; i < instruction->argument_count; i++) {
        const Column *constant = constant_of(self, instruction->arguments[i]);

        if (!constant)
            return false;
        arguments[i] = *constant;
    }
    if (program_call_constant(instruction, arguments, &program_no_context, arena, &folded,
                              &ignored) != STATUS_OK)
        return false; /* the error comes when a row gets here */
    *ret_register = add_register(
        self,
        (Register) {.kind = REGISTER_CONSTANT, .type = instruction->type, .constant = folded});
    return true;
}

static Status emit_or_fold(Compiler *self, const Instruction *prepared, bool is_immutable,
                           uint32_t slot, uint32_t *ret_register) {
    Instruction *instruction = NULL;

    if (try_fold(self, prepared, is_immutable, ret_register))
        return STATUS_OK;
    *ret_register = add_result(self, prepared->type);
    instruction = add_instruction(self, prepared->code, slot, *ret_register);
    *instruction = *prepared;
    instruction->slot = slot;
    instruction->result = *ret_register;
    return STATUS_OK;
}

static Status compile_arguments(Compiler *self, const Expr *expr, uint32_t slot,
                                uint32_t **ret_arguments, Error *err) {
    uint32_t *arguments =
        arena_new_array(self->program->arena, uint32_t, (size_t) expr->argument_count + 1);

    for (int i = 0; i < expr->argument_count; i++)
        TRY(compile_node(self, expr->arguments[i], slot, &arguments[i], err));
    *ret_arguments = arguments;
    return STATUS_OK;
}

static Status prepare_call(Compiler *self, const Expr *expr, const uint32_t *arguments,
                           const void **ret_data, Error *err) {
    Arena *arena = self->program->arena;
    const Value **constants =
        arena_new_array(arena, const Value *, (size_t) expr->argument_count + 1);
    void (*release)(const void *data) = NULL;
    bool has_null = false;

    for (int i = 0; i < expr->argument_count; i++) {
        const Column *column = constant_of(self, arguments[i]);

        if (column) {
            Value *value = arena_new(arena, Value);

            *value = column_get(column, 0);
            has_null |= column_is_null(column, 0);
            constants[i] = value;
        }
    }
    if (has_null && !(expr->function->flags & FUNCTION_NOT_STRICT))
        return STATUS_OK; /* the answer is NULL, whatever the other arguments say */
    TRY(expr->function->prepare(constants, (uint32_t) expr->argument_count, arena, ret_data,
                                &release, err));
    if (release) {
        Release *entry = arena_new(arena, Release);

        *entry = (Release) {release, *ret_data, self->program->releases};
        self->program->releases = entry;
    }
    return STATUS_OK;
}

static Status compile_call(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err) {
    const Function *function = expr->function;
    uint32_t *arguments = NULL;
    Instruction prepared = {
        .code = OP_CALL,
        .type = expr->type,
        .argument_count = (uint32_t) expr->argument_count,
        .kernel = function->kernel,
        .is_strict = !(function->flags & FUNCTION_NOT_STRICT),
        .is_volatile = function->volatility == VOLATILITY_VOLATILE,
    };

    if ((function->flags & FUNCTION_SET) || !function->kernel)
        return error_at(err, expr->position, FEATURE_NOT_SUPPORTED, "%s is not supported here",
                        function->name);
    TRY(compile_arguments(self, expr, slot, &arguments, err));
    prepared.arguments = arguments;
    if (function->prepare)
        TRY(prepare_call(self, expr, arguments, &prepared.data, err));
    return emit_or_fold(self, &prepared, function->volatility == VOLATILITY_IMMUTABLE, slot,
                        ret_register);
}

static Status compile_cast(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err) {
    const Cast *cast = expr->cast.cast;
    CastMode *mode = arena_new(self->program->arena, CastMode);
    uint32_t *arguments = NULL;
    Instruction prepared = {
        .code = cast && cast->kernel ? OP_CAST : OP_RELABEL,
        .type = expr->type,
        .argument_count = 1,
        .kernel = cast ? cast->kernel : NULL,
        .is_strict = true,
        .data = mode,
    };

    mode->context = expr->cast.context;
    TRY(compile_arguments(self, expr, slot, &arguments, err));
    prepared.arguments = arguments;
    return emit_or_fold(self, &prepared, !cast || cast->volatility == VOLATILITY_IMMUTABLE, slot,
                        ret_register);
}

static bool constant_is(const Compiler *self, uint32_t index, bool flag) {
    const Column *column = constant_of(self, index);

    return column && !column_is_null(column, 0) && (*(const uint8_t *) column->values != 0) == flag;
}

/* AND narrows to the rows that are not yet false, OR to those that are not yet true. */
static Status compile_connective(Compiler *self, const Expr *expr, uint32_t slot,
                                 uint32_t *ret_register, Error *err) {
    bool is_and = expr->kind == EXPR_AND;
    Value neutral = value_bool(is_and);
    bool have_result = false;
    uint32_t result = 0;

    for (int i = 0; i < expr->argument_count; i++) {
        uint32_t argument = 0;

        if (have_result)
            slot = add_slot(self, is_and ? OP_SELECT_NOT_FALSE : OP_SELECT_NOT_TRUE, slot, result);
        TRY(compile_node(self, expr->arguments[i], slot, &argument, err));
        if (constant_is(self, argument, is_and))
            continue;
        if (constant_is(self, argument, !is_and) && !have_result) {
            *ret_register = argument;
            return STATUS_OK;
        }
        if (!have_result) {
            result = add_result(self, expr->type);
            add_unary(self, OP_COPY, slot, argument, result);
            have_result = true;
            continue;
        }
        add_unary(self, is_and ? OP_MERGE_AND : OP_MERGE_OR, slot, argument, result);
    }
    *ret_register = have_result ? result : add_constant(self, &neutral);
    return STATUS_OK;
}

static Status compile_case(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err) {
    const Expr *otherwise = expr->arguments[expr->argument_count - 1];
    uint32_t result = 0;
    bool have_result = false;
    uint32_t last = 0;

    for (int i = 0; i + 1 < expr->argument_count; i += 2) {
        uint32_t condition = 0;
        uint32_t arm = 0;
        uint32_t arm_slot = 0;

        TRY(compile_node(self, expr->arguments[i], slot, &condition, err));
        if (constant_is(self, condition, true)) {
            otherwise = expr->arguments[i + 1];
            break;
        }
        if (constant_of(self, condition))
            continue; /* never taken: the arm is not even compiled, as in PostgreSQL */
        arm_slot = add_slot(self, OP_SELECT_TRUE, slot, condition);
        TRY(compile_node(self, expr->arguments[i + 1], arm_slot, &arm, err));
        if (!have_result) {
            result = add_result(self, expr->type);
            have_result = true;
        }
        add_unary(self, OP_COPY, arm_slot, arm, result);
        slot = add_slot(self, OP_SELECT_NOT_TRUE, slot, condition);
    }
    TRY(compile_node(self, otherwise, slot, &last, err));
    if (have_result) {
        add_unary(self, OP_COPY, slot, last, result);
        last = result;
    }
    *ret_register = last;
    return STATUS_OK;
}

static int compare_integers(const void *left, const void *right) {
    int64_t l = *(const int64_t *) left;
    int64_t r = *(const int64_t *) right;

    return (l > r) - (l < r);
}

static int compare_values(const void *left, const void *right) {
    return value_compare(left, right);
}

static bool integer_of(const Value *value, PhysicalType physical, int64_t *ret_integer) {
    switch (physical) {
    case PHYSICAL_INT16:
        *ret_integer = value->int16;
        return true;
    case PHYSICAL_INT32:
        *ret_integer = value->int32;
        return true;
    case PHYSICAL_INT64:
        *ret_integer = value->int64;
        return true;
    default:
        return false;
    }
}

static Status build_set(Compiler *self, const Expr *expr, InSet *ret_set, Error *err) {
    Arena *arena = self->program->arena;
    size_t room = (size_t) expr->argument_count;
    InSet set = {.physical = type_physical(expr->arguments[0]->type.id),
                 .integers = arena_new_array(arena, int64_t, room),
                 .values = arena_new_array(arena, Value, room)};

    for (int i = 1; i < expr->argument_count; i++) {
        const Expr *argument = expr->arguments[i];

        if (argument->kind != EXPR_CONSTANT)
            return error_at(err, argument->position, INTERNAL_ERROR,
                            "IN list has an element that is not constant");
        if (argument->constant.is_null) {
            set.has_null = true;
            continue;
        }
        if (!integer_of(&argument->constant, set.physical, &set.integers[set.count]))
            set.values[set.count] = value_copy(&argument->constant, arena);
        set.count++;
    }
    if (set.physical == PHYSICAL_INT16 || set.physical == PHYSICAL_INT32 ||
        set.physical == PHYSICAL_INT64)
        qsort(set.integers, set.count, sizeof(int64_t), compare_integers);
    else
        qsort(set.values, set.count, sizeof(Value), compare_values);
    *ret_set = set;
    return STATUS_OK;
}

static Status compile_in(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                         Error *err) {
    InSet *set = arena_new(self->program->arena, InSet);
    uint32_t *argument = arena_new(self->program->arena, uint32_t);
    Instruction prepared = {.code = OP_IN, .type = expr->type, .argument_count = 1, .set = set};

    TRY(compile_node(self, expr->arguments[0], slot, argument, err));
    TRY(build_set(self, expr, set, err));
    prepared.arguments = argument;
    return emit_or_fold(self, &prepared, true, slot, ret_register);
}

static Status compile_kind(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err) {
    switch (expr->kind) {
    case EXPR_CONSTANT:
        *ret_register = add_constant(self, &expr->constant);
        return STATUS_OK;
    case EXPR_COLUMN:
        return compile_column(self, expr, ret_register, err);
    case EXPR_PARAMETER:
        return error_at(err, expr->position, UNDEFINED_PARAMETER, "there is no parameter $%d",
                        expr->parameter_number);
    case EXPR_CALL:
        return compile_call(self, expr, slot, ret_register, err);
    case EXPR_CAST:
        return compile_cast(self, expr, slot, ret_register, err);
    case EXPR_AND:
    case EXPR_OR:
        return compile_connective(self, expr, slot, ret_register, err);
    case EXPR_CASE:
        return compile_case(self, expr, slot, ret_register, err);
    case EXPR_IN:
        return compile_in(self, expr, slot, ret_register, err);
    }
    return error_set(err, INTERNAL_ERROR, "unknown kind of expression");
}

static Status compile_node(Compiler *self, const Expr *expr, uint32_t slot, uint32_t *ret_register,
                           Error *err) {
    bool is_leaf = expr->kind == EXPR_COLUMN || expr->kind == EXPR_CONSTANT;
    bool can_share = !is_leaf && expr_volatility(expr) != VOLATILITY_VOLATILE;

    if (self->depth >= COMPILE_DEPTH_MAX)
        return error_at(err, expr->position, STATEMENT_TOO_COMPLEX,
                        "expression is nested too deeply");
    if (can_share && find_shared(self, expr, slot, ret_register))
        return STATUS_OK;
    self->depth++;
    TRY(compile_kind(self, expr, slot, ret_register, err));
    self->depth--;
    if (can_share)
        add_shared(self, expr, slot, *ret_register);
    return STATUS_OK;
}

static void compiler_start(Compiler *self, Code *code) {
    self->code = code;
    self->shared_count = 0;
    self->depth = 0;
    self->slot_parents =
        grow(self->program->arena, self->slot_parents, 0, &self->slot_capacity, sizeof(uint32_t));
    code->slot_count = 1;
}

/* A conjunction as a filter: each condition narrows the rows for the next; NULL is false. */
static Status compile_selection(Compiler *self, const Expr *expr, Error *err) {
    uint32_t slot = 0;

    compiler_start(self, &self->program->select);
    for (int i = 0; i < expr->argument_count; i++) {
        uint32_t condition = 0;

        TRY(compile_node(self, expr->arguments[i], slot, &condition, err));
        if (!constant_is(self, condition, true))
            slot = add_slot(self, OP_SELECT_TRUE, slot, condition);
    }
    self->program->select.result_slot = slot;
    self->program->has_select = true;
    return STATUS_OK;
}

Status expr_compile(const Expr *expr, const ColumnId *input_ids, uint32_t input_count,
                    ExprProgram **ret_program, Error *err) {
    Arena *arena = arena_create("expression program", 0);
    CLEANUP(expr_program_destroyp) ExprProgram *program = arena_new(arena, ExprProgram);
    Compiler compiler = {.program = program, .input_ids = input_ids, .input_count = input_count};

    program->arena = arena;
    program->type = expr->type;
    compiler_start(&compiler, &program->value);
    TRY(compile_node(&compiler, expr, 0, &program->value.result_register, err));
    if (expr->kind == EXPR_AND)
        TRY(compile_selection(&compiler, expr, err));
    *ret_program = TAKE(program);
    return STATUS_OK;
}

ExprProgram *expr_program_destroy(ExprProgram *program) {
    if (!program)
        return NULL;
    for (Release *entry = program->releases; entry; entry = entry->next)
        entry->release(entry->data);
    (void) arena_destroy(program->arena);
    return NULL;
}
