/* System views that need nothing but the catalog's snapshot: millrace.sources,
 * millrace.views. To add one: its columns, its produce function, and a line in the table. */
#pragma once

#include "connector/option.h"
#include "connector/system_table.h"

/* The options that were written, as {"name":"value"}; secrets are not shown. Arena. */
Value catalog_options_json(const OptionSet *options, Arena *arena);

extern const SystemTable *const catalog_system_tables[]; /* NULL-terminated */
