/* The plan of a stream, from its checkpoint or, at the first start, from its definition. */
#pragma once

#include "stream/stream.h"

/* Sets bound, plan, plan_fingerprint and uses_watermark. The checkpoint is open. */
MUST_USE Status stream_make_plan(Stream *stream, Error *err);
