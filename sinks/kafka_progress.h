/* Kafka progress: what a stream has committed through a sink, kept in a topic of its own.
 *
 * The progress topic is compacted and has two records per (stream, incarnation, sink):
 *
 *   <identity>          the marker: header of the last epoch, in the transaction of its rows
 *   <identity>-owner    the processes that wrote for it, the last one last
 *
 * The marker says what is committed, whatever the outcome of a commit looked like. The owners keep
 * a process that others took for dead from taking its place back: it finds a younger owner, and
 * stops (docs/decisions.md). All is in partition 0, so that adding partitions moves no key. */
#pragma once

#include "connector/sink.h"
#include "kafka/producer.h"

typedef struct KafkaProgress KafkaProgress;

/* Makes the topic when it is missing. The environment is borrowed. */
MUST_USE Status kafka_progress_open(const SinkEnvironment *environment,
                                    KafkaProgress **ret_progress, Error *err);
KafkaProgress *kafka_progress_close(KafkaProgress *progress); /* NULL is fine */
DEFINE_CLEANUP(KafkaProgress, kafka_progress_close)
/* "<stream>-<sink>-<incarnation>", in hex; fits with an ending into a transactional id. */
const char *kafka_progress_identity(const KafkaProgress *progress);

/* What is committed now. `is_fenced`: nothing of ours is under way any more, so all that ever will
 * be committed is read. Else our predecessor may have a transaction open: a first look. */
MUST_USE Status kafka_progress_read(KafkaProgress *progress, bool is_fenced, Error *err);
/* 55000 when another process has followed this one. */
MUST_USE Status kafka_progress_check_owner(const KafkaProgress *progress, Error *err);
/* The last marker that was read; length 0: none. */
const StrBuf *kafka_progress_marker(const KafkaProgress *progress);

/* Into the producer's open transaction. */
MUST_USE Status kafka_progress_send_owner(KafkaProgress *progress, KafkaProducer *producer,
                                          KafkaTarget *target, Error *err);
MUST_USE Status kafka_progress_send_marker(KafkaProgress *progress, KafkaProducer *producer,
                                           KafkaTarget *target, const uint8_t *header,
                                           size_t header_size, Error *err);
