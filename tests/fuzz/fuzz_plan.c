/* Fuzz: stored plans. The bytes are the nodes; head and checksum are made right here.
 *
 * Claims: damaged bytes are refused without reading past their end; what is taken can be printed,
 * fingerprinted and written again, and reads back the same. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "base/hash.h"
#include "optimizer/optimizer.h"

enum { PLAN_VERSION = 1 };

static Status read_plan(const StrBuf *bytes, Arena *arena, const Plan **ret_plan) {
    Error error = {0};

    return plan_deserialize((const uint8_t *) bytes->data, bytes->length, NULL, arena, ret_plan,
                            &error);
}

static void use_plan(const Plan *plan, Arena *arena) {
    StrBuf out = {0};
    StrBuf bytes = {0};
    const Plan *back = NULL;

    plan_append_text(plan, &out);
    plan_append_state_text(plan, &out);
    plan_append_json(plan, &out);
    plan_serialize(plan, &bytes);
    assert(read_plan(&bytes, arena, &back) == STATUS_OK);
    assert(plan_fingerprint(back) == plan_fingerprint(plan));
    strbuf_done(&bytes);
    strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 64 << 20);
    StrBuf bytes = {0};
    int32_t version = PLAN_VERSION;
    uint64_t checksum;
    const Plan *plan = NULL;

    strbuf_append_text(&bytes, "MRPL");
    strbuf_append(&bytes, &version, sizeof(version));
    strbuf_append(&bytes, data, size_bytes);
    checksum = hash_bytes(bytes.data, bytes.length);
    strbuf_append(&bytes, &checksum, sizeof(checksum));
    if (read_plan(&bytes, arena, &plan) == STATUS_OK)
        use_plan(plan, arena);
    strbuf_done(&bytes);
    return 0;
}
