/* JSON oracle: what simdjson's DOM says of a record; the judge of our own scanner in tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum OracleKind {
    ORACLE_MISSING,
    ORACLE_NULL,
    ORACLE_BOOL,
    ORACLE_INT,    /* fits int64 */
    ORACLE_NUMBER, /* any other */
    ORACLE_STRING,
    ORACLE_NESTED,
} OracleKind;

enum { ORACLE_TEXT_MAX = 4096 };

typedef struct OracleValue {
    OracleKind kind;
    bool boolean;
    int64_t integer;
    double number;
    char text[ORACLE_TEXT_MAX]; /* of a string, unescaped; of a nested value, minified */
    size_t length;
} OracleValue;

/* false: simdjson rejects the record, or it is no object. Else values[i] is the last member whose
 * key is keys[i] exactly. */
bool json_oracle(const char *record, size_t length, const char *const *keys, int key_count,
                 OracleValue *values);
/* Is it one JSON value? */
bool json_oracle_accepts(const char *bytes, size_t length);
/* The same value without its white space; false when simdjson rejects it. */
bool json_oracle_minify(const char *bytes, size_t length, char *out, size_t *ret_length);

#ifdef __cplusplus
}
#endif
