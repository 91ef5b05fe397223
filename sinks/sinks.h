/* The sinks that there are. To add one: its file, and a line here and in sink_types (sinks.c). */
#pragma once

#include "connector/sink.h"

extern const SinkType sink_file;
extern const SinkType sink_blackhole;
extern const SinkType sink_console;
extern const SinkType sink_kafka;
extern const SinkType sink_simulated;

extern const SinkType *const sink_types[]; /* NULL-terminated */
