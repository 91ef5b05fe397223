/* Plans as bytes: what a checkpoint stores, and, without names and numbers, what a fingerprint is
 * of.
 *
 *   "MRPL", version, node, XXH3 of all before it
 *   node = kind, position, columns, the fields of plan_nodes.c in their order, children
 *
 * A field that plan_nodes.c does not name is not stored. */
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "optimizer/check.h"
#include "optimizer/plan_bytes.h"

static const char magic[4] = "MRPL";

enum {
    PLAN_VERSION = 1,
    PLAN_HEAD_BYTES = 8, /* magic and version */
    PLAN_DEPTH_MAX = LIMIT_NESTING * 8,
    PLAN_NODE_BYTES_MIN = 16,
    COLUMN_BYTES_MIN = 25,
    CALL_BYTES_MIN = 14,
    SORT_KEY_BYTES = 6,
};

/* -------- writing -------- */

static void write_ids(PlanWriter *writer, ColumnIds ids) {
    write_i32(writer, ids.count);
    for (int i = 0; i < ids.count; i++)
        write_column_id(writer, ids.ids[i]);
}

static void write_exprs(PlanWriter *writer, const ExprList *list) {
    write_i32(writer, list->count);
    for (int i = 0; i < list->count; i++)
        write_expr(writer, list->items[i]);
}

static void write_ints(PlanWriter *writer, const int *items, int count) {
    write_i32(writer, count);
    for (int i = 0; i < count; i++)
        write_i32(writer, items[i]);
}

static void write_calls(PlanWriter *writer, const Plan *plan) {
    write_i32(writer, plan->call_count);
    for (int i = 0; i < plan->call_count; i++) {
        const PlanAggregateCall *call = &plan->calls[i];
        const Aggregate *aggregate = call->aggregate;

        write_symbol(writer, aggregate->name);
        write_u8(writer, aggregate->argument_count);
        for (int j = 0; j < aggregate->argument_count; j++)
            write_type(writer, (SqlType) {.id = aggregate->arguments[j], .typmod = -1});
        write_ids(writer, call->arguments);
        write_u8(writer, call->is_distinct);
        write_column_id(writer, call->filter);
    }
}

static void write_sort_keys(PlanWriter *writer, const Plan *plan) {
    write_i32(writer, plan->sort_key_count);
    for (int i = 0; i < plan->sort_key_count; i++) {
        write_column_id(writer, plan->sort_keys[i].column);
        write_u8(writer, plan->sort_keys[i].is_descending);
        write_u8(writer, plan->sort_keys[i].nulls_first);
    }
}

static void write_sets(PlanWriter *writer, const Plan *plan) {
    write_i32(writer, plan->grouping_set_count);
    for (int i = 0; i < plan->grouping_set_count; i++)
        write_ids(writer, plan->grouping_sets[i]);
}

static void write_field(PlanWriter *writer, const Plan *plan, const PlanField *field) {
    const void *at = (const char *) plan + field->offset;

    switch (field->type) {
    case PLAN_FIELD_EXPR:
        write_expr(writer, *(const Expr *const *) at);
        break;
    case PLAN_FIELD_EXPRS:
        write_exprs(writer, at);
        break;
    case PLAN_FIELD_COLUMN:
        write_column_id(writer, *(const ColumnId *) at);
        break;
    case PLAN_FIELD_COLUMNS:
        write_ids(writer, *(const ColumnIds *) at);
        break;
    case PLAN_FIELD_INT:
        write_i32(writer, *(const int *) at);
        break;
    case PLAN_FIELD_INTS:
        write_ints(writer, ((const IntList *) at)->items, ((const IntList *) at)->count);
        break;
    case PLAN_FIELD_INT64:
    case PLAN_FIELD_MICROS:
    case PLAN_FIELD_RELATION:
        write_i64(writer, *(const int64_t *) at);
        break;
    case PLAN_FIELD_BOOL:
        write_u8(writer, *(const bool *) at);
        break;
    case PLAN_FIELD_ENUM:
        write_u8(writer, *(const int *) at);
        break;
    case PLAN_FIELD_CALLS:
        write_calls(writer, plan);
        break;
    case PLAN_FIELD_SORT_KEYS:
        write_sort_keys(writer, plan);
        break;
    case PLAN_FIELD_SETS:
        write_sets(writer, plan);
        break;
    case PLAN_FIELD_SCAN_COLUMNS:
        write_ints(writer, plan->scan_columns, plan->column_count);
        break;
    }
}

