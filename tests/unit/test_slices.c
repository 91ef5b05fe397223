/* Windows of slices: the rows that come out, and what is late, are those of the hopping windows;
 * through restarts, aborts, jumps of the watermark, rows in old slices, and from any number of
 * workers. Times are in µs. */
#include <stdlib.h>

#include "base/hash.h"
#include "exec/slices.h"
#include "tests/unit/exec_support.h"

enum { ROWS_MAX = 24000, EPOCHS = 30 };

/* -------- arithmetic -------- */

static bool is_held(const SliceGrid *grid, int64_t start, int64_t time) {
    return time >= start && time < start + grid->size_us;
}

/* Everything by counting windows one by one. */
static void check_time(const SliceGrid *grid, int64_t time) {
    int64_t slice = slice_start(grid, time);
    int64_t last = slice_last_start(grid, time);
    int64_t count = 0;

    assert_true(slice <= time);
    assert_true(slice >= last);
    assert_int_equal(slice_last_end(grid, slice), last + grid->size_us);
    for (int64_t start = last - 2 * grid->size_us; start <= last + grid->size_us; start++) {
        if ((start - grid->origin_us) % grid->slide_us != 0)
            continue;
        count += is_held(grid, start, time);
        assert_int_equal(is_held(grid, start, time), is_held(grid, start, slice));
        if (is_held(grid, start, time))
            assert_int_equal(slice_closed_count(grid, slice, start + grid->size_us), count);
    }
    assert_int_equal(slice_window_count(grid, slice), count);
    assert_int_equal(slice_closed_count(grid, slice, INT64_MIN), 0);
    assert_int_equal(slice_closed_count(grid, slice, INT64_MAX), count);
}

static void a_slice_lies_in_the_windows_of_its_rows(void **state) {
    for (int64_t size = 1; size < 14; size++)
        for (int64_t slide = 1; slide <= size; slide++)
            for (int64_t time = -30; time < 30; time++)
                check_time(&(SliceGrid) {size, slide, time % 5}, time);
}

/* -------- against hopping windows -------- */

typedef struct Case {
    int64_t size;
    int64_t slide;
    EmitMode emit;
    int key_count; /* 1: window_start; 2: and k; 3: and window_end */
    int workers;
    uint64_t seed;
} Case;

typedef struct Stream {
    Fixture fixture;
    const Plan *plan;
    StrBuf changelogs[EPOCHS];
    int epochs;
    int64_t late_rows;
    int64_t late_windows;
} Stream;

static void open_stream(Stream *stream, const Case *c, bool has_slices, const TestRow *rows) {
    Fixture *fixture = &stream->fixture;
    const Plan *window;

    memset(stream, 0, sizeof(*stream));
    fixture_init(fixture, has_slices ? c->workers : 1);
    fixture->source = (TestSource) {rows, ROWS_MAX};
    window = has_slices ? make_slices(fixture, make_scan(fixture), c->size, c->slide)
                        : make_hop(fixture, make_scan(fixture), c->size, c->slide);
    stream->plan =
        make_aggregate(fixture, window,
                       (AggregateShape) {.emit = c->emit,
                                         .is_two_phase = true,
                                         .key_count = c->key_count,
                                         .keys = {column_id(window, "window_start"), COLUMN_K,
                                                  column_id(window, "window_end")}});
    fixture_open(fixture, stream->plan);
}

static void close_stream(Stream *stream) {
    for (int i = 0; i < stream->epochs; i++)
        strbuf_done(&stream->changelogs[i]);
    fixture_done(&stream->fixture);
}

static void count_late(Stream *stream) {
    const Operator *op;

    stream->late_rows = stream->late_windows = 0;
    for (int i = 0; (op = dataflow_operator_at(stream->fixture.dataflow, i, NULL)); i++) {
        stream->late_rows += op->metrics.late_rows;
        stream->late_windows += op->metrics.late_windows;
    }
}

static int compare_lines(const void *left, const void *right) {
    return strcmp(*(char *const *) left, *(char *const *) right);
}

/* The lines of the text, sorted: the two plans spread keys over the partitions in their own way. */
static char *sorted_lines(const StrBuf *text) {
    char *copy = memory_strdup(strbuf_text(text));
    char **lines = memory_zalloc((text->length + 1) * sizeof(char *));
    StrBuf sorted = {0};
    size_t count = 0;

    for (char *line = copy, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        lines[count++] = line;
    }
    qsort(lines, count, sizeof(char *), compare_lines);
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&sorted, "%s\n", lines[i]);
    memory_free(lines);
    memory_free(copy);
    copy = memory_strdup(strbuf_text(&sorted));
    strbuf_done(&sorted);
    return copy;
}

