/* Kafka admin: metadata, offsets and topics, each question within the deadline.
 *
 * librdkafka's calls can't be cancelled and wait for a broker as long as they are told. A question
 * is therefore asked in tries of growing length (100 ms, 200 ms, …), and between two tries we look
 * at the deadline, at `cancel`, and whether there is hope: a refused user is final, and when every
 * broker has failed and GRACE_MS have passed (time for a name's second address and for a broker
 * that is just starting), so is that. */
#include "kafka/admin.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/flag.h"
#include "base/memory.h"
#include "kafka/client.h"
#include "kafka/pattern.h"

enum {
    TRY_FIRST_MS = 100,
    GRACE_MS = 1000,
};

struct KafkaAdmin {
    KafkaClient *client;
    const volatile bool *cancel;
};

/* One question's time. */
typedef struct Deadline {
    int64_t begin_ms;
    int64_t end_ms;
    int try_ms;
} Deadline;

static int64_t now_ms(void) {
    return context_real.monotonic_ns(&context_real) / 1000000;
}

static Deadline deadline_begin(KafkaAdmin *admin) {
    int64_t now = now_ms();

    kafka_client_clear_fault(admin->client);
    return (Deadline) {now, now + admin->client->timeout_us / 1000 + 1, TRY_FIRST_MS};
}

/* How long the next try may take. */
static int deadline_try_ms(Deadline *deadline) {
    int64_t left = deadline->end_ms - now_ms();
    int try_ms = deadline->try_ms;

    if (deadline->try_ms < 10000)
        deadline->try_ms *= 2;
    if (left < 1)
        left = 1;
    return left < try_ms ? (int) left : try_ms;
}

/* Whether `code` may pass: a timeout, no broker yet. */
static bool is_worth_a_retry(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        return true;
    default:
        return false;
    }
}

/* Whether no later try can do better. */
static bool is_hopeless(KafkaAdmin *admin, const Deadline *deadline) {
    KafkaFault fault;

    kafka_client_poll(admin->client);
    if (!kafka_client_fault(admin->client, &fault))
        return false;
    return fault.code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           (kafka_client_are_all_down(admin->client) && now_ms() - deadline->begin_ms > GRACE_MS);
}

/* STATUS_MORE: try again. */
static Status after_try(KafkaAdmin *admin, const Deadline *deadline, rd_kafka_resp_err_t code,
                        const char *what, Error *err) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    if (flag_is_set(admin->cancel))
        return error_canceled(err);
    if (is_worth_a_retry(code) && now_ms() < deadline->end_ms && !is_hopeless(admin, deadline))
        return STATUS_MORE;
    return kafka_client_error(admin->client, code, what, err);
}

/* -------- life -------- */

static bool is_uncommitted(const OptionSet *options) {
    const OptionValue *value = option_lookup(options, "isolation");

    return value && !value->is_null && strcmp(value->text, "read_uncommitted") == 0;
}

Status kafka_admin_open(const OptionSet *options, const volatile bool *cancel,
                        KafkaAdmin **ret_admin, Error *err) {
    CLEANUP(kafka_admin_closep) KafkaAdmin *admin = memory_zalloc(sizeof(*admin));

    admin->cancel = cancel;
    TRY(kafka_client_create(options, KAFKA_ADMIN, &admin->client, err));
    TRY(kafka_client_set(admin->client, "isolation.level",
                         is_uncommitted(options) ? "read_uncommitted" : "read_committed", err));
    TRY(kafka_client_set(admin->client, "allow.auto.create.topics", "false", err));
    TRY(kafka_client_start(admin->client, err));
    *ret_admin = TAKE(admin);
    return STATUS_OK;
}

KafkaAdmin *kafka_admin_close(KafkaAdmin *admin) {
    if (!admin)
        return NULL;
    kafka_client_destroy(admin->client);
    memory_free(admin);
    return NULL;
}

/* -------- topics -------- */

static Status all_metadata(KafkaAdmin *admin, const rd_kafka_metadata_t **ret_metadata,
                           Error *err) {
    Deadline deadline = deadline_begin(admin);
    rd_kafka_resp_err_t code;
    Status status;

    do {
        code = rd_kafka_metadata(admin->client->handle, 1, NULL, ret_metadata,
                                 deadline_try_ms(&deadline));
        status = after_try(admin, &deadline, code, "could not list topics", err);
    } while (status == STATUS_MORE);
    return status;
}

