/* System views that need nothing but the catalog's snapshot: millrace.sources, millrace.sinks,
 * millrace.views. To add one: its columns, its produce function, and a line in the table. */
#pragma once

#include "connector/system_table.h"

extern const SystemTable *const catalog_system_tables[]; /* NULL-terminated */
