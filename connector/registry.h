/* Registry: the const tables of everything that can be plugged in. main.c hands one down to all. */
#pragma once

#include "connector/format.h"
#include "connector/sink.h"
#include "connector/source.h"
#include "connector/system_table.h"

typedef struct Registry {
    const SourceType *const *sources; /* each NULL-terminated */
    const SinkType *const *sinks;
    const FormatType *const *formats;
    const SystemTable *const *const *system_tables; /* families, each NULL-terminated too */
} Registry;

const SourceType *registry_find_source(const Registry *registry, const char *name); /* NULL: none */
const SinkType *registry_find_sink(const Registry *registry, const char *name);
const FormatType *registry_find_format(const Registry *registry, const char *name);