static void compare_outputs(const Case *c, int epoch, const Stream *hop, const Stream *slices) {
    char *expected = sorted_lines(&hop->fixture.output);
    char *got = sorted_lines(&slices->fixture.output);

    if (strcmp(expected, got) != 0)
        fail_msg("size %d slide %d emit %d keys %d workers %d seed %d epoch %d:\n%.2000s--- "
                 "expected\n%.2000s",
                 (int) c->size, (int) c->slide, c->emit, c->key_count, c->workers, (int) c->seed,
                 epoch, got, expected);
    assert_int_equal(hop->late_rows, slices->late_rows);
    assert_int_equal(hop->late_windows, slices->late_windows);
    memory_free(expected);
    memory_free(got);
}

/* The epoch, now and then aborted before, now and then after a kill. */
static void run(Stream *stream, int64_t from, int64_t to, uint64_t dice, bool is_disturbed) {
    Fixture *fixture = &stream->fixture;

    if (is_disturbed && dice % 7 == 0)
        fixture_recover(fixture, stream->plan, stream->changelogs, stream->epochs);
    if (is_disturbed && dice % 5 == 0)
        run_epoch_aborted(fixture, from, to);
    run_epoch_logged(fixture, from, to, &stream->changelogs[stream->epochs]);
    stream->epochs++;
}

static TestRow *make_rows(uint64_t seed) {
    TestRow *rows = memory_zalloc(ROWS_MAX * sizeof(TestRow));

    for (int64_t i = 0; i < ROWS_MAX; i++) {
        uint64_t dice = hash_u64(hash_combine(seed, (uint64_t) i));
        bool is_old = dice % 8 == 0;
        int64_t first_key = seed % 4 == 1 ? i / 50 : 0; /* keys that come and go */

        rows[i] =
            (TestRow) {.k = dice % 11 == 0 ? KEY_NULL : first_key + (int64_t) (dice >> 8) % 20,
                       .ts_us = i / 120 - 100 - (is_old ? (int64_t) (dice >> 20) % 40 : 0),
                       .v = (int64_t) (dice >> 30) % 100};
    }
    return rows;
}

static void run_case(const Case *c, bool is_disturbed) {
    TestRow *rows = make_rows(c->seed);
    Stream hop, slices;
    int64_t from = 0;

    open_stream(&hop, c, false, rows);
    open_stream(&slices, c, true, rows);
    for (int epoch = 0; epoch < EPOCHS && from < ROWS_MAX; epoch++) {
        uint64_t dice = hash_u64(hash_combine(c->seed + 1, (uint64_t) epoch));
        int64_t step = dice % 9 == 0 ? 11000 : (int64_t) (dice >> 40) % 500;
        int64_t to = from + step < ROWS_MAX ? from + step : ROWS_MAX;

        run(&hop, from, to, dice >> 8, false);
        run(&slices, from, to, dice >> 8, is_disturbed);
        if (!is_disturbed) { /* aborted epochs and instances that are gone count too */
            count_late(&hop);
            count_late(&slices);
        }
        compare_outputs(c, epoch, &hop, &slices);
        from = to;
        hop.fixture.late_below = slices.fixture.late_below = hop.fixture.close_below;
        if (dice % 3 && from > 0)
            hop.fixture.close_below = slices.fixture.close_below =
                rows[from - 1].ts_us - 10 > hop.fixture.close_below ? rows[from - 1].ts_us - 10
                                                                    : hop.fixture.close_below;
    }
    assert_true(slices.epochs > 3);
    close_stream(&hop);
    close_stream(&slices);
    memory_free(rows);
}

static void run_cases(bool is_disturbed) {
    static const int64_t shapes[][2] = {{10, 5}, {10, 3}, {7, 2}, {30, 1}, {10, 9}, {3, 2}, {4, 1}};
    static const EmitMode modes[] = {EMIT_ON_CLOSE, EMIT_CHANGES, EMIT_ALL};
    uint64_t seed = is_disturbed ? 100 : 0;

    for (size_t s = 0; s < ARRAY_LENGTH(shapes); s++)
        for (size_t m = 0; m < ARRAY_LENGTH(modes); m++)
            run_case(&(Case) {.size = shapes[s][0],
                              .slide = shapes[s][1],
                              .emit = modes[m],
                              .key_count = 1 + (int) (seed % 3),
                              .workers = seed % 2 ? 3 : 1,
                              .seed = seed},
                     is_disturbed),
                seed++;
}

static void windows_of_slices_are_hopping_windows(void **state) {
    run_cases(false);
}

static void they_are_so_after_kills_and_aborts(void **state) {
    run_cases(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_lies_in_the_windows_of_its_rows),
        cmocka_unit_test(windows_of_slices_are_hopping_windows),
        cmocka_unit_test(they_are_so_after_kills_and_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
