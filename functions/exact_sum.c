/* Exact sum: see the header for the representation. */
#include "functions/exact_sum.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "functions/aggregate.h"

enum {
    LIMB_BITS = 32,
    LOWEST_EXPONENT = -1074, /* of bit 0 of limb 0 */
    CARRY_PERIOD = 1 << 30,  /* additions of less than 2^32 that an int64 surely holds */
    MANTISSA_BITS = 53,
};

#define LIMB_MASK ((int64_t) 0xffffffff)

/* Sign and magnitude; limbs in [0, 2^32). */
typedef struct Magnitude {
    bool is_negative;
    int highest; /* index of the highest limb that is not zero; -1: zero */
    int64_t limbs[EXACT_SUM_LIMBS];
} Magnitude;

/* Bring all limbs but the last into [0, 2^32). */
static void move_carries(int64_t *limbs, int count) {
    for (int i = 0; i + 1 < count; i++) {
        int64_t carry = limbs[i] >> LIMB_BITS;

        limbs[i] &= LIMB_MASK;
        limbs[i + 1] += carry;
    }
}

static void spill(ExactSum *sum, Arena *arena) {
    int64_t *limbs = arena_alloc(arena, sizeof(int64_t) * EXACT_SUM_LIMBS);

    for (int i = 0; i < EXACT_SUM_WINDOW; i++)
        limbs[sum->base + i] = sum->window[i];
    sum->spill = limbs;
}

static bool window_is_zero(const ExactSum *sum) {
    for (int i = 0; i < EXACT_SUM_WINDOW; i++) {
        if (sum->window[i])
            return false;
    }
    return true;
}

/* Where limb `index` and the `width` - 1 above it are; the window keeps its top limb for carries.
 */
static int64_t *limbs_at(ExactSum *sum, int index, int width, Arena *arena) {
    if (!sum->spill) {
        if (index >= sum->base && index + width < sum->base + EXACT_SUM_WINDOW)
            return &sum->window[index - sum->base];
        if (window_is_zero(sum)) {
            int highest_base = EXACT_SUM_LIMBS - EXACT_SUM_WINDOW;
            int base = index > 0 ? index - 1 : 0;

            sum->base = base < highest_base ? base : highest_base;
            if (index >= sum->base && index + width < sum->base + EXACT_SUM_WINDOW)
                return &sum->window[index - sum->base];
        }
        spill(sum, arena);
    }
    return &sum->spill[index];
}

static void count_additions(ExactSum *sum, uint32_t additions) {
    sum->added += additions;
    if (sum->added < CARRY_PERIOD)
        return;
    move_carries(sum->spill ? sum->spill : sum->window,
                 sum->spill ? EXACT_SUM_LIMBS : EXACT_SUM_WINDOW);
    sum->added = 0;
}

static void add_finite(ExactSum *sum, double number, int64_t sign, Arena *arena) {
    uint64_t bits = 0;
    uint64_t mantissa = 0;
    int exponent = 0;
    int position = 0;
    unsigned __int128 shifted = 0;
    int64_t *limbs = NULL;

    memcpy(&bits, &number, sizeof(bits));
    exponent = (int) (bits >> 52 & 0x7ff);
    mantissa = bits & (((uint64_t) 1 << 52) - 1);
    if (exponent)
        mantissa |= (uint64_t) 1 << 52;
    if (!mantissa)
        return;
    position = exponent ? exponent - 1 : 0;
    if (bits >> 63)
        sign = -sign;
    shifted = (unsigned __int128) mantissa << (position % LIMB_BITS);
    limbs = limbs_at(sum, position / LIMB_BITS, 3, arena);
    limbs[0] += sign * (int64_t) (shifted & LIMB_MASK);
    limbs[1] += sign * (int64_t) (shifted >> 32 & LIMB_MASK);
    limbs[2] += sign * (int64_t) (shifted >> 64 & LIMB_MASK);
    count_additions(sum, 1);
}

void exact_sum_add(ExactSum *sum, double number, int64_t weight, Arena *arena) {
    sum->count += weight;
    if (isnan(number)) {
        sum->nan_count += weight;
    } else if (isinf(number)) {
        if (number > 0)
            sum->plus_infinities += weight;
        else
            sum->minus_infinities += weight;
    } else {
        for (int64_t i = 0; i < (weight < 0 ? -weight : weight); i++)
            add_finite(sum, number, weight < 0 ? -1 : 1, arena);
    }
}

static Magnitude magnitude_of(const ExactSum *sum) {
    Magnitude result = {.highest = -1};

    if (sum->spill)
        memcpy(result.limbs, sum->spill, sizeof(result.limbs));
    else
        memcpy(result.limbs + sum->base, sum->window, sizeof(sum->window));
    move_carries(result.limbs, EXACT_SUM_LIMBS);
    if (result.limbs[EXACT_SUM_LIMBS - 1] < 0) {
        result.is_negative = true;
        for (int i = 0; i < EXACT_SUM_LIMBS; i++)
            result.limbs[i] = -result.limbs[i];
        move_carries(result.limbs, EXACT_SUM_LIMBS);
    }
    for (int i = 0; i < EXACT_SUM_LIMBS; i++) {
        if (result.limbs[i])
            result.highest = i;
    }
    return result;
}

