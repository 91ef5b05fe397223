/* Kafka look: finding partitions and topics, resolving where to begin, and what to do about records
 * that are gone. What is found goes to the journal first, and is used once that is durable. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/memory.h"
#include "sources/kafka_reader.h"

enum {
    LOOKS_UNTIL_DELETED = 2, /* one alone may be of a broker that has just started */
    LOOK_AGAIN_US = 500000,  /* while something is wrong */
};

static int64_t now_ns(const SourceReader *reader) {
    return reader->environment.clock->monotonic_ns(reader->environment.clock);
}

static void report(SourceReader *reader, int index, int64_t offset, const Error *fault) {
    char position[320];

    if (!reader->environment.report)
        return;
    snprintf(position, sizeof(position), "%s, offset %" PRId64, reader->tracks[index]->name,
             offset);
    reader->environment.report(reader->environment.report_data, index, offset, position, fault);
}

/* -------- tracks -------- */

static KafkaTrack *track_create(SourceReader *reader, const KafkaPartition *partition) {
    const SourceEnvironment *environment = &reader->environment;
    KafkaTrack *track = memory_zalloc(sizeof(*track));

    track->topic = partition->topic;
    track->number = partition->number;
    snprintf(track->name, sizeof(track->name), "%s-%" PRId32, partition->topic, partition->number);
    track->next = -1;
    track->stop = partition->stop;
    track->mark = partition->mark;
    track->decided = track->group_offset = -1;
    track->records = kafka_records_create(reader->pool, partition->topic, partition->number,
                                          environment->wants_key || environment->wants_headers ||
                                              environment->wants_timestamp,
                                          partition->begin);
    return track;
}

void kafka_follow_journal(SourceReader *reader) {
    int count = kafka_journal_count(reader->journal);

    pthread_mutex_lock(&reader->lock);
    if (count > reader->track_count)
        reader->tracks = memory_realloc(reader->tracks, sizeof(*reader->tracks) * (size_t) count);
    for (int i = 0; i < count; i++) {
        const KafkaPartition *partition = kafka_journal_at(reader->journal, i);

        if (i >= reader->track_count)
            reader->tracks[i] = track_create(reader, partition);
        reader->tracks[i]->is_ended = partition->is_ended;
    }
    reader->track_count = count;
    pthread_mutex_unlock(&reader->lock);
}

/* -------- where to begin -------- */

static Status begins_at_time(SourceReader *reader, int64_t timestamp_ms, KafkaPlace *places,
                             int count, Arena *arena, Error *err) {
    KafkaPlace *ends = arena_memdup(arena, places, sizeof(*places) * (size_t) count);

    for (int i = 0; i < count; i++)
        places[i].timestamp_ms = timestamp_ms;
    TRY(kafka_admin_offsets_at_times(reader->admin, places, count, err));
    TRY(kafka_admin_ends(reader->admin, ends, count, err));
    for (int i = 0; i < count; i++)
        if (places[i].offset < 0)
            places[i].offset = ends[i].offset; /* nothing is that young yet */
    return STATUS_OK;
}

