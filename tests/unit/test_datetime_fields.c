/* Spark's and Flink's names of date and time functions. */
#include "tests/unit/datetime_support.h"

#define FORMAT "date_format(timestamp,text)"
#define NOON "2024-05-07 13:04:09.678901"

static void fields_are_integers(void **state) {
    static const FunctionCase cases[] = {
        {NULL, "year(timestamp)", NOON, "2024"},
        {NULL, "quarter(timestamp)", NOON, "2"},
        {NULL, "month(timestamp)", NOON, "5"},
        {NULL, "weekofyear(timestamp)", NOON, "19"},
        {NULL, "dayofmonth(timestamp)", NOON, "7"},
        {NULL, "dayofyear(timestamp)", NOON, "128"},
        {NULL, "dayofweek(timestamp)", NOON, "3"}, /* a Tuesday */
        {NULL, "hour(timestamp)", NOON, "13"},
        {NULL, "minute(timestamp)", NOON, "4"},
        {NULL, "second(timestamp)", NOON, "9"},
        {NEW_YORK, "hour(timestamptz)", "2024-05-07 13:04:09+00", "9"},
        {NULL, "hour(timestamp)", "infinity", "NULL"},
        {NULL, "unix_timestamp(timestamptz)", "1969-12-31 23:59:59.5+00", "-1"},
    };

    check_cases(cases, ARRAY_LENGTH(cases));
}

static void date_format_takes_java_patterns(void **state) {
    static const FunctionCase cases[] = {
        {NULL, FORMAT, NOON "|yyyy-MM-dd", "2024-05-07"},
        {NULL, FORMAT, NOON "|HH:mm:ss.SSS", "13:04:09.678"},
        {NULL, FORMAT, NOON "|yy M d h a", "24 5 7 1 PM"},
        {NULL, FORMAT, NOON "|EEE, d MMM yyyy", "Tue, 7 May 2024"},
        {NULL, FORMAT, NOON "|EEEE MMMM", "Tuesday May"},
        {NULL, FORMAT, NOON "|yyyy-MM-dd'T'HH:mm", "2024-05-07T13:04"},
        {NULL, FORMAT, NOON "|h 'o''clock' ''", "1 o'clock '"},
        {NULL, FORMAT, NOON "|DDD Q SSSSSSSSS", "128 2 678901000"},
        {NULL, FORMAT, "2024-01-01 00:30:00|k K h H", "24 0 12 0"},
        {NEW_YORK, "date_format(timestamptz,text)", "2024-05-07 13:04:09+00|HH XXX xx Z z VV",
         "09 -04:00 -0400 -0400 EDT America/New_York"},
        {NULL, "date_format(timestamptz,text)", "2024-05-07 13:04:09+00|XXX xxx", "Z +00:00"},
        {NULL, FORMAT, "infinity|yyyy", "NULL"},
        {NULL, FORMAT, NOON "|foo", "22023: pattern letter \"f\" not recognized"},
    };

    check_cases(cases, ARRAY_LENGTH(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_integers),
        cmocka_unit_test(date_format_takes_java_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