/* A topic of the metadata: what it is, or why it can't be read. */
static Status take_topic(KafkaAdmin *admin, const rd_kafka_metadata_topic_t *found, Arena *arena,
                         KafkaTopic *ret_topic, Error *err) {
    char what[400];

    *ret_topic = (KafkaTopic) {arena_strdup(arena, found->topic), 0};
    if (found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        found->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return STATUS_OK;
    if (found->err && found->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        snprintf(what, sizeof(what), "could not look at topic \"%.300s\"", found->topic);
        return kafka_client_error(admin->client, found->err, what, err);
    }
    ret_topic->partition_count = found->partition_cnt;
    return STATUS_OK;
}

static Status one_topic(KafkaAdmin *admin, const char *name, Arena *arena, KafkaTopic *ret_topic,
                        Error *err) {
    Deadline deadline = deadline_begin(admin);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(admin->client->handle, name, NULL);
    const rd_kafka_metadata_t *metadata = NULL;
    char what[400];
    Status status;

    snprintf(what, sizeof(what), "could not look at topic \"%.300s\"", name);
    if (!topic)
        return kafka_client_error(admin->client, rd_kafka_last_error(), what, err);
    do {
        rd_kafka_resp_err_t code = rd_kafka_metadata(admin->client->handle, 0, topic, &metadata,
                                                     deadline_try_ms(&deadline));

        status = after_try(admin, &deadline, code, what, err);
    } while (status == STATUS_MORE);
    rd_kafka_topic_destroy(topic);
    if (status != STATUS_OK)
        return status;
    *ret_topic = (KafkaTopic) {arena_strdup(arena, name), 0};
    if (metadata->topic_cnt > 0)
        status = take_topic(admin, &metadata->topics[0], arena, ret_topic, err);
    rd_kafka_metadata_destroy(metadata);
    return status;
}

Status kafka_admin_topics(KafkaAdmin *admin, const char *const *names, int count, Arena *arena,
                          KafkaTopicList *ret_topics, Error *err) {
    KafkaTopicList list = {0, arena_new_array(arena, KafkaTopic, (size_t) count + 1)};

    for (; list.count < count; list.count++)
        TRY(one_topic(admin, names[list.count], arena, &list.items[list.count], err));
    *ret_topics = list;
    return STATUS_OK;
}

static int compare_topics(const void *left, const void *right) {
    return strcmp(((const KafkaTopic *) left)->name, ((const KafkaTopic *) right)->name);
}

Status kafka_admin_match(KafkaAdmin *admin, const char *text, Arena *arena,
                         KafkaTopicList *ret_topics, Error *err) {
    CLEANUP(kafka_pattern_destroyp) KafkaPattern *pattern = NULL;
    const rd_kafka_metadata_t *metadata = NULL;
    KafkaTopicList list = {0};
    Status status = STATUS_OK;

    TRY(kafka_pattern_create(text, &pattern, err));
    TRY(all_metadata(admin, &metadata, err));
    list.items = arena_new_array(arena, KafkaTopic, (size_t) metadata->topic_cnt + 1);
    for (int i = 0; i < metadata->topic_cnt && status == STATUS_OK; i++) {
        const rd_kafka_metadata_topic_t *found = &metadata->topics[i];

        if ((found->topic[0] == '_' && text[0] != '_') ||
            !kafka_pattern_matches(pattern, found->topic))
            continue;
        status = take_topic(admin, found, arena, &list.items[list.count], err);
        if (status == STATUS_OK && list.items[list.count].partition_count > 0)
            list.count++;
    }
    rd_kafka_metadata_destroy(metadata);
    if (status == STATUS_OK && list.count > 0)
        qsort(list.items, (size_t) list.count, sizeof(*list.items), compare_topics);
    if (status == STATUS_OK)
        *ret_topics = list;
    return status;
}

/* -------- offsets -------- */

/* Answers to the places of one list; *ret_again: some are worth another try. */
static Status take_offsets(KafkaAdmin *admin, const rd_kafka_topic_partition_list_t *list,
                           KafkaPlace *places, rd_kafka_resp_err_t *ret_again, Error *err) {
    *ret_again = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        char what[400];

        places[i].offset = -1;
        places[i].is_missing = kafka_sqlstate(answer->err, KAFKA_ADMIN) == SQLSTATE_UNDEFINED_TABLE;
        if (answer->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            places[i].offset = answer->offset < 0 ? -1 : answer->offset;
        else if (is_worth_a_retry(answer->err))
            *ret_again = answer->err;
        else if (!places[i].is_missing) {
            snprintf(what, sizeof(what), "could not look at topic \"%.300s\", partition %" PRId32,
                     answer->topic, answer->partition);
            return kafka_client_error(admin->client, answer->err, what, err);
        }
    }
    return STATUS_OK;
}

/* ListOffsets by timestamp; the protocol's -2 is the begin and -1 the end. */
static Status ask_offsets(KafkaAdmin *admin, KafkaPlace *places, int count,
                          const int64_t *one_time_ms, Error *err) {
    Deadline deadline = deadline_begin(admin);
    Status status = STATUS_MORE;

    if (count == 0)
        return STATUS_OK;
    while (status == STATUS_MORE) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
        rd_kafka_resp_err_t code, again;

        for (int i = 0; i < count; i++)
            rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition)->offset =
                one_time_ms ? *one_time_ms : places[i].timestamp_ms;
        code = rd_kafka_offsets_for_times(admin->client->handle, list, deadline_try_ms(&deadline));
        /* A list in which no partition is known is an error as a whole, and each has it too. */
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR ||
            kafka_sqlstate(code, KAFKA_ADMIN) == SQLSTATE_UNDEFINED_TABLE) {
            status = take_offsets(admin, list, places, &again, err);
            code = again;
        } else {
            status = STATUS_OK;
        }
        rd_kafka_topic_partition_list_destroy(list);
        if (status == STATUS_OK)
            status = after_try(admin, &deadline, code, "could not ask for offsets", err);
    }
    return status;
}