void exact_sum_merge(ExactSum *sum, const ExactSum *other, Arena *arena) {
    Magnitude addend = magnitude_of(other);

    for (int i = 0; i <= addend.highest; i++) {
        if (addend.limbs[i])
            *limbs_at(sum, i, 1, arena) += addend.is_negative ? -addend.limbs[i] : addend.limbs[i];
    }
    count_additions(sum, 1);
    sum->count += other->count;
    sum->nan_count += other->nan_count;
    sum->plus_infinities += other->plus_infinities;
    sum->minus_infinities += other->minus_infinities;
}

static int64_t limb_or_zero(const Magnitude *number, int index) {
    return index >= 0 ? number->limbs[index] : 0;
}

static bool any_below(const Magnitude *number, int index) {
    for (int i = 0; i < index; i++) {
        if (number->limbs[i])
            return true;
    }
    return false;
}

/* The top 53 bits, the rest rounded half to even. */
static double round_magnitude(const Magnitude *number) {
    int lowest = number->highest - 2; /* of the three limbs that hold the top bits */
    unsigned __int128 top = (unsigned __int128) limb_or_zero(number, number->highest) << 64 |
                            (unsigned __int128) limb_or_zero(number, number->highest - 1) << 32 |
                            (unsigned __int128) limb_or_zero(number, lowest);
    int dropped = 128 - __builtin_clzll((uint64_t) (top >> 64)) - MANTISSA_BITS;
    uint64_t mantissa = (uint64_t) (top >> dropped);
    unsigned __int128 rest = top & (((unsigned __int128) 1 << dropped) - 1);
    unsigned __int128 half = (unsigned __int128) 1 << (dropped - 1);

    if (rest > half ||
        (rest == half && ((mantissa & 1) || (lowest > 0 && any_below(number, lowest)))))
        mantissa++;
    return ldexp((double) mantissa, lowest * LIMB_BITS + LOWEST_EXPONENT + dropped);
}

double exact_sum_round(const ExactSum *sum, bool *ret_overflow) {
    Magnitude number;
    double result = 0;

    *ret_overflow = false;
    if (sum->nan_count || (sum->plus_infinities && sum->minus_infinities))
        return (double) NAN;
    if (sum->plus_infinities || sum->minus_infinities)
        return sum->plus_infinities ? (double) INFINITY : (double) -INFINITY;
    number = magnitude_of(sum);
    if (number.highest < 0)
        return 0;
    result = round_magnitude(&number);
    *ret_overflow = isinf(result);
    return number.is_negative ? -result : result;
}

__float128 exact_sum_quad(const ExactSum *sum) {
    Magnitude number = magnitude_of(sum);
    __float128 result = 0;

    for (int i = number.highest; i >= 0 && i > number.highest - 5; i--)
        result += (__float128) number.limbs[i] *
                  (__float128) ldexpl(1.0L, i * LIMB_BITS + LOWEST_EXPONENT);
    return number.is_negative ? -result : result;
}

void exact_sum_serialize(const ExactSum *sum, StrBuf *out) {
    Magnitude number = magnitude_of(sum);
    int used = 0;

    for (int i = 0; i <= number.highest; i++)
        used += number.limbs[i] != 0;
    state_append_i64(out, sum->count);
    state_append_i64(out, sum->nan_count);
    state_append_i64(out, sum->plus_infinities);
    state_append_i64(out, sum->minus_infinities);
    strbuf_append_u8(out, number.is_negative && number.highest >= 0);
    strbuf_append_u8(out, (uint8_t) used);
    for (int i = 0; i <= number.highest; i++) {
        if (number.limbs[i]) {
            strbuf_append_u8(out, (uint8_t) i);
            state_append_i64(out, number.limbs[i]);
        }
    }
}

bool exact_sum_deserialize(const uint8_t **cursor, const uint8_t *end, ExactSum *sum,
                           Arena *arena) {
    uint8_t is_negative = 0;
    uint8_t used = 0;

    *sum = (ExactSum) {0};
    if (!state_read(cursor, end, &sum->count, 8) || !state_read(cursor, end, &sum->nan_count, 8) ||
        !state_read(cursor, end, &sum->plus_infinities, 8) ||
        !state_read(cursor, end, &sum->minus_infinities, 8) ||
        !state_read(cursor, end, &is_negative, 1) || !state_read(cursor, end, &used, 1))
        return false;
    for (uint8_t i = 0; i < used; i++) {
        uint8_t index = 0;
        int64_t limb = 0;

        if (!state_read(cursor, end, &index, 1) || !state_read(cursor, end, &limb, 8) ||
            index >= EXACT_SUM_LIMBS || limb <= 0)
            return false;
        if (limb > LIMB_MASK && index + 1 < EXACT_SUM_LIMBS)
            return false;
        *limbs_at(sum, index, 1, arena) += is_negative ? -limb : limb;
    }
    return true;
}
