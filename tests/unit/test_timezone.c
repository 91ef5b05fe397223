/* Time zones: names, rules, gaps and overlaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "types/datetime.h"
#include "types/timezone.h"

static const TimeZone *find(const char *name) {
    const TimeZone *zone = NULL;
    Error err;

    assert_int_equal(timezone_find_name(name, &zone, &err), STATUS_OK);
    return zone;
}

static int64_t at(int32_t year, int32_t month, int32_t day, int32_t hour) {
    CivilTime civil = {year, month, day, hour, 0, 0, 0};
    int64_t micros = 0;

    assert_true(timestamp_from_civil(&civil, &micros));
    return micros;
}

static void offsets_follow_the_database_and_then_its_rule(void **state) {
    const TimeZone *berlin = find("Europe/Berlin");
    const char *abbreviation;

    assert_int_equal(timezone_offset_at(berlin, at(2024, 1, 1, 0), &abbreviation), 3600);
    assert_string_equal(abbreviation, "CET");
    assert_int_equal(timezone_offset_at(berlin, at(2024, 7, 1, 0), &abbreviation), 7200);
    assert_string_equal(abbreviation, "CEST");
    assert_int_equal(timezone_offset_at(berlin, at(2500, 7, 1, 0), NULL), 7200);
    assert_int_equal(timezone_offset_at(berlin, at(2500, 1, 1, 0), NULL), 3600);
    assert_int_equal(timezone_offset_at(berlin, at(1800, 1, 1, 0), NULL), 3208); /* local mean */
}

static void gaps_take_the_offset_before_and_overlaps_the_one_after(void **state) {
    const TimeZone *york = find("America/New_York");

    assert_int_equal(timezone_local_to_utc(york, at(2024, 3, 10, 2)), at(2024, 3, 10, 7));
    assert_int_equal(timezone_local_to_utc(york, at(2024, 11, 3, 1)), at(2024, 11, 3, 6));
}

static void names_match_in_any_case_and_are_spelled_as_in_the_database(void **state) {
    assert_string_equal(timezone_name(find("eUROPE/bERLIN")), "Europe/Berlin");
    assert_string_equal(timezone_name(find("utc")), "UTC");
    assert_ptr_equal(find("Asia/Tokyo"), find("Asia/Tokyo"));
}

static void posix_names_count_west(void **state) {
    assert_int_equal(timezone_offset_at(find("<+05>-5"), 0, NULL), 5 * 3600);
    assert_int_equal(timezone_offset_at(find("+05:30"), 0, NULL), -(5 * 3600 + 1800));
    assert_int_equal(timezone_offset_at(find("ABC3DEF"), at(2024, 7, 1, 0), NULL), -2 * 3600);
    assert_string_equal(timezone_name(timezone_fixed(-19800)), "<-05:30>+05:30");
}

static void settings_may_be_hours_east(void **state) {
    const TimeZone *zone;
    Error err;

    assert_int_equal(timezone_find_setting("+5", &zone, &err), STATUS_OK);
    assert_string_equal(timezone_name(zone), "<+05>-05");
    assert_int_equal(timezone_offset_at(zone, 0, NULL), 5 * 3600);
    assert_int_equal(timezone_find_setting("-7.5", &zone, &err), STATUS_OK);
    assert_string_equal(timezone_name(zone), "<-07:30>+07:30");
    assert_int_equal(timezone_find_setting("1e9", &zone, &err), STATUS_ERROR);
    assert_int_equal(timezone_find_setting("cet", &zone, &err), STATUS_OK);
    assert_int_equal(timezone_offset_at(zone, at(2024, 7, 1, 0), NULL), 2 * 3600);
}

static void hostile_names_are_refused(void **state) {
    const char *const names[] = {"../etc/passwd",
                                 "/etc/passwd",
                                 "Europe/../../etc/passwd",
                                 "",
                                 "Europe/",
                                 "Europe//Rome",
                                 "No/Where",
                                 "."};
    const TimeZone *zone;
    Error err;

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_int_equal(timezone_find_name(names[i], &zone, &err), STATUS_ERROR);
        assert_int_equal(err.sqlstate, SQLSTATE_INVALID_PARAMETER);
    }
}

static void abbreviations_are_fixed_or_depend_on_the_date(void **state) {
    ZoneAbbreviation abbreviation;

    assert_true(timezone_find_abbreviation("pdt", &abbreviation));
    assert_int_equal(abbreviation.offset, -7 * 3600);
    assert_true(abbreviation.is_dst);
    assert_null(abbreviation.zone);
    assert_true(timezone_find_abbreviation("msk", &abbreviation));
    assert_string_equal(timezone_name(abbreviation.zone), "Europe/Moscow");
    assert_false(timezone_find_abbreviation("nope", &abbreviation));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_the_database_and_then_its_rule),
        cmocka_unit_test(gaps_take_the_offset_before_and_overlaps_the_one_after),
        cmocka_unit_test(names_match_in_any_case_and_are_spelled_as_in_the_database),
        cmocka_unit_test(posix_names_count_west),
        cmocka_unit_test(settings_may_be_hours_east),
        cmocka_unit_test(hostile_names_are_refused),
        cmocka_unit_test(abbreviations_are_fixed_or_depend_on_the_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
