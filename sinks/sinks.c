#include "sinks/sinks.h"

#include <stddef.h>

const SinkType *const sink_types[] = {
    &sink_file, &sink_blackhole, &sink_console, &sink_kafka, &sink_simulated, NULL,
};
