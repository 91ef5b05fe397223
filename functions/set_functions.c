/* Set-returning functions: their signatures. The rows are made by the operator that scans one
 * (exec/set_rows.c), some at a time; so there are no kernels here. */
#include "functions/kernel.h"

static SqlType type_of_element(const SqlType *arguments, uint32_t count) {
    (void) count;
    return arguments[0].id == TYPE_ARRAY && arguments[0].element ? *arguments[0].element
                                                                 : SQL_TYPE(TEXT);
}

/* jsonb_each and its sisters: (key, value). */
#define DEFINE_MEMBERS(name, TYPE)                                                              \
    static SqlType name(const SqlType *arguments, uint32_t count) {                             \
        static const SqlType key = {.id = TYPE_TEXT, .typmod = -1};                             \
        static const SqlType value = {.id = (TYPE), .typmod = -1};                              \
        static const RecordField fields[] = {{"key", &key}, {"value", &value}};                 \
                                                                                                \
        (void) arguments;                                                                       \
        (void) count;                                                                           \
        return (SqlType) {.id = TYPE_RECORD, .typmod = -1, .fields = fields, .field_count = 2}; \
    }

DEFINE_MEMBERS(members_as_json, TYPE_JSON)
DEFINE_MEMBERS(members_as_jsonb, TYPE_JSONB)
DEFINE_MEMBERS(members_as_text, TYPE_TEXT)

/* clang-format off */
#define JSON_SETS(prefix, J, members)                                                              \
    {prefix "_array_elements", NULL, J, 1, {J}, VOLATILITY_IMMUTABLE, FUNCTION_SET},               \
    {prefix "_array_elements_text", NULL, TYPE_TEXT, 1, {J}, VOLATILITY_IMMUTABLE, FUNCTION_SET},  \
    {prefix "_object_keys", NULL, TYPE_TEXT, 1, {J}, VOLATILITY_IMMUTABLE, FUNCTION_SET},          \
    {prefix "_each", NULL, TYPE_RECORD, 1, {J}, VOLATILITY_IMMUTABLE, FUNCTION_SET, members},      \
    {prefix "_each_text", NULL, TYPE_RECORD, 1, {J}, VOLATILITY_IMMUTABLE, FUNCTION_SET,           \
     members_as_text}

#define SERIES(type, ...) \
    {"generate_series", NULL, type, sizeof((TypeId[]) {__VA_ARGS__}) / sizeof(TypeId), \
     {__VA_ARGS__}, VOLATILITY_IMMUTABLE, FUNCTION_SET}

static const Function set_functions[] = {
    SERIES(TYPE_INT4,        TYPE_INT4,        TYPE_INT4),
    SERIES(TYPE_INT4,        TYPE_INT4,        TYPE_INT4,        TYPE_INT4),
    SERIES(TYPE_INT8,        TYPE_INT8,        TYPE_INT8),
    SERIES(TYPE_INT8,        TYPE_INT8,        TYPE_INT8,        TYPE_INT8),
    SERIES(TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC),
    SERIES(TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC),
    SERIES(TYPE_TIMESTAMP,   TYPE_TIMESTAMP,   TYPE_TIMESTAMP,   TYPE_INTERVAL),
    SERIES(TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_INTERVAL),
    {"unnest", NULL, TYPE_ANY, 1, {TYPE_ARRAY}, VOLATILITY_IMMUTABLE, FUNCTION_SET,
     type_of_element},
    JSON_SETS("json",  TYPE_JSON,  members_as_json),
    JSON_SETS("jsonb", TYPE_JSONB, members_as_jsonb),
};
/* clang-format on */

const FunctionFamily family_set_functions = {FAMILY_FUNCTIONS(set_functions)};
