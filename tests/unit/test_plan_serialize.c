/* Plans as bytes: they come back the same, or not at all. */
#include "base/hash.h"
#include "tests/unit/optimizer_support.h"

static const char *const statements[] = {
    "SELECT 1, 'a', NULL::int, 1.50, now(), ARRAY[1, 2], '{\"a\": 1}'::jsonb, interval '1 day'",
    "SELECT k, v + 1, upper(k), v::text, CASE WHEN v > 1 THEN 'a' ELSE k END FROM events "
    "WHERE v IN (1, 2, NULL) AND k LIKE 'a%' OR NOT w BETWEEN 1 AND 2",
    "SELECT k, count(*), sum(v) FILTER (WHERE v > 0), count(DISTINCT w), avg(v), string_agg(k, "
    "',') "
    "FROM events GROUP BY k HAVING count(*) > 1 ORDER BY 2 DESC, k NULLS FIRST LIMIT 5 OFFSET 2",
    "SELECT k, v, count(*), grouping(k, v) FROM events GROUP BY ROLLUP (k, v)",
    "SELECT DISTINCT k FROM events UNION ALL SELECT name FROM users",
    "SELECT e.v, u.name FROM events e LEFT JOIN users u ON e.k = u.k AND e.v > u.age",
    "SELECT * FROM events WHERE k IN (SELECT k FROM users) AND v = (SELECT max(age) FROM users)",
    "SELECT i FROM generate_series(1, 3) i",
    "SELECT * FROM (VALUES (1, 'a'), (2, NULL)) t(x, y)",
    "SELECT window_start, count(*) FROM HOP(events, ts, '5 seconds', '10 seconds') "
    "GROUP BY window_start, window_end",
    "CREATE STREAM q INTO o AS SELECT k FROM events WHERE v > 1",
    "CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT k, count(*) AS n, sum(v) AS s FROM events "
    "GROUP BY k",
    "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_start, max(v) AS n FROM "
    "TUMBLE(events, ts, '10 seconds') GROUP BY window_start, window_end",
};

static const Plan *read_back(Fixture *fixture, const StrBuf *bytes) {
    const Plan *plan = NULL;

    if (plan_deserialize((const uint8_t *) bytes->data, bytes->length, fixture->cx.catalog,
                         fixture->arena, &plan, &fixture->err) != STATUS_OK)
        return NULL;
    return plan;
}

static void a_plan_comes_back_as_it_went(void **state) {
    Fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
        const Plan *plan = physical_plan(fixture, statements[i]);
        StrBuf bytes = {0}, again = {0};
        const Plan *back;

        plan_serialize(plan, &bytes);
        back = read_back(fixture, &bytes);
        if (!back) {
            fail_msg("%s\n  %s", statements[i], fixture->err.message);
            return;
        }
        plan_serialize(back, &again);
        assert_int_equal(bytes.length, again.length);
        assert_memory_equal(bytes.data, again.data, bytes.length);
        assert_true(plan_fingerprint(plan) == plan_fingerprint(back));
        assert_int_equal(plan->is_append_only, back->is_append_only);
        strbuf_done(&bytes);
        strbuf_done(&again);
    }
}

static uint64_t fingerprint_of(Fixture *fixture, const char *sql) {
    return plan_fingerprint(physical_plan(fixture, sql));
}

static void a_fingerprint_knows_no_names_and_no_places(void **state) {
    uint64_t plain = fingerprint_of(*state, "SELECT k, sum(v) AS s FROM events GROUP BY k");

    assert_true(plain ==
                fingerprint_of(*state, "SELECT a.k AS x, sum(v) AS y FROM events a GROUP BY a.k"));
    assert_true(plain == fingerprint_of(*state,
                                        "SELECT k, s FROM (SELECT k, sum(v) AS s, count(*) FROM "
                                        "events GROUP BY k) t"));
}

