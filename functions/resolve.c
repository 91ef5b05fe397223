/* Resolve: which overload a call means, by PostgreSQL's rules (manual, chapter 10).
 *
 * 1. An exact match of the argument types wins; for an operator, an unknown literal first takes the
 *    other side's type. 2. Else the overloads whose arguments coerce implicitly are candidates; 3.
 * those with the most exact matches stay; 4. then those that take preferred types where a cast is
 * needed;
 *    5. then unknown literals choose a category (string first); 6. at last they take the type that
 * all other arguments share. More than one left: ambiguous. Functions, operators and aggregates are
 *    seen alike, as signatures. */
#include "functions/function.h"

#include <assert.h>

#include "base/nearest.h"
#include "base/strbuf.h"
#include "functions/registry.h"

enum { CANDIDATES_MAX = 512 };

/* An overload as the rules see it. */
typedef struct Candidate {
    const Function *function;
    const Aggregate *aggregate;
    const TypeId *arguments;
    uint32_t argument_count;
    bool is_variadic;
} Candidate;

typedef struct CandidateList {
    Candidate items[CANDIDATES_MAX];
    uint32_t count;
} CandidateList;

bool type_is_preferred(TypeId id) {
    return id == TYPE_BOOL || id == TYPE_FLOAT8 || id == TYPE_OID || id == TYPE_TEXT ||
           id == TYPE_TIMESTAMPTZ || id == TYPE_INTERVAL;
}

/* ---- casts ---- */

const Cast *cast_find(TypeId from, TypeId to, CastContext context) {
    const Cast *cast = registry_cast(from, to);

    return cast && cast->context <= context ? cast : NULL;
}

bool cast_is_needed(SqlType from, SqlType to) {
    return !type_equal(from, to) || (to.typmod >= 0 && to.typmod != from.typmod);
}

bool type_can_coerce(SqlType from, TypeId to) {
    if (from.id == to || from.id == TYPE_UNKNOWN || to == TYPE_ANY)
        return true;
    return cast_find(from.id, to, CAST_IMPLICIT) != NULL;
}

/* ---- candidates ---- */

static TypeId candidate_type(const Candidate *candidate, uint32_t index) {
    uint32_t last = candidate->argument_count - 1;

    return candidate->arguments[index < last ? index : last];
}

static bool candidate_takes_count(const Candidate *candidate, uint32_t count) {
    if (candidate->is_variadic)
        return count >= candidate->argument_count;
    return candidate->argument_count == count;
}

/* All arguments that go to an array parameter have one element type. */
static bool arrays_agree(const Candidate *candidate, SqlTypes call) {
    const SqlType *first = NULL;

    for (uint32_t i = 0; i < call.count; i++) {
        if (candidate_type(candidate, i) != TYPE_ARRAY || call.items[i].id != TYPE_ARRAY)
            continue;
        if (first && !type_equal(*first, call.items[i]))
            return false;
        first = &call.items[i];
    }
    return true;
}

static bool candidate_is_exact(const Candidate *candidate, SqlTypes call) {
    for (uint32_t i = 0; i < call.count; i++) {
        TypeId wanted = candidate_type(candidate, i);

        if (wanted == TYPE_ANY || wanted != call.items[i].id)
            return false;
    }
    return arrays_agree(candidate, call);
}

static bool candidate_is_viable(const Candidate *candidate, SqlTypes call) {
    for (uint32_t i = 0; i < call.count; i++) {
        if (!type_can_coerce(call.items[i], candidate_type(candidate, i)))
            return false;
    }
    return arrays_agree(candidate, call);
}

/* Keep the candidates with the highest score. */
typedef int (*CandidateScore)(const Candidate *candidate, SqlTypes call);

