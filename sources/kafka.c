/* Kafka source: topics, each partition a sequence of records at the broker's own offsets.
 *
 * Offsets are ours: they stand in the engine's headers, never in a consumer group. Librdkafka
 * fetches ahead in its threads; whoever has work_lock drains what came into the partitions' chunks,
 * at discover() and at every fetch(), so that one epoch is computed while the next one arrives. A
 * partition's end lies behind the last record that was received, or behind the gap that the broker
 * says is there: so an epoch never waits for the network. Chunks stay until trim(): an epoch that
 * is aborted is fetched again from memory. What is received and undecided is bounded by `buffer`.
 *
 * Two reads go beyond what was received, and wait: a bounded read (SELECT), whose partitions are
 * fetched one after the other as they are read; and recovery, which runs a marker's epoch again. */
#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/memory.h"
#include "sources/kafka_reader.h"
#include "sources/sources.h"
#include "types/datetime.h"

enum {
    TAKE_MESSAGES = 1024,
    DISCOVER_MESSAGES = 1 << 15, /* drained before an epoch begins, at most */
    PUMP_MESSAGES = 4096,        /* drained by a worker that came to fetch */
    WAIT_MS = 50,                /* until cancel is looked at again */
    TROUBLE_RECHECK_US = 500000,
    BUFFER_BYTES_MIN = 1 << 16,
    REFRESH_US_MIN = 10000,
};

static const OptionSpec kafka_options[] = {
    {"topic", OPTION_TEXT, NULL, NULL, "the topic, or several: 'orders, payments'", 0},
    {"topic_pattern", OPTION_TEXT, NULL, NULL, "topics whose names match this regular expression",
     0},
    {"start", OPTION_TEXT, NULL, "earliest",
     "earliest, latest, a timestamp, or offsets '0:100,1:5'", 0},
    {"stop", OPTION_TEXT, NULL, NULL, "latest, a timestamp, or offsets; default: never", 0},
    {"on_data_loss", OPTION_CHOICE, "fail|earliest|latest", "fail",
     "when records are gone before they were read", 0},
    {"isolation", OPTION_CHOICE, "read_committed|read_uncommitted", "read_committed",
     "are open and aborted transactions read?", 0},
    {"group_id", OPTION_TEXT, NULL, NULL,
     "a consumer group that is told how far we are, for lag tools", 0},
    {"buffer", OPTION_SIZE, NULL, "32MB", "what may be received before it is processed", 0},
    {"refresh", OPTION_DURATION, NULL, "5s", "how often new partitions and topics are looked for",
     0},
    KAFKA_CONNECTION_OPTIONS(kafka_source_settings),
    {0},
};

static const MetadataColumn kafka_metadata[] = {
    {.name = "key", .type = TYPE_TEXT},
    {.name = "topic", .type = TYPE_TEXT},
    {.name = "partition", .type = TYPE_INT4},
    {.name = "offset", .type = TYPE_INT8},
    {.name = "timestamp", .type = TYPE_TIMESTAMPTZ},
    {.name = "timestamp_type", .type = TYPE_TEXT},
    {.name = "headers", .type = TYPE_JSONB},
    {0},
};

/* -------- options -------- */

/* 'orders, payments' */
static Status parse_topics(SourceReader *reader, const OptionSet *options, Error *err) {
    const OptionValue *value = option_find(options, "topic");
    char *rest = arena_strdup(reader->arena, value->text);
    char *name;

    reader->topics = arena_new_array(reader->arena, const char *, strlen(value->text) / 2 + 1);
    while ((name = kafka_next_item(&rest))) {
        if (!*name || strlen(name) > 249)
            return error_at(err, value->position, INVALID_PARAMETER, "\"%s\" is no list of topics",
                            value->text);
        for (int i = 0; i < reader->topic_count; i++)
            if (strcmp(reader->topics[i], name) == 0)
                return error_at(err, value->position, INVALID_PARAMETER,
                                "topic \"%s\" is named twice", name);
        reader->topics[reader->topic_count++] = name;
    }
    return STATUS_OK;
}

