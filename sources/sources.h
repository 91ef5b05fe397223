/* The sources that there are. To add one: its file, and a line here and in source_types
 * (sources.c). */
#pragma once

#include "connector/source.h"

extern const SourceType source_file;
extern const SourceType source_kafka;

extern const SourceType *const source_types[]; /* NULL-terminated */
