/* Identity: what a stream's rows in a sink go by outside of us: "<stream>-<sink>-<incarnation>".
 *
 * Transactional ids, keys of markers and of owners are made of it, so its form never changes: after
 * that a marker would not be found, and the last epoch would be sent again. */
#pragma once

#include "connector/sink.h"

enum { SINK_IDENTITY_SIZE = 80 }; /* two numbers of 20 digits, 32 digits of the incarnation */

typedef struct SinkIdentity {
    char text[SINK_IDENTITY_SIZE];
} SinkIdentity;

SinkIdentity sink_identity(const SinkEnvironment *environment);
