/* Limits: every bound that guards a queue, a buffer, a nesting or a retry has its name here. */
#pragma once

enum {
    LIMIT_BATCH_ROWS = 2048,
    LIMIT_STATEMENT_BYTES = 1 << 26,  /* one SQL text or wire message */
    LIMIT_NESTING = 200,              /* of expressions and queries; past it 54001 */
    LIMIT_AST_DEPTH = 2000,           /* of a tree with its left-deep chains; past it 54001 */
    LIMIT_COLUMNS = 1600,             /* of one relation, as in PostgreSQL */
    LIMIT_PLAN_COLUMNS = 1 << 16,     /* of one plan: WITH and views multiply; past it 54001 */
    LIMIT_VALUE_NESTING = 16,         /* rows in rows: each level doubles the quotes of the text */
    LIMIT_ROW_WINDOWS = 100000,       /* that one row is in: HOP's size by its slide */
    LIMIT_SET_CALLS = 32,             /* set-returning functions in one select list */
    LIMIT_PARAMETERS = 65535,         /* of one statement, as in the protocol */
    LIMIT_IDENTIFIER_BYTES = 63,      /* longer names are cut, as in PostgreSQL */
    LIMIT_RECORD_BYTES = 1 << 26,     /* one line or message; past it a bad record, 54000 */
    LIMIT_LONG_TEXT_BYTES = 1 << 16,  /* from here on a text counts against the next */
    LIMIT_BATCH_TEXT_BYTES = 1 << 30, /* what functions make for one batch; past it 53200 */
    LIMIT_NUMERIC_DIGITS = 38,
    LIMIT_OUTPUT_PENDING_BYTES = 1 << 18, /* per connection, before execution pauses */
    LIMIT_RULE_PASSES = 16,
    LIMIT_PUSHED_NODES = 1000, /* of a condition that a rule moves below what it reads */
    LIMIT_BUCKET_BYTES = 1 << 18,
    LIMIT_STATE_PARTITIONS = 32,
    LIMIT_CHANGELOG_INLINE_BYTES = 32 << 10, /* larger blobs go to a segment */
    LIMIT_INLINE_EPOCH_ROWS = 10000,
};
