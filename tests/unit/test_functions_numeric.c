/* Numeric operators and functions, and numeric casts: answers by PostgreSQL 15, inputs drawn at
 * random. */
#include "tests/unit/expr_support.h"

static const CallCase answers[] = {
    {"*", {"numeric:5.393578", "numeric:77183.962"}, "416297.719396036"},
    {"round", {"numeric:10", "int4:-6"}, "0"},
    {"+", {"numeric:0.0001", "numeric:-0.5"}, "-0.4999"},
    {"trunc", {"numeric:Infinity", "int4:6"}, "Infinity"},
    {"+", {"numeric:271.0", "numeric:-0.003411931685449"}, "270.996588068314551"},
    {"round", {"numeric:0.00500000000", "int4:12"}, "0.005000000000"},
    {"trunc", {"numeric:511210.6149297419683518", "int4:5"}, "511210.61492"},
    {"sqrt", {"numeric:-34"}, "!2201F cannot take square root of a negative number"},
    {"round", {"numeric:-595388", "int4:11"}, "-595388.00000000000"},
    {"sqrt", {"numeric:-50064465943.670"}, "!2201F cannot take square root of a negative number"},
    {"trunc", {"numeric:-5", "int4:2"}, "-5.00"},
    {"trunc", {"numeric:23.56", "int4:3"}, "23.560"},
    {"div", {"numeric:792", "numeric:-0.089092695964023"}, "-8889"},
    {"/", {"numeric:20121.866449790043786", "numeric:-3495.488644865656"}, "-5.7565246219140267"},
    {"round", {"numeric:30000.000000000000000000", "int4:10"}, "30000.0000000000"},
    {"/", {"numeric:-128695452952100", "numeric:6502993399309"}, "-19.7901866186385825"},
    {"-", {"numeric:-0.000041984172", "numeric:53315.9198663878"}, "-53315.919908371972"},
    {"+", {"numeric:-841612341617947587", "numeric:4242875058985714"}, "-837369466558961873"},
    {"ceil", {"numeric:-800000000000000.00000"}, "-800000000000000"},
    {"%", {"numeric:-7820.2793025353", "numeric:832796"}, "-7820.2793025353"},
    {"/", {"numeric:966825337966037644.6443", "numeric:959720.75288074"}, "1007402762797.37851843"},
    {"+", {"numeric:-2699599815430", "numeric:6528861950189.0601"}, "3829262134759.0601"},
    {"-", {"numeric:0.0150", "numeric:-457604958400313"}, "457604958400313.0150"},
    {"%", {"numeric:-34903455784823493416191", "numeric:9999"}, "-247"},
    {"+", {"numeric:-1000000000000000000.00", "numeric:-0.01000"}, "-1000000000000000000.01000"},
    {"+", {"numeric:-991024767563659595", "numeric:-6.9084501"}, "-991024767563659601.9084501"},
    {"floor", {"numeric:-7000.0000000000000"}, "-7000"},
    {"div", {"numeric:-8745976361.51537", "numeric:5.2"}, "-1681918531"},
    {"+", {"numeric:15.5708062537043341", "numeric:0.162840"}, "15.7336462537043341"},
    {"floor", {"numeric:-731550105466617701361"}, "-731550105466617701361"},
    {"*", {"numeric:-0.00003", "numeric:15.5"}, "-0.000465"},
    {"*", {"numeric:100", "numeric:-0.006000"}, "-0.600000"},
    {"floor", {"numeric:2000000000.00000000000000"}, "2000000000"},
    {"/", {"numeric:4.2551262", "numeric:24"}, "0.17729692500000000000"},
    {"round", {"numeric:60000000000000000000.00", "int4:-5"}, "60000000000000000000"},
    {"floor", {"numeric:-6227601"}, "-6227601"},
    {"round", {"numeric:-0.049", "int4:9"}, "-0.049000000"},
    {"ceil", {"numeric:0.0095715"}, "1"},
    {"div", {"numeric:0.0986634173897915", "numeric:-4115642559734831.4383"}, "0"},
    {"*", {"numeric:-41410028658323945", "numeric:70327439"}, "-2912261264456529084226855"},
    {"trunc", {"numeric:-661.785652257854", "int4:9"}, "-661.785652257"},
    {"round", {"numeric:-5303229951", "int4:-5"}, "-5303200000"},
    {"/", {"numeric:-8568834.5", "numeric:-Infinity"}, "0"},
    {"trunc", {"numeric:70000000000000.0000000000", "int4:-4"}, "70000000000000"},
    {"%", {"numeric:-303", "numeric:400000000000.0000000000"}, "-303.0000000000"},
    {"round", {"numeric:-99", "int4:4"}, "-99.0000"},
    {"trunc", {"numeric:-577608.693", "int4:4"}, "-577608.6930"},
    {"-",
     {"numeric:-77193406705.360714557", "numeric:-1000000000000000000.00000"},
     "999999922806593294.639285443"},
    {"div", {"numeric:-16454888240", "numeric:0.0033464028"}, "-4917186968645"},
    {"trunc", {"numeric:5.2063", "int4:-3"}, "0"},
    {"%", {"numeric:-0.05", "numeric:0.0085472175092773"}, "-0.0072639124536135"},
    {"floor", {"numeric:2"}, "2"},
    {"+", {"numeric:649163606", "numeric:-76"}, "649163530"},
    {"ceil", {"numeric:609"}, "609"},
    {"*", {"numeric:10000", "numeric:-0.0050000000"}, "-50.0000000000"},
    {"div", {"numeric:-3125361.11078280", "numeric:0.000632"}, "-4945191630"},
    {"div", {"numeric:835.26449081", "numeric:0.000080896"}, "10325164"},
    {"sqrt", {"numeric:0.0049"}, "0.07000000000000000"},
    {"-", {"numeric:-312867259033", "numeric:0.0006"}, "-312867259033.0006"},
    {"+",
     {"numeric:-0.782252047046", "numeric:-90000000000.0000000000"},
     "-90000000000.782252047046"},
    {"-", {"numeric:-5000.0", "numeric:-94153999190499100555596"}, "94153999190499100550596.0"},
    {"floor", {"numeric:-19982146.22209249815374"}, "-19982147"},
    {"trunc", {"numeric:-95100895163836344877", "int4:1"}, "-95100895163836344877.0"},
    {"/",
     {"numeric:-4.6009341902", "numeric:967635352.83353792"},
     "-0.0000000047548223374921457798"},
    {"round", {"numeric:8000.00000000", "int4:-2"}, "8000"},
    {"div", {"numeric:-3026958", "numeric:9999"}, "-302"},
    {"sqrt", {"numeric:7345714"}, "2710.2977696186816"},
    {"-",
     {"numeric:26831124.97588005488", "numeric:80493182.16305617292"},
     "-53662057.18717611804"},
    {"div", {"numeric:NaN", "numeric:-418329"}, "NaN"},
    {"*",
     {"numeric:-296026648417815319", "numeric:89854265.5562839"},
     "-26599257078671066880276670.1330641"},
    {"sqrt", {"numeric:-1729579.416"}, "!2201F cannot take square root of a negative number"},
    {"+", {"numeric:-2.320", "numeric:-600000000.00"}, "-600000002.320"},
    {"*", {"numeric:0.00067", "numeric:-3.000000"}, "-0.00201000000"},
    {"-", {"numeric:-1.00000", "numeric:-9713125293232989059492"}, "9713125293232989059491.00000"},
    {"sqrt", {"numeric:-905013895.7"}, "!2201F cannot take square root of a negative number"},
    {"floor", {"numeric:9235915089564750.528"}, "9235915089564750"},
    {"*", {"numeric:-6", "numeric:0.0809598984"}, "-0.4857593904"},
    {"ceil", {"numeric:-0.0200"}, "0"},
    {"%", {"numeric:0.095773849427799", "numeric:-63476796754497701172552"}, "0.095773849427799"},
    {"ceil", {"numeric:0.397499365867756"}, "1"},
    {"trunc", {"numeric:-190869339660972287956064", "int4:6"}, "-190869339660972287956064.000000"},
    {"*", {"numeric:-2.5806", "numeric:6888.94012288"}, "-17777.598881104128"},
    {"div", {"numeric:-0.00128174", "numeric:-9458229853623610"}, "0"},
    {"%", {"numeric:0.2", "numeric:923589.4274116081097651"}, "0.2000000000000000"},
    {"div", {"numeric:3644.39910798961851620", "numeric:-9"}, "-404"},
    {"%", {"numeric:-900000000000", "numeric:-2128.206337"}, "-144.467138"},
    {"sqrt", {"numeric:8.45324455603"}, "2.907446397791368"},
    {"trunc", {"numeric:5090111.869223", "int4:-5"}, "5000000"},
    {"div", {"numeric:790702829.47587892340", "numeric:-600000000000000000000"}, "0"},
    {"floor", {"numeric:27"}, "27"},
};

