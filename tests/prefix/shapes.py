"""shapes: random streams of many shapes against the batch SELECT over what they accepted.

usage: shapes.py [--seed N] [--count N] [--steps N] [--server BINARY]

prefix.py knows a few shapes and models them; here the model is SQL itself. Each input row carries
`late_below`, the watermark that judges it, as this program knows it: so the same query over the
source, with the pairs of row and window left out that are late, is what every stream must show, in
each mode, in a file sink and as its own result, after every file. The watermark and late_windows
are compared too. In between the server is restarted, killed, or the streams restarted.
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

RUNS, STEPS = 16, 8
START_MS = 1767225600000  # 2026-01-01T00:00:00Z
SOURCES = ("s", "t")
COLUMNS = "id, k, v, f, n, ts, late_below"
BOTH = f"(SELECT {COLUMNS} FROM s UNION ALL SELECT {COLUMNS} FROM t) AS u"
TWICE = (f"(SELECT {COLUMNS} FROM s WHERE v > 0 UNION ALL "
         "SELECT id, k, v + 1 AS v, f, n, ts, late_below FROM s WHERE v <= 3) AS u")
AGGREGATES = [
    "count(*)", "count(v)", "sum(v)", "min(v)", "max(v)", "avg(v)", "count(DISTINCT v)", "sum(f)",
    "avg(f)", "min(k)", "max(ts)", "count(*) FILTER (WHERE v > 3)", "sum(DISTINCT v)", "sum(n)",
    "bool_and(v > 0)", "stddev(v)", "max(CASE WHEN v > 0 THEN k END)", "sum(v * 2 + 1)"]
CONDITIONS = [None, None, "v > 0", "(k = 'a' OR v IS NULL)", "n IS NOT NULL"]
HAVINGS = ["", "", " HAVING count(*) > 1", " HAVING max(v) IS NOT NULL AND count(*) < 9"]


def time_text(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "+00:00"


def bag(rows):
    return collections.Counter(json.dumps(row, ensure_ascii=False) for row in rows)


class Shape:
    """A query, as the stream runs it and as the reference; what its rows are known by."""

    def __init__(self, chance):
        self.chance = chance
        self.condition = chance.choice(CONDITIONS)
        self.having = chance.choice(HAVINGS)
        self.source = chance.choice(["s", "s", BOTH, TWICE])
        self.values = ", ".join(f"{f} AS x{i}" for i, f in enumerate(
            chance.sample(AGGREGATES, chance.randrange(1, 4))))
        size = chance.choice([1000, 2000, 3000, 5000, 7000, 10000])
        self.size, self.slide, self.offset = size, chance.choice(
            [s for s in (500, 700, 1000, 1500, 2000, 4000) if s <= size]), chance.choice(
                [0, 0, -500, 300, 12345])
        self.hop = (f"HOP({self.source}, ts, INTERVAL '{self.slide} milliseconds', INTERVAL "
                    f"'{size} milliseconds', OFFSET => INTERVAL '{self.offset} milliseconds')")
        self.keys = None  # None: the whole row
        self.modes = ("update", "complete")
        self.closes = None  # an expression over the row: when append mode gives it
        self.pairs = None  # of row and window, to count those that are late
        make = chance.choice([
            self.by_window, self.by_window, self.by_function, self.by_time, self.by_window_time,
            self.distinct, self.distinct_windows, self.windows_over_windows, self.by_key,
            self.nested, self.grouping_sets, self.branches])
        self.stream_sql, self.reference = make("true"), make("late")

    def where(self, late, expression=None):
        """WHERE of the shape; the reference's leaves out what `expression` says is late."""
        parts = [self.condition] if self.condition else []
        if late == "late" and expression:
            parts.append(f"(late_below IS NULL OR {expression} > late_below)")
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def close_by(self, keys, expression, modes=("append", "update", "complete")):
        self.keys, self.closes, self.modes = keys, expression, modes

    def count_pairs(self):
        self.pairs = tuple(f"SELECT count(*) FROM {self.hop}{self.where(late, 'window_end')}"
                           for late in ("true", "late"))

    def by_window(self, late):
        self.close_by(("window_start", "window_end", "k"), "window_end")
        self.count_pairs()
        return (f"SELECT window_start, window_end, k, {self.values} FROM {self.hop}"
                f"{self.where(late, 'window_end')} GROUP BY window_start, window_end, k"
                f"{self.having}")

    def by_function(self, late):
        """window() for the stream; the reference needs HOP's columns in WHERE."""
        if late == "late":
            return self.by_window(late)
        self.by_window(late)
        return (f"SELECT window.start AS window_start, window.end AS window_end, k, {self.values} "
                f"FROM {self.source}{self.where(late)} GROUP BY window(ts, '{self.size} ms', "
                f"'{self.slide} ms', '{self.offset} ms'), k{self.having}")

    def by_window_time(self, late):
        self.close_by(("window_time",), "window_time + INTERVAL '1 microsecond'")
        self.count_pairs()
        return (f"SELECT window_time, {self.values} FROM {self.hop}"
                f"{self.where(late, 'window_end')} GROUP BY window_time{self.having}")

    def by_time(self, late):
        self.close_by(("ts", "k"), "ts")
        return (f"SELECT ts, k, {self.values} FROM {self.source}{self.where(late, 'ts')} "
                f"GROUP BY k, ts{self.having}")

    def distinct(self, late):
        self.close_by(None, None, ("append", "update"))
        return f"SELECT DISTINCT k, ts FROM {self.source}{self.where(late, 'ts')}"

    def distinct_windows(self, late):
        self.close_by(("window_start", "window_end"), "window_end", ("append", "update"))
        self.count_pairs()
        return ("SELECT window_start, window_end, count(*) AS x FROM (SELECT DISTINCT "
                f"window_start, window_end, k FROM {self.hop}{self.where(late, 'window_end')}) "
                "AS d GROUP BY window_start, window_end")

    def windows_over_windows(self, late):
        self.close_by(("window_start", "window_end"), "window_end", ("append", "update"))
        return ("SELECT window_start, window_end, count(*) AS x, sum(c) AS y FROM TUMBLE((SELECT "
                f"window_time, k, count(*) AS c FROM HOP({self.source}, ts, '1 second', "
                f"'2 seconds'){self.where(late, 'window_end')} GROUP BY window_start, window_end, "
                "window_time, k) AS d, window_time, '6 seconds') GROUP BY window_start, window_end")

    def by_key(self, late):
        self.keys = ("k", "m")
        return (f"SELECT k, v % 3 AS m, {self.values} FROM {self.source}{self.where(late)} "
                f"GROUP BY k, v % 3{self.having}")

    def nested(self, late):
        self.keys = ("x0",)
        return (f"SELECT x0, count(*) AS y, sum(c) AS z FROM (SELECT k, v, {self.values}, "
                f"count(*) AS c FROM {self.source}{self.where(late)} GROUP BY k, v{self.having}) "
                "AS d GROUP BY x0")

    def grouping_sets(self, late):
        self.modes = ("update",)
        return (f"SELECT k, v % 2 AS m, grouping(k, v % 2) AS g, {self.values} FROM {self.source}"
                f"{self.where(late)} GROUP BY GROUPING SETS ((k, v % 2), (k), (v % 2))")

    def branches(self, late):
        self.modes = ("append", "update")
        return (f"SELECT k, v FROM s{self.where(late)} UNION ALL SELECT k, id FROM t UNION ALL "
                "SELECT 'x', 1 FROM s")