static void a_fingerprint_tells_meanings_apart(void **state) {
    static const char *const different[] = {
        "SELECT k, sum(v) FROM events GROUP BY k",
        "SELECT k, sum(w) FROM events GROUP BY k",
        "SELECT k, max(v) FROM events GROUP BY k",
        "SELECT k, sum(v) FROM events WHERE v > 1 GROUP BY k",
        "SELECT k, sum(v) FROM events WHERE v > 2 GROUP BY k",
        "SELECT k, sum(age) FROM users GROUP BY k",
        "SELECT v, sum(w) FROM events GROUP BY v",
        "SELECT name, sum(age) FROM users GROUP BY name",
    };
    uint64_t prints[ARRAY_LENGTH(different)];

    for (size_t i = 0; i < ARRAY_LENGTH(different); i++) {
        prints[i] = fingerprint_of(*state, different[i]);
        for (size_t j = 0; j < i; j++)
            assert_true(prints[i] != prints[j]);
    }
}

/* The sum is made right again, so that the bytes behind it are looked at. */
static void seal(StrBuf *bytes) {
    uint64_t sum = hash_bytes(bytes->data, bytes->length - sizeof(sum));

    memcpy(bytes->data + bytes->length - sizeof(sum), &sum, sizeof(sum));
}

static void damaged_bytes_are_refused_or_are_a_plan(void **state) {
    Fixture *fixture = *state;
    uint64_t draw = 1;

    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
        StrBuf whole = {0};

        plan_serialize(physical_plan(fixture, statements[i]), &whole);
        for (int round = 0; round < 300; round++) {
            CLEANUP(arena_destroyp) Arena *arena = arena_create("damage", 0);
            StrBuf bytes = {0};
            const Plan *plan = NULL;

            strbuf_append(&bytes, whole.data, whole.length);
            draw = hash_u64(draw + (uint64_t) round);
            bytes.data[8 + draw % (bytes.length - 16)] ^= (char) (1 << (draw >> 32) % 8);
            seal(&bytes);
            if (plan_deserialize((const uint8_t *) bytes.data, bytes.length, fixture->cx.catalog,
                                 arena, &plan, &fixture->err) == STATUS_OK)
                assert_true(plan_fingerprint(plan) != 0);
            strbuf_done(&bytes);
        }
        strbuf_done(&whole);
    }
}

static void a_cut_plan_and_a_wrong_sum_are_refused(void **state) {
    Fixture *fixture = *state;
    StrBuf bytes = {0};
    size_t whole;

    plan_serialize(physical_plan(fixture, statements[1]), &bytes);
    whole = bytes.length;
    for (bytes.length = 0; bytes.length < whole; bytes.length++)
        assert_null(read_back(fixture, &bytes));
    bytes.length = whole;
    bytes.data[20] ^= 1;
    assert_null(read_back(fixture, &bytes));
    assert_string_equal(fixture->err.message, "the stored plan is damaged: wrong checksum");
    assert_string_equal(sqlstate_code(fixture->err.sqlstate), "XX001");
    strbuf_done(&bytes);
}

static void another_version_is_refused(void **state) {
    Fixture *fixture = *state;
    StrBuf bytes = {0};

    plan_serialize(physical_plan(fixture, statements[0]), &bytes);
    bytes.data[4] = 9;
    seal(&bytes);
    assert_null(read_back(fixture, &bytes));
    assert_string_equal(fixture->err.message, "a stored plan of version 9 is not supported");
    assert_string_equal(sqlstate_code(fixture->err.sqlstate), "0A000");
    strbuf_done(&bytes);
}

static void every_function_is_found_by_its_signature(void **state) {
    (void) state;
    for (uint32_t i = 0; function_at(i); i++) {
        const Function *function = function_at(i);

        if (function_find(function->name, function->arguments, function->argument_count) !=
            function)
            fail_msg("two functions %s with %d arguments of the same types", function->name,
                     function->argument_count);
    }
    for (uint32_t i = 0; aggregate_at(i); i++) {
        const Aggregate *aggregate = aggregate_at(i);

        if (aggregate_find(aggregate->name, aggregate->arguments, aggregate->argument_count) !=
            aggregate)
            fail_msg("two aggregates %s of the same types", aggregate->name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_comes_back_as_it_went, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fingerprint_knows_no_names_and_no_places, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_fingerprint_tells_meanings_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused_or_are_a_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_plan_and_a_wrong_sum_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_version_is_refused, setup, teardown),
        cmocka_unit_test(every_function_is_found_by_its_signature),
    };

    return cmocka_run_group_tests_name("plan_serialize", tests, NULL, NULL);
}