/* The offsets that `start` means; -1 where it says nothing. */
static Status resolve(SourceReader *reader, const KafkaStart *start, KafkaPlace *places, int count,
                      Arena *arena, Error *err) {
    switch (start->kind) {
    case KAFKA_START_EARLIEST:
        return kafka_admin_begins(reader->admin, places, count, err);
    case KAFKA_START_LATEST:
        return kafka_admin_ends(reader->admin, places, count, err);
    case KAFKA_START_TIME:
        return begins_at_time(reader, start->timestamp_ms, places, count, arena, err);
    case KAFKA_START_OFFSETS:
        for (int i = 0; i < count; i++)
            places[i].offset = kafka_start_offset(start, places[i].topic, places[i].partition);
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* An offset that is not there yet would look like one of a topic that was made again. */
static Status check_begins(SourceReader *reader, const KafkaPlace *places, int count, Arena *arena,
                           Error *err) {
    KafkaPlace *ends = arena_memdup(arena, places, sizeof(*places) * (size_t) count);

    TRY(kafka_admin_ends(reader->admin, ends, count, err));
    for (int i = 0; i < count; i++)
        if (!ends[i].is_missing && places[i].offset > ends[i].offset)
            return error_set(err, INVALID_PARAMETER,
                             "option \"start\": offset %" PRId64 " is beyond the end %" PRId64
                             " of topic \"%s\", partition %" PRId32,
                             places[i].offset, ends[i].offset, places[i].topic,
                             places[i].partition);
    return STATUS_OK;
}

/* Explicit offsets name some partitions: the others begin at their first record. A bounded read of
 * a source that starts at its latest record would give nothing: it reads all. */
static Status resolve_begins(SourceReader *reader, KafkaPlace *places, int count, Arena *arena,
                             Error *err) {
    static const KafkaStart earliest = {.kind = KAFKA_START_EARLIEST};
    bool is_first = !kafka_journal_has_begun(reader->journal);
    bool is_batch = reader->environment.is_batch_read;
    const KafkaStart *start = &reader->start;
    KafkaPlace *firsts = arena_memdup(arena, places, sizeof(*places) * (size_t) count);

    if (!is_first || (is_batch && start->kind == KAFKA_START_LATEST))
        start = &earliest;
    TRY(resolve(reader, start, places, count, arena, err));
    if (start->kind != KAFKA_START_OFFSETS)
        return STATUS_OK;
    TRY(kafka_admin_begins(reader->admin, firsts, count, err));
    for (int i = 0; i < count; i++)
        if (places[i].offset < 0)
            places[i].offset = firsts[i].offset;
    return check_begins(reader, places, count, arena, err);
}

static Status add_partitions(SourceReader *reader, KafkaPlace *places, int count, Arena *arena,
                             Error *err) {
    KafkaPlace *stops = arena_memdup(arena, places, sizeof(*places) * (size_t) count);

    TRY(resolve_begins(reader, places, count, arena, err));
    if (reader->has_stop)
        TRY(resolve(reader, &reader->stop, stops, count, arena, err));
    for (int i = 0; i < count; i++) {
        int64_t begin = places[i].offset;
        int64_t stop = reader->has_stop && stops[i].offset >= 0 ? stops[i].offset : INT64_MAX;

        if (places[i].is_missing || begin < 0)
            continue; /* deleted meanwhile */
        (void) kafka_journal_add(reader->journal, places[i].topic, places[i].partition, begin,
                                 stop);
    }
    return STATUS_OK;
}

/* -------- looking -------- */

static const KafkaTopic *find_topic(const KafkaTopicList *list, const char *name) {
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

static Status end_deleted(SourceReader *reader, int index, Error *err) {
    KafkaTrack *track = reader->tracks[index];
    int64_t end = kafka_records_end(track->records);
    Error fault;

    IGNORE(error_set(&fault, IO_ERROR,
                     "topic \"%s\" is gone: partition %" PRId32 " ends at offset %" PRId64,
                     track->topic, track->number, end)); /* reported or returned */
    if (reader->on_data_loss == KAFKA_LOSS_FAIL) {
        *err = fault;
        return error_hint(err, "Set on_data_loss = 'earliest' to go on without it.");
    }
    report(reader, index, end, &fault);
    kafka_consumer_stop(reader->consumer, track->topic, track->number);
    track->is_started = false;
    kafka_journal_end(reader->journal, index);
    return STATUS_OK;
}

static Status look_for_deleted(SourceReader *reader, const KafkaTopicList *list, Error *err) {
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];
        const KafkaTopic *topic = find_topic(list, track->topic);

        if (track->is_ended)
            continue;
        if (topic && topic->partition_count > track->number)
            track->missing_looks = 0;
        else if (++track->missing_looks >= LOOKS_UNTIL_DELETED)
            TRY(end_deleted(reader, i, err));
    }
    return STATUS_OK;
}

static Status look_for_new(SourceReader *reader, const KafkaTopicList *list, Arena *arena,
                           Error *err) {
    KafkaPlace *places;
    int count = 0;
    int total = 0;

    for (int i = 0; i < list->count; i++)
        total += list->items[i].partition_count;
    places = arena_new_array(arena, KafkaPlace, (size_t) total + 1);
    for (int i = 0; i < list->count; i++)
        for (int32_t j = 0; j < list->items[i].partition_count; j++)
            if (kafka_journal_find(reader->journal, list->items[i].name, j) < 0)
                places[count++] = (KafkaPlace) {.topic = list->items[i].name, .partition = j};
    /* A bounded stream is complete with what was there. */
    if (count > 0 && !(reader->has_stop && kafka_journal_has_begun(reader->journal)))
        TRY(add_partitions(reader, places, count, arena, err));
    if (!kafka_journal_has_begun(reader->journal))
        kafka_journal_begin(reader->journal);
    return STATUS_OK;
}

/* librdkafka forgets about a topic that it was told is gone; it may have come again. */
static void find_again(SourceReader *reader) {
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];

        if (!track->is_started || track->proof != KAFKA_ASKED)
            track->asked_looks = 0;
        else if (++track->asked_looks > 1)
            kafka_consumer_find_again(reader->consumer, track->topic);
    }
}

