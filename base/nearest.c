#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

enum { EDIT_DISTANCE_LETTERS = 64 }; /* longer names are far from everything */

static size_t smallest(size_t left, size_t middle, size_t right) {
    size_t best = left < middle ? left : middle;

    return best < right ? best : right;
}

/* Three rows of the table are kept: swaps look two rows back. */
size_t edit_distance(const char *left, const char *right) {
    size_t left_length = strlen(left);
    size_t right_length = strlen(right);
    size_t rows[3][EDIT_DISTANCE_LETTERS + 1];

    if (left_length > EDIT_DISTANCE_LETTERS || right_length > EDIT_DISTANCE_LETTERS)
        return SIZE_MAX;
    for (size_t j = 0; j <= right_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= left_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= right_length; j++) {
            size_t replace = above[j - 1] + (left[i - 1] != right[j - 1]);

            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replace);
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] &&
                two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[left_length % 3][right_length];
}

Nearest nearest_begin(const char *wanted) {
    return (Nearest) {.wanted = wanted, .distance = strlen(wanted) < 6 ? 1 : strlen(wanted) / 3};
}

void nearest_offer(Nearest *nearest, const char *candidate) {
    size_t distance = edit_distance(nearest->wanted, candidate);

    if (distance >= strlen(nearest->wanted) || distance > nearest->distance ||
        (nearest->best && distance == nearest->distance))
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}
