/* System views that need nothing but the catalog's snapshot: millrace.views; and what views of
 * catalog objects share. To add one: its columns, its produce function, and a line in the table. */
#pragma once

#include "catalog/catalog.h"
#include "connector/option.h"
#include "connector/system_table.h"

/* The options that were written, as {"name":"value"}; secrets are not shown. Arena. */
Value catalog_options_json(const OptionSet *options, Arena *arena);

typedef Status (*CatalogEmit)(SystemTableScan *scan, const Relation *relation, Error *err);

/* A call for each relation of the kind that the scan's snapshot has. */
MUST_USE Status catalog_emit_objects(SystemTableScan *scan, RelationKind kind, CatalogEmit emit,
                                     Error *err);

extern const SystemTable *const catalog_system_tables[]; /* NULL-terminated */