static Status parse_which(SourceReader *reader, const OptionSet *options, Error *err) {
    const OptionValue *pattern = option_find(options, "topic_pattern");
    bool has_topics = !option_find(options, "topic")->is_null;

    if (has_topics && !pattern->is_null)
        return error_at(err, pattern->position, INVALID_PARAMETER,
                        "options \"topic\" and \"topic_pattern\" exclude each other");
    if (has_topics)
        return parse_topics(reader, options, err);
    if (pattern->is_null) {
        error_set(err, INVALID_PARAMETER, "option \"topic\" is missing");
        return error_hint(err, "Add topic = '…' or topic_pattern = '…' to WITH.");
    }
    reader->pattern = arena_strdup(reader->arena, pattern->text);
    if (kafka_pattern_check(reader->pattern, err) != STATUS_OK) {
        err->position = pattern->position;
        return STATUS_ERROR;
    }
    return STATUS_OK;
}

/* What the options say; the rest of the reader is untouched. */
static Status parse_options(SourceReader *reader, const OptionSet *options, Error *err) {
    const OptionValue *stop = option_find(options, "stop");
    const char *loss = option_text(options, "on_data_loss");
    const char *group = option_text(options, "group_id");

    TRY(parse_which(reader, options, err));
    TRY(kafka_start_parse(options, "start", reader->arena, &reader->start, err));
    reader->has_stop = !stop->is_null;
    if (reader->has_stop)
        TRY(kafka_start_parse(options, "stop", reader->arena, &reader->stop, err));
    if (reader->has_stop && reader->stop.kind == KAFKA_START_EARLIEST)
        return error_at(err, stop->position, INVALID_PARAMETER,
                        "reading can't stop where it begins");
    reader->on_data_loss = strcmp(loss, "fail") == 0       ? KAFKA_LOSS_FAIL
                           : strcmp(loss, "earliest") == 0 ? KAFKA_LOSS_EARLIEST
                                                           : KAFKA_LOSS_LATEST;
    reader->group_id = group ? arena_strdup(reader->arena, group) : NULL;
    TRY(option_check_bounds(options, "buffer", BUFFER_BYTES_MIN, INT64_MAX, "at least 64kB", err));
    TRY(option_check_bounds(options, "refresh", REFRESH_US_MIN, INT64_MAX, "at least 10 ms", err));
    reader->buffer_bytes = option_number(options, "buffer");
    reader->refresh_us = option_number(options, "refresh");
    reader->timeout_us = option_number(options, "connect_timeout");
    return STATUS_OK;
}

static Status kafka_check_options(const OptionSet *options, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka options", 0);
    SourceReader reader = {.arena = arena};

    return parse_options(&reader, options, err);
}

static Status kafka_check(const OptionSet *options, const volatile bool *cancel, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka check", 0);
    CLEANUP(kafka_admin_closep) KafkaAdmin *admin = NULL;
    SourceReader reader = {.arena = arena};
    KafkaTopicList list = {0};

    TRY(parse_options(&reader, options, err));
    TRY(kafka_admin_open(options, cancel, &admin, err));
    if (reader.pattern)
        return kafka_admin_match(admin, reader.pattern, arena, &list, err);
    TRY(kafka_admin_topics(admin, reader.topics, reader.topic_count, arena, &list, err));
    for (int i = 0; i < list.count; i++)
        if (list.items[i].partition_count == 0) {
            error_at(err, option_find(options, "topic")->position, UNDEFINED_TABLE,
                     "topic \"%s\" does not exist at \"%s\"", list.items[i].name,
                     option_text(options, "brokers"));
            return error_hint(err, "Make the topic first, or set check = false.");
        }
    return STATUS_OK;
}

/* -------- opening, closing -------- */