static void numeric_arithmetic_is_postgresql_s(void **state) {
    CHECK_CALLS(answers);
}

static void numbers_past_38_digits_are_errors(void **state) {
    static const CallCase cases[] = {
        {"+",
         {"numeric:99999999999999999999999999999999999999", "numeric:1"},
         "!22003 value overflows numeric format"},
        {"*",
         {"numeric:12345678901234567890", "numeric:12345678901234567890"},
         "!22003 value overflows numeric format"},
        {"-",
         {"numeric:99999999999999999999999999999999999999", "numeric:0.1"},
         "!22003 value overflows numeric format"},
        {"*",
         {"numeric:10000000000000000000.00", "numeric:1000000000000000000.00"},
         "10000000000000000000000000000000000000"},
        {"/", {"numeric:1", "numeric:3"}, "0.33333333333333333333"},
        {"/", {"numeric:1", "numeric:0"}, "!22012 division by zero"},
        {"/",
         {"numeric:500000000000000000000000", "numeric:-8.10668739532716892"},
         "-61677473870302241682223.518810700106952"},
        {"sqrt", {"numeric:-1"}, "!2201F cannot take square root of a negative number"},
        {"scale", {"numeric:1.500"}, "3"},
        {"min_scale", {"numeric:1.500"}, "1"},
        {"trim_scale", {"numeric:1.500"}, "1.5"},
        {"scale", {"numeric:NaN"}, "NULL"},
        {"=", {"numeric:1.0", "numeric:1.00"}, "t"},
        {">", {"numeric:NaN", "numeric:Infinity"}, "t"},
        {"+", {"int4:1", "numeric:0.5"}, "1.5"},
        {"*", {"numeric:2", "float8:1.5"}, "3"},
    };

    CHECK_CALLS(cases);
}