static void keep_best(CandidateList *list, SqlTypes call, CandidateScore score) {
    uint32_t kept = 0;
    int best = -1;

    for (uint32_t i = 0; i < list->count; i++) {
        int points = score(&list->items[i], call);

        if (points > best) {
            best = points;
            kept = 0;
        }
        if (points == best)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static int score_exact(const Candidate *candidate, SqlTypes call) {
    int points = 0;

    for (uint32_t i = 0; i < call.count; i++) {
        if (call.items[i].id != TYPE_UNKNOWN && candidate_type(candidate, i) == call.items[i].id)
            points++;
    }
    return points;
}

static int score_preferred(const Candidate *candidate, SqlTypes call) {
    int points = 0;

    for (uint32_t i = 0; i < call.count; i++) {
        TypeId wanted = candidate_type(candidate, i);

        if (call.items[i].id == TYPE_UNKNOWN)
            continue;
        if (wanted == call.items[i].id ||
            (type_is_preferred(wanted) && type_category(wanted) == type_category(call.items[i].id)))
            points++;
    }
    return points;
}

/* The category that the unknown argument `index` takes: 'S' if any candidate has it, else the one
 * that all share; 0 when they disagree. *ret_preferred: some candidate takes the preferred type of
 * it. */
static char unknown_category(const CandidateList *list, uint32_t index, bool *ret_preferred) {
    char category = 0;
    bool agree = true;

    for (uint32_t i = 0; i < list->count; i++) {
        TypeId wanted = candidate_type(&list->items[i], index);
        char candidate_category = wanted == TYPE_ANY ? 'P' : type_category(wanted);

        if (!category)
            category = candidate_category;
        else if (candidate_category != category)
            agree = false;
        if (candidate_category == 'S') {
            category = 'S';
            agree = true;
            break;
        }
    }
    *ret_preferred = false;
    for (uint32_t i = 0; i < list->count; i++) {
        TypeId wanted = candidate_type(&list->items[i], index);

        if (wanted != TYPE_ANY && type_category(wanted) == category && type_is_preferred(wanted))
            *ret_preferred = true;
    }
    return agree ? category : 0;
}

static void keep_categories(CandidateList *list, SqlTypes call) {
    char categories[LIMIT_COLUMNS];
    bool preferred[LIMIT_COLUMNS];
    uint32_t kept = 0;

    if (call.count > LIMIT_COLUMNS)
        return;
    for (uint32_t j = 0; j < call.count; j++) {
        categories[j] = 0;
        if (call.items[j].id != TYPE_UNKNOWN)
            continue;
        categories[j] = unknown_category(list, j, &preferred[j]);
        if (!categories[j])
            return;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        bool keep = true;

        for (uint32_t j = 0; j < call.count && keep; j++) {
            TypeId wanted = candidate_type(&list->items[i], j);

            if (!categories[j])
                continue;
            if ((wanted == TYPE_ANY ? 'P' : type_category(wanted)) != categories[j])
                keep = false;
            else if (preferred[j] && !type_is_preferred(wanted))
                keep = false;
        }
        if (keep)
            list->items[kept++] = list->items[i];
    }
    if (kept)
        list->count = kept;
}

/* All known arguments share a type: suppose that the unknown ones have it too. */
static void keep_same_type(CandidateList *list, SqlTypes call) {
    SqlType shared = SQL_TYPE(UNKNOWN);
    uint32_t kept = 0;
    uint32_t matching = 0;

    for (uint32_t i = 0; i < call.count; i++) {
        if (call.items[i].id == TYPE_UNKNOWN)
            continue;
        if (shared.id != TYPE_UNKNOWN && shared.id != call.items[i].id)
            return;
        shared = call.items[i];
    }
    if (shared.id == TYPE_UNKNOWN)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        bool fits = true;

        for (uint32_t j = 0; j < call.count && fits; j++)
            fits = type_can_coerce(shared, candidate_type(&list->items[i], j));
        if (fits) {
            kept = i;
            matching++;
        }
    }
    if (matching == 1) {
        list->items[0] = list->items[kept];
        list->count = 1;
    }
}

static bool call_has_unknown(SqlTypes call) {
    for (uint32_t i = 0; i < call.count; i++) {
        if (call.items[i].id == TYPE_UNKNOWN)
            return true;
    }
    return false;
}

/* Rules 1 to 6. After it: 0 none fits, 1 found, more: ambiguous. */
static void choose_candidate(CandidateList *list, SqlTypes call) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        if (candidate_is_exact(&list->items[i], call)) {
            list->items[0] = list->items[i];
            list->count = 1;
            return;
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (candidate_is_viable(&list->items[i], call))
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
    if (list->count > 1)
        keep_best(list, call, score_exact);
    if (list->count > 1)
        keep_best(list, call, score_preferred);
    if (list->count > 1 && call_has_unknown(call))
        keep_categories(list, call);
    if (list->count > 1 && call_has_unknown(call))
        keep_same_type(list, call);
}

/* An operator with one unknown side: the other side's type on both is tried first. */
static bool choose_with_shared_type(CandidateList *list, SqlTypes call) {
    SqlType both[2];

    if (call.count != 2 || (call.items[0].id == TYPE_UNKNOWN) == (call.items[1].id == TYPE_UNKNOWN))
        return false;
    both[0] = both[1] = call.items[call.items[0].id == TYPE_UNKNOWN ? 1 : 0];
    for (uint32_t i = 0; i < list->count; i++) {
        if (candidate_is_exact(&list->items[i], (SqlTypes) {both, 2})) {
            list->items[0] = list->items[i];
            list->count = 1;
            return true;
        }
    }
    return false;
}

/* ---- errors ---- */

static void append_type(StrBuf *out, SqlType type) {
    Arena *arena = arena_create("type name", 0);

    type.typmod = -1;
    strbuf_append_text(out, type_display(type, arena));
    IGNORE(arena_destroy(arena) ? STATUS_ERROR : STATUS_OK); /* it returns NULL */
}

static void append_signature(StrBuf *out, const char *name, SqlTypes call) {
    strbuf_printf(out, "%s(", name);
    for (uint32_t i = 0; i < call.count; i++) {
        if (i)
            strbuf_append_text(out, ", ");
        append_type(out, call.items[i]);
    }
    strbuf_append_char(out, ')');
}

/* The name that was probably meant, where there is none like this one; else NULL. */
static const char *nearest_function(const char *name) {
    Nearest nearest = nearest_begin(name);
    const Function *function;
    const Aggregate *aggregate;

    if (function_exists(name) || aggregate_exists(name))
        return NULL;
    for (uint32_t i = 0; (function = function_at(i)); i++)
        if (!(function->flags & FUNCTION_INTERNAL))
            nearest_offer(&nearest, function->name);
    for (uint32_t i = 0; (aggregate = aggregate_at(i)); i++)
        nearest_offer(&nearest, aggregate->name);
    return nearest.best;
}

static Status function_error(const char *name, SqlTypes call, bool is_ambiguous, Error *err) {
    const char *meant = is_ambiguous ? NULL : nearest_function(name);
    StrBuf text = {0};
    Status status = STATUS_ERROR;

    append_signature(&text, name, call);
    if (is_ambiguous) {
        status =
            error_set(err, AMBIGUOUS_FUNCTION, "function %s is not unique", strbuf_text(&text));
        error_hint(err, "Could not choose a best candidate function. You might need to add "
                        "explicit type casts.");
    } else {
        status =
            error_set(err, UNDEFINED_FUNCTION, "function %s does not exist", strbuf_text(&text));
        if (meant)
            error_hint(err, "Perhaps you meant the function \"%s\".", meant);
        else
            error_hint(err, "No function matches the given name and argument types. You might "
                            "need to add explicit type casts.");
    }
    strbuf_done(&text);
    return status;
}

static void append_operation(StrBuf *out, const char *name, SqlTypes call) {
    if (call.count == 2) {
        append_type(out, call.items[0]);
        strbuf_append_char(out, ' ');
    }
    strbuf_append_text(out, name);
    strbuf_append_char(out, ' ');
    append_type(out, call.items[call.count - 1]);
}

static Status operator_error(const char *name, SqlTypes call, bool is_ambiguous, Error *err) {
    StrBuf text = {0};
    Status status = STATUS_ERROR;

    append_operation(&text, name, call);
    if (is_ambiguous) {
        status =
            error_set(err, AMBIGUOUS_FUNCTION, "operator is not unique: %s", strbuf_text(&text));
        error_hint(err, "Could not choose a best candidate operator. You might need to add "
                        "explicit type casts.");
    } else {
        status =
            error_set(err, UNDEFINED_FUNCTION, "operator does not exist: %s", strbuf_text(&text));
        error_hint(err, call.count == 2
                            ? "No operator matches the given name and argument types. You might "
                              "need to add explicit type casts."
                            : "No operator matches the given name and argument type. You might "
                              "need to add an explicit type cast.");
    }
    strbuf_done(&text);
    return status;
}

/* ---- entry points ---- */

static void collect_functions(const char *name, SqlTypes call, CandidateList *ret_list) {
    const Function *const *first = NULL;
    uint32_t overloads = registry_functions(name, &first);

    ret_list->count = 0;
    for (uint32_t i = 0; i < overloads && ret_list->count < CANDIDATES_MAX; i++) {
        Candidate candidate = {
            .function = first[i],
            .arguments = first[i]->arguments,
            .argument_count = first[i]->argument_count,
            .is_variadic = (first[i]->flags & FUNCTION_VARIADIC) != 0,
        };

        if (candidate_takes_count(&candidate, call.count))
            ret_list->items[ret_list->count++] = candidate;
    }
}

/* The array type among the arguments, for an unknown literal beside it. */
static SqlType shared_array_type(SqlTypes call) {
    for (uint32_t i = 0; i < call.count; i++) {
        if (call.items[i].id == TYPE_ARRAY)
            return call.items[i];
    }
    return type_array_of(TYPE_TEXT);
}

/* The types to cast to: declared ones; where any type is taken, its own; arrays likewise. */
static void settle_arguments(const Candidate *candidate, SqlTypes call, SqlType *ret_types) {
    for (uint32_t i = 0; i < call.count; i++) {
        TypeId wanted = candidate_type(candidate, i);

        if (wanted == TYPE_ANY)
            ret_types[i] = call.items[i].id == TYPE_UNKNOWN ? SQL_TYPE(TEXT) : call.items[i];
        else if (wanted == call.items[i].id)
            ret_types[i] = call.items[i];
        else if (wanted == TYPE_ARRAY)
            ret_types[i] = shared_array_type(call);
        else
            ret_types[i] = (SqlType) {.id = wanted, .typmod = -1};
    }
}

static bool takes_array_and_element(const Candidate *candidate) {
    bool has_array = false;
    bool has_any = false;

    for (uint32_t i = 0; i < candidate->argument_count; i++) {
        has_array = has_array || candidate->arguments[i] == TYPE_ARRAY;
        has_any = has_any || candidate->arguments[i] == TYPE_ANY;
    }
    return has_array && has_any;
}

/* An array and an element of it (array_append): both go to the common type, as PostgreSQL's
 * anycompatible; kernels may trust that they agree. */
static Status settle_elements(const Candidate *candidate, SqlTypes call, SqlType *ret_types,
                              Error *err) {
    SqlType types[FUNCTION_ARGUMENTS_MAX] = {{0}};
    SqlType common;
    Error ignored;

    for (uint32_t i = 0; i < call.count; i++) {
        bool is_array = candidate_type(candidate, i) == TYPE_ARRAY;

        types[i] = is_array && call.items[i].element ? *call.items[i].element
                   : is_array                        ? SQL_TYPE(UNKNOWN)
                                                     : call.items[i];
        types[i].typmod = -1;
    }
    if (type_unify(types, call.count, "", &common, &ignored) != STATUS_OK)
        return function_error(candidate->function->name, call, false, err);
    common.typmod = -1;
    for (uint32_t i = 0; i < call.count; i++) {
        if (candidate_type(candidate, i) != TYPE_ARRAY)
            ret_types[i] = common;
        else if (call.items[i].id == TYPE_ARRAY && type_equal(types[i], common))
            ret_types[i] = call.items[i];
        else
            ret_types[i] = type_array_of(common.id);
    }
    return STATUS_OK;
}

/* IS DISTINCT FROM compares by =, and takes its arguments as = does. */
static Status settle_distinct(SqlTypes call, SqlType *ret_types, Error *err) {
    const Function *equality = NULL;
    SqlType result;

    return operator_resolve("=", call, &equality, ret_types, &result, err);
}

/* GREATEST and LEAST: one type for all. */
static Status settle_unified(const Function *function, SqlTypes call, SqlType *ret_types,
                             Error *err) {
    char construct[64];
    size_t length = strnlen(function->name, sizeof(construct) - 1);
    SqlType common;

    for (size_t i = 0; i < length; i++) {
        char letter = function->name[i];

        construct[i] = letter >= 'a' && letter <= 'z' ? (char) (letter - 'a' + 'A') : letter;
    }
    construct[length] = '\0';
    TRY(type_unify(call.items, call.count, construct, &common, err));
    for (uint32_t i = 0; i < call.count; i++)
        ret_types[i] = common;
    return STATUS_OK;
}

static Status settle_function(const Function *function, const Candidate *candidate, SqlTypes call,
                              SqlType *ret_types, SqlType *ret_result, Error *err) {
    if ((function->flags & FUNCTION_UNIFY) && (function->flags & FUNCTION_INTERNAL))
        TRY(settle_distinct(call, ret_types, err));
    else if (function->flags & FUNCTION_UNIFY)
        TRY(settle_unified(function, call, ret_types, err));
    else if (takes_array_and_element(candidate))
        TRY(settle_elements(candidate, call, ret_types, err));
    else
        settle_arguments(candidate, call, ret_types);
    *ret_result = function->result_type ? function->result_type(ret_types, call.count)
                                        : (SqlType) {.id = function->result, .typmod = -1};
    return STATUS_OK;
}

Status function_resolve(const char *name, SqlTypes call, const Function **ret_function,
                        SqlType *ret_argument_types, SqlType *ret_result, Error *err) {
    CandidateList list;

    collect_functions(name, call, &list);
    choose_candidate(&list, call);
    if (list.count != 1)
        return function_error(name, call, list.count > 1, err);
    TRY(settle_function(list.items[0].function, &list.items[0], call, ret_argument_types,
                        ret_result, err));
    *ret_function = list.items[0].function;
    return STATUS_OK;
}

Status operator_resolve(const char *name, SqlTypes call, const Function **ret_function,
                        SqlType *ret_argument_types, SqlType *ret_result, Error *err) {
    CandidateList list;

    assert(call.count == 1 || call.count == 2);
    collect_functions(strcmp(name, "!=") == 0 ? "<>" : name, call, &list);
    if (!choose_with_shared_type(&list, call))
        choose_candidate(&list, call);
    if (list.count != 1)
        return operator_error(name, call, list.count > 1, err);
    TRY(settle_function(list.items[0].function, &list.items[0], call, ret_argument_types,
                        ret_result, err));
    *ret_function = list.items[0].function;
    return STATUS_OK;
}

Status aggregate_resolve(const char *name, SqlTypes call, const Aggregate **ret_aggregate,
                         SqlType *ret_argument_types, SqlType *ret_result, Error *err) {
    CandidateList list = {.count = 0};
    const Aggregate *const *first = NULL;
    uint32_t overloads = registry_aggregates(name, &first);
    const Aggregate *chosen = NULL;

    for (uint32_t i = 0; i < overloads && list.count < CANDIDATES_MAX; i++) {
        if (first[i]->argument_count == call.count)
            list.items[list.count++] = (Candidate) {.aggregate = first[i],
                                                    .arguments = first[i]->arguments,
                                                    .argument_count = first[i]->argument_count};
    }
    choose_candidate(&list, call);
    if (list.count != 1)
        return function_error(name, call, list.count > 1, err);
    chosen = list.items[0].aggregate;
    settle_arguments(&list.items[0], call, ret_argument_types);
    *ret_result = chosen->result_type ? chosen->result_type(ret_argument_types, call.count)
                                      : (SqlType) {.id = chosen->result, .typmod = -1};
    *ret_aggregate = chosen;
    return STATUS_OK;
}

/* ---- the common type of several ---- */

static Status unify_error(const char *construct, SqlType left, SqlType right, Error *err) {
    StrBuf text = {0};
    Status status = STATUS_ERROR;

    append_type(&text, left);
    strbuf_append_text(&text, " and ");
    append_type(&text, right);
    status = error_set(err, DATATYPE_MISMATCH, "%s types %s cannot be matched", construct,
                       strbuf_text(&text));
    strbuf_done(&text);
    return status;
}

/* The typmod that all share, or none. */
static int32_t shared_typmod(const SqlType *types, uint32_t count, SqlType common) {
    for (uint32_t i = 0; i < count; i++) {
        if (!type_equal(types[i], common) || types[i].typmod != types[0].typmod)
            return -1;
    }
    return types[0].typmod;
}

Status type_unify(const SqlType *types, uint32_t count, const char *construct, SqlType *ret_type,
                  Error *err) {
    SqlType common = SQL_TYPE(UNKNOWN);

    for (uint32_t i = 0; i < count; i++) {
        SqlType next = types[i];

        if (next.id == TYPE_UNKNOWN || (common.id != TYPE_UNKNOWN && type_equal(common, next)))
            continue;
        if (common.id == TYPE_UNKNOWN) {
            common = next;
            continue;
        }
        if (type_category(next.id) != type_category(common.id))
            return unify_error(construct, common, next, err);
        if (!type_is_preferred(common.id) && type_can_coerce(common, next.id) &&
            !type_can_coerce(next, common.id))
            common = next;
    }
    if (common.id == TYPE_UNKNOWN)
        common = SQL_TYPE(TEXT);
    for (uint32_t i = 0; i < count; i++) {
        if (types[i].id != TYPE_UNKNOWN && !type_equal(types[i], common) &&
            !type_can_coerce(types[i], common.id))
            return unify_error(construct, types[i], common, err);
    }
    common.typmod = count ? shared_typmod(types, count, common) : -1;
    *ret_type = common;
    return STATUS_OK;
}
