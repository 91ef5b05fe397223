/* Shortest: the C++ library's exact conversions between floats and decimal text. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SHORTEST_TEXT_SIZE = 32 };

/* "d.ddde+xx": the shortest digits that read back as `number`, which is finite. Not terminated. */
size_t shortest_float64(double number, char text[SHORTEST_TEXT_SIZE]);
size_t shortest_float32(float number, char text[SHORTEST_TEXT_SIZE]);

typedef enum FloatScan { FLOAT_SCAN_OK, FLOAT_SCAN_INVALID, FLOAT_SCAN_OUT_OF_RANGE } FloatScan;

/* All of the text is one unsigned or '-' decimal number (no blanks, no '+'). */
FloatScan scan_float64(const char *text, size_t length, double *ret_number);
FloatScan scan_float32(const char *text, size_t length, float *ret_number);

#ifdef __cplusplus
}
#endif
