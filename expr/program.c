/* Program: runs compiled expressions over batches.
 *
 * A run keeps its registers and slots in the caller's arena; the program itself is only read. For a
 * strict function the rows with a NULL argument are taken out of the selection before the kernel
 * sees it, and the result gets the arguments' common validity. */
#include "expr/program.h"

#include <assert.h>

const EvalContext program_no_context = {
    .settings = &form_settings_default, .user_name = "", .database_name = ""};

typedef struct RowSet {
    const uint32_t *rows; /* NULL: 0 … count-1 */
    uint32_t count;
} RowSet;

typedef struct Run {
    const Code *code;
    const Batch *batch;
    const EvalContext *context;
    Arena *arena;
    Column *registers;
    RowSet *slots;
} Run;

static inline uint32_t row_set_row(RowSet set, uint32_t index) {
    return set.rows ? set.rows[index] : index;
}

/* -------- strict calls -------- */

/* AND of the arguments' bitmaps; NULL: no argument can be NULL. */
static uint64_t *common_validity(const Column *arguments, uint32_t count, uint32_t row_count,
                                 Arena *arena) {
    size_t words = validity_size_bytes(row_count) / sizeof(uint64_t);
    uint64_t *common = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (!arguments[i].validity || arguments[i].encoding == COLUMN_CONSTANT)
            continue;
        if (!common) {
            common = arena_memdup(arena, arguments[i].validity, words * sizeof(uint64_t));
            continue;
        }
        for (size_t word = 0; word < words; word++)
            common[word] &= arguments[i].validity[word];
    }
    return common;
}

static uint32_t collect_valid(const uint64_t *validity, uint32_t row_count, uint32_t *rows) {
    uint32_t count = 0;

    for (uint32_t row = 0; row < row_count; row++) {
        rows[count] = row;
        count += (validity[row >> 6] >> (row & 63)) & 1;
    }
    return count;
}

/* The rows of `set` whose bit is set. */
static RowSet narrow_to_valid(RowSet set, const uint64_t *validity, Arena *arena) {
    uint32_t *rows = arena_alloc_raw(arena, sizeof(uint32_t) * ((size_t) set.count + 1));
    uint32_t count = 0;

    if (!set.rows) {
        count = collect_valid(validity, set.count, rows);
    } else {
        for (uint32_t i = 0; i < set.count; i++) {
            rows[count] = set.rows[i];
            count += validity_get(validity, set.rows[i]);
        }
    }
    return count == set.count ? set : (RowSet) {rows, count};
}

static bool any_constant_null(const Column *arguments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].encoding == COLUMN_CONSTANT && column_is_null(&arguments[i], 0))
            return true;
    }
    return false;
}

static bool all_constant(const Column *arguments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].encoding != COLUMN_CONSTANT)
            return false;
    }
    return true;
}

static Column null_column(SqlType type, Arena *arena) {
    Value value = value_null(type);

    return column_constant(&value, arena);
}

/* -------- IN -------- */

static int64_t read_integer(const Column *column, PhysicalType physical, uint32_t row) {
    if (physical == PHYSICAL_INT16)
        return COLUMN_VALUE(column, int16_t, row);
    if (physical == PHYSICAL_INT32)
        return COLUMN_VALUE(column, int32_t, row);
    return COLUMN_VALUE(column, int64_t, row);
}

