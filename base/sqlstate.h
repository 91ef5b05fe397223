/* SQLSTATE: the one table of the error codes that millrace sends.
 *
 * Names and codes follow PostgreSQL's errcodes.txt (appendix A of its manual). */
#pragma once

/* clang-format off */
#define SQLSTATE_TABLE(X)                                    \
    X(SUCCESSFUL_COMPLETION,             "00000")            \
    X(WARNING,                           "01000")            \
    X(CONNECTION_FAILURE,                "08006")            \
    X(CONNECTOR_UNREACHABLE,             "08001")            \
    X(PROTOCOL_VIOLATION,                "08P01")            \
    X(FEATURE_NOT_SUPPORTED,             "0A000")            \
    X(CARDINALITY_VIOLATION,             "21000")            \
    X(STRING_DATA_RIGHT_TRUNCATION,      "22001")            \
    X(NUMERIC_VALUE_OUT_OF_RANGE,        "22003")            \
    X(NULL_VALUE_NOT_ALLOWED,            "22004")            \
    X(INVALID_DATETIME_FORMAT,           "22007")            \
    X(DATETIME_FIELD_OVERFLOW,           "22008")            \
    X(INVALID_TIME_ZONE_DISPLACEMENT,    "22009")            \
    X(SUBSTRING_ERROR,                   "22011")            \
    X(DIVISION_BY_ZERO,                  "22012")            \
    X(INTERVAL_FIELD_OVERFLOW,           "22015")            \
    X(INVALID_ARGUMENT_FOR_LOGARITHM,    "2201E")            \
    X(INVALID_ARGUMENT_FOR_POWER,        "2201F")            \
    X(INVALID_ARGUMENT_FOR_WIDTH_BUCKET, "2201G")            \
    X(INVALID_ROW_COUNT_IN_LIMIT,        "2201W")            \
    X(INVALID_ROW_COUNT_IN_OFFSET,       "2201X")            \
    X(INVALID_ESCAPE_SEQUENCE,           "22025")            \
    X(CHARACTER_NOT_IN_REPERTOIRE,       "22021")            \
    X(INVALID_PARAMETER,                 "22023")            \
    X(INVALID_REGULAR_EXPRESSION,        "2201B")            \
    X(ARRAY_SUBSCRIPT_ERROR,             "2202E")            \
    X(INVALID_TEXT_REPRESENTATION,       "22P02")            \
    X(INVALID_BINARY_REPRESENTATION,     "22P03")            \
    X(UNTRANSLATABLE_CHARACTER,          "22P05")            \
    X(DUPLICATE_JSON_KEY,                "22030")            \
    X(INVALID_JSON_TEXT,                 "22032")            \
    X(NOT_NULL_VIOLATION,                "23502")            \
    X(UNIQUE_VIOLATION,                  "23505")            \
    X(INVALID_CURSOR_STATE,              "24000")            \
    X(ACTIVE_SQL_TRANSACTION,            "25001")            \
    X(READ_ONLY_SQL_TRANSACTION,         "25006")            \
    X(NO_ACTIVE_SQL_TRANSACTION,         "25P01")            \
    X(IN_FAILED_SQL_TRANSACTION,         "25P02")            \
    X(INVALID_STATEMENT_NAME,            "26000")            \
    X(INVALID_AUTHORIZATION,             "28000")            \
    X(DEPENDENT_OBJECTS,                 "2BP01")            \
    X(INVALID_SAVEPOINT,                 "3B001")            \
    X(INVALID_CURSOR_NAME,               "34000")            \
    X(INVALID_SCHEMA_NAME,               "3F000")            \
    X(INSUFFICIENT_PRIVILEGE,            "42501")            \
    X(SYNTAX_ERROR,                      "42601")            \
    X(INVALID_NAME,                      "42602")            \
    X(DUPLICATE_COLUMN,                  "42701")            \
    X(AMBIGUOUS_COLUMN,                  "42702")            \
    X(UNDEFINED_COLUMN,                  "42703")            \
    X(UNDEFINED_OBJECT,                  "42704")            \
    X(DUPLICATE_OBJECT,                  "42710")            \
    X(DUPLICATE_ALIAS,                   "42712")            \
    X(AMBIGUOUS_FUNCTION,                "42725")            \
    X(GROUPING_ERROR,                    "42803")            \
    X(DATATYPE_MISMATCH,                 "42804")            \
    X(WRONG_OBJECT_TYPE,                 "42809")            \
    X(CANNOT_COERCE,                     "42846")            \
    X(UNDEFINED_FUNCTION,                "42883")            \
    X(RESERVED_NAME,                     "42939")            \
    X(UNDEFINED_TABLE,                   "42P01")            \
    X(UNDEFINED_PARAMETER,               "42P02")            \
    X(DUPLICATE_CURSOR,                  "42P03")            \
    X(DUPLICATE_PREPARED_STATEMENT,      "42P05")            \
    X(DUPLICATE_TABLE,                   "42P07")            \
    X(AMBIGUOUS_PARAMETER,               "42P08")            \
    X(INVALID_COLUMN_REFERENCE,          "42P10")            \
    X(INVALID_TABLE_DEFINITION,          "42P16")            \
    X(INVALID_OBJECT_DEFINITION,         "42P17")            \
    X(INDETERMINATE_DATATYPE,            "42P18")            \
    X(INVALID_RECURSION,                 "42P19")            \
    X(WINDOWING_ERROR,                   "42P20")            \
    X(INSUFFICIENT_RESOURCES,            "53000")            \
    X(DISK_FULL,                         "53100")            \
    X(OUT_OF_MEMORY,                     "53200")            \
    X(TOO_MANY_CONNECTIONS,              "53300")            \
    X(CONFIGURATION_LIMIT_EXCEEDED,      "53400")            \
    X(PROGRAM_LIMIT_EXCEEDED,            "54000")            \
    X(STATEMENT_TOO_COMPLEX,             "54001")            \
    X(OBJECT_NOT_IN_PREREQUISITE_STATE,  "55000")            \
    X(OBJECT_IN_USE,                     "55006")            \
    X(CANT_CHANGE_RUNTIME_PARAM,         "55P02")            \
    X(QUERY_CANCELED,                    "57014")            \
    X(ADMIN_SHUTDOWN,                    "57P01")            \
    X(IO_ERROR,                          "58030")            \
    X(UNDEFINED_FILE,                    "58P01")            \
    X(ASSERT_FAILURE,                    "P0004")            \
    X(INTERNAL_ERROR,                    "XX000")            \
    X(DATA_CORRUPTED,                    "XX001")
/* clang-format on */

typedef enum SqlState {
#define X(name, code) SQLSTATE_##name,
    SQLSTATE_TABLE(X)
#undef X
        SQLSTATE_COUNT,
} SqlState;

const char *sqlstate_code(SqlState state); /* "42601" */
const char *sqlstate_name(SqlState state); /* "SYNTAX_ERROR" */
/* SQLSTATE_COUNT when no such code is in the table. */
SqlState sqlstate_from_code(const char *code);