static SourceReader *kafka_close(SourceReader *reader) {
    if (!reader)
        return NULL;
    if (reader->admin && !reader->is_away && !reader->has_look_fault)
        kafka_tell_group(reader);
    kafka_consumer_close(reader->consumer);
    kafka_admin_close(reader->admin);
    for (int i = 0; i < reader->track_count; i++) {
        kafka_records_destroy(reader->tracks[i]->records);
        memory_free(reader->tracks[i]);
    }
    memory_free(reader->tracks);
    kafka_pool_unref(reader->pool);
    kafka_journal_destroy(reader->journal);
    strbuf_done(&reader->headers);
    pthread_mutex_destroy(&reader->work_lock);
    pthread_mutex_destroy(&reader->lock);
    arena_destroy(reader->arena);
    memory_free(reader);
    return NULL;
}

static void kafka_closep(SourceReader **reader) {
    kafka_close(*reader);
}

static Status kafka_open(const SourceEnvironment *environment, SourceReader **ret_reader,
                         Error *err) {
    CLEANUP(kafka_closep) SourceReader *reader = memory_zalloc(sizeof(*reader));
    const OptionSet *options = environment->options;
    KafkaReading reading = {
        .is_read_committed = strcmp(option_text(options, "isolation"), "read_committed") == 0,
        .is_bounded = environment->is_batch_read,
    };

    reader->environment = *environment;
    reader->arena = arena_create("kafka source", 0);
    pthread_mutex_init(&reader->work_lock, NULL);
    pthread_mutex_init(&reader->lock, NULL);
    reader->journal = kafka_journal_create();
    reader->pool = kafka_pool_create();
    TRY(parse_options(reader, options, err));
    TRY(kafka_admin_open(options, environment->cancel, &reader->admin, err));
    TRY(kafka_consumer_open(options, reading, &reader->consumer, err));
    *ret_reader = TAKE(reader);
    return STATUS_OK;
}

/* -------- draining -------- */

static int64_t now_ns(const SourceReader *reader) {
    return reader->environment.clock->monotonic_ns(reader->environment.clock);
}

static int64_t timestamp_us(int64_t timestamp_ms) {
    int64_t us;

    if (timestamp_ms < 0 || __builtin_mul_overflow(timestamp_ms, 1000, &us))
        return INT64_MIN;
    return us - DATETIME_UNIX_EPOCH_US;
}

static void keep_record(SourceReader *reader, KafkaTrack *track, const KafkaMessage *message) {
    const SourceEnvironment *environment = &reader->environment;
    KafkaEntry entry = {
        .offset = message->offset,
        .value = message->value,
        .value_length = message->value_length,
        .timestamp_us = INT64_MIN,
    };

    if (environment->wants_key) {
        entry.key = message->key;
        entry.key_length = message->key ? message->key_length : 0;
    }
    if (environment->wants_timestamp) {
        bool is_append;

        entry.timestamp_us = timestamp_us(kafka_consumer_timestamp(message, &is_append));
        entry.timestamp_type = entry.timestamp_us == INT64_MIN ? TIMESTAMP_NONE
                               : is_append                     ? TIMESTAMP_APPEND
                                                               : TIMESTAMP_CREATE;
    }
    strbuf_clear(&reader->headers);
    if (environment->wants_headers && kafka_consumer_append_headers(message, &reader->headers)) {
        entry.headers = reader->headers.data;
        entry.headers_length = reader->headers.length;
    }
    kafka_records_add(track->records, &entry);
}

