"""laws: what must hold of streams whatever the query: cost, quiet, and the same bytes.

usage: laws.py [--server BINARY] [--megabytes N] [NAME]…

incremental  with a million groups an epoch of one row writes < 16 KiB (its CPU is told, not judged)
idle         a stream without work wakes at most about once a second and writes nothing
slices       an event of a hopping window touches one group, however many windows hold it
workers      one huge file in one epoch gives the same bytes out with 1, 2, 3 and 8 workers
late         rows that come late do so too, on whichever worker they are found
faulty       so it does when records are bad and expressions raise; bad records come in order
"""
import argparse
import hashlib
import json
import os
import random
import statistics
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import (QueryError, Server, ServerError, read_lines,  # noqa: E402
                            visible_files, write_file)

GROUPS = 1_000_000
BYTES_MAX = 16 << 10
KEYS, SECONDS, EVENTS = 20, 30, 5
IDLE_S, IDLE_CALLS_A_SECOND_MAX = 4, 8


class Wrong(Exception):
    """A law is broken."""


def bytes_under(folder):
    return sum(os.path.getsize(os.path.join(path, name))
               for path, _, names in os.walk(folder) for name in names)


def read_counters(server):
    """Of /proc: bytes and calls of reads and writes."""
    with open(f"/proc/{server.process.pid}/io", encoding="ascii") as file:
        return {name: int(value) for name, value in (line.split(": ") for line in file)}


def make_stream(server, sql, columns, extra="", trigger=""):
    os.makedirs(os.path.join(server.work, "in"), exist_ok=True)
    connection = server.connect()
    connection.execute(f"CREATE SOURCE s ({columns}{extra}) WITH (connector = 'file', "
                       "path = 'in/', format = 'json')")
    connection.execute("CREATE SINK o WITH (connector = 'file', path = 'out/', format = 'json')")
    connection.execute(f"CREATE STREAM q INTO o {trigger} AS {sql}")
    return connection


def incremental(options):
    with Server(options.server) as server:
        folder = os.path.join(server.work, "in")
        write_file(folder, "all.json", "".join(f'{{"k": {k}, "v": {k % 7}}}\n'
                                               for k in range(GROUPS)))
        connection = make_stream(server, "SELECT k, count(*) AS n, sum(v) AS total FROM s "
                                 "GROUP BY k", "k int8, v int8", trigger="OUTPUT MODE UPDATE")
        connection.execute("WAIT FOR STREAM q")
        grown = []
        for i in range(40):
            before = bytes_under(server.data)
            write_file(folder, f"{i:03}.json", f'{{"k": {i * 4999}, "v": 1}}\n')
            while connection.value("SELECT rows_in FROM millrace.streams") != str(GROUPS + i + 1):
                pass
            grown.append(bytes_under(server.data) - before)
        rows = connection.rows("SELECT cpu_ms, changelog_bytes, state_rows FROM "
                               "millrace.stream_progress WHERE rows_in = 1")
        cpu_ms = statistics.median(float(row[0]) for row in rows)
        if max(int(row[1]) for row in rows) > BYTES_MAX or statistics.median(grown) > BYTES_MAX:
            raise Wrong(f"an epoch of one row wrote {rows[-1][1]} bytes of changelog, "
                        f"{statistics.median(grown)} bytes in all")
        if {row[2] for row in rows} != {str(GROUPS)}:
            raise Wrong("not a million groups")
        return f"{cpu_ms:.2f} ms of CPU, {statistics.median(grown):.0f} bytes an epoch"


def idle(options):
    with Server(options.server) as server:
        write_file(os.path.join(server.work, "in"), "a.json",
                   '{"k": 1, "ts": "2026-01-01T00:00:00Z"}\n' * 100)
        connection = make_stream(
            server, "SELECT window_start, count(*) AS n FROM TUMBLE(s, ts, INTERVAL '1 minute') "
            "GROUP BY window_start", "k int8, ts timestamptz",
            ", WATERMARK FOR ts AS ts - INTERVAL '1 second'", "OUTPUT MODE UPDATE")
        connection.execute("WAIT FOR STREAM q")
        pause = threading.Event()
        pause.wait(1.5)  # inotify's and idleness' last words; what is measured is time itself
        epoch = connection.value("SELECT epoch FROM millrace.streams")
        before, cpu_s, size = read_counters(server), server.cpu_seconds(), bytes_under(server.data)
        pause.wait(IDLE_S)
        cpu_s = server.cpu_seconds() - cpu_s
        calls = {name: value - before[name] for name, value in read_counters(server).items()}
        if calls["write_bytes"] or bytes_under(server.data) != size:
            raise Wrong(f"an idle server wrote: {calls}")
        if calls["syscr"] + calls["syscw"] > IDLE_S * IDLE_CALLS_A_SECOND_MAX:
            raise Wrong(f"an idle server does not sleep: {calls}")
        if connection.value("SELECT epoch FROM millrace.streams") != epoch:
            raise Wrong("an epoch without work was run")
        return f"{cpu_s} s of CPU, {calls['syscr'] + calls['syscw']} calls in {IDLE_S} s"