static void powers_and_logarithms_have_postgresql_s_scale(void **state) {
    static const CallCase cases[] = {
        {"power", {"numeric:2", "numeric:3"}, "8.0000000000000000"},
        {"^", {"numeric:2.0", "numeric:0.5"}, "1.4142135623730950"},
        {"power", {"numeric:0.057", "int4:10"}, "0.0000000000003620"},
        {"power",
         {"numeric:0", "numeric:-1"},
         "!2201F zero raised to a negative power is undefined"},
        {"power",
         {"numeric:-2", "numeric:0.5"},
         "!2201F a negative number raised to a non-integer power yields a complex result"},
        {"power", {"numeric:10", "numeric:39"}, "!22003 value overflows numeric format"},
        {"power", {"int4:2", "int4:3"}, "8"},
        {"exp", {"numeric:1.0"}, "2.7182818284590452"},
        {"exp", {"numeric:-40"}, "0.000000000000000004248354255291589"},
        {"ln", {"numeric:2.0"}, "0.6931471805599453"},
        {"ln", {"numeric:0"}, "!2201E cannot take logarithm of zero"},
        {"log", {"numeric:100"}, "2.0000000000000000"},
        {"log", {"numeric:2", "numeric:64"}, "6.0000000000000000"},
        {"log", {"numeric:-1"}, "!2201E cannot take logarithm of a negative number"},
        {"sqrt", {"numeric:2"}, "1.414213562373095"},
    };

    CHECK_CALLS(cases);
}

static void numeric_casts_round_and_check(void **state) {
    check_cast("numeric:2.5", "int4", "3");
    check_cast("numeric:-2.5", "int4", "-3");
    check_cast("numeric:2147483648", "int4", "!22003 integer out of range");
    check_cast("numeric:9223372036854775807.4", "int8", "9223372036854775807");
    check_cast("numeric:NaN", "int2", "!0A000 cannot convert NaN to smallint");
    check_cast("float8:0.1", "numeric", "0.1");
    check_cast("float8:1e15", "numeric", "1000000000000000");
    check_cast("float8:0.30000000000000004", "numeric", "0.3");
    check_cast("float4:0.1", "numeric", "0.1");
    check_cast("numeric:123.456", "numeric(5,2)", "123.46");
    check_cast("numeric:999.995", "numeric(5,2)", "!22003 numeric field overflow");
    check_cast("int4:999", "numeric(5,2)", "999.00");
    check_cast("int4:1000", "numeric(5,2)", "!22003 numeric field overflow");
    check_cast("text:1.005", "numeric(5,2)", "1.01");
    check_cast("numeric:0.1", "float8", "0.1");
    check_cast("numeric:123456789.123456789123456789", "float8", "123456789.12345679");
    check_cast("numeric:1.50", "text", "1.50");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_arithmetic_is_postgresql_s),
        cmocka_unit_test(numbers_past_38_digits_are_errors),
        cmocka_unit_test(powers_and_logarithms_have_postgresql_s_scale),
        cmocka_unit_test(numeric_casts_round_and_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
