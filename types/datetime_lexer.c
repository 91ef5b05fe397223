/* Date and time input, first step: fields, words, numbers, faults. */
#include "types/datetime_lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNIT(name) WORD_UNIT, UNIT_##name

/* clang-format off */
/* Both tables ascend by strcmp; texts of ten bytes stand for all longer words that begin so. */
static const DateTimeWord date_words[] = {
    {"-infinity", WORD_RESERVED, RESERVED_EARLY},
    {"ad", WORD_ERA, 0},
    {"allballs", WORD_RESERVED, RESERVED_ZULU},
    {"am", WORD_MERIDIEM, MERIDIEM_AM},
    {"apr", WORD_MONTH, 4}, {"april", WORD_MONTH, 4},
    {"at", WORD_IGNORED, 0},
    {"aug", WORD_MONTH, 8}, {"august", WORD_MONTH, 8},
    {"bc", WORD_ERA, 1},
    {"d", UNIT(DAY)},
    {"dec", WORD_MONTH, 12}, {"december", WORD_MONTH, 12},
    {"dow", UNIT(DAY_OF_WEEK)},
    {"doy", UNIT(DAY_OF_YEAR)},
    {"dst", WORD_DST, 3600},
    {"epoch", WORD_RESERVED, RESERVED_EPOCH},
    {"feb", WORD_MONTH, 2}, {"february", WORD_MONTH, 2},
    {"fri", WORD_WEEKDAY, 5}, {"friday", WORD_WEEKDAY, 5},
    {"h", UNIT(HOUR)},
    {"infinity", WORD_RESERVED, RESERVED_LATE},
    {"isodow", UNIT(ISO_DAY_OF_WEEK)},
    {"isoyear", UNIT(ISO_YEAR)},
    {"j", UNIT(JULIAN)},
    {"jan", WORD_MONTH, 1}, {"january", WORD_MONTH, 1},
    {"jd", UNIT(JULIAN)},
    {"jul", WORD_MONTH, 7},
    {"julian", UNIT(JULIAN)},
    {"july", WORD_MONTH, 7},
    {"jun", WORD_MONTH, 6}, {"june", WORD_MONTH, 6},
    {"m", UNIT(MONTH)},
    {"mar", WORD_MONTH, 3}, {"march", WORD_MONTH, 3},
    {"may", WORD_MONTH, 5},
    {"mm", UNIT(MINUTE)},
    {"mon", WORD_WEEKDAY, 1}, {"monday", WORD_WEEKDAY, 1},
    {"nov", WORD_MONTH, 11}, {"november", WORD_MONTH, 11},
    {"now", WORD_RESERVED, RESERVED_NOW},
    {"oct", WORD_MONTH, 10}, {"october", WORD_MONTH, 10},
    {"on", WORD_IGNORED, 0},
    {"pm", WORD_MERIDIEM, MERIDIEM_PM},
    {"s", UNIT(SECOND)},
    {"sat", WORD_WEEKDAY, 6}, {"saturday", WORD_WEEKDAY, 6},
    {"sep", WORD_MONTH, 9}, {"sept", WORD_MONTH, 9}, {"september", WORD_MONTH, 9},
    {"sun", WORD_WEEKDAY, 0}, {"sunday", WORD_WEEKDAY, 0},
    {"t", WORD_TIME_MARK, 0},
    {"thu", WORD_WEEKDAY, 4}, {"thur", WORD_WEEKDAY, 4}, {"thurs", WORD_WEEKDAY, 4},
    {"thursday", WORD_WEEKDAY, 4},
    {"today", WORD_RESERVED, RESERVED_TODAY},
    {"tomorrow", WORD_RESERVED, RESERVED_TOMORROW},
    {"tue", WORD_WEEKDAY, 2}, {"tues", WORD_WEEKDAY, 2}, {"tuesday", WORD_WEEKDAY, 2},
    {"wed", WORD_WEEKDAY, 3}, {"wednesday", WORD_WEEKDAY, 3}, {"weds", WORD_WEEKDAY, 3},
    {"y", UNIT(YEAR)},
    {"yesterday", WORD_RESERVED, RESERVED_YESTERDAY},
};

