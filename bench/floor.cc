/* floor: the least work that answers the ad query, by hand and without an engine.
 *
 * usage: floor FILE…
 *
 * It reads the files block by block, splits lines, lets simdjson find ad_id, event_type and
 * event_time, keeps the views, and counts per ad and 10-second window. One thread. The last line on
 * stdout is `rows=… groups=… views=… cpu_s=… checksum=…`; bench/run divides the engine's CPU by it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace {

constexpr size_t BLOCK_BYTES = 1 << 20;
constexpr int64_t WINDOW_MS = 10000;
constexpr size_t ID_BYTES = 36;

struct Group {
    char ad[ID_BYTES];
    int64_t window;
    int64_t count; /* 0: an empty slot */
};

/* An open-addressing table, kept at most half full. */
class Counts {
  public:
    Counts() : slots_(1 << 12) {
    }

    void add(std::string_view ad, int64_t window) {
        Group *group = find(ad.data(), window);
        if (group->count++ == 0) {
            memcpy(group->ad, ad.data(), ID_BYTES);
            group->window = window;
            if (++used_ * 2 > slots_.size())
                grow();
        }
    }

    size_t size() const {
        return used_;
    }

    /* The same for the same groups in any order. */
    uint64_t checksum() const {
        uint64_t sum = 0;
        for (const Group &group : slots_)
            if (group.count > 0)
                sum += hash(group.ad, group.window) * (uint64_t) group.count;
        return sum;
    }

  private:
    static uint64_t hash(const char *ad, int64_t window) {
        uint64_t a, b;
        memcpy(&a, ad, 8);
        memcpy(&b, ad + ID_BYTES - 8, 8);
        uint64_t x = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) + (uint64_t) window;
        x *= UINT64_C(0xbf58476d1ce4e5b9);
        return x ^ (x >> 29);
    }

    Group *find(const char *ad, int64_t window) {
        size_t mask = slots_.size() - 1;
        size_t i = hash(ad, window) & mask;
        while (slots_[i].count > 0 &&
               (slots_[i].window != window || memcmp(slots_[i].ad, ad, ID_BYTES) != 0))
            i = (i + 1) & mask;
        return &slots_[i];
    }

    void grow() {
        std::vector<Group> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Group &group : old)
            if (group.count > 0)
                *find(group.ad, group.window) = group;
    }

    std::vector<Group> slots_;
    size_t used_ = 0;
};

int64_t digits(const char *text, int count) {
    int64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* Days since 1970 of a civil date (Hinnant, chrono-compatible date algorithms). */
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* Milliseconds of `2026-01-01T00:00:00.000Z`. */
int64_t parse_time(const char *t) {
    int64_t days = days_from_civil(digits(t, 4), digits(t + 5, 2), digits(t + 8, 2));
    return ((days * 24 + digits(t + 11, 2)) * 60 + digits(t + 14, 2)) * 60000 +
           digits(t + 17, 2) * 1000 + digits(t + 20, 3);
}

class Floor {
  public:
    /* One line; `room` bytes behind its start may be read. */
    bool take(const char *line, size_t length, size_t room) {
        simdjson::ondemand::document document;
        std::string_view ad, type, time;

        rows++;
        if (parser_.iterate(line, length, room).get(document) != simdjson::SUCCESS ||
            document.find_field("ad_id").get(ad) != simdjson::SUCCESS ||
            document.find_field("event_type").get(type) != simdjson::SUCCESS)
            return false;
        if (type != "view")
            return true;
        if (document.find_field("event_time").get(time) != simdjson::SUCCESS ||
            ad.size() != ID_BYTES || time.size() != 24)
            return false;
        views++;
        counts.add(ad, parse_time(time.data()) / WINDOW_MS);
        return true;
    }

    int64_t rows = 0;
    int64_t views = 0;
    Counts counts;

  private:
    simdjson::ondemand::parser parser_;
};

bool read_file(Floor *floor, const char *path) {
    static char buffer[2 * BLOCK_BYTES + simdjson::SIMDJSON_PADDING];
    size_t held = 0; /* bytes of a line that goes on in the next block */
    int descriptor = open(path, O_RDONLY);
    ssize_t got;

    if (descriptor < 0)
        return false;
    while ((got = read(descriptor, buffer + held, BLOCK_BYTES)) > 0) {
        const char *at = buffer;
        const char *end = buffer + held + (size_t) got;
        while (const char *stop = (const char *) memchr(at, '\n', (size_t) (end - at))) {
            size_t room = (size_t) (buffer + sizeof(buffer) - at);
            if (!floor->take(at, (size_t) (stop - at), room))
                fprintf(stderr, "floor: %s: bad line %" PRId64 "\n", path, floor->rows);
            at = stop + 1;
        }
        held = (size_t) (end - at);
        if (held > BLOCK_BYTES)
            break;
        memmove(buffer, at, held);
    }
    close(descriptor);
    return got == 0;
}

} // namespace

int main(int argc, char **argv) {
    Floor floor;
    struct rusage usage;

    for (int i = 1; i < argc; i++) {
        if (!read_file(&floor, argv[i])) {
            fprintf(stderr, "floor: cannot read %s\n", argv[i]);
            return 1;
        }
    }
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("rows=%" PRId64 " groups=%zu views=%" PRId64 " cpu_s=%.4f checksum=%" PRIx64 "\n",
           floor.rows, floor.counts.size(), floor.views, cpu_s, floor.counts.checksum());
    return 0;
}
