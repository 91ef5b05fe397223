"""simulated: the commit protocol against a sink with transactions of its own (sinks/simulated.c).

usage: simulated.py [--server BINARY] [NAME]…

Unknown outcomes both ways, a crash at every crash point, a marker one epoch ahead of the
checkpoint, an old copy of the data directory, a second server that fences the first, and DROP and
CREATE of the same names. The law is always the same: every row is in the cluster once.
"""
import argparse
import collections
import contextlib
import glob
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import (ROOT, QueryError, Server, ServerError, read_lines,  # noqa: E402
                            visible_files, write_file)

SOURCE = "CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/', format = 'json')"
SINK = "CREATE SINK o WITH (connector = 'simulated', path = 'cluster/'{})"
QUERY = "SELECT v, v * 2 AS w FROM s"


class Wrong(Exception):
    """A law is broken."""


class Case:
    """A server with a stream into the simulated cluster."""

    def __init__(self, binary):
        self.server = Server(binary)
        self.put_count = 0

    def create(self, options="", stream="CREATE STREAM q INTO o AS " + QUERY):
        self.server.start()
        connection = self.server.connect()
        os.makedirs(os.path.join(self.server.work, "in"), exist_ok=True)
        for statement in (SOURCE, SINK.format(options), stream):
            connection.execute(statement)
        return connection

    def put(self, count=3, pad=""):
        first = self.put_count * 100
        write_file(os.path.join(self.server.work, "in"), f"{self.put_count:04}.json",
                   "".join(f'{{"v": {first + i}, "pad": "{pad}"}}\n' for i in range(count)))
        self.put_count += 1

    def feed(self, connection, count=1):
        """Files one by one, each an epoch."""
        for _ in range(count):
            self.put()
            connection.execute("WAIT FOR STREAM q")

    def cluster(self):
        """(epoch, line) of every row."""
        path = os.path.join(self.server.work, "cluster", "cluster.db")
        with sqlite3.connect(path) as database:
            return database.execute("SELECT epoch, line FROM row ORDER BY id").fetchall()

    def checkpoint_epoch(self):
        """The last epoch that the disk has. Of a copy: to look at it changes it."""
        paths = glob.glob(os.path.join(self.server.data, "**", "checkpoint.db*"), recursive=True)
        with tempfile.TemporaryDirectory(prefix="millrace-checkpoint-") as folder:
            for path in paths:
                shutil.copy(path, folder)
            with contextlib.closing(
                    sqlite3.connect(os.path.join(folder, "checkpoint.db"))) as database:
                return database.execute("SELECT max(number) FROM epoch").fetchone()[0] or 0

    def check(self, puts=None, rows=3):
        """Each row once; an epoch's rows in one transaction."""
        got = collections.Counter(json.loads(line)["v"] for _, line in self.cluster())
        right = collections.Counter(file * 100 + i for file in range(self.put_count)
                                    if puts is None or file in puts for i in range(rows))
        if got != right:
            raise Wrong(f"lost {list((right - got).elements())[:5]}, "
                        f"too many {list((got - right).elements())[:5]}")

    def put_faulty(self):
        """Records that are good and bad in turn."""
        first = self.put_count * 100
        write_file(os.path.join(self.server.work, "in"), f"{self.put_count:04}.json",
                   "".join(f'{{"v": {first + i if i % 2 else chr(34) + "x" + chr(34)}, '
                           f'"n": {first + i}}}\n' for i in range(6)))
        self.put_count += 1

    def check_faulty(self, rows_folder, errors_folder):
        """Each row and each bad record once; the one in a folder, the other in the cluster."""
        folder = os.path.join(self.server.work, rows_folder or errors_folder)
        lines = read_lines(visible_files(folder))
        cluster = [line for _, line in self.cluster()]
        rows, errors = (lines, cluster) if rows_folder else (cluster, lines)
        got = sorted([json.loads(line)["v"] for line in rows] +
                     [json.loads(json.loads(line)["record"])["n"] for line in errors])
        right = [file * 100 + i for file in range(self.put_count) for i in range(6)]
        if got != right:
            raise Wrong(f"got {got}, not {right}")

    def forget(self):
        """All input and output, as if nothing had been."""
        for name in ("in", "o", "dead", "cluster"):
            shutil.rmtree(os.path.join(self.server.work, name), ignore_errors=True)
        os.makedirs(os.path.join(self.server.work, "in"))
        self.put_count = 0

    def stream_row(self, connection):
        return connection.rows("SELECT state, epoch, error_code, error FROM millrace.streams")[0]

    def wait_rows(self, connection, count):
        """Without WAIT FOR STREAM, which would tell the checkpoint."""
        for _ in range(2000):
            if len(self.cluster()) >= count:
                return
            connection.execute("SELECT count(*) FROM generate_series(1, 20000)")
        raise Wrong(f"{len(self.cluster())} rows of {count}")

    def wait_state(self, connection, state):
        """Views are asked again until they say so; WAIT FOR STREAM would be refused."""
        for _ in range(2000):
            row = self.stream_row(connection)
            if row[0] == state:
                return row
            connection.execute("SELECT count(*) FROM generate_series(1, 20000)")
        raise Wrong(f"the stream never became {state}: {row}")


