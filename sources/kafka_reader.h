/* Kafka reader: what the parts of the kafka source share. Only sources/kafka*.c include it.
 *
 * Two locks. `work_lock`: consumer, admin, journal, and what only they who work with them change;
 * held across calls that may wait for the broker. `lock`: the partitions' records and state, held
 * shortly, taken after work_lock. Workers fetch under `lock`, and drain when work_lock is free. */
#pragma once

#include <pthread.h>

#include "connector/source.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "sources/kafka_blocks.h"
#include "sources/kafka_journal.h"
#include "sources/kafka_start.h"

typedef enum KafkaDataLoss {
    KAFKA_LOSS_FAIL,
    KAFKA_LOSS_EARLIEST,
    KAFKA_LOSS_LATEST,
} KafkaDataLoss;

/* Is a partition still of the topic that we know? Its mark is read again to find out. */
typedef enum KafkaProof {
    KAFKA_PROVED,   /* its records are used */
    KAFKA_DOUBTED,  /* to be asked: reading is to begin at the mark */
    KAFKA_ASKED,    /* what comes first is the answer */
    KAFKA_ANSWERED, /* nothing speaks against it: reading is to go on at `next` */
    KAFKA_UNSURE,   /* the mark is not between the broker's first and last offset */
    KAFKA_REFUTED,  /* another record is where the mark was */
} KafkaProof;

/* A partition as it is read; its index is the journal's. */
typedef struct KafkaTrack {
    const char *topic; /* the journal's */
    int32_t number;
    char name[272]; /* "orders-3" */
    /* under work_lock */
    bool is_started;
    bool is_lost;         /* the broker does not have `next`: nothing comes until this is solved */
    int missing_looks;    /* looks in a row that did not find it */
    KafkaProof proof;     /* until it is PROVED, what comes is no record of ours */
    KafkaMark mark;       /* the newest that was received, about */
    int asked_looks;      /* looks in a row that found it ASKED */
    int64_t group_offset; /* last told to the group */
    /* under lock, changed under both */
    KafkaRecords *records;
    int64_t next;      /* the consumer goes on from here; -1 before seek() */
    int64_t stop;      /* nothing is read from here on */
    int64_t known_end; /* the broker's, as it last told; valid when not is_at_end */
    bool is_at_end;    /* the broker had no more when it was last asked */
    bool is_ended;     /* the topic was deleted or made again */
    int64_t decided;   /* trim() said */
} KafkaTrack;

struct SourceReader {
    SourceEnvironment environment;
    Arena *arena; /* the options' parts */
    const char **topics;
    int topic_count;
    const char *pattern; /* NULL: topics by name */
    const char *group_id;
    KafkaStart start, stop;
    bool has_stop;
    KafkaDataLoss on_data_loss;
    int64_t buffer_bytes, refresh_us, timeout_us;
    pthread_mutex_t work_lock;
    KafkaAdmin *admin;
    KafkaConsumer *consumer;
    KafkaJournal *journal;
    StrBuf headers;           /* of one message */
    int64_t refresh_at_ns;    /* when to look again */
    int64_t marks_ns;         /* when marks were last written to the journal */
    int64_t waiting_since_ns; /* a bounded read waits; 0: it does not */
    bool is_undrained;        /* more has come than was taken */
    bool has_refusal;         /* may not be read: fails, until the reader is opened again */
    bool is_away;             /* no broker could be reached when it was last tried */
    bool has_look_fault;      /* the last look failed */
    Error refusal, look_fault;
    pthread_mutex_t lock;
    KafkaPool *pool;
    KafkaTrack **tracks; /* pointers are stable */
    int track_count;
};

/* -------- kafka_proof.c: whether a topic was made again -------- */
/* Begin to fetch a partition, or go on by another proof. Under work_lock. */
MUST_USE Status kafka_start_track(SourceReader *reader, int index, Error *err);
/* All that may be another topic's from now on. Under work_lock. */
void kafka_doubt_all(SourceReader *reader);
/* What came of a track that is not PROVED; false: it is no record of ours. Under both locks. */
bool kafka_take_proof(KafkaTrack *track, const KafkaMessage *message);
/* Write marks to the journal when it is time. Under work_lock. */
void kafka_keep_marks(SourceReader *reader);

/* -------- kafka_look.c: which partitions there are -------- */
/* Look for partitions when it is time; the first look must succeed, later ones may fail for a
 * while. Under work_lock. */
MUST_USE Status kafka_look(SourceReader *reader, Error *err);
/* Tracks for what the journal has. Under work_lock. */
void kafka_follow_journal(SourceReader *reader);
/* Decide about partitions whose next offset the broker does not have, or that are doubted. Under
 * work_lock. */
MUST_USE Status kafka_solve_losses(SourceReader *reader, Error *err);
/* Tell the group what is decided, if there is news. Under work_lock. */
void kafka_tell_group(SourceReader *reader);