/* Under both locks. */
static void absorb(SourceReader *reader, const KafkaMessage *message) {
    KafkaTrack *track = reader->tracks[message->place];

    if (track->proof != KAFKA_PROVED && !kafka_take_proof(track, message))
        return;
    switch (message->kind) {
    case KAFKA_RECORD:
        if (message->offset < track->next)
            return;
        track->is_at_end = false;
        track->next = message->offset + 1;
        if (message->offset < track->stop)
            keep_record(reader, track, message);
        break;
    case KAFKA_END:
        track->is_at_end = true;
        if (message->offset > track->next)
            track->next = message->offset;
        break;
    case KAFKA_OUT_OF_RANGE:
        track->is_lost = true;
        return;
    case KAFKA_REFUSED:
        reader->has_refusal = true;
        kafka_consumer_refusal(reader->consumer, &reader->refusal);
        return;
    }
    kafka_records_publish(track->records, track->next < track->stop ? track->next : track->stop);
}

/* The last record of each run of one partition is its mark. */
static void mark(SourceReader *reader, const KafkaMessage *messages, int count) {
    for (int i = 0; i < count && !reader->environment.is_batch_read; i++) {
        const KafkaMessage *message = &messages[i];
        KafkaTrack *track = reader->tracks[message->place];
        bool is_last = i + 1 == count || messages[i + 1].place != message->place ||
                       messages[i + 1].kind != KAFKA_RECORD;

        if (is_last && message->kind == KAFKA_RECORD && track->proof == KAFKA_PROVED)
            track->mark = (KafkaMark) {message->offset, kafka_consumer_fingerprint(message)};
    }
}

/* Stop partitions of which all that is wanted has come, learn how far the others go. Under
 * work_lock. */
static void look_after_tracks(SourceReader *reader) {
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];

        if (!track->is_started)
            continue;
        if (!track->is_at_end) {
            int64_t end = kafka_consumer_known_end(reader->consumer, track->topic, track->number);

            pthread_mutex_lock(&reader->lock);
            track->known_end = end;
            pthread_mutex_unlock(&reader->lock);
        }
        if (track->next < track->stop)
            continue;
        kafka_consumer_stop(reader->consumer, track->topic, track->number);
        track->is_started = false;
    }
}

/* Move what has come into the partitions' records: at most about `max` messages, and within the
 * buffer unless `must` (then one batch at least). Under work_lock. */
static void drain(SourceReader *reader, int max, bool must) {
    KafkaMessage messages[TAKE_MESSAGES];

    kafka_consumer_clear_wake(reader->consumer);
    reader->is_undrained = true;
    while (max > 0 && (must || kafka_pool_used_bytes(reader->pool) < reader->buffer_bytes)) {
        int count = kafka_consumer_take(reader->consumer, messages, TAKE_MESSAGES);

        if (kafka_consumer_has_doubt(reader->consumer))
            kafka_doubt_all(reader);
        if (count < 0) {
            reader->is_undrained = false;
            break;
        }
        pthread_mutex_lock(&reader->lock);
        for (int i = 0; i < count; i++)
            absorb(reader, &messages[i]);
        mark(reader, messages, count);
        pthread_mutex_unlock(&reader->lock);
        kafka_consumer_release(reader->consumer);
        max -= count + 1;
        must = false;
    }
    look_after_tracks(reader);
}

/* -------- discovery -------- */

static Status discover(SourceReader *reader, StrBuf *journal, Error *err) {
    TRY(kafka_look(reader, err));
    if (!reader->environment.is_batch_read)
        drain(reader, DISCOVER_MESSAGES, false);
    TRY(kafka_solve_losses(reader, err));
    if (reader->has_refusal) {
        *err = reader->refusal;
        return STATUS_ERROR;
    }
    kafka_keep_marks(reader);
    kafka_journal_take(reader->journal, journal);
    return STATUS_OK;
}

static Status kafka_discover(SourceReader *reader, StrBuf *journal, Error *err) {
    Status status;

    pthread_mutex_lock(&reader->work_lock);
    status = discover(reader, journal, err);
    pthread_mutex_unlock(&reader->work_lock);
    return status;
}

static Status kafka_restore(SourceReader *reader, const uint8_t *bytes, size_t size_bytes,
                            Error *err) {
    TRY(kafka_journal_restore(reader->journal, bytes, size_bytes, err));
    kafka_follow_journal(reader);
    return STATUS_OK;
}

