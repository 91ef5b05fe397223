#include "sources/sources.h"

#include <stddef.h>

const SourceType *const source_types[] = {
    &source_file,
    &source_kafka,
    NULL,
};
