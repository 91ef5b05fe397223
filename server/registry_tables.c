/* The Registry: the const tables of everything that can be plugged in, handed down to all. */
#include "formats/formats.h"
#include "server/server.h"
#include "sinks/sinks.h"
#include "sources/sources.h"

const Registry server_registry = {.sources = source_types,
                                  .sinks = sink_types,
                                  .formats = format_types,
                                  .system_tables = stream_system_tables};
