/* Status and Error: how a function says that it failed, and why.
 *
 * A function that can fail returns Status and takes `Error *err` last. It fills *err exactly once,
 * where the fault is seen; callers pass the status up with TRY. Messages speak to the person who
 * typed the SQL: lower case, no full stop, objects quoted; the hint says what to do. Error is a
 * plain value of fixed size: it can live on the stack and be copied; long texts are cut. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sqlstate.h"

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first) __attribute__((format(printf, format_index, first)))

typedef enum Status {
    STATUS_OK = 0,
    STATUS_ERROR, /* *err is filled */
    STATUS_MORE,  /* output is full: call again with the same input to go on */
    STATUS_STOP,  /* no more input is wanted */
} Status;

enum {
    ERROR_MESSAGE_SIZE = 1024,
    ERROR_DETAIL_SIZE = 1024,
    ERROR_HINT_SIZE = 2048,
    ERROR_CONTEXT_SIZE = 512,
};

typedef struct Error {
    SqlState sqlstate;
    int position; /* 1-based character in the statement's text; 0: unknown */
    char message[ERROR_MESSAGE_SIZE];
    char detail[ERROR_DETAIL_SIZE];   /* "" when there is none */
    char hint[ERROR_HINT_SIZE];       /* "" when there is none */
    char context[ERROR_CONTEXT_SIZE]; /* "stream \"x\"", outermost first; "" when there is none */
} Error;

/* All return STATUS_ERROR, so that `return error_set(...)` reads well. `state` is a SqlState name
 * without its prefix: error_set(err, SYNTAX_ERROR, "…"). Position is 1-based; 0 is unknown. */
#define error_set(err, state, ...) error_at(err, 0, state, __VA_ARGS__)
#define error_at(err, position, state, ...)                                  \
    ({                                                                       \
        (void) error_fill((err), SQLSTATE_##state, (position), __VA_ARGS__); \
        STATUS_ERROR;                                                        \
    })
/* 57014, in PostgreSQL's words: `cancel` became true. */
#define error_canceled(err) \
    error_set(err, QUERY_CANCELED, "canceling statement due to user request")
Status error_fill(Error *err, SqlState state, int position, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Add to a filled error; cut when too long. */
Status error_detail(Error *err, const char *format, ...) PRINTF_LIKE(2, 3);
Status error_hint(Error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Put "<new>: " before the context that is there. */
Status error_context(Error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* errno as an error: 53100 for ENOSPC and EDQUOT, 58P01 for ENOENT, else 58030. `what` names the
 * deed and its object: "could not open \"x\"". */
Status error_errno(Error *err, int error_number, const char *what_format, ...) PRINTF_LIKE(3, 4);
void error_clear(Error *err);

/* The compiler learns here that these never return STATUS_OK. */
#define error_detail(...)                    \
    ({                                       \
        (void) (error_detail) (__VA_ARGS__); \
        STATUS_ERROR;                        \
    })
#define error_hint(...)                    \
    ({                                     \
        (void) (error_hint) (__VA_ARGS__); \
        STATUS_ERROR;                      \
    })
#define error_context(...)                    \
    ({                                        \
        (void) (error_context) (__VA_ARGS__); \
        STATUS_ERROR;                         \
    })
#define error_errno(...)                    \
    ({                                      \
        (void) (error_errno) (__VA_ARGS__); \
        STATUS_ERROR;                       \
    })

/* Pass a status that is not OK up to the caller. */
#define TRY(call)                    \
    do {                             \
        Status try_status = (call);  \
        if (try_status != STATUS_OK) \
            return try_status;       \
    } while (0)

/* Drop a status on purpose; say why beside it. */
#define IGNORE(call)                    \
    do {                                \
        Status ignored_status = (call); \
        (void) ignored_status;          \
    } while (0)

/* Run `function(&variable)` when the variable's scope ends. */
#define CLEANUP(function) __attribute__((cleanup(function)))
/* Take the value out of an owned pointer: the scope no longer frees it. */
#define TAKE(pointer)                                  \
    ({                                                 \
        __typeof__(pointer) taken_pointer = (pointer); \
        (pointer) = NULL;                              \
        taken_pointer;                                 \
    })
/* DEFINE_CLEANUP(Arena, arena_destroy) makes arena_destroyp(Arena **) for CLEANUP. */
#define DEFINE_CLEANUP(Type, destroy)               \
    static inline void destroy##p(Type **pointer) { \
        if (*pointer)                               \
            (void) destroy(*pointer);               \
    }

#ifdef NDEBUG
#define DEBUG_ASSERT(condition) ((void) sizeof(condition))
#else
#define DEBUG_ASSERT(condition) assert(condition)
#endif

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