static bool set_has_integer(const InSet *set, int64_t wanted) {
    uint32_t low = 0;
    uint32_t high = set->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (set->integers[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->integers[low] == wanted;
}

static bool set_has_value(const InSet *set, const Value *wanted) {
    uint32_t low = 0;
    uint32_t high = set->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = value_compare(&set->values[middle], wanted);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static Status kernel_in(const KernelCall *call, Error *err) {
    const InSet *set = call->data;
    const Column *input = &call->arguments[0];
    bool is_integer = set->physical == PHYSICAL_INT16 || set->physical == PHYSICAL_INT32 ||
                      set->physical == PHYSICAL_INT64;

    (void) err;
    KERNEL_FOR_EACH(call, row) {
        bool found = false;

        if (is_integer) {
            found = set_has_integer(set, read_integer(input, set->physical, row));
        } else {
            Value value = column_get(input, row);

            found = set_has_value(set, &value);
        }
        if (!found && set->has_null)
            column_set_null(call->result, row, call->row_count, call->arena);
        else
            KERNEL_RESULT(call, uint8_t)[row] = found;
    }
    return STATUS_OK;
}

/* -------- calls -------- */

static Status run_kernel(const Instruction *instruction, const KernelCall *call, Error *err) {
    if (instruction->code == OP_IN) {
        KernelCall with_set = *call;

        with_set.data = instruction->set;
        return kernel_in(&with_set, err);
    }
    return instruction->kernel(call, err);
}

static bool is_strict(const Instruction *instruction) {
    return instruction->is_strict || instruction->code == OP_IN;
}

/* One row computed from constants stands for all. */
Status program_call_constant(const Instruction *instruction, const Column *arguments,
                             const EvalContext *context, Arena *arena, Column *ret_column,
                             Error *err) {
    Column result;
    KernelCall call = {.arguments = arguments,
                       .argument_count = instruction->argument_count,
                       .result = &result,
                       .count = 1,
                       .row_count = 1,
                       .arena = arena,
                       .context = context,
                       .data = instruction->data};

    if (instruction->code == OP_RELABEL) {
        *ret_column = arguments[0];
        ret_column->type = instruction->type;
        return STATUS_OK;
    }
    if (is_strict(instruction) && any_constant_null(arguments, instruction->argument_count)) {
        *ret_column = null_column(instruction->type, arena);
        return STATUS_OK;
    }
    result = column_create(instruction->type, 1, arena);
    TRY(run_kernel(instruction, &call, err));
    result.encoding = COLUMN_CONSTANT;
    *ret_column = result;
    return STATUS_OK;
}

static Status run_call_rows(Run *run, const Instruction *instruction, const Column *arguments,
                            Column *ret_column, Error *err) {
    RowSet rows = run->slots[instruction->slot];
    uint32_t row_count = run->batch->row_count;
    uint64_t *validity = NULL;
    KernelCall call = {.arguments = arguments,
                       .argument_count = instruction->argument_count,
                       .result = ret_column,
                       .row_count = row_count,
                       .arena = run->arena,
                       .context = run->context,
                       .data = instruction->data};

    *ret_column = column_create(instruction->type, row_count, run->arena);
    if (is_strict(instruction)) {
        validity = common_validity(arguments, instruction->argument_count, row_count, run->arena);
        if (validity) {
            RowSet valid = narrow_to_valid(rows, validity, run->arena);

            if (valid.count != rows.count)
                ret_column->validity = validity;
            rows = valid;
        }
    }
    if (rows.count == 0)
        return STATUS_OK;
    call.selection = rows.rows;
    call.count = rows.count;
    return run_kernel(instruction, &call, err);
}

static Status run_call(Run *run, const Instruction *instruction, Error *err) {
    uint32_t count = instruction->argument_count;
    Column *arguments = arena_alloc_raw(run->arena, sizeof(Column) * ((size_t) count + 1));
    Column *result = &run->registers[instruction->result];

    for (uint32_t i = 0; i < count; i++)
        arguments[i] = run->registers[instruction->arguments[i]];
    if (is_strict(instruction) && any_constant_null(arguments, count)) {
        *result = null_column(instruction->type, run->arena);
        return STATUS_OK;
    }
    if (!instruction->is_volatile && all_constant(arguments, count))
        return program_call_constant(instruction, arguments, run->context, run->arena, result, err);
    return run_call_rows(run, instruction, arguments, result, err);
}

/* -------- copies and merges -------- */

#define COPY_ROWS(Type)                                             \
    for (uint32_t i = 0; i < rows.count; i++) {                     \
        uint32_t row = row_set_row(rows, i);                        \
        ((Type *) to->values)[row] = COLUMN_VALUE(from, Type, row); \
    }

typedef struct Word16 {
    uint64_t words[2];
} Word16;

typedef struct Word24 {
    uint64_t words[3];
} Word24;

static void copy_values(Column *to, const Column *from, RowSet rows) {
    switch (physical_size_bytes(type_physical(to->type.id))) {
    case 1:
        COPY_ROWS(uint8_t)
        break;
    case 2:
        COPY_ROWS(uint16_t)
        break;
    case 4:
        COPY_ROWS(uint32_t)
        break;
    case 8:
        COPY_ROWS(uint64_t)
        break;
    case 16:
        COPY_ROWS(Word16)
        break;
    default:
        assert(physical_size_bytes(type_physical(to->type.id)) == sizeof(Word24));
        COPY_ROWS(Word24)
        break;
    }
}

static void run_copy(Run *run, const Instruction *instruction) {
    const Column *from = &run->registers[instruction->arguments[0]];
    Column *to = &run->registers[instruction->result];
    RowSet rows = run->slots[instruction->slot];
    uint32_t row_count = run->batch->row_count;

    if (!to->values)
        *to = column_create(run->code->registers[instruction->result].type, row_count, run->arena);
    copy_values(to, from, rows);
    if (!from->validity)
        return;
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t row = row_set_row(rows, i);

        if (column_is_null(from, row))
            column_set_null(to, row, row_count, run->arena);
    }
}

/* The rows at hand are true or NULL in `to` (AND), or false or NULL (OR). `decisive` is the
 * argument's value that settles the result. */
static void run_merge(Run *run, const Instruction *instruction, uint8_t decisive) {
    const Column *from = &run->registers[instruction->arguments[0]];
    Column *to = &run->registers[instruction->result];
    RowSet rows = run->slots[instruction->slot];

    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t row = row_set_row(rows, i);

        if (column_is_null(from, row)) {
            column_set_null(to, row, run->batch->row_count, run->arena);
        } else if (COLUMN_VALUE(from, uint8_t, row) == decisive) {
            ((uint8_t *) to->values)[row] = decisive;
            if (to->validity)
                validity_set(to->validity, row);
        }
    }
}

/* -------- selections -------- */

/* Branch-free: each row is written, the count moves past those that stay. Eight flags at a time:
 * their running sums, one byte each, come from one multiplication. */
static uint32_t select_dense(const uint8_t *restrict flags, uint8_t flip, uint32_t row_count,
                             uint32_t *restrict out) {
    const uint64_t ones = 0x0101010101010101ULL;
    uint32_t count = 0;
    uint32_t row = 0;

    for (; row + 8 <= row_count; row += 8) {
        uint32_t *next = out + count;
        uint64_t word = 0;
        uint64_t before = 0;

        memcpy(&word, flags + row, sizeof(word));
        word ^= ones * flip;
        if (!word)
            continue;
        word *= ones; /* byte i: how many of flags 0 … i are set */
        before = word << 8;
        for (uint32_t i = 0; i < 8; i++)
            next[(uint8_t) (before >> (8 * i))] = row + i;
        count += (uint32_t) (word >> 56);
    }
    for (; row < row_count; row++) {
        out[count] = row;
        count += flags[row] ^ flip;
    }
    return count;
}

static uint32_t select_nullable(const Column *column, OpCode code, RowSet rows, uint32_t *out) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t row = row_set_row(rows, i);
        bool is_null = column_is_null(column, row);
        bool flag = COLUMN_VALUE(column, uint8_t, row) != 0;

        out[count] = row;
        if (code == OP_SELECT_TRUE)
            count += !is_null && flag;
        else if (code == OP_SELECT_NOT_TRUE)
            count += is_null || !flag;
        else
            count += is_null || flag;
    }
    return count;
}

