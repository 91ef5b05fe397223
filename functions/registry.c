/* Registry: the list of all families, and lookups by name over them.
 *
 * The families are constant tables. An index of pointers, sorted by name, is built once, at the
 * first lookup, and never changes after it. Families of higher folders are added before. */
#include "functions/registry.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* One line a family: its file defines `const FunctionFamily family_NAME`. */
/* clang-format off */
#define FAMILY_TABLE(X) \
    X(bool_ops) \
    X(int_ops) \
    X(float_ops) \
    X(math) \
    X(numeric_ops) \
    X(array_ops) \
    X(json_ops) \
    X(json_build) \
    X(json_change) \
    X(bytes_ops) \
    X(casts_numeric) \
    X(text_compare) \
    X(text_ops) \
    X(text_search) \
    X(text_quote) \
    X(like) \
    X(regex) \
    X(similar) \
    X(digest) \
    X(session) \
    X(set_functions) \
    X(nested_ops) \
    X(datetime_ops) \
    X(interval_ops) \
    X(datetime_functions) \
    X(datetime_fields) \
    X(datetime_make) \
    X(datetime_clock) \
    X(datetime_to_timestamp) \
    X(datetime_to_char) \
    X(datetime_casts) \
    X(casts_basic) \
    X(casts_text) \
    X(aggregates_bits) \
    X(aggregates_count) \
    X(aggregates_int) \
    X(aggregates_interval) \
    X(aggregates_json)     \
    X(aggregates_float) \
    X(aggregates_numeric) \
    X(aggregates_extreme) \
    X(aggregates_percentile) \
    X(aggregates_ranked) \
    X(aggregates_collect) \
    X(casts_io) /* last: a cast of its own wins over one through text */
/* clang-format on */

#define X(name) extern const FunctionFamily family_##name;
FAMILY_TABLE(X)
#undef X

enum { ADDED_FAMILIES_MAX = 16 };

static const FunctionFamily *const built_in_families[] = {
#define X(name) &family_##name,
    FAMILY_TABLE(X)
#undef X
};

/* Written before the first lookup only. */
static const FunctionFamily *added_families[ADDED_FAMILIES_MAX];
static uint32_t added_family_count;

/* Written once, by build_index. */
static struct {
    const Function **functions;
    uint32_t function_count;
    const Aggregate **aggregates;
    uint32_t aggregate_count;
    const Cast *casts[TYPE_COUNT][TYPE_COUNT];
} registry;
static pthread_once_t registry_once = PTHREAD_ONCE_INIT;

void functions_add_family(const FunctionFamily *family) {
    assert(added_family_count < ADDED_FAMILIES_MAX);
    assert(!registry.functions);
    added_families[added_family_count++] = family;
}

static const FunctionFamily *family_at(uint32_t index) {
    if (index < ARRAY_LENGTH(built_in_families))
        return built_in_families[index];
    index -= (uint32_t) ARRAY_LENGTH(built_in_families);
    return index < added_family_count ? added_families[index] : NULL;
}

/* By name; rows of one name keep the order of their tables (addresses within a table ascend). */
static int compare_functions(const void *left, const void *right) {
    const Function *l = *(const Function *const *) left;
    const Function *r = *(const Function *const *) right;
    int order = strcmp(l->name, r->name);

    if (order)
        return order;
    for (int i = 0; i < FUNCTION_ARGUMENTS_MAX; i++) {
        if (l->arguments[i] != r->arguments[i])
            return l->arguments[i] < r->arguments[i] ? -1 : 1;
    }
    return (int) l->argument_count - (int) r->argument_count;
}

static int compare_aggregates(const void *left, const void *right) {
    const Aggregate *l = *(const Aggregate *const *) left;
    const Aggregate *r = *(const Aggregate *const *) right;
    int order = strcmp(l->name, r->name);

    if (order)
        return order;
    for (size_t i = 0; i < ARRAY_LENGTH(l->arguments); i++) {
        if (l->arguments[i] != r->arguments[i])
            return l->arguments[i] < r->arguments[i] ? -1 : 1;
    }
    return (int) l->argument_count - (int) r->argument_count;
}