def unknown_outcome(case, option):
    connection = case.create(f", {option} = 2")
    case.feed(connection, 4)
    case.check()
    if int(case.stream_row(connection)[1]) < 4:
        raise Wrong(f"too few epochs: {case.stream_row(connection)}")


def commit_refused(case):
    unknown_outcome(case, "fail_before_commit")


def commit_unknown(case):
    unknown_outcome(case, "fail_after_commit")


def crash_points(case):
    with open(os.path.join(ROOT, "store", "crash.h"), encoding="utf-8") as file:
        points = re.findall(r'X\(\w+,\s*"(\w+)"\)', file.read())
    case.create()
    case.server.kill()
    hit = set()
    for point in points:
        for turn in (1, 2):
            try:
                case.server.start({"MILLRACE_CRASH_POINT": f"{point}:{turn}"})
                case.feed(case.server.connect(), 3)
            except (ServerError, QueryError):
                hit.add(point)
            case.server.kill()
            if set(v for v, n in collections.Counter(
                    line for _, line in case.cluster()).items() if n > 1):
                raise Wrong(f"doubled after {point}")
    case.server.start()
    case.feed(case.server.connect())
    case.check()
    missed = {"epoch_chosen", "epoch_executed", "sink_prepared", "before_decide", "sink_decided",
              "after_decide", "after_publish", "recovered"} - hit
    if missed:
        raise Wrong(f"never passed {', '.join(sorted(missed))}")


def survives(case):
    """A start that crashes once an epoch is decided by its sink; false if there was one."""
    case.server.start({"MILLRACE_CRASH_POINT": "sink_decided"})
    try:
        case.server.connect().execute("WAIT FOR STREAM q")
        return True
    except (ServerError, QueryError):
        return False
    finally:
        case.server.kill()


def marker_ahead(case):
    """Two sinks; the transactional one has decided, the file not: the epoch runs again, for the
    file alone, to the same bytes, although more input has come meanwhile."""
    connection = case.create()
    connection.execute("DROP STREAM q")
    connection.execute("CREATE SINK f WITH (connector = 'file', path = 'out/', format = 'json')")
    connection.execute("CREATE STREAM q INTO o, f AS SELECT v, v * 2 AS w, now() AS at FROM s")
    case.feed(connection)
    case.server.kill()
    case.put()
    if survives(case):
        raise Wrong("sink_decided was not passed")
    case.put()
    case.server.start()
    connection = case.server.connect()
    connection.execute("WAIT FOR STREAM q")
    case.check()
    files = collections.Counter(read_lines(visible_files(os.path.join(case.server.work, "out"))))
    lines = collections.Counter(line for _, line in case.cluster())
    if files != lines:
        raise Wrong(f"the sinks differ: {list((files - lines))[:2]} {list((lines - files))[:2]}")


def errors_ahead(case):
    """Bad records go to a sink of another kind than the rows: of the two, first the one and then
    the other has transactions; the epoch that it holds runs again, for the other alone."""
    connection = case.create()
    connection.execute("DROP STREAM q; DROP SINK o; DROP SOURCE s")
    for kind, other in (("simulated", "file"), ("file", "simulated")):
        for name, connector in (("o", kind), ("dead", other)):
            connection.execute(f"CREATE SINK {name} WITH (connector = '{connector}', "
                               f"path = '{'cluster/' if connector == 'simulated' else name}')")
        connection.execute(SOURCE.replace("'json'", "'json', on_error = 'sink:dead'"))
        connection.execute("CREATE STREAM q INTO o AS " + QUERY)
        case.put_faulty()
        connection.execute("WAIT FOR STREAM q")
        case.server.kill()
        case.put_faulty()
        if survives(case):
            raise Wrong("sink_decided was not passed")
        case.put_faulty()
        case.server.start()
        connection = case.server.connect()
        connection.execute("WAIT FOR STREAM q")
        case.check_faulty("o" if kind == "file" else None, "dead" if kind != "file" else None)
        connection.execute("DROP STREAM q; DROP SOURCE s; DROP SINK o; DROP SINK dead")
        case.forget()


