/* Templates of to_char and to_timestamp: a format compiled to nodes. */
#pragma once

#include "functions/datetime_kernel.h"

typedef enum Pattern {
    PATTERN_LITERAL,
    PATTERN_MERIDIEM,
    PATTERN_ERA,
    PATTERN_CENTURY,
    PATTERN_DAY_NAME,
    PATTERN_DAY_SHORT,
    PATTERN_DAY_OF_YEAR,
    PATTERN_DAY,
    PATTERN_WEEKDAY,
    PATTERN_FRACTION,
    PATTERN_NOTHING, /* FX */
    PATTERN_HOUR_12,
    PATTERN_HOUR_24,
    PATTERN_ISO_DAY_OF_YEAR,
    PATTERN_ISO_WEEKDAY,
    PATTERN_ISO_WEEK,
    PATTERN_ISO_YEAR,
    PATTERN_JULIAN,
    PATTERN_MINUTE,
    PATTERN_MONTH,
    PATTERN_MONTH_NAME,
    PATTERN_MONTH_SHORT,
    PATTERN_MONTH_ROMAN,
    PATTERN_OFFSET,
    PATTERN_QUARTER,
    PATTERN_SECOND,
    PATTERN_SECOND_OF_DAY,
    PATTERN_ZONE,
    PATTERN_ZONE_HOUR,
    PATTERN_ZONE_MINUTE,
    PATTERN_WEEK_OF_YEAR,
    PATTERN_WEEK_OF_MONTH,
    PATTERN_YEAR,
    PATTERN_YEAR_COMMA,
} Pattern;

typedef enum LetterCase { CASE_UPPER, CASE_LOWER, CASE_CAPITAL } LetterCase;

typedef struct Node {
    Pattern pattern;
    LetterCase letters;
    int8_t digits;
    bool is_bare;      /* FM */
    bool is_name_bare; /* TM too: names without padding */
    char ordinal;      /* 'T': TH, 't': th, 0: none */
    bool is_quoted;    /* a literal within "…" */
    const char *text;  /* PATTERN_LITERAL, or what named the pattern; borrowed from the format */
    uint32_t length;
} Node;

typedef struct Template {
    Node *nodes;
    uint32_t count;
    bool is_ready;
} Template;

/* The template of text argument 1; kept when it is constant. In the call's arena. */
MUST_USE Status template_compile(const KernelCall *call, uint32_t row, Template *ret_template,
                                 Error *err);
