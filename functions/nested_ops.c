/* Arrays and rows: their constructors, order, lengths; arrays from and to text. */
#include "base/strbuf.h"
#include "functions/kernel.h"
#include "types/nested.h"

/* -------- order: by value_compare, of any nested type -------- */

#define DEFINE_NESTED_COMPARE(name, condition)                                          \
    static Status name(const KernelCall *call, Error *err) {                            \
        (void) err;                                                                     \
        KERNEL_FOR_EACH(call, row) {                                                    \
            Value left = column_get(&call->arguments[0], row);                          \
            Value right = column_get(&call->arguments[1], row);                         \
            KERNEL_RESULT(call, uint8_t)[row] = value_compare(&left, &right) condition; \
        }                                                                               \
        return STATUS_OK;                                                               \
    }

DEFINE_NESTED_COMPARE(nested_eq, == 0)
DEFINE_NESTED_COMPARE(nested_ne, != 0)
DEFINE_NESTED_COMPARE(nested_lt, < 0)
DEFINE_NESTED_COMPARE(nested_le, <= 0)
DEFINE_NESTED_COMPARE(nested_gt, > 0)
DEFINE_NESTED_COMPARE(nested_ge, >= 0)

/* -------- constructors -------- */

static Value *argument_values(const KernelCall *call, uint32_t row) {
    Value *values = arena_new_array(call->arena, Value, (size_t) call->argument_count + 1);

    for (uint32_t i = 0; i < call->argument_count; i++)
        values[i] = column_is_null(&call->arguments[i], row) ? value_null(call->arguments[i].type)
                                                             : column_get(&call->arguments[i], row);
    return values;
}

static void put_value(const KernelCall *call, uint32_t row, Value value) {
    value.type = call->result->type;
    column_put(call->result, row, &value, call->row_count, call->arena);
}

static Status any_row(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row)
    put_value(call, row,
              record_build(call->result->type, argument_values(call, row), call->argument_count,
                           call->arena));
    return STATUS_OK;
}

/* The field of that number, from 0; the planner says its type. */
static Status field_of_row(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        Value record = column_get(&call->arguments[0], row);
        int32_t number = KERNEL_ARGUMENT(call, 1, int32_t, row);
        NestedReader reader = record_reader(&record);
        Value field = value_null(call->result->type);
        bool is_there = number >= 0;

        for (int32_t i = 0; i <= number && is_there; i++)
            is_there = record_next(&reader, &field);
        if (!is_there || (!field.is_null && field.type.id != call->result->type.id))
            return error_set(err, DATATYPE_MISMATCH, "field %d of the row has another type",
                             number + 1);
        if (field.is_null)
            kernel_set_null(call, row);
        else
            put_value(call, row, value_copy(&field, call->arena));
    }
    return STATUS_OK;
}

/* -------- shape -------- */

static ArrayShape shape_of(const KernelCall *call, uint32_t row) {
    Value array = column_get(&call->arguments[0], row);

    return array_reader(&array).shape;
}

/* Dimension `number`, 1-based; NULL where there is none. `upper`: its last index, else its length.
 */
static Status put_dimension(const KernelCall *call, bool upper) {
    KERNEL_FOR_EACH(call, row) {
        ArrayShape shape = shape_of(call, row);
        int32_t number = KERNEL_ARGUMENT(call, 1, int32_t, row);

        if (number < 1 || (uint32_t) number > shape.dimension_count) {
            kernel_set_null(call, row);
            continue;
        }
        KERNEL_RESULT(call, int32_t)
        [row] =
            (int32_t) shape.lengths[number - 1] + (upper ? shape.lower_bounds[number - 1] - 1 : 0);
    }
    return STATUS_OK;
}

static Status array_length_of(const KernelCall *call, Error *err) {
    (void) err;
    return put_dimension(call, false);
}

static Status array_upper_of(const KernelCall *call, Error *err) {
    (void) err;
    return put_dimension(call, true);
}

static Status array_cardinality(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        ArrayShape shape = shape_of(call, row);

        KERNEL_RESULT(call, int32_t)[row] = (int32_t) array_shape_count(&shape);
    }
    return STATUS_OK;
}

/* -------- text -------- */

/* array_to_string(array, delimiter [, null text]) */
static Status array_to_string(const KernelCall *call, Error *err) {
    const FormSettings *settings = call->context->settings;
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        Value array;
        NestedReader reader;
        Value element;
        bool is_first = true;

        if (column_is_null(&call->arguments[0], row) || column_is_null(&call->arguments[1], row)) {
            kernel_set_null(call, row);
            continue;
        }
        array = column_get(&call->arguments[0], row);
        reader = array_reader(&array);
        strbuf_clear(&text);
        while (array_next(&reader, &element)) {
            bool has_null_text =
                call->argument_count > 2 && !column_is_null(&call->arguments[2], row);
            const TextView *delimiter = kernel_text(call, 1, row);

            if (element.is_null && !has_null_text)
                continue;
            if (!is_first)
                strbuf_append(&text, text_data(delimiter), delimiter->length);
            is_first = false;
            if (element.is_null)
                strbuf_append(&text, text_data(kernel_text(call, 2, row)),
                              kernel_text(call, 2, row)->length);
            else
                value_append_text(&element, settings, &text);
        }
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

enum { BUILD_FLAGS = FUNCTION_INTERNAL | FUNCTION_NOT_STRICT | FUNCTION_VARIADIC };

/* clang-format off */
static const Function nested_functions[] = {
    COMPARE_FUNCTIONS(nested, TYPE_ARRAY, TYPE_ARRAY),
    COMPARE_FUNCTIONS(nested, TYPE_RECORD, TYPE_RECORD),
    {"row", any_row, TYPE_RECORD, 1, {TYPE_ANY}, .flags = BUILD_FLAGS},
    {"field", field_of_row, TYPE_ANY, 2, {TYPE_RECORD, TYPE_INT4}, .flags = FUNCTION_INTERNAL},
    {"array_length", array_length_of, TYPE_INT4, 2, {TYPE_ARRAY, TYPE_INT4}},
    {"array_upper", array_upper_of, TYPE_INT4, 2, {TYPE_ARRAY, TYPE_INT4}},
    {"cardinality", array_cardinality, TYPE_INT4, 1, {TYPE_ARRAY}},
    {"array_to_string", array_to_string, TYPE_TEXT, 2, {TYPE_ARRAY, TYPE_TEXT}, VOLATILITY_STABLE,
     FUNCTION_NOT_STRICT},
    {"array_to_string", array_to_string, TYPE_TEXT, 3, {TYPE_ARRAY, TYPE_TEXT, TYPE_TEXT},
     VOLATILITY_STABLE, FUNCTION_NOT_STRICT},
};
/* clang-format on */

const FunctionFamily family_nested_ops = {FAMILY_FUNCTIONS(nested_functions)};
