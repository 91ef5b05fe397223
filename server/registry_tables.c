/* The Registry: the const tables of everything that can be plugged in, handed down to all. */
#include "catalog/system_objects.h"
#include "formats/formats.h"
#include "server/server.h"
#include "server/system_views.h"
#include "sinks/sinks.h"
#include "sources/sources.h"

static const SystemTable *const *const system_tables[] = {
    stream_system_tables, catalog_system_tables, server_system_tables, NULL};

const Registry server_registry = {.sources = source_types,
                                  .sinks = sink_types,
                                  .formats = format_types,
                                  .system_tables = system_tables};
