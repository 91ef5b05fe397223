/* Exact sum of doubles: independent of order, invertible, rounded once at the end.
 *
 * A fixed-point number over all of double's range (2^-1074 … 2^1024) in limbs of 32 bits held in
 * int64, so that carries are rare (Kulisch's accumulator; Neal's xsum, 2015). Most sums live in a
 * window of six limbs inside the state; one that leaves it moves to all 68 in the arena. NaN and
 * the infinities are counted, so that they can be taken back too. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"

enum { EXACT_SUM_LIMBS = 68, EXACT_SUM_WINDOW = 6 };

typedef struct ExactSum {
    int64_t *spill; /* EXACT_SUM_LIMBS of them in the arena, or NULL: the window is used */
    int64_t window[EXACT_SUM_WINDOW];
    int32_t base;   /* first limb of the window */
    uint32_t added; /* additions since the carries were last moved up */
    int64_t count;  /* of all values */
    int64_t nan_count;
    int64_t plus_infinities;
    int64_t minus_infinities;
} ExactSum;

/* `weight` copies of the number; negative: takes them back. */
void exact_sum_add(ExactSum *sum, double number, int64_t weight, Arena *arena);
void exact_sum_merge(ExactSum *sum, const ExactSum *other, Arena *arena);
/* Rounded to nearest even; ±infinity when it is out of range, which *ret_overflow tells. */
double exact_sum_round(const ExactSum *sum, bool *ret_overflow);
/* 113 bits of it; finite sums only. */
__float128 exact_sum_quad(const ExactSum *sum);
/* Equal sums give equal bytes, however they came about. */
void exact_sum_serialize(const ExactSum *sum, StrBuf *out);
bool exact_sum_deserialize(const uint8_t **cursor, const uint8_t *end, ExactSum *sum, Arena *arena);