static void write_columns(PlanWriter *writer, const Plan *plan) {
    write_i32(writer, plan->column_count);
    for (int i = 0; i < plan->column_count; i++) {
        const PlanColumn *column = &plan->columns[i];

        if (!writer->canonical)
            write_i32(writer, column->id);
        write_name(writer, column->name);
        write_type(writer, column->type);
        write_u8(writer, (int) column->role);
        write_i64(writer, column->close_offset_us);
    }
}

static void write_fields(PlanWriter *writer, const Plan *plan) {
    write_symbol(writer, plan_kind_name(plan->kind));
    if (!writer->canonical)
        write_i32(writer, plan->position);
    write_columns(writer, plan);
    for (const PlanField *field = plan_node_defs[plan->kind].fields; field->name; field++)
        write_field(writer, plan, field);
}

static void write_node(PlanWriter *writer, const Plan *plan) {
    write_fields(writer, plan);
    write_i32(writer, plan->child_count);
    for (int i = 0; i < plan->child_count; i++)
        write_node(writer, plan->children[i]);
}

void plan_serialize(const Plan *plan, StrBuf *out) {
    PlanWriter writer = {.out = out};
    size_t begin = out->length;

    strbuf_append(out, magic, sizeof(magic));
    write_i32(&writer, PLAN_VERSION);
    write_node(&writer, plan);
    codec_seal(out, begin);
}

uint64_t plan_fingerprint(const Plan *plan) {
    StrBuf bytes = {0};
    PlanWriter writer = {.out = &bytes, .canonical = plan};
    uint64_t hash;

    write_fields(&writer, plan);
    for (int i = 0; i < plan->child_count; i++)
        write_i64(&writer, (int64_t) plan_fingerprint(plan->children[i]));
    hash = hash_bytes(bytes.data, bytes.length);
    strbuf_done(&bytes);
    return hash;
}

/* -------- reading -------- */

static ColumnIds read_ids(PlanReader *reader) {
    int count = read_count(reader, 4);
    ColumnId *ids = arena_new_array(reader->arena, ColumnId, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        ids[i] = read_column_id(reader);
        if (ids[i] == 0)
            reader_fail(reader, "a column without a number");
    }
    return (ColumnIds) {count, ids};
}

