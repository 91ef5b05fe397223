/* The Registry: the const tables of everything that can be plugged in, handed down to all. */
#include "formats/formats.h"
#include "server/server.h"
#include "sources/sources.h"

static const SinkType *const sinks[] = {NULL};
static const SystemTable *const system_tables[] = {NULL};

const Registry server_registry = {.sources = source_types,
                                  .sinks = sinks,
                                  .formats = format_types,
                                  .system_tables = system_tables};