static const DateTimeWord interval_words[] = {
    {"@", WORD_IGNORED, 0},
    {"ago", WORD_AGO, 0},
    {"c", UNIT(CENTURY)}, {"cent", UNIT(CENTURY)},
    {"centuries", UNIT(CENTURY)}, {"century", UNIT(CENTURY)},
    {"d", UNIT(DAY)}, {"day", UNIT(DAY)}, {"days", UNIT(DAY)},
    {"dec", UNIT(DECADE)}, {"decade", UNIT(DECADE)}, {"decades", UNIT(DECADE)},
    {"decs", UNIT(DECADE)},
    {"h", UNIT(HOUR)}, {"hour", UNIT(HOUR)}, {"hours", UNIT(HOUR)}, {"hr", UNIT(HOUR)},
    {"hrs", UNIT(HOUR)},
    {"m", UNIT(MINUTE)},
    {"microsecon", UNIT(MICROSECOND)},
    {"mil", UNIT(MILLENNIUM)}, {"millennia", UNIT(MILLENNIUM)}, {"millennium", UNIT(MILLENNIUM)},
    {"millisecon", UNIT(MILLISECOND)},
    {"mils", UNIT(MILLENNIUM)},
    {"min", UNIT(MINUTE)}, {"mins", UNIT(MINUTE)}, {"minute", UNIT(MINUTE)},
    {"minutes", UNIT(MINUTE)},
    {"mon", UNIT(MONTH)}, {"mons", UNIT(MONTH)}, {"month", UNIT(MONTH)}, {"months", UNIT(MONTH)},
    {"ms", UNIT(MILLISECOND)}, {"msec", UNIT(MILLISECOND)}, {"msecond", UNIT(MILLISECOND)},
    {"mseconds", UNIT(MILLISECOND)}, {"msecs", UNIT(MILLISECOND)},
    {"qtr", UNIT(QUARTER)}, {"quarter", UNIT(QUARTER)},
    {"s", UNIT(SECOND)}, {"sec", UNIT(SECOND)}, {"second", UNIT(SECOND)},
    {"seconds", UNIT(SECOND)}, {"secs", UNIT(SECOND)},
    {"timezone", UNIT(ZONE)}, {"timezone_h", UNIT(ZONE_HOUR)}, {"timezone_m", UNIT(ZONE_MINUTE)},
    {"us", UNIT(MICROSECOND)}, {"usec", UNIT(MICROSECOND)}, {"usecond", UNIT(MICROSECOND)},
    {"useconds", UNIT(MICROSECOND)}, {"usecs", UNIT(MICROSECOND)},
    {"w", UNIT(WEEK)}, {"week", UNIT(WEEK)}, {"weeks", UNIT(WEEK)},
    {"y", UNIT(YEAR)}, {"year", UNIT(YEAR)}, {"years", UNIT(YEAR)}, {"yr", UNIT(YEAR)},
    {"yrs", UNIT(YEAR)},
};
/* clang-format on */

static int compare_word(const void *key, const void *word) {
    return strncmp(key, ((const DateTimeWord *) word)->text, DATETIME_WORD_BYTES);
}

const DateTimeWord *datetime_find_word(const char *lower) {
    return bsearch(lower, date_words, ARRAY_LENGTH(date_words), sizeof(date_words[0]),
                   compare_word);
}

const DateTimeWord *interval_find_word(const char *lower) {
    return bsearch(lower, interval_words, ARRAY_LENGTH(interval_words), sizeof(interval_words[0]),
                   compare_word);
}

/* -------- fields -------- */

typedef struct Lexer {
    const char *cursor;
    const char *end;
    char *out;
    const char *out_end;
    bool is_full;
} Lexer;

static char peek(const Lexer *lexer) {
    return lexer->cursor < lexer->end ? *lexer->cursor : '\0';
}

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

