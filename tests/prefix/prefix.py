"""prefix: a stream's result after n epochs is the query over the input accepted by then.

usage: prefix.py [--seed N] [--count N] [--steps N] [--server BINARY] [--verbose]

Each run is one random query, output mode, worker count and input. The input arrives file by file;
after each, WAIT FOR STREAM, so that a file is an epoch and a watermark's effects (closed windows,
late rows) are exact. In between the server is restarted, killed, or the stream restarted, at
random.
A model in Python, which knows nothing of increments, says what each epoch must emit:
  append    the rows whose group the watermark closed in this epoch; or the new rows
  update    the groups that changed, with their new values, and deletes of those that vanished
  complete  the whole answer
A run is one test. A failure prints its seed; --seed N --count 1 runs it again.
"""
import collections
import datetime
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import seeds  # noqa: E402
from harness.seeds import Difference  # noqa: E402
from harness.server import Server, read_lines, visible_files, write_file  # noqa: E402

RUNS, STEPS = 24, 12
START_MS = 1767225600000  # 2026-01-01T00:00:00Z
DELAY_MS = 7000
KEYS = ["a", "b", "c", "dd", "ünï", "a key that is longer than twelve bytes", None]


def time_text(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{ms % 1000:03}".rstrip("0") if ms % 1000 else "") + "+00:00"


AGGREGATES = {
    "count(*)": len,
    "count(v)": lambda rows: sum(r["v"] is not None for r in rows),
    "sum(v)": lambda rows: over(sum, rows),
    "min(v)": lambda rows: over(min, rows),
    "max(v)": lambda rows: over(max, rows),
    "count(*) FILTER (WHERE v > 10)": lambda rows: sum((r["v"] or 0) > 10 for r in rows),
    "count(DISTINCT v)": lambda rows: len({r["v"] for r in rows} - {None}),
}


def over(function, rows):
    """SQL's aggregate of no value is NULL."""
    values = [r["v"] for r in rows if r["v"] is not None]
    return function(values) if values else None


class Shape:
    """A query: its text, its columns, and groups() as the model of its answer."""
    modes = ("update", "complete")
    keys = ()  # columns that identify a row; none: every row is its own

    def __init__(self, chance):
        self.floor = chance.choice([None, None, -20, 0])
        self.functions = chance.sample(list(AGGREGATES), chance.randrange(1, 4))
        self.where = "" if self.floor is None else f" WHERE v > {self.floor}"

    def passes(self, row):
        return self.floor is None or (row["v"] is not None and row["v"] > self.floor)

    def aggregates(self):
        return "".join(f", {f} AS x{i}" for i, f in enumerate(self.functions))

    def values(self, rows):
        return {f"x{i}": AGGREGATES[f](rows) for i, f in enumerate(self.functions)}

    def windows(self, row):
        """The windows that hold a row, as (start, end); one endless one without windows."""
        return [(None, None)]

    def answer(self, pairs):
        """The answer over accepted (row, window) pairs, as a list of rows."""
        raise NotImplementedError


class Stateless(Shape):
    modes = ("append", "update")

    def sql(self):
        return f"SELECT k, v + 1 AS x0, ts FROM s{self.where}"

    def answer(self, pairs):
        return [{"k": r["k"], "x0": None if r["v"] is None else r["v"] + 1,
                 "ts": time_text(r["ts"])} for r, _ in pairs if self.passes(r)]


class Grouped(Shape):
    keys = ("k",)

    def __init__(self, chance):
        super().__init__(chance)
        self.least = chance.choice([0, 0, 2])

    def sql(self):
        having = f" HAVING count(*) > {self.least}" if self.least else ""
        return f"SELECT k{self.aggregates()} FROM s{self.where} GROUP BY k{having}"

    def answer(self, pairs):
        groups = collections.defaultdict(list)
        for row, _ in pairs:
            if self.passes(row):
                groups[row["k"]].append(row)
        return [{"k": k, **self.values(rows)} for k, rows in groups.items()
                if len(rows) > self.least]


class Nested(Shape):
    """An aggregate over an aggregate: retractions flow."""
    keys = ("n",)

    def sql(self):
        return (f"SELECT n, count(*) AS x0 FROM (SELECT k, count(*) AS n FROM s{self.where} "
                "GROUP BY k) AS d GROUP BY n")

    def answer(self, pairs):
        inner = collections.Counter(row["k"] for row, _ in pairs if self.passes(row))
        return [{"n": n, "x0": count} for n, count in collections.Counter(inner.values()).items()]


class Whole(Shape):
    """No GROUP BY: one row; it is there only once a row came (a stream emits no spurious row)."""

    def sql(self):
        return f"SELECT {self.aggregates()[2:]} FROM s{self.where}"

    def answer(self, pairs):
        rows = [row for row, _ in pairs if self.passes(row)]
        return [self.values(rows)] if pairs else []


class Tumbling(Shape):
    modes = ("append", "update", "complete")
    keys = ("window_start", "window_end", "k")

    def __init__(self, chance):
        super().__init__(chance)
        self.size_ms = chance.choice([2000, 5000, 10000])
        self.slide_ms = self.size_ms

    def relation(self):
        return f"TUMBLE(s, ts, INTERVAL '{self.size_ms} milliseconds')"

    def sql(self):
        return (f"SELECT window_start, window_end, k{self.aggregates()} "
                f"FROM {self.relation()}{self.where} "
                "GROUP BY window_start, window_end, k")

    def windows(self, row):
        last = row["ts"] // self.slide_ms * self.slide_ms
        starts = range(last, row["ts"] - self.size_ms, -self.slide_ms)
        return [(start, start + self.size_ms) for start in starts]

    def answer(self, pairs):
        groups = collections.defaultdict(list)
        for row, window in pairs:
            if self.passes(row):
                groups[window, row["k"]].append(row)
        return [{"window_start": time_text(window[0]), "window_end": time_text(window[1]), "k": k,
                 **self.values(rows)}
                for (window, k), rows in groups.items()]


class Hopping(Tumbling):
    def __init__(self, chance):
        super().__init__(chance)
        self.slide_ms = chance.choice([s for s in (500, 1000, 2000, 2500, 3700, 4000)
                                       if s <= self.size_ms])
        self.offset_ms = chance.choice([0, 0, 300])

    def relation(self):
        return (f"HOP(s, ts, INTERVAL '{self.slide_ms} milliseconds', "
                f"INTERVAL '{self.size_ms} milliseconds', "
                f"OFFSET => INTERVAL '{self.offset_ms} milliseconds')")

    def windows(self, row):
        last = (row["ts"] - self.offset_ms) // self.slide_ms * self.slide_ms + self.offset_ms
        starts = range(last, row["ts"] - self.size_ms, -self.slide_ms)
        return [(start, start + self.size_ms) for start in starts]


class SparkHopping(Hopping):
    """The same by window(…)."""

    def sql(self):
        arguments = ", ".join(f"'{ms} milliseconds'"
                              for ms in (self.size_ms, self.slide_ms, self.offset_ms))
        return (f"SELECT window.start AS window_start, window.end AS window_end, k"
                f"{self.aggregates()} FROM s{self.where} GROUP BY k, window(ts, {arguments})")


class AllHopping(Hopping):
    """Without another key."""
    keys = ("window_start",)

    def sql(self):
        return (f"SELECT window_start{self.aggregates()} FROM {self.relation()}{self.where} "
                "GROUP BY window_start")

    def answer(self, pairs):
        groups = collections.defaultdict(list)
        for row, window in pairs:
            if self.passes(row):
                groups[window].append(row)
        return [{"window_start": time_text(window[0]), **self.values(rows)}
                for window, rows in groups.items()]


SHAPES = [Stateless, Grouped, Nested, Whole, Tumbling, Tumbling, Hopping, Hopping, SparkHopping,
          AllHopping]


def bag(rows):
    return collections.Counter(json.dumps(row, sort_keys=True, ensure_ascii=False)
                               for row in rows)


class Model:
    """What a stream of this shape and mode must emit, epoch by epoch."""

    def __init__(self, shape, mode):
        self.shape = shape
        self.mode = mode
        self.pairs = []  # accepted (row, window)
        self.watermark = None  # after the last epoch, no-data epochs included
        self.before = []

    def is_late(self, window):
        closes = self.mode != "complete" and window[1] is not None
        return closes and self.watermark is not None and window[1] <= self.watermark

    def epoch(self, rows):
        """Takes an epoch's rows; returns what comes out."""
        new = [(row, window) for row in rows for window in self.shape.windows(row)
               if not self.is_late(window)]
        self.pairs += new
        old_watermark = self.watermark
        if rows:
            newest = max(row["ts"] for row in rows) - DELAY_MS
            self.watermark = newest if old_watermark is None else max(old_watermark, newest)
        if self.mode == "complete":
            return self.shape.answer(self.pairs)
        if self.mode == "append" and not self.shape.keys:
            return self.shape.answer(new)
        if self.mode == "append":
            closed = [(row, window) for row, window in self.pairs if self.watermark is not None
                      and window[1] <= self.watermark
                      and (old_watermark is None or window[1] > old_watermark)]
            return self.shape.answer(closed)
        return self.changes(new)

    def changes(self, new):
        """Update mode: what differs between the answer before and now, by key."""
        if isinstance(self.shape, Stateless):
            return [{"op": "insert", **row} for row in self.shape.answer(new)]
        now = self.shape.answer(self.pairs)

        def key(row):
            return tuple(row[name] for name in self.shape.keys)

        old, current = ({key(r): r for r in rows} for rows in (self.before, now))
        self.before = now
        if not self.shape.keys:  # a row without a key is taken back and put anew
            return [] if old == current else [{"op": "delete", **r} for r in old.values()] + \
                [{"op": "insert", **r} for r in current.values()]
        return [{"op": "upsert", **row} for k, row in current.items() if old.get(k) != row] + \
               [{"op": "delete", **{name: row[name] for name in self.shape.keys}}
                for k, row in old.items() if k not in current]


class Run:
    """One random run."""

    def __init__(self, seed, steps, binary):
        self.chance = random.Random(seed)
        self.steps = steps
        self.shape = self.chance.choice(SHAPES)(self.chance)
        self.mode = self.chance.choice(self.shape.modes)
        self.workers = self.chance.choice([1, 2, 3, 8])
        self.rules_off = self.chance.choice(["", "", "", "all"])
        self.binary = binary
        self.clock_ms = START_MS
        self.seen_files = set()

    def title(self):
        return (f"{self.mode}, {self.workers} workers"
                + (", no rules" if self.rules_off else "") + f": {self.shape.sql()}")

    def make_rows(self):
        """Rows around the clock: some in order, some late, sometimes a jump."""
        self.clock_ms += self.chance.choice([0, 500, 3000, 3000, 20000])
        count = self.chance.choice([0, 1, 3, 10, 50])
        return [{"k": self.chance.choice(KEYS),
                 "v": self.chance.choice([None, *range(-40, 40)]),
                 "ts": max(START_MS, self.clock_ms + self.chance.choice(
                     [0, 1, 999, -500, -3000, -DELAY_MS, -15000]))}
                for _ in range(count)]

    def read_new(self, out):
        files = visible_files(out) if os.path.isdir(out) else []
        if self.mode != "complete":
            files = [f for f in files if f not in self.seen_files]
            self.seen_files.update(files)
        rows = [json.loads(line) for line in read_lines(files)]
        for row in rows:
            row.pop("epoch", None)
            if row.get("op") == "delete" and self.shape.keys:  # only the key is told for certain
                for name in set(row) - {"op", *self.shape.keys}:
                    del row[name]
        return rows

    def disturb(self, server, connection):
        """Now and then something happens to the server; returns the connection to go on with."""
        kind = self.chance.choice(["nothing"] * 5 + ["kill", "stop", "restart"])
        if kind == "restart":
            connection.execute("ALTER STREAM q RESTART")
        elif kind != "nothing":
            connection.close()
            server.kill() if kind == "kill" else server.stop()
            server.start()
            return server.connect()
        return connection

    def run(self):
        with Server(self.binary, settings=[f"workers={self.workers}",
                                           f"disable_rules={self.rules_off}"]) as server:
            folder, out = (os.path.join(server.work, name) for name in ("in", "out"))
            os.makedirs(folder)
            connection = server.connect()
            connection.execute(
                f"CREATE SOURCE s (k text, v int8, ts timestamptz, WATERMARK FOR ts AS ts - "
                f"INTERVAL '{DELAY_MS} milliseconds' IDLE AFTER INTERVAL '1 hour') "
                "WITH (connector = 'file', path = 'in/', format = 'json')")
            connection.execute("CREATE SINK o WITH (connector = 'file', path = 'out/', "
                               "format = 'json')")
            connection.execute(f"CREATE STREAM q INTO o OUTPUT MODE {self.mode.upper()} AS "
                               + self.shape.sql())
            model = Model(self.shape, self.mode)
            for step in range(self.steps):
                rows = self.make_rows()
                if rows:
                    write_file(folder, f"{step:04}.json", "".join(
                        json.dumps({**row, "ts": time_text(row["ts"])}) + "\n" for row in rows))
                connection.execute("WAIT FOR STREAM q")
                expected, got = bag(model.epoch(rows)), bag(self.read_new(out))
                if expected != got:
                    raise Difference(f"step {step}: missing "
                                     f"{list((expected - got).elements())[:3]}, too many "
                                     f"{list((got - expected).elements())[:3]}")
                connection = self.disturb(server, connection)
            server.stop()


if __name__ == "__main__":
    sys.exit(seeds.run_streams("prefix", __doc__, (RUNS, STEPS), Run))
