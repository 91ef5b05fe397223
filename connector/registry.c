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

const SystemTable *registry_find_system_table(const Registry *registry, const char *schema,
                                              const char *name) {
    for (const SystemTable *const *const *family = registry->system_tables; *family; family++)
        for (const SystemTable *const *table = *family; *table; table++)
            if (strcmp((*table)->name, name) == 0 &&
                (!schema || strcmp((*table)->schema, schema) == 0))
                return *table;
    return NULL;
}
