/* Shared by the cast families. */
#pragma once

#include "functions/function.h"

/* Put text into result row `row`, obeying the length modifier of the result's type. `view` borrows
 * what lives as long as the batch. */
MUST_USE Status cast_put_limited(const KernelCall *call, uint32_t row, TextView view, Error *err);
