/* System views of the server; others are in stream/ and catalog/. To add one: its columns, its
 * produce function, and a line in server_system_tables. */
#pragma once

#include "connector/system_table.h"

extern const SystemTable *const server_system_tables[]; /* NULL-terminated */
