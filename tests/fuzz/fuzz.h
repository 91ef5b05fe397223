/* Fuzz: what every target of tests/fuzz/ is: bytes from outside, and claims that hold for any.
 *
 * A target defines the one function; replay.c runs it over files in every build, libFuzzer finds
 * new files (scripts/fuzz). Whatever crashed once stays in corpus/<target>/. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