static void index_casts(const FunctionFamily *family) {
    for (uint32_t i = 0; i < family->cast_count; i++) {
        const Cast *cast = &family->casts[i];

        /* the first family that names a pair wins; casts through text come last */
        if (!registry.casts[cast->from][cast->to])
            registry.casts[cast->from][cast->to] = cast;
    }
}

static void build_index(void) {
    uint32_t function_count = 0;
    uint32_t aggregate_count = 0;
    const FunctionFamily *family = NULL;

    for (uint32_t i = 0; (family = family_at(i)) != NULL; i++) {
        registry.function_count += family->function_count;
        registry.aggregate_count += family->aggregate_count;
        index_casts(family);
    }
    registry.functions = memory_zalloc(sizeof(Function *) * (registry.function_count + 1));
    registry.aggregates = memory_zalloc(sizeof(Aggregate *) * (registry.aggregate_count + 1));
    for (uint32_t i = 0; (family = family_at(i)) != NULL; i++) {
        for (uint32_t j = 0; j < family->function_count; j++)
            registry.functions[function_count++] = &family->functions[j];
        for (uint32_t j = 0; j < family->aggregate_count; j++)
            registry.aggregates[aggregate_count++] = &family->aggregates[j];
    }
    qsort((void *) registry.functions, function_count, sizeof(Function *), compare_functions);
    qsort((void *) registry.aggregates, aggregate_count, sizeof(Aggregate *), compare_aggregates);
}

static void ensure_index(void) {
    int failed = pthread_once(&registry_once, build_index);

    assert(!failed);
    (void) failed;
}

const Function *function_at(uint32_t index) {
    ensure_index();
    return index < registry.function_count ? registry.functions[index] : NULL;
}

const Aggregate *aggregate_at(uint32_t index) {
    ensure_index();
    return index < registry.aggregate_count ? registry.aggregates[index] : NULL;
}

static uint32_t first_function(const char *name) {
    uint32_t low = 0;
    uint32_t high = registry.function_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (strcmp(registry.functions[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t registry_functions(const char *name, const Function *const **ret_first) {
    uint32_t first = 0;
    uint32_t count = 0;

    ensure_index();
    first = first_function(name);
    while (first + count < registry.function_count &&
           strcmp(registry.functions[first + count]->name, name) == 0)
        count++;
    *ret_first = registry.functions + first;
    return count;
}

uint32_t registry_aggregates(const char *name, const Aggregate *const **ret_first) {
    uint32_t first = 0;
    uint32_t count = 0;

    ensure_index();
    while (first < registry.aggregate_count && strcmp(registry.aggregates[first]->name, name) < 0)
        first++;
    while (first + count < registry.aggregate_count &&
           strcmp(registry.aggregates[first + count]->name, name) == 0)
        count++;
    *ret_first = registry.aggregates + first;
    return count;
}

const Cast *registry_cast(TypeId from, TypeId to) {
    ensure_index();
    assert(from < TYPE_COUNT);
    assert(to < TYPE_COUNT);
    return registry.casts[from][to];
}

bool function_exists(const char *name) {
    const Function *const *first = NULL;

    return registry_functions(name, &first) > 0;
}

bool aggregate_exists(const char *name) {
    const Aggregate *const *first = NULL;

    return registry_aggregates(name, &first) > 0;
}

const Function *function_find(const char *name, const TypeId *arguments, uint32_t count) {
    const Function *const *first = NULL;
    uint32_t candidates = registry_functions(name, &first);

    for (uint32_t i = 0; i < candidates; i++) {
        if (first[i]->argument_count == count &&
            (count == 0 || memcmp(first[i]->arguments, arguments, sizeof(TypeId) * count) == 0))
            return first[i];
    }
    return NULL;
}

const Aggregate *aggregate_find(const char *name, const TypeId *arguments, uint32_t count) {
    const Aggregate *const *first = NULL;
    uint32_t candidates = registry_aggregates(name, &first);

    for (uint32_t i = 0; i < candidates; i++) {
        if (first[i]->argument_count == count &&
            (count == 0 || memcmp(first[i]->arguments, arguments, sizeof(TypeId) * count) == 0))
            return first[i];
    }
    return NULL;
}