static int kafka_partition_count(SourceReader *reader) {
    int count;

    pthread_mutex_lock(&reader->lock);
    count = reader->track_count;
    pthread_mutex_unlock(&reader->lock);
    return count;
}

static void kafka_partition_state(SourceReader *reader, int partition, PartitionState *ret_state) {
    const KafkaTrack *track;
    int64_t end;

    pthread_mutex_lock(&reader->lock);
    track = reader->tracks[partition];
    end = kafka_records_end(track->records);
    *ret_state = (PartitionState) {
        .begin = kafka_records_begin(track->records),
        .end = end,
        .known_end = end,
        .is_caught_up = track->is_at_end || track->is_ended || end >= track->stop,
        .is_full = kafka_pool_used_bytes(reader->pool) >= reader->buffer_bytes,
        .is_ended = track->is_ended || end >= track->stop,
        .name = track->name,
        .topic = track->topic,
        .number = track->number,
    };
    if (track->known_end > end && !track->is_ended)
        ret_state->known_end = track->known_end < track->stop ? track->known_end : track->stop;
    pthread_mutex_unlock(&reader->lock);
}

static Status kafka_seek(SourceReader *reader, int partition, int64_t position, Error *err) {
    KafkaTrack *track;
    Status status = STATUS_OK;

    pthread_mutex_lock(&reader->work_lock);
    pthread_mutex_lock(&reader->lock);
    track = reader->tracks[partition];
    track->next = position;
    track->is_at_end = false;
    track->proof = track->mark.offset >= 0 ? KAFKA_DOUBTED : KAFKA_PROVED;
    kafka_records_restart(track->records, position);
    pthread_mutex_unlock(&reader->lock);
    /* A bounded read fetches a partition when it comes to it. */
    if (!reader->environment.is_batch_read)
        status = kafka_start_track(reader, partition, err);
    pthread_mutex_unlock(&reader->work_lock);
    return status;
}

static KafkaPlace *places_of(const SourceReader *reader, Arena *arena) {
    KafkaPlace *places = arena_new_array(arena, KafkaPlace, (size_t) reader->track_count + 1);

    for (int i = 0; i < reader->track_count; i++)
        places[i] = (KafkaPlace) {.topic = reader->tracks[i]->topic,
                                  .partition = reader->tracks[i]->number};
    return places;
}

/* The end of a bounded read is where it stops. */
static Status latest_ends(SourceReader *reader, int64_t *ret_ends, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka ends", 0);
    KafkaPlace *places = places_of(reader, arena);

    TRY(kafka_admin_ends(reader->admin, places, reader->track_count, err));
    pthread_mutex_lock(&reader->lock);
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];
        int64_t end = kafka_records_end(track->records);

        if (!places[i].is_missing && !track->is_ended && places[i].offset > end)
            end = places[i].offset;
        ret_ends[i] = end < track->stop ? end : track->stop;
        if (reader->environment.is_batch_read)
            track->stop = ret_ends[i];
    }
    pthread_mutex_unlock(&reader->lock);
    return STATUS_OK;
}

static Status kafka_latest_ends(SourceReader *reader, int64_t *ret_ends, Error *err) {
    Status status;

    pthread_mutex_lock(&reader->work_lock);
    status = latest_ends(reader, ret_ends, err);
    pthread_mutex_unlock(&reader->work_lock);
    return status;
}

static Status check_range(SourceReader *reader, int partition, int64_t from, int64_t to,
                          Error *err) {
    const KafkaTrack *track = reader->tracks[partition];
    KafkaPlace first = {.topic = track->topic, .partition = track->number};
    KafkaPlace last = first;

    if (from == to)
        return STATUS_OK;
    if (!track->is_ended) {
        TRY(kafka_admin_begins(reader->admin, &first, 1, err));
        TRY(kafka_admin_ends(reader->admin, &last, 1, err));
    }
    if (!track->is_ended && !first.is_missing && !last.is_missing && first.offset <= from &&
        last.offset >= to)
        return STATUS_OK;
    return error_set(err, IO_ERROR,
                     "offsets %" PRId64 " to %" PRId64 " of topic \"%s\", partition %" PRId32
                     " are gone",
                     from, to - 1, track->topic, track->number);
}