class Feed:
    """The input, and the watermark that each row meets."""

    def __init__(self, chance, folder, sources):
        self.chance, self.folder, self.sources = chance, folder, sources
        self.delay_ms = chance.choice([0, 1500, 4000])
        self.clock_ms, self.row_count = START_MS, 0
        self.newest = dict.fromkeys(sources)

    def watermark(self):
        """Over the sources that the shape reads; None before all have rows."""
        if None in self.newest.values():
            return None
        return min(self.newest.values()) - self.delay_ms

    def write(self, step):
        chance, source = self.chance, self.chance.choice(self.sources)
        self.clock_ms += chance.choice([0, 500, 3000, 3000, 20000])
        late_below = self.watermark()
        times = [max(START_MS, self.clock_ms + chance.choice(
            [0, 0, 1, 999, -500, -3000, -self.delay_ms, -9000, -15000]))
            for _ in range(chance.choice([0, 1, 3, 10, 50]))]
        lines = []
        for ms in times:
            self.row_count += 1
            lines.append(json.dumps({
                "id": self.row_count, "k": chance.choice(["a", "b", "c", "Dd", "ünï", None]),
                "v": chance.choice([None, *range(-10, 10)]),
                "f": chance.choice([None, 0.1, 1e15, -1e-9, chance.uniform(-100, 100)]),
                "n": chance.choice([None, 1, "2.125", -7.5]), "ts": time_text(ms),
                "late_below": None if late_below is None else time_text(late_below)}) + "\n")
        if lines:
            write_file(os.path.join(self.folder, source), f"{step:04}.json", "".join(lines))
            self.newest[source] = max(times + [self.newest[source] or START_MS])