static bool is_letter(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static bool is_one_of(char character, const char *set) {
    return character != '\0' && strchr(set, character) != NULL;
}

static void take(Lexer *lexer) {
    char character = *lexer->cursor++;

    if (lexer->out + 1 >= lexer->out_end) {
        lexer->is_full = true;
        return;
    }
    *lexer->out++ = is_letter(character) ? (char) (character | 0x20) : character;
}

/* Take digits and the characters of `others`. */
static void take_digits(Lexer *lexer, const char *others) {
    while (is_digit(peek(lexer)) || is_one_of(peek(lexer), others))
        take(lexer);
}

static void take_letters(Lexer *lexer) {
    while (is_letter(peek(lexer)))
        take(lexer);
}

/* A field that begins with a digit: time, date or number. */
static DateTimeFieldKind lex_digits(Lexer *lexer) {
    DateTimeFieldKind kind;
    char delimiter[2] = {0};

    take_digits(lexer, "");
    if (peek(lexer) == ':') {
        take_digits(lexer, ":.");
        return FIELD_TIME;
    }
    if (!is_one_of(peek(lexer), "-/."))
        return FIELD_NUMBER;
    delimiter[0] = peek(lexer);
    take(lexer);
    if (!is_digit(peek(lexer))) {
        while (is_digit(peek(lexer)) || is_letter(peek(lexer)) || peek(lexer) == delimiter[0])
            take(lexer);
        return FIELD_DATE;
    }
    kind = delimiter[0] == '.' ? FIELD_NUMBER : FIELD_DATE;
    take_digits(lexer, "");
    if (peek(lexer) == delimiter[0]) {
        take_digits(lexer, delimiter);
        kind = FIELD_DATE;
    }
    return kind;
}

/* A field that begins with a letter: a word, or a date or zone name with punctuation inside. */
static DateTimeFieldKind lex_letters(Lexer *lexer, const char *start) {
    char next;

    take_letters(lexer);
    next = peek(lexer);
    *lexer->out = '\0';
    if (!is_one_of(next, "-/.") &&
        !((next == '+' || is_digit(next)) && datetime_find_word(start) == NULL))
        return FIELD_WORD;
    do
        take(lexer);
    while (is_one_of(peek(lexer), "+-/_.:") || is_digit(peek(lexer)) || is_letter(peek(lexer)));
    return FIELD_DATE;
}

static bool lex_signed(Lexer *lexer, DateTimeFieldKind *ret_kind) {
    take(lexer);
    while (isspace((unsigned char) peek(lexer)))
        lexer->cursor++;
    if (is_digit(peek(lexer))) {
        take_digits(lexer, ":.-");
        *ret_kind = FIELD_OFFSET;
        return true;
    }
    take_letters(lexer);
    *ret_kind = FIELD_SPECIAL;
    return is_letter(lexer->out[-1]);
}

bool datetime_split(const char *text, size_t length, size_t buffer_bytes,
                    DateTimeFields *ret_fields) {
    Lexer lexer = {text, text + length, ret_fields->buffer, ret_fields->buffer + buffer_bytes, 0};

    ret_fields->count = 0;
    while (peek(&lexer) != '\0') {
        char next = peek(&lexer);
        DateTimeField *field = &ret_fields->items[ret_fields->count];

        if (isspace((unsigned char) next)) {
            lexer.cursor++;
            continue;
        }
        if (ret_fields->count == DATETIME_FIELDS_MAX || lexer.out >= lexer.out_end)
            return false;
        field->text = lexer.out;
        if (is_digit(next)) {
            field->kind = lex_digits(&lexer);
        } else if (next == '.') {
            take(&lexer);
            take_digits(&lexer, "");
            field->kind = FIELD_NUMBER;
        } else if (is_letter(next)) {
            field->kind = lex_letters(&lexer, lexer.out);
        } else if (next == '+' || next == '-') {
            if (!lex_signed(&lexer, &field->kind))
                return false;
        } else if (ispunct((unsigned char) next)) {
            lexer.cursor++;
            continue;
        } else {
            return false;
        }
        if (lexer.is_full)
            return false;
        *lexer.out++ = '\0';
        ret_fields->count++;
    }
    return lexer.cursor == lexer.end; /* else there is a NUL inside */
}

/* -------- numbers -------- */

bool datetime_read_int64(const char *text, const char **ret_end, int64_t *ret_number) {
    char *end;

    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    *ret_end = end;
    return errno != ERANGE;
}

bool datetime_read_int32(const char *text, const char **ret_end, int32_t *ret_number) {
    int64_t number;
    bool fits = datetime_read_int64(text, ret_end, &number);

    *ret_number = (int32_t) number;
    return fits && number == *ret_number;
}

bool datetime_read_fraction(const char *text, double *ret_fraction) {
    char *end;

    *ret_fraction = 0;
    if (text[1] == '\0')
        return true;
    errno = 0;
    *ret_fraction = strtod(text, &end);
    return *end == '\0' && errno == 0;
}

/* -------- faults -------- */

Status datetime_fault_error(DateTimeFault fault, const DateTimeText *text, const char *detail,
                            Error *err) {
    int length = text->length > ERROR_MESSAGE_SIZE ? ERROR_MESSAGE_SIZE : (int) text->length;

    switch (fault) {
    case FAULT_RANGE:
    case FAULT_RANGE_STYLE:
        error_set(err, DATETIME_FIELD_OVERFLOW, "date/time field value out of range: \"%.*s\"",
                  length, text->text);
        if (fault == FAULT_RANGE_STYLE)
            error_hint(err, "Perhaps you need a different \"datestyle\" setting.");
        return STATUS_ERROR;
    case FAULT_INTERVAL:
        return error_set(err, INTERVAL_FIELD_OVERFLOW,
                         "interval field value out of range: \"%.*s\"", length, text->text);
    case FAULT_DISPLACEMENT:
        return error_set(err, INVALID_TIME_ZONE_DISPLACEMENT,
                         "time zone displacement out of range: \"%.*s\"", length, text->text);
    case FAULT_ZONE:
        return error_set(err, INVALID_PARAMETER, "time zone \"%s\" not recognized", detail);
    case FAULT_NONE:
    case FAULT_FORMAT:
        break;
    }
    return error_set(err, INVALID_DATETIME_FORMAT, "invalid input syntax for type %s: \"%.*s\"",
                     text->type_name, length, text->text);
}
