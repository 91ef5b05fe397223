/* Nearest: the name that the user probably meant, for hints.
 *
 * Offer every candidate, then ask. Nothing is near when more than a third of the letters differ,
 * of a name of up to five letters more than half. */
#pragma once

#include <stddef.h>

typedef struct Nearest {
    const char *wanted; /* borrowed */
    const char *best;   /* borrowed from the candidates; NULL: nothing is near */
    size_t distance;
} Nearest;

Nearest nearest_begin(const char *wanted);
void nearest_offer(Nearest *nearest, const char *candidate);
/* Insertions, deletions, replacements and swaps of neighbours that make one of the other. */
size_t edit_distance(const char *left, const char *right);
