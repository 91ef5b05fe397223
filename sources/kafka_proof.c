/* Kafka proof: whether a partition is still of the topic that we know.
 *
 * A topic that is deleted and made again has other records at the same offsets, and librdkafka 2.0
 * tells no topic ids. So we remember one record per partition that we received, its mark: offset
 * and fingerprint. It goes to the journal when it is the first and every five seconds, and is read
 * again when reading begins anew and whenever the consumer has a doubt. Only another record at its
 * offset is a proof: that none is there may be compaction's or retention's doing.
 *
 *   PROVED    --a doubt--> DOUBTED     --fetch at the mark--> ASKED
 *   ASKED     --its record, or a later one, near `next`--> PROVED
 *   ASKED     --the same, far from `next`--> ANSWERED     --fetch at `next`--> PROVED
 *   ASKED     --nothing there--> UNSURE     --there after all--> DOUBTED
 *   ASKED     --another record--> REFUTED: the topic was made again, a new index */
#include <stdio.h>

#include "sources/kafka_reader.h"

enum {
    NEAR_RECORDS = 4096, /* so many are rather fetched again than the fetching begun again */
    NS_PER_PARTITION = 1000000,
};

#define MARKS_NS INT64_C(5000000000)

Status kafka_start_track(SourceReader *reader, int index, Error *err) {
    KafkaTrack *track = reader->tracks[index];
    bool asks = track->proof == KAFKA_DOUBTED;

    if (track->is_started || track->is_ended || track->next >= track->stop)
        return STATUS_OK;
    TRY(kafka_consumer_start(reader->consumer, track->topic, track->number,
                             asks ? track->mark.offset : track->next, index, err));
    track->proof = asks ? KAFKA_ASKED : KAFKA_PROVED;
    track->is_started = true;
    return STATUS_OK;
}

void kafka_doubt_all(SourceReader *reader) {
    for (int i = 0; i < reader->track_count; i++) {
        KafkaTrack *track = reader->tracks[i];

        if (track->mark.offset >= 0 && track->proof != KAFKA_REFUTED)
            track->proof = KAFKA_DOUBTED;
    }
}

static KafkaProof judge(const KafkaTrack *track, const KafkaMessage *message) {
    const KafkaMark *mark = &track->mark;

    if (message->kind == KAFKA_OUT_OF_RANGE ||
        (message->kind == KAFKA_END && message->offset <= mark->offset))
        return KAFKA_UNSURE;
    if (message->kind == KAFKA_RECORD && message->offset == mark->offset &&
        kafka_consumer_fingerprint(message) != mark->fingerprint)
        return KAFKA_REFUTED;
    return mark->offset < track->next && track->next - mark->offset <= NEAR_RECORDS
               ? KAFKA_PROVED
               : KAFKA_ANSWERED;
}

bool kafka_take_proof(KafkaTrack *track, const KafkaMessage *message) {
    if (message->kind == KAFKA_REFUSED)
        return true;
    if (track->proof == KAFKA_ASKED)
        track->proof = judge(track, message);
    return track->proof == KAFKA_PROVED;
}

/* A first mark is worth a write of its own; the journal is as long as there are partitions. */
void kafka_keep_marks(SourceReader *reader) {
    Context *clock = reader->environment.clock;
    int64_t age_ns = clock->monotonic_ns(clock) - reader->marks_ns;
    bool is_time = age_ns > MARKS_NS;
    bool is_time_for_first = age_ns > reader->track_count * NS_PER_PARTITION;
    bool is_changed = false;

    if (reader->environment.is_batch_read)
        return;
    for (int i = 0; i < reader->track_count && (is_time || is_time_for_first); i++) {
        const KafkaTrack *track = reader->tracks[i];
        const KafkaMark *kept = &kafka_journal_at(reader->journal, i)->mark;

        if (track->is_ended || track->proof != KAFKA_PROVED || track->mark.offset == kept->offset)
            continue;
        if (is_time || kept->offset < 0) {
            kafka_journal_mark(reader->journal, i, &track->mark);
            is_changed = true;
        }
    }
    if (is_changed)
        reader->marks_ns = clock->monotonic_ns(clock);
}