def count_slices(options, mode):
    """Rows into and out of the partial aggregate, and state rows, for windows of 60 slices."""
    with Server(options.server) as server:
        folder = os.path.join(server.work, "in")
        lines = [f'{{"k": "k{k}", "ts": "2026-01-01T00:00:{second:02}.{i}00Z"}}\n'
                 for second in range(SECONDS) for k in range(KEYS) for i in range(EVENTS)]
        write_file(folder, "all.json", "".join(lines))
        connection = make_stream(
            server, "SELECT k, window_start, count(*) AS n FROM HOP(s, ts, INTERVAL '1 second', "
            "INTERVAL '60 seconds') GROUP BY k, window_start", "k text, ts timestamptz",
            ", WATERMARK FOR ts AS ts - INTERVAL '1 hour'", f"OUTPUT MODE {mode}")
        connection.execute("WAIT FOR STREAM q")
        query = "SELECT {} FROM millrace.operators WHERE name LIKE '%aggregate%'"
        return [int(connection.value(query.format(what) + more)) for what, more in (
            ("rows_in", " AND state_rows = 0"), ("rows_out", " AND state_rows = 0"),
            ("state_rows", " AND state_rows > 0"))]


def slices(options):
    groups = KEYS * SECONDS
    if count_slices(options, "APPEND") != [groups * EVENTS, groups, groups]:
        raise Wrong(f"append mode: {count_slices(options, 'APPEND')}")
    if count_slices(options, "UPDATE")[:2] != [groups * EVENTS, groups]:
        raise Wrong(f"update mode: {count_slices(options, 'UPDATE')}")
    return f"{groups * EVENTS} events, each in 60 windows: {groups} rows of state"


WORKER_QUERIES = [
    ("APPEND", "SELECT id, k, v * 2 AS w FROM s WHERE v % 3 = 0"),
    ("APPEND", "SELECT k, window_start, count(*) AS n, sum(f) AS total, min(v) AS lo FROM "
     "HOP(s, ts, INTERVAL '10 seconds', INTERVAL '30 seconds') GROUP BY k, window_start"),
    ("UPDATE", "SELECT k, count(*) AS n, sum(f) AS total, avg(f) AS mean, max(v) AS hi FROM s "
     "GROUP BY k"),
    ("COMPLETE", "SELECT k, count(DISTINCT v) AS n, sum(v) AS total FROM s GROUP BY k"),
]


def write_huge(folder, megabytes):
    chance = random.Random(7)
    lines = []
    for i in range(megabytes * 9000):
        second = i // 500
        lines.append(f'{{"id": {i}, "k": "k{chance.randrange(997)}", "v": {chance.randrange(9999)}'
                     f', "f": {chance.uniform(-1e6, 1e6)!r}, "ts": "2026-01-01T'
                     f'{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"}}\n')
    write_file(folder, "huge.json", "".join(lines))
    write_file(folder, "torn.json", '{"id": -1, "k": "k0", "v": 0, "f": 0.5}\n{"id": ')


def digest(folder):
    """Of the rows as they stand in the files, in the files' order; names have random ids."""
    total = hashlib.sha256()
    for path in visible_files(folder):
        with open(path, "rb") as file:
            total.update(file.read())
    return total.hexdigest()


def workers(options):
    answers = {}
    source = None
    try:
        for count in (1, 2, 3, 8):
            with Server(options.server, settings=[f"workers={count}"]) as server:
                if source is None:
                    source = Server(options.server)
                    write_huge(os.path.join(source.work, "in"), options.megabytes)
                os.symlink(os.path.join(source.work, "in"), os.path.join(server.work, "in"))
                server.settings.append(f"allowed_directories={server.work},{source.work}")
                server.stop()
                server.start()
                for i, (mode, sql) in enumerate(WORKER_QUERIES):
                    connection = make_stream(
                        server, sql, "id int8, k text, v int8, f float8, ts timestamptz",
                        ", WATERMARK FOR ts AS ts - INTERVAL '1 second'",
                        f"OUTPUT MODE {mode} TRIGGER ONCE")
                    connection.execute("WAIT FOR STREAM q", timeout_s=300)
                    facts = connection.rows("SELECT max(rows_in), count(*) FILTER (WHERE rows_in > "
                                            "0) FROM millrace.stream_progress")[0]
                    connection.execute("DROP STREAM q; DROP SINK o; DROP SOURCE s")
                    answer = digest(os.path.join(server.work, "out"))
                    os.rename(os.path.join(server.work, "out"),
                              os.path.join(server.work, f"out{i}"))
                    if answers.setdefault(i, (1, answer))[1] != answer:
                        raise Wrong(f"{count} workers give other bytes than {answers[i][0]}: {sql}")
        return f"one epoch of {facts[0]} rows" if facts[1] == "1" else f"epochs: {facts}"
    finally:
        if source:
            source.destroy()


