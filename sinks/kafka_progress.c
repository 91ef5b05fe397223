#include "sinks/kafka_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/hash.h"
#include "base/memory.h"
#include "kafka/admin.h"
#include "kafka/replay.h"
#include "sinks/identity.h"

enum {
    OWNERS_MAX = 32, /* remembered: of older processes none is left */
    TOKEN_DIGITS = 16,
    RANDOM_BYTES = 16, /* of AT_RANDOM */
};

struct KafkaProgress {
    const SinkEnvironment *environment;
    KafkaReplay *replay;
    SinkIdentity identity;
    char owner_key[SINK_IDENTITY_SIZE + 8];
    char token[TOKEN_DIGITS + 1]; /* this process */
    StrBuf marker;
    StrBuf owners; /* tokens, each with a space behind */
};

/* Of this process, and no other: the kernel gives each program 16 random bytes at its start. Other
 * secrets are made of them, so only their hash may be told. */
static void make_token(char *token, size_t size) {
    static const char domain[] = "millrace owner";
    uint8_t bytes[sizeof(domain) + RANDOM_BYTES];
    const void *random = (const void *) (uintptr_t) getauxval(AT_RANDOM);

    memcpy(bytes, domain, sizeof(domain));
    memcpy(bytes + sizeof(domain), random, RANDOM_BYTES);
    snprintf(token, size, "%016" PRIx64, hash_bytes(bytes, sizeof(bytes)));
}

static Status ensure_topic(const SinkEnvironment *environment, Error *err) {
    CLEANUP(kafka_admin_closep) KafkaAdmin *admin = NULL;
    CLEANUP(arena_destroyp) Arena *arena = arena_create("progress topic", 0);
    const char *name = option_text(environment->options, "progress_topic");
    KafkaNewTopic topic = {name, 1, -1, true};
    KafkaTopicList found = {0};

    TRY(kafka_admin_open(environment->options, environment->cancel, &admin, err));
    TRY(kafka_admin_topics(admin, &name, 1, arena, &found, err));
    if (found.items[0].partition_count > 0)
        return STATUS_OK;
    return kafka_admin_create_topic(admin, &topic, NULL, err);
}

Status kafka_progress_open(const SinkEnvironment *environment, KafkaProgress **ret_progress,
                           Error *err) {
    CLEANUP(kafka_progress_closep) KafkaProgress *progress = memory_zalloc(sizeof(*progress));
    KafkaReplaySpec spec = {
        .options = environment->options,
        .topic = option_text(environment->options, "progress_topic"),
        .timeout_us = option_number(environment->options, "delivery_timeout"),
        .cancel = environment->cancel,
    };

    progress->environment = environment;
    progress->identity = sink_identity(environment);
    snprintf(progress->owner_key, sizeof(progress->owner_key), "%s-owner", progress->identity.text);
    make_token(progress->token, sizeof(progress->token));
    TRY(ensure_topic(environment, err));
    TRY(kafka_replay_open(&spec, &progress->replay, err));
    *ret_progress = TAKE(progress);
    return STATUS_OK;
}

KafkaProgress *kafka_progress_close(KafkaProgress *progress) {
    if (!progress)
        return NULL;
    kafka_replay_close(progress->replay);
    strbuf_done(&progress->marker);
    strbuf_done(&progress->owners);
    memory_free(progress);
    return NULL;
}

const char *kafka_progress_identity(const KafkaProgress *progress) {
    return progress->identity.text;
}

/* -------- reading -------- */

static bool is_key(const char *wanted, const void *key, size_t length) {
    return key && strlen(wanted) == length && memcmp(wanted, key, length) == 0;
}

static Status take_record(void *data, const void *key, size_t key_length, const void *value,
                          size_t value_length, Error *err) {
    KafkaProgress *progress = data;
    StrBuf *kept = NULL;

    if (is_key(progress->identity.text, key, key_length))
        kept = &progress->marker;
    else if (is_key(progress->owner_key, key, key_length))
        kept = &progress->owners;
    if (kept) {
        strbuf_clear(kept);
        strbuf_append(kept, value, value ? value_length : 0);
    }
    return STATUS_OK;
}

Status kafka_progress_read(KafkaProgress *progress, bool is_fenced, Error *err) {
    return kafka_replay_read(progress->replay, is_fenced, take_record, progress, err);
}

const StrBuf *kafka_progress_marker(const KafkaProgress *progress) {
    return &progress->marker;
}

/* -------- owners -------- */

Status kafka_progress_check_owner(const KafkaProgress *progress, Error *err) {
    const char *owners = strbuf_text(&progress->owners);
    const char *mine = strstr(owners, progress->token);

    if (!mine || strlen(mine) <= TOKEN_DIGITS + 1)
        return STATUS_OK;
    IGNORE(error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "another process has taken over stream \"%s\"",
                     progress->environment->stream_name));
    error_detail(err, "This one did not answer for longer than transaction_timeout, or a copy of "
                      "its data directory was started.");
    return error_hint(err, "Nothing that this process wrote since then counts. Stop it; or, if the "
                           "other one is gone, start it again.");
}

Status kafka_progress_send_owner(KafkaProgress *progress, KafkaProducer *producer,
                                 KafkaTarget *target, Error *err) {
    StrBuf *owners = &progress->owners;
    KafkaOutgoing message = {.target = target, .key = progress->owner_key};

    if (!strstr(strbuf_text(owners), progress->token))
        strbuf_printf(owners, "%s ", progress->token);
    if (owners->length > (size_t) OWNERS_MAX * (TOKEN_DIGITS + 1)) {
        owners->length -= TOKEN_DIGITS + 1;
        memmove(owners->data, owners->data + TOKEN_DIGITS + 1, owners->length + 1);
    }
    message.key_length = strlen(progress->owner_key);
    message.value = owners->data;
    message.value_length = owners->length;
    return kafka_producer_send(producer, &message, err);
}

Status kafka_progress_send_marker(KafkaProgress *progress, KafkaProducer *producer,
                                  KafkaTarget *target, const uint8_t *header, size_t header_size,
                                  Error *err) {
    KafkaOutgoing message = {
        .target = target,
        .key = progress->identity.text,
        .key_length = strlen(progress->identity.text),
        .value = header,
        .value_length = header_size,
    };

    return kafka_producer_send(producer, &message, err);
}
