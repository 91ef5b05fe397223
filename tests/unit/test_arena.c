/* Arenas: alignment, zeroing, budgets, reset. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static bool is_zero(const unsigned char *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void memory_is_zeroed_and_aligned(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);

    for (size_t size = 0; size < 5000; size += 37) {
        unsigned char *memory = arena_alloc(arena, size);

        assert_non_null(memory);
        assert_int_equal((uintptr_t) memory % 16, 0);
        assert_true(is_zero(memory, size));
        memset(memory, 0xff, size);
    }
}

static void memory_is_zeroed_again_after_a_reset(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);

    size_t used_bytes;

    memset(arena_alloc(arena, 1000), 0xff, 1000);
    memset(arena_alloc(arena, 1 << 20), 0xff, 1 << 20);
    used_bytes = arena_used_bytes(arena);
    arena_reset(arena);
    assert_true(arena_used_bytes(arena) < used_bytes);
    assert_true(is_zero(arena_alloc(arena, 1000), 1000));
}

static void a_budget_refuses_what_comes_from_data(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 1 << 20);

    assert_null(arena_try_alloc(arena, 2 << 20));
    assert_non_null(arena_try_alloc(arena, 1 << 10));
}

static void huge_blocks_stand_beside_small_ones(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    char *small = arena_strdup(arena, "small");
    char *large = arena_alloc(arena, 5 << 20);

    large[(5 << 20) - 1] = 'x';
    assert_string_equal(arena_strdup(arena, "after"), "after");
    assert_string_equal(small, "small");
}

static void texts_are_copied_and_formatted(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    char *cut = arena_strndup(arena, "abcdef", 3);

    assert_string_equal(cut, "abc");
    assert_string_equal(arena_printf(arena, "%d and %s", 7, "text"), "7 and text");
    assert_memory_equal(arena_memdup(arena, "a\0b", 3), "a\0b", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(memory_is_zeroed_again_after_a_reset),
        cmocka_unit_test(a_budget_refuses_what_comes_from_data),
        cmocka_unit_test(huge_blocks_stand_beside_small_ones),
        cmocka_unit_test(texts_are_copied_and_formatted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
