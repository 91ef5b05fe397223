#include "types/type.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *display;
    uint32_t oid;
    uint32_t array_oid;
    PhysicalType physical;
    int16_t wire_size;
    char category;
} type_table[TYPE_COUNT] = {
#define X(id, name, oid, array_oid, physical, size, category) \
    [TYPE_##id] = {name, oid, array_oid, PHYSICAL_##physical, size, category},
    TYPE_TABLE(X)
#undef X
};

static const SqlType type_elements[TYPE_COUNT] = {
#define X(symbol, name, oid, array_oid, physical, size, category) \
    [TYPE_##symbol] = {.id = TYPE_##symbol, .typmod = -1},
    TYPE_TABLE(X)
#undef X
};

static const char *const type_typnames[TYPE_COUNT] = {
    [TYPE_UNKNOWN] = "unknown",     [TYPE_BOOL] = "bool",
    [TYPE_INT2] = "int2",           [TYPE_INT4] = "int4",
    [TYPE_INT8] = "int8",           [TYPE_FLOAT4] = "float4",
    [TYPE_FLOAT8] = "float8",       [TYPE_NUMERIC] = "numeric",
    [TYPE_TEXT] = "text",           [TYPE_VARCHAR] = "varchar",
    [TYPE_BPCHAR] = "bpchar",       [TYPE_NAME] = "name",
    [TYPE_CHAR] = "char",           [TYPE_BYTEA] = "bytea",
    [TYPE_DATE] = "date",           [TYPE_TIME] = "time",
    [TYPE_TIMESTAMP] = "timestamp", [TYPE_TIMESTAMPTZ] = "timestamptz",
    [TYPE_INTERVAL] = "interval",   [TYPE_UUID] = "uuid",
    [TYPE_JSON] = "json",           [TYPE_JSONB] = "jsonb",
    [TYPE_OID] = "oid",             [TYPE_REGCLASS] = "regclass",
    [TYPE_REGTYPE] = "regtype",     [TYPE_REGPROC] = "regproc",
    [TYPE_VOID] = "void",           [TYPE_RECORD] = "record",
    [TYPE_ARRAY] = "anyarray",
};

static const char *const array_typnames[TYPE_COUNT] = {
    [TYPE_BOOL] = "_bool",           [TYPE_INT2] = "_int2",
    [TYPE_INT4] = "_int4",           [TYPE_INT8] = "_int8",
    [TYPE_FLOAT4] = "_float4",       [TYPE_FLOAT8] = "_float8",
    [TYPE_NUMERIC] = "_numeric",     [TYPE_TEXT] = "_text",
    [TYPE_VARCHAR] = "_varchar",     [TYPE_BPCHAR] = "_bpchar",
    [TYPE_NAME] = "_name",           [TYPE_CHAR] = "_char",
    [TYPE_BYTEA] = "_bytea",         [TYPE_DATE] = "_date",
    [TYPE_TIME] = "_time",           [TYPE_TIMESTAMP] = "_timestamp",
    [TYPE_TIMESTAMPTZ] = "_timestamptz", [TYPE_INTERVAL] = "_interval",
    [TYPE_UUID] = "_uuid",           [TYPE_JSON] = "_json",
    [TYPE_JSONB] = "_jsonb",         [TYPE_OID] = "_oid",
    [TYPE_REGCLASS] = "_regclass",   [TYPE_REGTYPE] = "_regtype",
    [TYPE_REGPROC] = "_regproc",     [TYPE_RECORD] = "_record",
};

/* Names beside the display name and the typname. */
static const struct {
    const char *name;
    TypeId id;
} type_synonyms[] = {
    {"int", TYPE_INT4},           {"float", TYPE_FLOAT8},
    {"double", TYPE_FLOAT8},      {"decimal", TYPE_NUMERIC},
    {"dec", TYPE_NUMERIC},        {"string", TYPE_TEXT},
    {"tinyint", TYPE_INT2},       {"long", TYPE_INT8},
    {"binary", TYPE_BYTEA},       {"nchar", TYPE_BPCHAR},
    {"char varying", TYPE_VARCHAR},
};
/* clang-format on */

static const size_t physical_sizes[PHYSICAL_COUNT] = {
    [PHYSICAL_BOOL] = 1,     [PHYSICAL_INT16] = 2,   [PHYSICAL_INT32] = 4,
    [PHYSICAL_INT64] = 8,    [PHYSICAL_FLOAT32] = 4, [PHYSICAL_FLOAT64] = 8,
    [PHYSICAL_NUMERIC] = 24, [PHYSICAL_VARLEN] = 16, [PHYSICAL_INTERVAL] = 16,
    [PHYSICAL_UUID] = 16,
};

PhysicalType type_physical(TypeId id) {
    return type_table[id].physical;
}

size_t physical_size_bytes(PhysicalType physical) {
    return physical_sizes[physical];
}

uint32_t type_oid(SqlType type) {
    if (type.id == TYPE_ARRAY && type.element)
        return type_table[type.element->id].array_oid;
    return type_table[type.id].oid;
}

int16_t type_wire_size(SqlType type) {
    return type_table[type.id].wire_size;
}

char type_category(TypeId id) {
    return type_table[id].category;
}

static bool type_fields_equal(SqlType left, SqlType right) {
    if (left.field_count != right.field_count)
        return false;
    for (int i = 0; i < left.field_count; i++)
        if (!type_equal(*left.fields[i].type, *right.fields[i].type))
            return false;
    return true;
}

bool type_equal(SqlType left, SqlType right) {
    if (left.id != right.id)
        return false;
    if (left.id == TYPE_ARRAY && left.element && right.element)
        return type_equal(*left.element, *right.element);
    if (left.id == TYPE_RECORD && left.fields && right.fields)
        return type_fields_equal(left, right);
    return true;
}

int32_t type_numeric_typmod(int32_t precision, int32_t scale) {
    return ((precision << 16) | (scale & 0x7ff)) + 4;
}

bool type_numeric_limits(int32_t typmod, int32_t *ret_precision, int32_t *ret_scale) {
    if (typmod < 4)
        return false;
    *ret_precision = ((typmod - 4) >> 16) & 0xffff;
    *ret_scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
    return true;
}

/* PostgreSQL's interval typmod: a mask of fields in the high half, the precision in the low. */
static const char *interval_range_name(int32_t range) {
    enum {
        MONTH = 1 << 1,
        YEAR = 1 << 2,
        DAY = 1 << 3,
        HOUR = 1 << 10,
        MINUTE = 1 << 11,
        SECOND = 1 << 12,
    };

    switch (range) {
    case YEAR:
        return " year";
    case MONTH:
        return " month";
    case DAY:
        return " day";
    case HOUR:
        return " hour";
    case MINUTE:
        return " minute";
    case SECOND:
        return " second";
    case YEAR | MONTH:
        return " year to month";
    case DAY | HOUR:
        return " day to hour";
    case DAY | HOUR | MINUTE:
        return " day to minute";
    case DAY | HOUR | MINUTE | SECOND:
        return " day to second";
    case HOUR | MINUTE:
        return " hour to minute";
    case HOUR | MINUTE | SECOND:
        return " hour to second";
    case MINUTE | SECOND:
        return " minute to second";
    default:
        return "";
    }
}

static const char *interval_display(int32_t typmod, Arena *arena) {
    int32_t precision = typmod & 0xffff;
    const char *range = interval_range_name((typmod >> 16) & 0x7fff);

    if (precision == 0xffff)
        return arena_printf(arena, "interval%s", range);
    return arena_printf(arena, "interval%s(%d)", range, precision);
}

const char *type_display(SqlType type, Arena *arena) {
    const char *name = type_table[type.id].display;
    int32_t precision;
    int32_t scale;

    if (type.id == TYPE_ARRAY && type.element) {
        SqlType element = *type.element;

        if (element.typmod < 0)
            element.typmod = type.typmod;
        return arena_printf(arena, "%s[]", type_display(element, arena));
    }
    if (type.typmod < 0)
        return name;
    switch (type.id) {
    case TYPE_NUMERIC:
        if (!type_numeric_limits(type.typmod, &precision, &scale))
            return name;
        return arena_printf(arena, "numeric(%d,%d)", precision, scale);
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        return type.typmod < 4 ? name : arena_printf(arena, "%s(%d)", name, type.typmod - 4);
    case TYPE_TIME:
        return arena_printf(arena, "time(%d) without time zone", type.typmod);
    case TYPE_TIMESTAMP:
        return arena_printf(arena, "timestamp(%d) without time zone", type.typmod);
    case TYPE_TIMESTAMPTZ:
        return arena_printf(arena, "timestamp(%d) with time zone", type.typmod);
    case TYPE_INTERVAL:
        return interval_display(type.typmod, arena);
    default:
        return name;
    }
}

const char *type_typname(SqlType type) {
    if (type.id == TYPE_ARRAY && type.element && array_typnames[type.element->id])
        return array_typnames[type.element->id];
    return type_typnames[type.id];
}

static bool type_id_from_name(const char *name, size_t length, TypeId *ret_id) {
    for (int i = 0; i < TYPE_COUNT; i++) {
        const char *display = type_table[i].display;
        const char *typname = type_typnames[i];

        if (i == TYPE_CHAR || i == TYPE_ARRAY)
            typname = "";
        if ((strlen(display) == length && memcmp(display, name, length) == 0) ||
            (strlen(typname) == length && memcmp(typname, name, length) == 0)) {
            *ret_id = (TypeId) i;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(type_synonyms); i++)
        if (strlen(type_synonyms[i].name) == length &&
            memcmp(type_synonyms[i].name, name, length) == 0) {
            *ret_id = type_synonyms[i].id;
            return true;
        }
    return false;
}

bool type_from_name(const char *name, SqlType *ret_type) {
    size_t length = strlen(name);
    TypeId id;

    for (int i = 0; i < TYPE_COUNT; i++)
        if (array_typnames[i] && strcmp(array_typnames[i], name) == 0) {
            *ret_type = type_array_of((TypeId) i);
            return true;
        }
    if (length > 2 && strcmp(name + length - 2, "[]") == 0) {
        if (!type_id_from_name(name, length - 2, &id) || !type_table[id].array_oid)
            return false;
        *ret_type = type_array_of(id);
        return true;
    }
    if (strcmp(name, "char") == 0 || strcmp(name, "character") == 0) {
        *ret_type = (SqlType) {.id = TYPE_BPCHAR, .typmod = 1 + 4};
        return true;
    }
    if (!type_id_from_name(name, length, &id))
        return false;
    *ret_type = type_elements[id];
    return true;
}

bool type_from_oid(uint32_t oid, SqlType *ret_type) {
    if (oid == 0)
        return false;
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (type_table[i].oid == oid) {
            *ret_type = type_elements[i];
            return true;
        }
        if (type_table[i].array_oid == oid) {
            *ret_type = type_array_of((TypeId) i);
            return true;
        }
    }
    return false;
}

SqlType type_array_of(TypeId element) {
    return (SqlType) {.id = TYPE_ARRAY, .typmod = -1, .element = &type_elements[element]};
}
