#include "types/shortest.h"

#include <charconv>

template <typename Float> static size_t shortest(Float number, char *text) {
    auto result =
        std::to_chars(text, text + SHORTEST_TEXT_SIZE, number, std::chars_format::scientific);

    return static_cast<size_t>(result.ptr - text);
}

template <typename Float>
static FloatScan scan(const char *text, size_t length, Float *ret_number) {
    Float number = 0;
    auto result = std::from_chars(text, text + length, number);

    if (result.ec == std::errc::invalid_argument || result.ptr != text + length)
        return FLOAT_SCAN_INVALID;
    if (result.ec == std::errc::result_out_of_range)
        return FLOAT_SCAN_OUT_OF_RANGE;
    *ret_number = number;
    return FLOAT_SCAN_OK;
}

extern "C" size_t shortest_float64(double number, char text[SHORTEST_TEXT_SIZE]) {
    return shortest(number, text);
}

extern "C" size_t shortest_float32(float number, char text[SHORTEST_TEXT_SIZE]) {
    return shortest(number, text);
}

extern "C" FloatScan scan_float64(const char *text, size_t length, double *ret_number) {
    return scan(text, length, ret_number);
}

extern "C" FloatScan scan_float32(const char *text, size_t length, float *ret_number) {
    return scan(text, length, ret_number);
}
