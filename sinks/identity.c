#include "sinks/identity.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

SinkIdentity sink_identity(const SinkEnvironment *environment) {
    SinkIdentity identity;
    int length = snprintf(identity.text, sizeof(identity.text), "%" PRId64 "-%" PRId64 "-",
                          environment->stream_id, environment->sink_id);

    for (size_t i = 0; i < sizeof(environment->incarnation); i++)
        length += snprintf(identity.text + length, sizeof(identity.text) - (size_t) length, "%02x",
                           environment->incarnation[i]);
    assert(length < SINK_IDENTITY_SIZE);
    return identity;
}