def late_ahead(case):
    """Late rows go to a sink of another kind than the windows: as errors_ahead."""
    case.server.start()
    for kind, other in (("simulated", "file"), ("file", "simulated")):
        connection = case.server.connect()
        os.makedirs(os.path.join(case.server.work, "in"), exist_ok=True)
        connection.execute("CREATE SOURCE s (v int8, at timestamptz, WATERMARK FOR at AS at) "
                           "WITH (connector = 'file', path = 'in/', file_order = 'name')")
        for name, connector in (("o", kind), ("dead", other)):
            connection.execute(f"CREATE SINK {name} WITH (connector = '{connector}', "
                               f"path = '{'cluster/' if connector == 'simulated' else name}')")
        connection.execute("CREATE STREAM q INTO o LATE ROWS INTO dead AS SELECT window_start, "
                           "sum(v) AS v FROM HOP(s, at, INTERVAL '20 seconds', "
                           "INTERVAL '20 seconds') GROUP BY window_start")
        case.server.kill()
        crashes = 0
        for number in range(4):
            write_file(os.path.join(case.server.work, "in"), f"{number}.json", "".join(
                f'{{"v": {10 ** number}, "at": "2024-01-01 00:0{minute}:00Z"}}\n'
                for minute in (number, 1)))
            while not survives(case):
                crashes += 1
        lines = read_lines(visible_files(os.path.join(case.server.work,
                                                      "dead" if kind == "simulated" else "o")))
        cluster = [line for _, line in case.cluster()]
        rows, late = (cluster, lines) if kind == "simulated" else (lines, cluster)
        got = [sorted(json.loads(line)["v"] for line in part) for part in (rows, late)]
        if got != [[1, 100, 121], [1000]]:
            raise Wrong(f"windows and late rows: {got}")
        if crashes < 4:
            raise Wrong(f"only {crashes} crashes")
        case.server.start()
        case.server.connect().execute("DROP STREAM q; DROP SOURCE s; DROP SINK o; DROP SINK dead")
        case.forget()


def vanished_ahead(case):
    """The input of an epoch that a sink holds already is gone: the stream stops, and says so; with
    the input back it goes on."""
    connection = case.create()
    case.feed(connection)
    case.server.kill()
    case.put()
    if survives(case):
        raise Wrong("sink_decided was not passed")
    path = os.path.join(case.server.work, "in", "0001.json")
    os.rename(path, path + ".tmp")
    case.server.start()
    row = case.wait_state(case.server.connect(), "failed")
    if row[2] != "58030" or "epoch 2" not in row[3]:
        raise Wrong(f"not refused: {row}")
    os.rename(path + ".tmp", path)
    connection = case.server.connect()
    connection.execute("ALTER STREAM q RESUME; WAIT FOR STREAM q")
    case.check()


def idle_ahead(case):
    """The epoch that runs again was chosen because a source had become idle: it closes a window,
    which stays closed, although after the restart the source is not idle yet."""
    case.server.start()
    connection = case.server.connect()
    folders = [os.path.join(case.server.work, name) for name in ("a", "b")]
    for name, folder, idle in zip("ab", folders, ("1 hour", "2 seconds")):
        os.makedirs(folder)
        connection.execute(f"CREATE SOURCE {name} (at timestamptz, WATERMARK FOR at AS at "
                           f"IDLE AFTER INTERVAL '{idle}') "
                           f"WITH (connector = 'file', path = '{name}/')")
    connection.execute(SINK.format(""))
    connection.execute(
        "CREATE STREAM q INTO o AS SELECT window_start AS v, count(*) AS n FROM TUMBLE("
        "(SELECT at FROM a UNION ALL SELECT at FROM b) AS u, at, INTERVAL '1 minute') GROUP BY 1")
    write_file(folders[0], "0.json",
               '{"at": "2024-01-01 00:00:00Z"}\n{"at": "2024-01-01 00:10:00Z"}\n')
    write_file(folders[1], "0.json", '{"at": "2024-01-01 00:00:01Z"}\n')
    connection.execute("WAIT FOR STREAM q")
    while not case.cluster():
        case.server.kill()
        case.server.start({"MILLRACE_CRASH_POINT": "sink_decided"})
        case.server.wait_dead()
    case.server.kill()
    write_file(folders[1], "1.json", '{"at": "2024-01-01 00:00:02Z"}\n')
    case.server.start()
    connection = case.server.connect()
    connection.execute("WAIT FOR STREAM q")
    if connection.value("SELECT late_rows FROM millrace.streams") != "1":
        raise Wrong("the row behind the closed window is not late")
    if [json.loads(line)["n"] for _, line in case.cluster()] != [2]:
        raise Wrong(f"not one window of two rows: {case.cluster()}")