def faulty(options):
    lines = [json.dumps({"id": i, "k": f"k{i % 97}", "v": "x" if i % 89 == 5 else i % 53}) + "\n"
             for i in range(options.megabytes * 9000)]
    bad = sum(i % 89 == 5 for i in range(len(lines)))
    zeros = sum(i % 89 != 5 and i % 53 == 0 for i in range(len(lines)))
    answers = set()
    for count in (1, 3):
        with Server(options.server, settings=[f"workers={count}"]) as server:
            write_file(os.path.join(server.work, "in"), "huge.json", "".join(lines))
            connection = server.connect()
            for statement in (
                    "CREATE SINK dead WITH (connector = 'file', path = 'dead/', format = 'json')",
                    "CREATE SINK o WITH (connector = 'file', path = 'out/', format = 'json')",
                    "CREATE SOURCE s (id int8, k text, v int8) WITH (connector = 'file', "
                    "path = 'in/', on_error = 'sink:dead')",
                    "CREATE STREAM q INTO o OUTPUT MODE UPDATE TRIGGER ONCE "
                    "WITH (on_row_error = 'skip') AS "
                    "SELECT k, count(*) AS n, sum(1000 / v) AS total FROM s GROUP BY k"):
                connection.execute(statement)
            connection.execute("WAIT FOR STREAM q", timeout_s=300)
            told = connection.rows("SELECT rows_in, bad_rows FROM millrace.streams")[0]
            if told != [str(len(lines)), str(bad + zeros)]:
                raise Wrong(f"{told}, not {len(lines)} rows and {bad} + {zeros} bad ones")
            records = [json.loads(line)["record"] for line in
                       read_lines(visible_files(os.path.join(server.work, "dead")))]
            if records != [line.rstrip() for i, line in enumerate(lines) if i % 89 == 5]:
                raise Wrong(f"{len(records)} bad records, not {bad}, or not in their order")
            answers.add(digest(os.path.join(server.work, "out")))
    if len(answers) > 1:
        raise Wrong("3 workers give other bytes than 1")
    return f"{bad} bad records, {zeros} rows that raise"


def late(options):
    answers = set()
    for count in (1, 3):
        with Server(options.server, settings=[f"workers={count}"]) as server:
            folder = os.path.join(server.work, "in")
            write_file(folder, "0.json", '{"id": -1, "ts": "2026-01-01T00:30:00Z"}\n')
            connection = make_stream(
                server, "SELECT window_start, count(*) AS n FROM HOP(s, ts, INTERVAL '1 minute', "
                "INTERVAL '3 minutes') GROUP BY window_start, window_end",
                "id int8, ts timestamptz", ", WATERMARK FOR ts AS ts")
            connection.execute("DROP STREAM q")
            connection.execute("CREATE SINK late WITH (connector = 'file', path = 'late/')")
            connection.execute(
                "CREATE STREAM q INTO o OUTPUT MODE UPDATE LATE ROWS INTO late AS SELECT "
                "window_start, count(*) AS n FROM HOP(s, ts, INTERVAL '1 minute', "
                "INTERVAL '3 minutes') GROUP BY window_start, window_end")
            connection.execute("WAIT FOR STREAM q")
            write_file(folder, "1.json", "".join(
                f'{{"id": {i}, "ts": "2026-01-01T00:{i * 7919 % 60:02}:00Z", '
                f'"pad": "{"." * 60}"}}\n' for i in range(options.megabytes * 9000)))
            connection.execute("WAIT FOR STREAM q", timeout_s=300)
            ids = sorted(json.loads(line)["id"] for line in
                         read_lines(visible_files(os.path.join(server.work, "late"))))
            right = [i for i in range(options.megabytes * 9000) if i * 7919 % 60 < 28]
            if ids != right:
                raise Wrong(f"{len(ids)} late rows, not {len(right)}")
            answers.add(digest(os.path.join(server.work, "late")))
    if len(answers) > 1:
        raise Wrong("3 workers give other bytes than 1")
    return f"{len(right)} late rows"


LAWS = [incremental, idle, slices, workers, faulty, late]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    laws = [law for law in LAWS if not options.names or law.__name__ in options.names]
    print(f"1..{len(laws)}")
    bad = 0
    for number, law in enumerate(laws, 1):
        fault, facts = None, ""
        try:
            facts = law(options)
        except (Wrong, ServerError, QueryError, OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        bad += fault is not None
        print(f"{'not ok' if fault else 'ok'} {number} - law {law.__name__}\n# {fault or facts}",
              flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
