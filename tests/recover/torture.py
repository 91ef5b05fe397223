"""torture: feeds a stream, kills the server with SIGKILL over and over, and looks for lost or
doubled rows. One kind of torture is one test.

usage: torture.py [--ci] [--seed N] [--server BINARY] [KIND [CYCLES]]
       no kind: every kind.  --ci: few cycles.

A cycle starts the server, renames files into the source's folder at random moments, and kills it
at a random one: a random time, or when it has passed a random number of crash points. The laws:
1. While the server is dead, what readers see is a part of the right answer, nothing twice.
2. At the end, after WAIT FOR STREAM, it is the right answer, computed here from the input alone.
   After SIGTERM, all that was decided is shown.
3. Kills must hit, else the loop has shown nothing: at least 30 % inside an epoch, and at least 5 %
   between prepare and publish. The server's crash log (store/crash.h) says where each one fell.
No input is late by construction: event times in a file reach back less than the watermark's delay;
but for the kind that is about late rows.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import (ROOT, QueryError, Server, ServerError, read_lines,  # noqa: E402
                            visible_files, write_file)

POINT_TRIES = 20  # of a point that a run may pass or not
CI_CYCLES, FULL_CYCLES = 15, 200
IN_EPOCH_SHARE_MIN, IN_COMMIT_SHARE_MIN = 0.30, 0.05
IN_COMMIT = {"sink_prepared", "segment_written", "before_decide", "sink_marked", "sink_decided",
             "after_decide", "file_renamed", "manifest_written"}
IN_EPOCH = IN_COMMIT | {"epoch_chosen", "epoch_executed", "sink_wrote"}
START_S = 1767225600  # 2026-01-01T00:00:00Z
FILE_SPAN_S = 5
DELAY_S = 60
WINDOW_S = 10
KEYS = 7
SOURCE = f"""CREATE SOURCE events (id int8, k text, v int8, ts timestamptz,
    WATERMARK FOR ts AS ts - INTERVAL '{DELAY_S} seconds')
    WITH (connector = 'file', path = 'in/', format = 'json')"""
SINK = "CREATE SINK result WITH (connector = 'file', path = 'out/', format = 'json')"


class Loss(Exception):
    """The answer is wrong, or the loop has shown nothing."""


def time_text(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


class Feed:
    """Makes the input files, and remembers every row."""

    def __init__(self, folder, chance, kind):
        self.folder = folder
        self.chance = chance
        self.fault_share = kind.fault_share
        self.reach_s = kind.reach_s
        self.rows = []
        self.file_count = 0

    def put(self, row_count=None):
        """One more file."""
        count = self.chance.randrange(1, 40) if row_count is None else row_count
        base = START_S + self.file_count * FILE_SPAN_S
        self.write([{"id": len(self.rows) + i, "k": f"k{self.chance.randrange(KEYS)}",
                     "v": self.value(),
                     "ts": base + self.chance.randrange(-self.reach_s, FILE_SPAN_S)}
                    for i in range(count)])

    def value(self):
        if self.fault_share and self.chance.random() < self.fault_share:
            return "bad"
        return self.chance.randrange(-50, 100)

    def put_last(self):
        """A row from the far future, which closes every window before it."""
        self.write([{"id": len(self.rows), "k": "last", "v": 0,
                     "ts": START_S + self.file_count * FILE_SPAN_S + 100 * DELAY_S}])

    def write(self, rows):
        self.rows += rows
        lines = [json.dumps({**row, "ts": time_text(row["ts"])}) for row in rows]
        write_file(self.folder, f"f{self.file_count:06}.json", "\n".join(lines) + "\n")
        self.file_count += 1

    def remove_all(self):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))


def by_window(rows):
    """The windowed answer: every window but that of the last row."""
    groups = collections.defaultdict(lambda: [0, 0])
    for row in rows:
        if not row["k"].startswith("last"):
            group = groups[row["k"], row["ts"] // WINDOW_S * WINDOW_S]
            group[0] += 1
            group[1] += row["v"]
    return collections.Counter((k, time_text(start), n, total)
                               for (k, start), (n, total) in groups.items())


def by_key(rows):
    groups = collections.defaultdict(lambda: [0, 0])
    for row in rows:
        groups[row["k"]][0] += 1
        groups[row["k"]][1] += row["v"]
    return collections.Counter((k, n, total) for k, (n, total) in groups.items())


def died(server):
    """Whether it is dead, or is just dying: the socket breaks before the process is gone."""
    try:
        server.wait_dead(timeout_s=2)
        return True
    except subprocess.TimeoutExpired:
        return False


class Kind:
    """A stream to torture: its query, how its output is read, and what is right."""
    mode = "APPEND"
    consumes = False  # delete the input files that were read before each restart
    grows = True  # what is visible is always a part of the final answer
    setup = (SOURCE, SINK)
    fault_share = 0.0  # of the records, whose v is no number
    reach_s = DELAY_S // 2  # how far event times of a file reach back
    clauses = ""
    sinks = "result"

    def feed(self, server, chance):
        folder = os.path.join(server.work, "in")
        os.makedirs(folder, exist_ok=True)
        return Feed(folder, chance, self)

    def answer(self, rows):
        raise NotImplementedError

    def read(self, out):
        raise NotImplementedError


class Passing(Kind):
    query = "SELECT id, k, v FROM events WHERE v % 3 <> 0"

    def answer(self, rows):
        return collections.Counter((r["id"], r["k"], r["v"]) for r in rows if r["v"] % 3 != 0)

    def read(self, out):
        lines = (json.loads(line) for line in read_lines(visible_files(out)))
        return collections.Counter((r["id"], r["k"], r["v"]) for r in lines)


class Faulty(Passing):
    """Bad records go to a sink of their own, as exactly as the rows."""
    setup = ("CREATE SINK dead WITH (connector = 'file', path = 'dead/', format = 'json')",
             SOURCE.replace("format = 'json'", "format = 'json', on_error = 'sink:dead'"), SINK)
    fault_share = 0.2

    def answer(self, rows):
        bad = collections.Counter(r["id"] for r in rows if isinstance(r["v"], str))
        return bad + super().answer(r for r in rows if not isinstance(r["v"], str))

    def read(self, out):
        dead = os.path.join(os.path.dirname(out), "dead")
        lines = read_lines(visible_files(dead)) if os.path.isdir(dead) else []
        return super().read(out) + collections.Counter(
            json.loads(json.loads(line)["record"])["id"] for line in lines)


class Late(Kind):
    """A row is in its window or among the late ones, whenever it comes, and once."""
    query = ("SELECT window_start, string_agg(id::text, ',') AS ids "
             f"FROM TUMBLE(events, ts, INTERVAL '{WINDOW_S} seconds') GROUP BY window_start")
    setup = (SOURCE, SINK,
             "CREATE SINK late WITH (connector = 'file', path = 'late/', format = 'json')")
    clauses = "LATE ROWS INTO late"
    reach_s = 4 * DELAY_S

    def answer(self, rows):
        return collections.Counter(r["id"] for r in rows if r["k"] != "last")

    def read(self, out):
        late = os.path.join(os.path.dirname(out), "late")
        lines = read_lines(visible_files(late)) if os.path.isdir(late) else []
        return collections.Counter(
            [int(number) for line in read_lines(visible_files(out))
             for number in json.loads(line)["ids"].split(",")] +
            [json.loads(line)["id"] for line in lines])


class Windows(Kind):
    query = ("SELECT k, window_start, count(*) AS n, sum(v) AS total "
             f"FROM TUMBLE(events, ts, INTERVAL '{WINDOW_S} seconds') GROUP BY k, window_start")

    def answer(self, rows):
        return by_window(rows)

    def read(self, out):
        lines = (json.loads(line) for line in read_lines(visible_files(out)))
        return collections.Counter((r["k"], r["window_start"], r["n"], int(r["total"]))
                                   for r in lines)


class Consumed(Windows):
    consumes = True


class Updates(Kind):
    mode = "UPDATE"
    grows = False
    query = "SELECT k, count(*) AS n, sum(v) AS total FROM events GROUP BY k"

    def answer(self, rows):
        return by_key(rows)

    def read(self, out):
        """Folds the changelog: later epochs win; an epoch has one change a key at most."""
        seen = {}
        lines = [json.loads(line) for line in read_lines(visible_files(out))]
        for row in sorted(lines, key=lambda r: r["epoch"]):
            old = seen.get(row["k"])
            if old and old["epoch"] == row["epoch"]:
                raise Loss(f"two changes of {row['k']} in epoch {row['epoch']}")
            seen[row["k"]] = row
        return collections.Counter((r["k"], r["n"], int(r["total"])) for r in seen.values()
                                   if r["op"] != "delete")


class Whole(Updates):
    mode = "COMPLETE"

    def read(self, out):
        if not os.path.islink(os.path.join(out, "current")):
            return collections.Counter()
        lines = (json.loads(line) for line in read_lines(visible_files(out)))
        return collections.Counter((r["k"], r["n"], int(r["total"])) for r in lines)


def crash_points():
    """The names in the one table, store/crash.h."""
    with open(os.path.join(ROOT, "store", "crash.h"), encoding="utf-8") as file:
        return re.findall(r'X\(\w+,\s*"(\w+)"\)', file.read())


class Torture:
    """One run: a server, a feed, and a count of where the kills fell."""

    def __init__(self, kind, seed, server):
        self.kind = kind
        self.chance = random.Random(seed)
        self.server = server
        self.feed = kind.feed(server, self.chance)
        self.out = os.path.join(server.work, "out")
        self.starts = 0
        self.crash_log = ""
        self.fell = collections.Counter()

    def start(self, **environment):
        self.starts += 1
        self.crash_log = os.path.join(self.server.root, f"crash-{self.starts}.log")
        self.server.start({"MILLRACE_CRASH_LOG": self.crash_log, **environment})

    def passed_points(self):
        try:
            with open(self.crash_log, encoding="ascii") as log:
                return log.read().split()
        except FileNotFoundError:
            return []

    def note_death(self):
        points = self.passed_points()
        last = points[-1] if points else "start"
        self.fell["in epoch"] += last in IN_EPOCH
        self.fell["in commit"] += last in IN_COMMIT
        self.fell["all"] += 1
        self.check_visible()

    def create(self):
        self.start()
        connection = self.server.connect()
        for statement in self.kind.setup:
            connection.execute(statement)
        connection.execute(f"CREATE STREAM q INTO {self.kind.sinks} OUTPUT MODE {self.kind.mode} "
                           f"{self.kind.clauses} AS {self.kind.query}")
        connection.close()

    def check_visible(self):
        """Law 1."""
        visible = self.kind.read(self.out) if os.path.isdir(self.out) else collections.Counter()
        if self.kind.grows:
            extra = visible - self.kind.answer(self.feed.rows)
            if extra:
                raise Loss(f"visible after a kill but not right: {list(extra.items())[:5]}")

    def finish(self):
        """Law 2: all input in, everything processed, the answer right."""
        self.feed.put_last()
        connection = self.server.connect()
        connection.execute("WAIT FOR STREAM q")
        late, state, error = connection.rows(
            "SELECT late_rows, state, error FROM millrace.streams WHERE name = 'q'")[0]
        if (late not in ("0", None)) != bool(self.kind.clauses) or state == "failed":
            raise Loss(f"late rows {late}, state {state}, error {error}")
        connection.close()
        self.server.stop()
        self.check_whole()

    def check_whole(self):
        right, visible = self.kind.answer(self.feed.rows), self.kind.read(self.out)
        lost, extra = right - visible, visible - right
        if lost or extra:
            raise Loss(f"{sum(lost.values())} rows lost, {sum(extra.values())} too many; "
                       f"lost {list(lost.items())[:3]}, too many {list(extra.items())[:3]}")

    def begin_cycle(self):
        """The server has started."""

    def aim(self):
        """A question that is true when it is time to kill."""
        points = self.chance.randrange(1, 25)
        return lambda: len(self.passed_points()) >= points

    def kill(self):
        self.server.kill()

    def kill_at_random(self):
        """Feeds and kills; returns when the server is dead."""
        self.begin_cycle()
        deadline = time.monotonic() + self.chance.uniform(0.005, 0.25)
        is_hit = self.aim() if self.chance.random() < 0.6 else None
        next_file = 0.0
        while time.monotonic() < deadline + (5 if is_hit else 0):
            if not self.server.is_alive():
                raise Loss(f"the server ended by itself: {self.server.log_tail(1000)}")
            if is_hit and is_hit():
                break
            if time.monotonic() >= next_file:
                self.feed.put()
                next_file = time.monotonic() + self.chance.uniform(0.0, 0.02)
            time.sleep(0.001)  # the grain of the random moments
        time.sleep(self.chance.uniform(0, 0.002))
        self.kill()
        self.note_death()

    def run_random(self, cycles):
        self.create()
        self.server.kill()
        judged = cycles >= 10 and not self.kind.consumes
        done = 0
        # A few kills say little of a share: go on until they have hit, with an end to it.
        while done < cycles or (judged and done < 10 * cycles and self.missed()):
            done += 1
            self.start(MILLRACE_CRASH_DELAY_US=str(self.chance.choice((200, 1000, 3000))))
            if self.kind.consumes:
                self.consume()
                continue
            self.kill_at_random()
        self.start()
        if self.kind.consumes:
            self.feed.put()
        self.finish()
        if judged and self.missed():
            raise Loss(self.missed())

    def consume(self):
        """The input is read, the server killed, and the input deleted before the restart."""
        for _ in range(self.chance.randrange(1, 5)):
            self.feed.put()
        self.server.connect().execute("WAIT FOR STREAM q")
        self.server.kill()
        self.note_death()
        self.feed.remove_all()

    def run_stops(self, cycles):
        """SIGTERM at random moments and in each step of an epoch: what was decided is shown when
        the server has ended, so that no open file is left; and nothing is lost or doubled."""
        self.create()
        self.server.stop()
        points = ("epoch_chosen", "epoch_executed", "sink_prepared", "before_decide",
                  "after_decide")
        for i in range(max(cycles, 2 * len(points))):
            self.start(MILLRACE_CRASH_DELAY_US=str(self.chance.choice((1000, 5000))))
            self.feed.put()
            deadline = time.monotonic() + 5
            passes = self.chance.randrange(1, 4)
            while (self.passed_points().count(points[i % len(points)]) < passes
                   and time.monotonic() < deadline):
                if self.chance.random() < 0.05:
                    self.feed.put()
                time.sleep(0.001)  # the grain of the random moments
            self.server.stop()
            self.note_death()
            left = [name for name in os.listdir(self.out) if name.endswith(".open")]
            if left:
                raise Loss(f"decided rows are hidden after a stop at {points[i % len(points)]}: "
                           f"{left}")
        self.start()
        self.finish()

    def missed(self):
        """Law 3: what too few kills have hit, in words; "" when it holds."""
        for what, least in (("in epoch", IN_EPOCH_SHARE_MIN), ("in commit", IN_COMMIT_SHARE_MIN)):
            if self.fell[what] < least * self.fell["all"]:
                return f"only {self.fell[what]} of {self.fell['all']} kills fell {what}"
        return ""

    def run_points(self, cycles, more_points=frozenset()):
        """Every crash point that a running stream passes, at its first and a later pass."""
        self.create()
        self.server.kill()
        hit = set()
        for point in crash_points():
            for turn in (1, 2 + self.chance.randrange(max(1, min(cycles, 5)))):
                if self.run_point(point, turn):
                    hit.add(point)
        wanted = {"epoch_chosen", "epoch_executed", "sink_prepared", "before_decide",
                  "after_decide", "file_renamed", "after_publish", *more_points}
        for point in sorted(wanted - hit):  # an epoch closes a window, and has output, by chance
            if any(self.run_point(point, 1) for _ in range(POINT_TRIES)):
                hit.add(point)
        self.start()
        self.finish()
        if wanted - hit:
            raise Loss(f"the stream never passed {', '.join(sorted(wanted - hit))}")

    def run_point(self, point, turn):
        """True: the server died at that pass of the point."""
        try:
            self.start(MILLRACE_CRASH_POINT=f"{point}:{turn}")
            connection = self.server.connect()
            for _ in range(turn + 1):
                self.feed.put()
                connection.execute("WAIT FOR STREAM q")
        except (ServerError, QueryError) as error:
            if not died(self.server):
                raise
            if not self.passed_points() or self.passed_points()[-1] != point:
                raise Loss(f"died, but not at {point}: {error}") from error
            self.note_death()
            return True
        self.server.kill()
        self.note_death()
        return False


def run_ddl(server, seed, cycles):
    """CREATE and DROP killed at each of their points: the object is there or not, never half."""
    chance = random.Random(seed)
    os.makedirs(os.path.join(server.work, "in"), exist_ok=True)
    server.start()
    server.connect().execute_all(SOURCE + ";" + SINK)
    server.kill()
    points = ["stream_folder_made", "catalog_committed", "stream_folder_removed"]
    for i in range(max(len(points) * 2, cycles)):
        server.start({"MILLRACE_CRASH_POINT": f"{points[i % 3]}:{chance.randrange(1, 3)}"})
        try:
            connection = server.connect()
            for _ in range(3):
                connection.execute("CREATE STREAM IF NOT EXISTS q INTO result AS SELECT k "
                                   "FROM events")
                connection.execute("DROP STREAM q")
        except (ServerError, QueryError):
            if not died(server):
                raise
        server.kill()
        server.start()
        connection = server.connect()
        there = connection.value("SELECT count(*) FROM millrace.streams")
        folders = os.listdir(os.path.join(server.data, "streams"))
        if len(folders) != int(there):
            raise Loss(f"{there} streams, but folders {folders}")
        connection.execute("DROP STREAM IF EXISTS q")
        connection.close()
        server.kill()


KINDS = {"passing": Passing, "faulty": Faulty, "late": Late, "windows": Windows, "updates": Updates,
         "whole": Whole, "consumed": Consumed}


def run_kind(name, cycles, seed, binary):
    """None, or what went wrong."""
    with_points = name == "points"
    server = Server(binary)
    try:
        if name == "ddl":
            run_ddl(server, seed, cycles)
            return None, ""
        torture = Torture(KINDS.get(name, Windows)(), seed, server)
        if with_points:
            torture.run_points(cycles)
        elif name == "stops":
            torture.run_stops(cycles)
        else:
            torture.run_random(cycles)
        return None, (f"{torture.fell['all']} kills, {torture.fell['in epoch']} in an epoch, "
                      f"{torture.fell['in commit']} between prepare and publish, "
                      f"{len(torture.feed.rows)} rows")
    except (Loss, ServerError, QueryError, OSError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}", server.log_tail(1500)
    finally:
        server.destroy()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--ci", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("kind", nargs="?")
    parser.add_argument("cycles", nargs="?", type=int)
    options = parser.parse_args()
    names = [options.kind] if options.kind else [*KINDS, "points", "stops", "ddl"]
    cycles = options.cycles or (CI_CYCLES if options.ci else FULL_CYCLES)
    print(f"1..{len(names)}")
    bad = 0
    for number, name in enumerate(names, 1):
        fault, facts = run_kind(name, cycles, options.seed, options.server)
        bad += fault is not None
        print(f"{'not ok' if fault else 'ok'} {number} - torture {name}")
        print(f"# seed {options.seed}, {cycles} cycles" + (f": {facts}" if not fault else ""))
        if fault:
            print("# " + (fault + "\nlog: " + facts).replace("\n", "\n# "))
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