/* `out` has room for the rows. */
static uint32_t select_rows(const Column *column, OpCode code, RowSet rows, uint32_t *out) {
    const uint8_t *flags = column->values;
    uint8_t flip = code == OP_SELECT_NOT_TRUE;
    uint32_t count = 0;

    if (column->validity || column->encoding == COLUMN_CONSTANT)
        return select_nullable(column, code, rows, out);
    if (!rows.rows)
        return select_dense(flags, flip, rows.count, out);
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t row = rows.rows[i];

        out[count] = row;
        count += flags[row] ^ flip;
    }
    return count;
}

static void run_select(Run *run, const Instruction *instruction) {
    RowSet rows = run->slots[instruction->slot];
    const Column *condition = &run->registers[instruction->arguments[0]];
    uint32_t *out = arena_alloc_raw(run->arena, sizeof(uint32_t) * ((size_t) rows.count + 1));
    uint32_t count = select_rows(condition, instruction->code, rows, out);

    run->slots[instruction->result] =
        count == rows.count ? rows : (RowSet) {.rows = out, .count = count};
}

/* -------- the loop -------- */

static Status run_instruction(Run *run, const Instruction *instruction, Error *err) {
    switch (instruction->code) {
    case OP_CALL:
    case OP_CAST:
    case OP_IN:
        return run_call(run, instruction, err);
    case OP_RELABEL:
        run->registers[instruction->result] = run->registers[instruction->arguments[0]];
        run->registers[instruction->result].type = instruction->type;
        break;
    case OP_COPY:
        run_copy(run, instruction);
        break;
    case OP_MERGE_AND:
        run_merge(run, instruction, 0);
        break;
    case OP_MERGE_OR:
        run_merge(run, instruction, 1);
        break;
    case OP_SELECT_TRUE:
    case OP_SELECT_NOT_TRUE:
    case OP_SELECT_NOT_FALSE:
        run_select(run, instruction);
        break;
    }
    return STATUS_OK;
}

