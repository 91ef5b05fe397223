#include "planner/error_row.h"

const PlanColumn error_row_columns[ERROR_ROW_COLUMN_COUNT] = {
    [ERROR_ROW_STREAM] = {.name = "stream", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_SOURCE] = {.name = "source", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_PARTITION] = {.name = "partition", .type = SQL_TYPE(INT4)},
    [ERROR_ROW_POSITION] = {.name = "position", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_COLUMN_NAME] = {.name = "column_name", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_SQLSTATE] = {.name = "sqlstate", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_MESSAGE] = {.name = "message", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_AT] = {.name = "at", .type = SQL_TYPE(TIMESTAMPTZ)},
    [ERROR_ROW_RECORD] = {.name = "record", .type = SQL_TYPE(TEXT)},
    [ERROR_ROW_RECORD_BYTES] = {.name = "record_bytes", .type = SQL_TYPE(BYTEA)},
};