Status kafka_admin_begins(KafkaAdmin *admin, KafkaPlace *places, int count, Error *err) {
    static const int64_t earliest = -2;

    return ask_offsets(admin, places, count, &earliest, err);
}

Status kafka_admin_ends(KafkaAdmin *admin, KafkaPlace *places, int count, Error *err) {
    static const int64_t latest = -1;

    return ask_offsets(admin, places, count, &latest, err);
}

Status kafka_admin_offsets_at_times(KafkaAdmin *admin, KafkaPlace *places, int count, Error *err) {
    return ask_offsets(admin, places, count, NULL, err);
}

/* -------- requests that the admin queue answers -------- */

static rd_kafka_AdminOptions_t *request_options(KafkaAdmin *admin, rd_kafka_admin_op_t operation) {
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client->handle, operation);
    int timeout_ms = (int) (admin->client->timeout_us / 1000 + 1);
    char reason[200];

    IGNORE((Status) rd_kafka_AdminOptions_set_request_timeout(/* librdkafka's default then */
                                                              options, timeout_ms, reason,
                                                              sizeof(reason)));
    return options;
}

/* The answer, or the reason that there is none. Ends the queue: an answer that is late must not
 * meet the next question. */
static Status wait_answer(KafkaAdmin *admin, rd_kafka_queue_t *queue, const char *what,
                          rd_kafka_event_t **ret_event, Error *err) {
    Deadline deadline = deadline_begin(admin);
    rd_kafka_event_t *event = NULL;
    Status status;

    do {
        event = rd_kafka_queue_poll(queue, TRY_FIRST_MS);
        status = after_try(admin, &deadline,
                           event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT, what,
                           err);
    } while (status == STATUS_MORE && !event);
    rd_kafka_queue_destroy(queue);
    if (status == STATUS_MORE) /* an answer is final */
        status = kafka_client_error(admin->client, rd_kafka_event_error(event), what, err);
    if (status != STATUS_OK) {
        if (event)
            rd_kafka_event_destroy(event);
        return STATUS_ERROR;
    }
    *ret_event = event;
    return STATUS_OK;
}

static Status created(const rd_kafka_event_t *event, const char *what, bool *ret_is_new,
                      Error *err) {
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *result =
        rd_kafka_event_CreateTopics_result((rd_kafka_event_t *) (uintptr_t) event);
    const rd_kafka_topic_result_t *const *topics =
        result ? (const rd_kafka_topic_result_t *const *) rd_kafka_CreateTopics_result_topics(
                     result, &count)
               : NULL;
    rd_kafka_resp_err_t code =
        count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__FAIL;

    if (ret_is_new)
        *ret_is_new = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return STATUS_OK;
    return kafka_error(err, code, count == 1 ? rd_kafka_topic_result_error_string(topics[0]) : NULL,
                       what);
}

Status kafka_admin_create_topic(KafkaAdmin *admin, const KafkaNewTopic *topic, bool *ret_is_new,
                                Error *err) {
    char what[400], reason[200];
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event = NULL;
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(
        topic->name, topic->partitions, topic->replication, reason, sizeof(reason));
    Status status;

    snprintf(what, sizeof(what), "could not create topic \"%.300s\"", topic->name);
    if (!request)
        return error_set(err, INVALID_PARAMETER, "%s: %s", what, reason);
    if (topic->is_compacted) {
        rd_kafka_NewTopic_set_config(request, "cleanup.policy", "compact");
        /* The newest segment is never compacted, and who needs such a topic reads all of it. */
        rd_kafka_NewTopic_set_config(request, "segment.bytes", "16777216");
    }
    queue = rd_kafka_queue_new(admin->client->handle);
    options = request_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->client->handle, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(request);
    TRY(wait_answer(admin, queue, what, &event, err));
    status = created(event, what, ret_is_new, err);
    rd_kafka_event_destroy(event);
    return status;
}

Status kafka_admin_publish_offsets(KafkaAdmin *admin, const char *group, const KafkaPlace *places,
                                   int count, Error *err) {
    char what[400];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_AlterConsumerGroupOffsets_t *request;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event = NULL;

    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition)->offset =
            places[i].offset;
    request = rd_kafka_AlterConsumerGroupOffsets_new(group, list);
    rd_kafka_topic_partition_list_destroy(list);
    queue = rd_kafka_queue_new(admin->client->handle);
    options = request_options(admin, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
    rd_kafka_AlterConsumerGroupOffsets(admin->client->handle, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_AlterConsumerGroupOffsets_destroy(request);
    snprintf(what, sizeof(what), "could not publish offsets to group \"%.300s\"", group);
    TRY(wait_answer(admin, queue, what, &event, err));
    rd_kafka_event_destroy(event);
    return STATUS_OK;
}
