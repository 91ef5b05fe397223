#include "stream/header.h"

#include <string.h>

#include "base/hash.h"

enum { HEADER_VERSION = 1, HEADER_SCANS_MAX = 1024, HEADER_PARTITIONS_MAX = 1 << 20 };

static void append_i64(StrBuf *out, int64_t value) {
    strbuf_append(out, &value, sizeof(value));
}

static void append_scan(const HeaderScan *scan, StrBuf *out) {
    append_i64(out, scan->partition_count);
    append_i64(out, scan->late_below);
    append_i64(out, scan->close_below);
    for (int i = 0; i < scan->partition_count; i++) {
        const HeaderPartition *partition = &scan->partitions[i];

        append_i64(out, partition->from);
        append_i64(out, partition->to);
        append_i64(out, partition->max_event_time_us);
        append_i64(out, partition->watermark_us);
        append_i64(out, partition->is_idle);
    }
}

/* Version, then int64 words, little-endian, then XXH3 of all before it. */
void header_append(const EpochHeader *header, StrBuf *out) {
    size_t begin = out->length;

    append_i64(out, HEADER_VERSION);
    append_i64(out, header->stream_id);
    strbuf_append(out, header->incarnation, INCARNATION_SIZE);
    append_i64(out, header->epoch);
    append_i64(out, (int64_t) header->plan_fingerprint);
    append_i64(out, header->wall_us);
    append_i64(out, (int64_t) header->seed);
    append_i64(out, header->rows_in);
    append_i64(out, header->rows_out);
    append_i64(out, header->late_rows);
    append_i64(out, header->late_windows);
    append_i64(out, header->bad_rows);
    append_i64(out, header->scan_count);
    for (int i = 0; i < header->scan_count; i++)
        append_scan(&header->scans[i], out);
    append_i64(out, (int64_t) hash_bytes(out->data + begin, out->length - begin));
}

typedef struct HeaderReader {
    const uint8_t *cursor;
    const uint8_t *end;
    bool is_damaged;
} HeaderReader;

static void read_bytes(HeaderReader *reader, void *value, size_t size_bytes) {
    if ((size_t) (reader->end - reader->cursor) < size_bytes) {
        reader->is_damaged = true;
        memset(value, 0, size_bytes);
        return;
    }
    memcpy(value, reader->cursor, size_bytes);
    reader->cursor += size_bytes;
}

static int64_t read_i64(HeaderReader *reader) {
    int64_t value;

    read_bytes(reader, &value, sizeof(value));
    return value;
}

static void read_scan(HeaderReader *reader, HeaderScan *scan, Arena *arena) {
    int64_t count = read_i64(reader);

    scan->late_below = read_i64(reader);
    scan->close_below = read_i64(reader);
    if (count < 0 || count > HEADER_PARTITIONS_MAX ||
        count * 40 > (int64_t) (reader->end - reader->cursor)) {
        reader->is_damaged = true;
        return;
    }
    scan->partition_count = (int) count;
    scan->partitions = arena_new_array(arena, HeaderPartition, (size_t) count);
    for (int i = 0; i < scan->partition_count; i++) {
        HeaderPartition *partition = &scan->partitions[i];

        partition->from = read_i64(reader);
        partition->to = read_i64(reader);
        partition->max_event_time_us = read_i64(reader);
        partition->watermark_us = read_i64(reader);
        partition->is_idle = read_i64(reader) != 0;
    }
}

static void read_fields(HeaderReader *reader, EpochHeader *header) {
    header->stream_id = read_i64(reader);
    read_bytes(reader, header->incarnation, INCARNATION_SIZE);
    header->epoch = read_i64(reader);
    header->plan_fingerprint = (uint64_t) read_i64(reader);
    header->wall_us = read_i64(reader);
    header->seed = (uint64_t) read_i64(reader);
    header->rows_in = read_i64(reader);
    header->rows_out = read_i64(reader);
    header->late_rows = read_i64(reader);
    header->late_windows = read_i64(reader);
    header->bad_rows = read_i64(reader);
}

Status header_parse(const uint8_t *bytes, size_t size_bytes, Arena *arena, EpochHeader **ret_header,
                    Error *err) {
    HeaderReader reader = {bytes, bytes + size_bytes, false};
    EpochHeader *header = arena_new(arena, EpochHeader);
    uint64_t checksum;
    int64_t scan_count;

    if (size_bytes < 16)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    memcpy(&checksum, bytes + size_bytes - 8, 8);
    reader.end -= 8;
    if (hash_bytes(bytes, size_bytes - 8) != checksum || read_i64(&reader) != HEADER_VERSION)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    read_fields(&reader, header);
    scan_count = read_i64(&reader);
    if (scan_count < 0 || scan_count > HEADER_SCANS_MAX)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    header->scan_count = (int) scan_count;
    header->scans = arena_new_array(arena, HeaderScan, (size_t) scan_count);
    for (int i = 0; i < header->scan_count && !reader.is_damaged; i++)
        read_scan(&reader, &header->scans[i], arena);
    if (reader.is_damaged || reader.cursor != reader.end)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    *ret_header = header;
    return STATUS_OK;
}

void header_append_offsets_json(const EpochHeader *header, const char *const *names, StrBuf *out) {
    strbuf_append_char(out, '{');
    for (int i = 0; i < header->scan_count; i++) {
        const HeaderScan *scan = &header->scans[i];
        Value name = value_text(SQL_TYPE(TEXT), names[i], strlen(names[i]));

        strbuf_append_text(out, i ? ", " : "");
        value_append_json(&name, &form_settings_default, out);
        strbuf_append_text(out, ": {");
        for (int j = 0; j < scan->partition_count; j++)
            strbuf_printf(out, "%s\"%d\": [%lld, %lld]", j ? ", " : "", j,
                          (long long) scan->partitions[j].from, (long long) scan->partitions[j].to);
        strbuf_append_char(out, '}');
    }
    strbuf_append_char(out, '}');
}
