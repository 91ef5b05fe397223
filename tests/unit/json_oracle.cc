/* JSON oracle: what simdjson's DOM says of a record, for comparing the decoder with it. */
#include "tests/unit/json_oracle.h"

#include <algorithm>
#include <cstring>
#include <simdjson.h>
#include <string>

using simdjson::dom::element;
using simdjson::dom::element_type;

static void put_text(OracleValue *value, const char *bytes, size_t length) {
    value->length = std::min(length, size_t(ORACLE_TEXT_MAX));
    memcpy(value->text, bytes, value->length);
}

static void put_value(OracleValue *value, const element &found) {
    *value = OracleValue {};
    switch (found.type()) {
    case element_type::NULL_VALUE:
        value->kind = ORACLE_NULL;
        break;
    case element_type::BOOL:
        value->kind = ORACLE_BOOL;
        value->boolean = bool(found);
        break;
    case element_type::INT64:
        value->kind = ORACLE_INT;
        value->integer = int64_t(found);
        value->number = double(value->integer);
        break;
    case element_type::UINT64:
        value->kind = ORACLE_NUMBER;
        value->number = double(uint64_t(found));
        break;
    case element_type::DOUBLE:
        value->kind = ORACLE_NUMBER;
        value->number = double(found);
        break;
    case element_type::STRING: {
        std::string_view text = found;

        value->kind = ORACLE_STRING;
        put_text(value, text.data(), text.size());
        break;
    }
    default: {
        std::string text = simdjson::minify(found);

        value->kind = ORACLE_NESTED;
        put_text(value, text.data(), text.size());
    }
    }
}

bool json_oracle(const char *record, size_t length, const char *const *keys, int key_count,
                 OracleValue *values) {
    static simdjson::dom::parser parser;
    simdjson::dom::object object;

    for (int i = 0; i < key_count; i++)
        values[i].kind = ORACLE_MISSING;
    if (parser.parse(simdjson::padded_string(record, length)).get(object))
        return false;
    for (auto member : object)
        for (int i = 0; i < key_count; i++)
            if (member.key == keys[i])
                put_value(&values[i], member.value);
    return true;
}

bool json_oracle_accepts(const char *bytes, size_t length) {
    static simdjson::dom::parser parser;

    return !parser.parse(simdjson::padded_string(bytes, length)).error();
}

bool json_oracle_minify(const char *bytes, size_t length, char *out, size_t *ret_length) {
    static simdjson::dom::parser parser;
    element found;

    if (parser.parse(simdjson::padded_string(bytes, length)).get(found))
        return false;
    std::string text = simdjson::minify(found);
    *ret_length = std::min(text.size(), size_t(ORACLE_TEXT_MAX));
    memcpy(out, text.data(), *ret_length);
    return true;
}