def several_ahead(case):
    """A stream without state tells its checkpoint of some epochs at once: the marker may be far
    ahead. What lies between is read again, for the counts, in pieces, and nothing is sent twice."""
    connection = case.create()
    ahead = 0
    for _ in range(50):
        case.feed(connection)
        for _ in range(4):
            case.put(pad="x" * (6 << 20))
            case.wait_rows(connection, 3 * case.put_count)
        case.server.kill()
        ahead = case.cluster()[-1][0] - case.checkpoint_epoch()
        case.server.start()
        connection = case.server.connect()
        if ahead > 1:
            break
    connection.execute("WAIT FOR STREAM q")
    case.check()
    rows_in = connection.value("SELECT rows_in FROM millrace.streams")
    if ahead < 2 or int(rows_in) != 3 * case.put_count:
        raise Wrong(f"{ahead} epochs ahead, {rows_in} rows counted of {3 * case.put_count}")


def old_copy(case):
    connection = case.create()
    case.feed(connection)
    case.server.stop()
    copy = case.server.data + ".old"
    shutil.copytree(case.server.data, copy)
    case.server.start()
    case.feed(case.server.connect(), 3)
    case.server.stop()
    before = case.cluster()
    shutil.rmtree(case.server.data)
    os.rename(copy, case.server.data)
    case.server.start()
    row = case.wait_state(case.server.connect(), "failed")
    if row[2] != "58030" or not re.search(r"\b4\b.*\b1\b", row[3]):
        raise Wrong(f"not refused with both numbers: {row}")
    if case.cluster() != before:
        raise Wrong("the cluster was touched")


def second_server(case):
    """A copy of the server fences the first; whoever goes on, rows are there once."""
    connection = case.create()
    case.feed(connection)
    case.server.stop()
    other = Server(case.server.binary, work=case.server.work)
    try:
        shutil.copytree(case.server.data, other.data)
        case.server.start()
        first = case.server.connect()
        first.execute("WAIT FOR STREAM q")
        other.start()
        second = other.connect()
        second.execute("WAIT FOR STREAM q")
        case.put()
        for _ in range(3):
            for session in (first, second):
                try:
                    session.execute("WAIT FOR STREAM q TIMEOUT '3 seconds'")
                except QueryError as error:
                    if error.sqlstate not in ("57014", "55000"):
                        raise
        case.check()
    finally:
        other.kill()
        shutil.rmtree(other.root, ignore_errors=True)


def created_again(case):
    connection = case.create()
    case.feed(connection, 2)
    connection.execute("DROP STREAM q; DROP SINK o; DROP SOURCE s")
    for statement in (SOURCE, SINK.format(""), "CREATE STREAM q INTO o AS " + QUERY,
                      "WAIT FOR STREAM q"):
        connection.execute(statement)
    epochs = collections.Counter(line for _, line in case.cluster())
    if set(epochs.values()) != {2} or len(epochs) != 6:
        raise Wrong(f"the new stream did not start from nothing: {epochs}")


CASES = [commit_refused, commit_unknown, crash_points, marker_ahead, errors_ahead, late_ahead,
         vanished_ahead, idle_ahead, several_ahead, old_copy, second_server, created_again]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    cases = [case for case in CASES if not options.names or case.__name__ in options.names]
    print(f"1..{len(cases)}")
    bad = 0
    for number, run in enumerate(cases, 1):
        case = Case(options.server)
        fault = None
        try:
            run(case)
        except (Wrong, ServerError, QueryError, OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}\nlog: {case.server.log_tail(1500)}"
        finally:
            case.server.destroy()
        bad += fault is not None
        print(f"{'not ok' if fault else 'ok'} {number} - simulated {run.__name__}")
        if fault:
            print("# " + fault.replace("\n", "\n# "))
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
