#include "connector/registry.h"

#include <string.h>

const SourceType *registry_find_source(const Registry *registry, const char *name) {
    for (const SourceType *const *source = registry->sources; *source; source++)
        if (strcmp((*source)->name, name) == 0)
            return *source;
    return NULL;
}

const SinkType *registry_find_sink(const Registry *registry, const char *name) {
    for (const SinkType *const *sink = registry->sinks; *sink; sink++)
        if (strcmp((*sink)->name, name) == 0)
            return *sink;
    return NULL;
}

const FormatType *registry_find_format(const Registry *registry, const char *name) {
    for (const FormatType *const *format = registry->formats; *format; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}
