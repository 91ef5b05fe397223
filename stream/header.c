#include "stream/header.h"

#include <string.h>

#include "base/codec.h"

enum {
    HEADER_VERSION = 2,
    HEADER_VERSION_APART = 1, /* without the joint watermarks */
    HEADER_SCANS_MAX = 1024,
    HEADER_PARTITIONS_MAX = 1 << 20,
    PARTITION_BYTES = 40
};

static void append_scan(const HeaderScan *scan, StrBuf *out) {
    codec_append_i64(out, scan->partition_count);
    codec_append_i64(out, scan->late_below);
    codec_append_i64(out, scan->close_below);
    codec_append_i64(out, scan->joint_late_below);
    codec_append_i64(out, scan->joint_close_below);
    for (int i = 0; i < scan->partition_count; i++) {
        const HeaderPartition *partition = &scan->partitions[i];

        codec_append_i64(out, partition->from);
        codec_append_i64(out, partition->to);
        codec_append_i64(out, partition->max_event_time_us);
        codec_append_i64(out, partition->watermark_us);
        codec_append_i64(out, partition->is_idle);
    }
}

/* Version, then int64 words, little-endian, then XXH3 of all before it. */
void header_append(const EpochHeader *header, StrBuf *out) {
    size_t begin = out->length;

    codec_append_i64(out, HEADER_VERSION);
    codec_append_i64(out, header->stream_id);
    strbuf_append(out, header->incarnation, INCARNATION_SIZE);
    codec_append_i64(out, header->epoch);
    codec_append_i64(out, (int64_t) header->plan_fingerprint);
    codec_append_i64(out, header->wall_us);
    codec_append_i64(out, (int64_t) header->seed);
    codec_append_i64(out, header->rows_in);
    codec_append_i64(out, header->rows_out);
    codec_append_i64(out, header->late_rows);
    codec_append_i64(out, header->late_windows);
    codec_append_i64(out, header->bad_rows);
    codec_append_i64(out, header->scan_count);
    for (int i = 0; i < header->scan_count; i++)
        append_scan(&header->scans[i], out);
    codec_seal(out, begin);
}

static void read_scan(CodecReader *reader, HeaderScan *scan, int64_t version, Arena *arena) {
    int64_t count = codec_read_i64(reader);

    scan->late_below = codec_read_i64(reader);
    scan->close_below = codec_read_i64(reader);
    scan->joint_late_below = scan->late_below;
    scan->joint_close_below = scan->close_below;
    if (version != HEADER_VERSION_APART) {
        scan->joint_late_below = codec_read_i64(reader);
        scan->joint_close_below = codec_read_i64(reader);
    }
    if (count < 0 || count > HEADER_PARTITIONS_MAX ||
        (size_t) count > codec_bytes_left(reader) / PARTITION_BYTES) {
        codec_damage(reader);
        return;
    }
    scan->partition_count = (int) count;
    scan->partitions = arena_new_array(arena, HeaderPartition, (size_t) count);
    for (int i = 0; i < scan->partition_count; i++) {
        HeaderPartition *partition = &scan->partitions[i];

        partition->from = codec_read_i64(reader);
        partition->to = codec_read_i64(reader);
        partition->max_event_time_us = codec_read_i64(reader);
        partition->watermark_us = codec_read_i64(reader);
        partition->is_idle = codec_read_i64(reader) != 0;
    }
}

static void read_fields(CodecReader *reader, EpochHeader *header) {
    header->stream_id = codec_read_i64(reader);
    codec_read_into(reader, header->incarnation, INCARNATION_SIZE);
    header->epoch = codec_read_i64(reader);
    header->plan_fingerprint = (uint64_t) codec_read_i64(reader);
    header->wall_us = codec_read_i64(reader);
    header->seed = (uint64_t) codec_read_i64(reader);
    header->rows_in = codec_read_i64(reader);
    header->rows_out = codec_read_i64(reader);
    header->late_rows = codec_read_i64(reader);
    header->late_windows = codec_read_i64(reader);
    header->bad_rows = codec_read_i64(reader);
}

Status header_parse(const uint8_t *bytes, size_t size_bytes, Arena *arena, EpochHeader **ret_header,
                    Error *err) {
    CodecReader reader;
    EpochHeader *header = arena_new(arena, EpochHeader);
    int64_t scan_count;
    int64_t version = 0;

    if (codec_open_sealed(bytes, size_bytes, &reader))
        version = codec_read_i64(&reader);
    if (version != HEADER_VERSION && version != HEADER_VERSION_APART)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    read_fields(&reader, header);
    scan_count = codec_read_i64(&reader);
    if (scan_count < 0 || scan_count > HEADER_SCANS_MAX)
        return error_set(err, DATA_CORRUPTED, "epoch header is damaged");
    header->scan_count = (int) scan_count;
    header->scans = arena_new_array(arena, HeaderScan, (size_t) scan_count);
    for (int i = 0; i < header->scan_count && !reader.is_damaged; i++)
        read_scan(&reader, &header->scans[i], version, arena);
    if (!codec_is_read_whole(&reader))
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
