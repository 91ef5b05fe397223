/* Fuzz: a receipt of the file sink, as recovery gets it.
 *
 * Claims: any bytes are recovered from or an error; no file outside of the sink's own names is
 * made or touched (the folder isn't even there). */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "sinks/file_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const uint8_t incarnation[16] = {1, 2, 3, 4};
    const FilePartsSpec spec = {
        .folder = "/nonexistent/millrace",
        .stream_id = 1,
        .incarnation = incarnation,
        .extension = "json",
        .roll_size_bytes = 1000,
        .roll_age_us = 60000000,
        .roll_idle_us = 1000000,
        .clock = &context_real,
    };
    FileParts *parts = file_parts_create(&spec);
    Error err;

    if (file_parts_publish(parts, 1, data, size_bytes, &err) != STATUS_OK)
        assert(err.sqlstate == SQLSTATE_DATA_CORRUPTED);
    else
        assert(file_parts_roll_due_us(parts) >= -1);
    assert(file_parts_recover(parts, 1, data, size_bytes, &err) != STATUS_OK);
    file_parts_destroy(parts);
    return 0;
}