static ExprList read_exprs(PlanReader *reader) {
    int count = read_count(reader, 14);
    const Expr **items = arena_new_array(reader->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        items[i] = read_expr(reader);
    return (ExprList) {count, items};
}

static IntList read_ints(PlanReader *reader) {
    int count = read_count(reader, 4);
    int *items = arena_new_array(reader->arena, int, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        items[i] = read_i32(reader);
    return (IntList) {count, items};
}

static void read_call(PlanReader *reader, PlanAggregateCall *call) {
    const char *name = read_name(reader);
    TypeId types[4];
    int count = read_below(reader, (int) ARRAY_LENGTH(types) + 1);

    for (int i = 0; i < count; i++)
        types[i] = read_type(reader).id;
    if (reader->status != STATUS_OK)
        return;
    call->aggregate = aggregate_find(name, types, (uint32_t) count);
    if (!call->aggregate)
        reader_fail(reader,
                    arena_printf(reader->arena, "no aggregate \"%s\" of these types", name));
    call->arguments = read_ids(reader);
    call->is_distinct = read_below(reader, 2);
    call->filter = read_column_id(reader);
}

static void read_calls(PlanReader *reader, Plan *plan) {
    int count = read_count(reader, CALL_BYTES_MIN);
    PlanAggregateCall *calls =
        arena_new_array(reader->arena, PlanAggregateCall, (size_t) count + 1);

    for (int i = 0; i < count && reader->status == STATUS_OK; i++)
        read_call(reader, &calls[i]);
    plan->calls = calls;
    plan->call_count = count;
}

static void read_sort_keys(PlanReader *reader, Plan *plan) {
    int count = read_count(reader, SORT_KEY_BYTES);
    PlanSortKey *keys = arena_new_array(reader->arena, PlanSortKey, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        keys[i].column = read_column_id(reader);
        keys[i].is_descending = read_below(reader, 2);
        keys[i].nulls_first = read_below(reader, 2);
    }
    plan->sort_keys = keys;
    plan->sort_key_count = count;
}

static void read_sets(PlanReader *reader, Plan *plan) {
    int count = read_count(reader, 4);
    ColumnIds *sets = arena_new_array(reader->arena, ColumnIds, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        sets[i] = read_ids(reader);
    plan->grouping_sets = sets;
    plan->grouping_set_count = count;
}

static void read_scan_columns(PlanReader *reader, Plan *plan) {
    IntList list = read_ints(reader);

    if (list.count != plan->column_count)
        reader_fail(reader, "the columns of a scan");
    plan->scan_columns = list.items;
}

static int enum_size(const char *const *names) {
    int count = 0;

    while (names[count])
        count++;
    return count;
}

static void read_field(PlanReader *reader, Plan *plan, const PlanField *field) {
    void *at = (char *) plan + field->offset;

    switch (field->type) {
    case PLAN_FIELD_EXPR:
        *(const Expr **) at = read_optional(reader);
        break;
    case PLAN_FIELD_EXPRS:
        *(ExprList *) at = read_exprs(reader);
        break;
    case PLAN_FIELD_COLUMN:
        *(ColumnId *) at = read_column_id(reader);
        break;
    case PLAN_FIELD_COLUMNS:
        *(ColumnIds *) at = read_ids(reader);
        break;
    case PLAN_FIELD_INT:
        *(int *) at = read_i32(reader);
        break;
    case PLAN_FIELD_INTS:
        *(IntList *) at = read_ints(reader);
        break;
    case PLAN_FIELD_INT64:
    case PLAN_FIELD_MICROS:
    case PLAN_FIELD_RELATION:
        *(int64_t *) at = read_i64(reader);
        break;
    case PLAN_FIELD_BOOL:
        *(bool *) at = read_below(reader, 2);
        break;
    case PLAN_FIELD_ENUM:
        *(int *) at = read_below(reader, enum_size(field->names));
        break;
    case PLAN_FIELD_CALLS:
        read_calls(reader, plan);
        break;
    case PLAN_FIELD_SORT_KEYS:
        read_sort_keys(reader, plan);
        break;
    case PLAN_FIELD_SETS:
        read_sets(reader, plan);
        break;
    case PLAN_FIELD_SCAN_COLUMNS:
        read_scan_columns(reader, plan);
        break;
    }
}

static void read_columns(PlanReader *reader, Plan *plan) {
    int count = read_count(reader, COLUMN_BYTES_MIN);
    PlanColumn *columns = arena_new_array(reader->arena, PlanColumn, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        columns[i].id = read_column_id(reader);
        columns[i].name = read_name(reader);
        columns[i].type = read_type(reader);
        columns[i].role = (TimeRole) read_below(reader, TIME_WINDOW_END + 1);
        columns[i].close_offset_us = read_i64(reader);
        if (columns[i].id == 0)
            reader_fail(reader, "a column without a number");
    }
    plan->columns = columns;
    plan->column_count = count;
}

static PlanKind read_kind(PlanReader *reader) {
    const char *name = read_name(reader);

    for (int i = 0; i < PLAN_KIND_COUNT; i++)
        if (strcmp(plan_kind_name((PlanKind) i), name) == 0)
            return (PlanKind) i;
    reader_fail(reader, "an unknown node");
    return PLAN_UNION;
}

typedef struct NodeReader {
    PlanReader *bytes;
    const CatalogSnapshot *catalog;
    int depth;
} NodeReader;

static const Plan *read_node(NodeReader *reader);

static void read_children(NodeReader *reader, Plan *plan) {
    int count = read_count(reader->bytes, PLAN_NODE_BYTES_MIN);
    const Plan **children = arena_new_array(reader->bytes->arena, const Plan *, (size_t) count + 1);

    if (++reader->depth > PLAN_DEPTH_MAX)
        reader_fail(reader->bytes, "nodes nested too deeply");
    for (int i = 0; i < count && reader->bytes->status == STATUS_OK; i++)
        children[i] = read_node(reader);
    reader->depth--;
    plan->children = children;
    plan->child_count = count;
}

static void find_relation(NodeReader *reader, Plan *plan) {
    PlanReader *bytes = reader->bytes;

    if (plan->kind != PLAN_SCAN || !reader->catalog || bytes->status != STATUS_OK)
        return;
    plan->relation = catalog_find_id(reader->catalog, plan->relation_id);
    if (!plan->relation)
        reader_fail(bytes, "it reads a relation that the catalog has not");
}

/* NULL after a fault. */
static const Plan *read_node(NodeReader *reader) {
    PlanReader *bytes = reader->bytes;
    Plan *plan = plan_create(bytes->arena, read_kind(bytes), NULL, 0);

    plan->position = read_i32(bytes);
    read_columns(bytes, plan);
    for (const PlanField *field = plan_node_defs[plan->kind].fields;
         field->name && bytes->status == STATUS_OK; field++)
        read_field(bytes, plan, field);
    read_children(reader, plan);
    find_relation(reader, plan);
    if (bytes->status == STATUS_OK)
        bytes->status = plan_check_stored(plan, bytes->err);
    if (bytes->status != STATUS_OK) {
        codec_damage(&bytes->codec);
        return NULL;
    }
    return plan_derive(bytes->arena, plan);
}

/* The reader then stands behind the version and ends before the checksum. */
static Status open_frame(const uint8_t *bytes, size_t size_bytes, CodecReader *ret_reader,
                         Error *err) {
    CodecReader head = codec_reader(bytes, size_bytes);
    const uint8_t *found_magic = codec_read_bytes(&head, sizeof(magic));
    int32_t version = codec_read_i32(&head);

    if (head.is_damaged || memcmp(found_magic, magic, sizeof(magic)) != 0)
        return error_set(err, DATA_CORRUPTED, "the stored plan is damaged: this is no plan");
    if (version != PLAN_VERSION)
        return error_set(err, FEATURE_NOT_SUPPORTED, "a stored plan of version %d is not supported",
                         version);
    if (!codec_open_sealed(bytes, size_bytes, ret_reader) ||
        !codec_read_bytes(ret_reader, PLAN_HEAD_BYTES))
        return error_set(err, DATA_CORRUPTED, "the stored plan is damaged: wrong checksum");
    return STATUS_OK;
}

Status plan_deserialize(const uint8_t *bytes, size_t size_bytes, const CatalogSnapshot *catalog,
                        Arena *arena, const Plan **ret_plan, Error *err) {
    PlanReader reader = {.arena = arena, .err = err, .status = STATUS_OK};
    NodeReader nodes = {.bytes = &reader, .catalog = catalog};
    const Plan *plan;

    TRY(open_frame(bytes, size_bytes, &reader.codec, err));
    plan = read_node(&nodes);
    if (reader.status == STATUS_OK && codec_bytes_left(&reader.codec) > 0)
        reader_fail(&reader, "bytes after its end");
    TRY(reader.status);
    TRY(plan_check_scans(plan, arena, err));
    *ret_plan = plan;
    return STATUS_OK;
}