/* *ret_is_fatal: what went wrong is not that the broker could not be asked. */
static Status look_now(SourceReader *reader, bool *ret_is_fatal, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("kafka look", 0);
    KafkaTopicList list = {0};

    *ret_is_fatal = false;
    if (reader->pattern)
        TRY(kafka_admin_match(reader->admin, reader->pattern, arena, &list, err));
    else
        TRY(kafka_admin_topics(reader->admin, reader->topics, reader->topic_count, arena, &list,
                               err));
    TRY(look_for_new(reader, &list, arena, err));
    *ret_is_fatal = true;
    TRY(look_for_deleted(reader, &list, err));
    kafka_follow_journal(reader);
    find_again(reader);
    return STATUS_OK;
}

Status kafka_look(SourceReader *reader, Error *err) {
    bool is_first = !kafka_journal_has_begun(reader->journal);
    bool is_fatal;
    Error fault;

    /* A broker that is known to be away is not waited for: that would hold up what is there. */
    if (!is_first && reader->is_away) {
        reader->is_away = kafka_consumer_trouble(reader->consumer, &reader->look_fault);
        if (reader->is_away)
            return STATUS_OK;
        reader->refresh_at_ns = 0; /* it is back: much may have changed */
    }
    if (!is_first && now_ns(reader) < reader->refresh_at_ns)
        return STATUS_OK;
    reader->is_away = !is_first && kafka_consumer_trouble(reader->consumer, &reader->look_fault);
    if (reader->is_away)
        return STATUS_OK;
    reader->has_look_fault = look_now(reader, &is_fatal, &fault) != STATUS_OK;
    reader->refresh_at_ns = now_ns(reader) + reader->refresh_us * 1000;
    if (!reader->has_look_fault) {
        kafka_tell_group(reader);
        kafka_pool_shrink(reader->pool);
        return STATUS_OK;
    }
    if (is_first || is_fatal || flag_is_set(reader->environment.cancel)) {
        *err = fault;
        return STATUS_ERROR;
    }
    reader->look_fault = fault;
    return STATUS_OK;
}

void kafka_tell_group(SourceReader *reader) {
    CLEANUP(arena_destroyp) Arena *arena = NULL;
    KafkaPlace *places;
    Error ignored;
    int count = 0;

    if (!reader->group_id || reader->environment.is_batch_read)
        return;
    arena = arena_create("kafka group", 0);
    places = arena_new_array(arena, KafkaPlace, (size_t) reader->track_count + 1);
    pthread_mutex_lock(&reader->lock);
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];

        if (track->is_ended || track->decided <= track->group_offset)
            continue;
        track->group_offset = track->decided;
        places[count++] = (KafkaPlace) {
            .topic = track->topic, .partition = track->number, .offset = track->decided};
    }
    pthread_mutex_unlock(&reader->lock);
    if (count > 0) /* best effort: the truth is in the checkpoint */
        IGNORE(
            kafka_admin_publish_offsets(reader->admin, reader->group_id, places, count, &ignored));
}