static Status kafka_check_range(SourceReader *reader, int partition, int64_t from, int64_t to,
                                Error *err) {
    Status status;

    if (partition >= reader->track_count)
        return error_set(err, IO_ERROR, "partition %d is not in the journal", partition);
    pthread_mutex_lock(&reader->work_lock);
    status = check_range(reader, partition, from, to, err);
    pthread_mutex_unlock(&reader->work_lock);
    return status;
}

/* -------- fetching -------- */

/* Any worker that comes by keeps the queue short: it drains while the others compute. */
static void pump(SourceReader *reader) {
    if (pthread_mutex_trylock(&reader->work_lock))
        return;
    drain(reader, PUMP_MESSAGES, false);
    pthread_mutex_unlock(&reader->work_lock);
}

/* What a fetch asks for. */
typedef struct Wanted {
    int partition;
    int64_t from, to;
    size_t size_bytes;
} Wanted;

/* *ret_is_there false: nothing beyond `from` has come yet. */
static Status slice(SourceReader *reader, const Wanted *wanted, KafkaSlice *ret_slice,
                    bool *ret_is_there, Error *err) {
    Status status = STATUS_OK;
    KafkaRecords *records;

    pthread_mutex_lock(&reader->lock);
    records = reader->tracks[wanted->partition]->records;
    *ret_is_there = kafka_records_end(records) > wanted->from;
    if (*ret_is_there)
        status = kafka_records_slice(records, wanted->from, wanted->to, wanted->size_bytes,
                                     ret_slice, err);
    pthread_mutex_unlock(&reader->lock);
    return status;
}

/* Under work_lock: what others did meanwhile counts. */
static Status wait_step(SourceReader *reader, int partition, int64_t from, Error *err) {
    KafkaTrack *track = reader->tracks[partition];
    struct pollfd wake = {.fd = kafka_consumer_wake_fd(reader->consumer), .events = POLLIN};
    bool is_batch = reader->environment.is_batch_read;
    bool is_gone;

    TRY(kafka_start_track(reader, partition, err));
    drain(reader, PUMP_MESSAGES, true);
    is_gone = track->is_lost || track->proof == KAFKA_REFUTED;
    if (!is_gone || is_batch)
        TRY(kafka_solve_losses(reader, err));
    if ((is_gone || track->is_ended) && !is_batch)
        return error_set(err, IO_ERROR,
                         "offset %" PRId64 " of topic \"%s\", partition %" PRId32 " is gone", from,
                         track->topic, track->number);
    if (reader->has_refusal) {
        *err = reader->refusal;
        return STATUS_ERROR;
    }
    /* Someone who reads waits for a broker only so long; a stream that recovers, for ever. */
    if (kafka_records_end(track->records) > from)
        reader->waiting_since_ns = 0;
    else if (is_batch && reader->waiting_since_ns > 0 &&
             now_ns(reader) - reader->waiting_since_ns > reader->timeout_us * 1000 &&
             kafka_consumer_trouble(reader->consumer, err))
        return STATUS_ERROR;
    else if (reader->waiting_since_ns == 0)
        reader->waiting_since_ns = now_ns(reader);
    if (kafka_records_end(track->records) <= from)
        (void) poll(&wake, 1, WAIT_MS); /* a wake-up too many or too few is fine */
    return STATUS_OK;
}

static Status wait_for_more(SourceReader *reader, int partition, int64_t from, Error *err) {
    Status status;

    if (flag_is_set(reader->environment.cancel))
        return error_canceled(err);
    pthread_mutex_lock(&reader->work_lock);
    status = wait_step(reader, partition, from, err);
    pthread_mutex_unlock(&reader->work_lock);
    return status;
}

