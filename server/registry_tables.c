/* The Registry: the const tables of everything that can be plugged in. One line adds one. */
#include "server/server.h"

static const SourceType *const sources[] = {NULL};
static const SinkType *const sinks[] = {NULL};
static const FormatType *const formats[] = {NULL};
static const SystemTable *const system_tables[] = {NULL};

const Registry server_registry = {
    .sources = sources, .sinks = sinks, .formats = formats, .system_tables = system_tables};