/* -------- losses -------- */

static Status fail_loss(const Error *fault, Error *err) {
    *err = *fault;
    return error_hint(err, "Set on_data_loss = 'earliest' or 'latest' to go on without them.");
}

/* The topic was deleted and made again: another sequence, another index. */
static Status replace_partition(SourceReader *reader, int index, int64_t begin, Error *err) {
    KafkaTrack *track = reader->tracks[index];
    Error fault;

    IGNORE(error_set(&fault, IO_ERROR,
                     "topic \"%s\" was made again: what its partition %" PRId32
                     " had from offset %" PRId64 " on is gone",
                     track->topic, track->number, track->next)); /* reported or returned */
    if (reader->on_data_loss == KAFKA_LOSS_FAIL)
        return fail_loss(&fault, err);
    report(reader, index, track->next, &fault);
    kafka_consumer_stop(reader->consumer, track->topic, track->number);
    track->is_started = false;
    kafka_journal_end(reader->journal, index);
    (void) kafka_journal_add(reader->journal, track->topic, track->number, begin, INT64_MAX);
    kafka_follow_journal(reader);
    return STATUS_OK;
}

static Status skip_lost(SourceReader *reader, int index, int64_t to, Error *err) {
    KafkaTrack *track = reader->tracks[index];
    Error fault;

    IGNORE(error_set(&fault, IO_ERROR,
                     "offsets %" PRId64 " to %" PRId64 " of topic \"%s\", partition %" PRId32
                     " are gone",
                     track->next, to - 1, track->topic, track->number)); /* reported or returned */
    if (reader->on_data_loss == KAFKA_LOSS_FAIL)
        return fail_loss(&fault, err);
    report(reader, index, track->next, &fault);
    pthread_mutex_lock(&reader->lock);
    track->next = to;
    kafka_records_publish(track->records, to < track->stop ? to : track->stop);
    pthread_mutex_unlock(&reader->lock);
    return STATUS_OK;
}

static Status restart(SourceReader *reader, int index, Error *err) {
    reader->tracks[index]->is_started = false;
    return kafka_start_track(reader, index, err);
}

static Status solve_loss(SourceReader *reader, int index, Error *err) {
    KafkaTrack *track = reader->tracks[index];
    KafkaPlace first = {.topic = track->topic, .partition = track->number};
    KafkaPlace last = first;

    TRY(kafka_admin_begins(reader->admin, &first, 1, err));
    TRY(kafka_admin_ends(reader->admin, &last, 1, err));
    if (first.is_missing || last.is_missing || last.offset < 0) {
        reader->refresh_at_ns = now_ns(reader) + LOOK_AGAIN_US * 1000; /* looks decide */
        return STATUS_OK;
    }
    track->is_lost = false;
    if (track->proof == KAFKA_REFUTED || track->next > last.offset ||
        track->mark.offset >= last.offset)
        return replace_partition(
            reader, index, reader->on_data_loss == KAFKA_LOSS_LATEST ? last.offset : first.offset,
            err);
    if (track->next < first.offset)
        TRY(skip_lost(reader, index,
                      reader->on_data_loss == KAFKA_LOSS_LATEST ? last.offset : first.offset, err));
    /* Retention may have taken the mark; a mark that is there has to be asked. */
    track->proof = track->mark.offset >= first.offset ? KAFKA_DOUBTED : KAFKA_PROVED;
    return restart(reader, index, err);
}

Status kafka_solve_losses(SourceReader *reader, Error *err) {
    int count = reader->track_count;

    for (int i = 0; i < count; i++) {
        const KafkaTrack *track = reader->tracks[i];

        if (track->is_ended)
            continue;
        if (track->is_lost || track->proof == KAFKA_UNSURE || track->proof == KAFKA_REFUTED)
            TRY(solve_loss(reader, i, err));
        else if (track->is_started &&
                 (track->proof == KAFKA_DOUBTED || track->proof == KAFKA_ANSWERED))
            TRY(restart(reader, i, err));
    }
    return STATUS_OK;
}