static Status run_code(Run *run, Error *err) {
    const Code *code = run->code;

    if (!run->context)
        run->context = &program_no_context;
    run->registers = arena_alloc(run->arena, sizeof(Column) * ((size_t) code->register_count + 1));
    run->slots = arena_alloc(run->arena, sizeof(RowSet) * code->slot_count);
    run->slots[0] = (RowSet) {run->batch->selection, batch_active_count(run->batch)};
    for (uint32_t i = 0; i < code->register_count; i++) {
        const Register *entry = &code->registers[i];

        if (entry->kind == REGISTER_INPUT) {
            assert(entry->input < run->batch->column_count);
            run->registers[i] = run->batch->columns[entry->input];
        } else if (entry->kind == REGISTER_CONSTANT) {
            run->registers[i] = entry->constant;
        }
    }
    for (uint32_t i = 0; i < code->count; i++) {
        const Instruction *instruction = &code->instructions[i];

        if (run->slots[instruction->slot].count > 0)
            TRY(run_instruction(run, instruction, err));
    }
    return STATUS_OK;
}

Status expr_evaluate(const ExprProgram *program, const Batch *batch, const EvalContext *context,
                     Arena *arena, Column *ret_column, Error *err) {
    Run run = {.code = &program->value, .batch = batch, .context = context, .arena = arena};
    Column result;

    TRY(run_code(&run, err));
    result = run.registers[program->value.result_register];
    if (!result.values) /* no active row */
        result = column_create(program->type, batch->row_count, arena);
    result.type = program->type;
    *ret_column = result;
    return STATUS_OK;
}

Status expr_select(const ExprProgram *program, const Batch *batch, const EvalContext *context,
                   Arena *arena, uint32_t *ret_selection, uint32_t *ret_count, Error *err) {
    Run run = {.code = program->has_select ? &program->select : &program->value,
               .batch = batch,
               .context = context,
               .arena = arena};
    RowSet rows;

    assert(program->type.id == TYPE_BOOL);
    TRY(run_code(&run, err));
    rows = run.slots[0];
    if (rows.count == 0) {
        *ret_count = 0;
        return STATUS_OK;
    }
    if (!program->has_select) {
        *ret_count = select_rows(&run.registers[program->value.result_register], OP_SELECT_TRUE,
                                 rows, ret_selection);
        return STATUS_OK;
    }
    rows = run.slots[program->select.result_slot];
    for (uint32_t i = 0; i < rows.count; i++)
        ret_selection[i] = row_set_row(rows, i);
    *ret_count = rows.count;
    return STATUS_OK;
}