static Status kafka_fetch(SourceReader *reader, int partition, int64_t from, int64_t to,
                          size_t wanted_bytes, Block **ret_block, Error *err) {
    Wanted wanted = {partition, from, to, wanted_bytes};
    KafkaSlice part;
    bool is_there;

    if (!reader->environment.is_batch_read)
        pump(reader);
    for (;;) {
        TRY(slice(reader, &wanted, &part, &is_there, err));
        if (is_there)
            break;
        TRY(wait_for_more(reader, partition, from, err));
    }
    *ret_block = kafka_slice_block(&part);
    return STATUS_OK;
}

static void kafka_trim(SourceReader *reader, int partition, int64_t offset) {
    KafkaTrack *track;

    pthread_mutex_lock(&reader->lock);
    track = reader->tracks[partition];
    kafka_records_trim(track->records, offset);
    track->decided = offset;
    pthread_mutex_unlock(&reader->lock);
}

/* -------- waking, telling -------- */

static int kafka_wake_fd(SourceReader *reader) {
    return kafka_consumer_wake_fd(reader->consumer);
}

static int64_t kafka_recheck_after_us(SourceReader *reader) {
    int64_t left_us = (reader->refresh_at_ns - now_ns(reader)) / 1000;

    if (reader->is_undrained && kafka_pool_used_bytes(reader->pool) < reader->buffer_bytes)
        return 0;
    if (reader->is_away)
        return TROUBLE_RECHECK_US;
    return left_us > 0 ? left_us : 0;
}

static bool kafka_is_finished(SourceReader *reader) {
    bool is_finished = reader->has_stop && kafka_journal_has_begun(reader->journal);

    pthread_mutex_lock(&reader->lock);
    for (int i = 0; i < reader->track_count && is_finished; i++)
        is_finished = reader->tracks[i]->is_ended ||
                      kafka_records_end(reader->tracks[i]->records) >= reader->tracks[i]->stop;
    pthread_mutex_unlock(&reader->lock);
    return is_finished;
}

static bool kafka_trouble(SourceReader *reader, Error *ret_error) {
    bool has_trouble;

    pthread_mutex_lock(&reader->work_lock);
    has_trouble = kafka_consumer_trouble(reader->consumer, ret_error);
    reader->is_away |= has_trouble; /* looked at again soon */
    if (!has_trouble && reader->has_look_fault) {
        has_trouble = true;
        *ret_error = reader->look_fault;
    }
    pthread_mutex_unlock(&reader->work_lock);
    return has_trouble;
}

static void kafka_describe_offset(SourceReader *reader, int partition, int64_t offset, char *text,
                                  size_t size) {
    pthread_mutex_lock(&reader->lock);
    snprintf(text, size, "%s, offset %" PRId64, reader->tracks[partition]->name, offset);
    pthread_mutex_unlock(&reader->lock);
}

const SourceType source_kafka = {
    .name = "kafka",
    .options = kafka_options,
    .metadata = kafka_metadata,
    .is_replayable = true,
    .journal_is_whole = true,
    .idle_after_us = 30000000,
    .check_options = kafka_check_options,
    .check = kafka_check,
    .open = kafka_open,
    .discover = kafka_discover,
    .restore = kafka_restore,
    .partition_count = kafka_partition_count,
    .partition_state = kafka_partition_state,
    .seek = kafka_seek,
    .latest_ends = kafka_latest_ends,
    .check_range = kafka_check_range,
    .is_finished = kafka_is_finished,
    .trouble = kafka_trouble,
    .fetch = kafka_fetch,
    .wake_fd = kafka_wake_fd,
    .recheck_after_us = kafka_recheck_after_us,
    .describe_offset = kafka_describe_offset,
    .trim = kafka_trim,
    .close = kafka_close,
};