class Run:
    """One random run: the shape's streams in all its modes, each with a sink and without."""

    def __init__(self, seed, steps, binary):
        self.chance = random.Random(seed)
        self.shape = Shape(self.chance)
        self.steps = steps
        self.server = Server(binary,
                             settings=[f"workers={self.chance.choice([1, 2, 3])}"])
        sql = self.shape.stream_sql
        self.feed = Feed(self.chance, self.server.work,
                         [s for s in SOURCES if f"FROM {s}" in sql or f"({s}," in sql])
        self.connection = None
        self.streams = [(f"{mode}_{place}", mode, place == "file")
                        for mode in self.shape.modes for place in ("kept", "file")]

    def title(self):
        return self.shape.stream_sql

    def create(self):
        for source in SOURCES:
            os.makedirs(os.path.join(self.server.work, source))
            self.connection.execute(
                f"CREATE SOURCE {source} (id int8, k text, v int8, f float8, n numeric(20, 3), "
                "late_below timestamptz, ts timestamptz, WATERMARK FOR ts AS ts - INTERVAL "
                f"'{self.feed.delay_ms} milliseconds' IDLE AFTER INTERVAL '1 hour') "
                f"WITH (connector = 'file', path = '{source}/', format = 'json')")
        for name, mode, has_sink in self.streams:
            if has_sink:
                self.connection.execute(f"CREATE SINK o_{name} WITH (connector = 'file', path = "
                                        f"'o_{name}/', format = 'json')")
            self.connection.execute(f"CREATE STREAM {name} {f'INTO o_{name}' * has_sink} "
                                    f"OUTPUT MODE {mode} AS {self.shape.stream_sql}")

    def expected_sql(self, mode):
        """In complete mode no aggregate drops anything; in append mode only what is closed."""
        sql = self.shape.stream_sql if mode == "complete" else self.shape.reference
        if mode != "append" or not self.shape.closes:
            return sql
        watermark = self.feed.watermark()
        closed = "false" if watermark is None else \
            f"{self.shape.closes} <= '{time_text(watermark)}'"
        return f"SELECT * FROM ({sql}) AS all_rows WHERE {closed}"

    def fold(self, rows):
        """What an update sink's lines add up to."""
        if any(row["op"] == "insert" for row in rows):  # without a key
            found = collections.Counter()
            for row in rows:
                found[json.dumps(list(row.values())[2:])] += 1 if row["op"] == "insert" else -1
            return [json.loads(text) for text in found.elements()]
        found = {}
        for row in rows:
            key = json.dumps([row[name] for name in self.shape.keys or list(row)[2:]])
            if row["op"] == "delete":
                del found[key]
            else:
                found[key] = list(row.values())[2:]
        return list(found.values())

    def read(self, name, mode, has_sink):
        """What the stream shows, and what it should: rows of JSON values."""
        as_json = "SELECT row_to_json(all_rows) FROM ({}) AS all_rows"
        expected = self.connection.rows(as_json.format(self.expected_sql(mode)))
        expected = [list(json.loads(row[0]).values()) for row in expected]
        if not has_sink:
            rows = self.connection.rows(as_json.format(f"SELECT * FROM {name}"))
            return [list(json.loads(row[0]).values()) for row in rows], expected
        folder = os.path.join(self.server.work, f"o_{name}")
        rows = [json.loads(line) for line in read_lines(visible_files(folder))]
        if mode == "update":
            return self.fold(rows), expected
        return [list(row.values()) for row in rows], expected

    def check_facts(self, name, mode):
        """The watermark, and that the late pairs were counted."""
        watermark, late, error = self.connection.rows(
            "SELECT extract(epoch FROM watermark) * 1000, (SELECT coalesce(sum(late_windows), 0) "
            f"FROM millrace.stream_progress WHERE stream = '{name}'), error FROM millrace.streams "
            f"WHERE name = '{name}'")[0]
        if error:
            raise Difference(f"{name}: {error}")
        if (watermark and round(float(watermark))) != self.feed.watermark():
            raise Difference(f"{name}: the watermark is {watermark}, not {self.feed.watermark()}")
        if not self.shape.pairs or mode == "complete":
            return
        pairs, accepted = (int(self.connection.value(sql)) for sql in self.shape.pairs)
        if int(late) != pairs - accepted:
            raise Difference(f"{name}: {late} late windows, not {pairs - accepted}")

    def check(self, step):
        for name, mode, has_sink in self.streams:
            self.connection.execute(f"WAIT FOR STREAM {name}")
            self.check_facts(name, mode)
            got, expected = (bag(rows) for rows in self.read(name, mode, has_sink))
            if got != expected:
                raise Difference(f"step {step}, {name}: missing "
                                 f"{list((expected - got).elements())[:3]}, too many "
                                 f"{list((got - expected).elements())[:3]}")

    def disturb(self):
        kind = self.chance.choice(["nothing"] * 4 + ["kill", "stop", "restart", "pause"])
        if kind in ("kill", "stop"):
            self.connection.close()
            self.server.kill() if kind == "kill" else self.server.stop()
            self.server.start()
            self.connection = self.server.connect()
        for name, _, _ in self.streams:
            if kind == "restart":
                self.connection.execute(f"ALTER STREAM {name} RESTART")
            elif kind == "pause":
                self.connection.execute(f"ALTER STREAM {name} PAUSE")
                self.connection.execute(f"ALTER STREAM {name} RESUME")

    def run(self):
        with self.server:
            self.connection = self.server.connect()
            self.create()
            for step in range(self.steps):
                self.feed.write(step)
                self.check(step)
                self.disturb()


if __name__ == "__main__":
    sys.exit(seeds.run_streams("shapes", __doc__, (RUNS, STEPS), Run))
