"""sqltest: runs tests/sql/<area>/*.test against the real server; one file is one test.

usage: sqltest.py [--rewrite] [--no-rules] [--server BINARY] [--postgres] [FILE|FOLDER]…
  --rewrite    write what came as what is expected; read the diff like code
  --no-rules   the server has disable_rules = 'all'; plans are not compared
  --postgres   run against a throw-away PostgreSQL: to check a case, or this program

A file is records, parted by empty lines; `#` begins a comment line. Each file has its own server,
whose current folder is empty, so that paths in a case are relative ('in/', 'out/').

  statement ok                       the statements run; with ----: the notices, if any are listed
  statement ok|0A000                 the statement runs, or is refused: by name and with a position
  statement ?                        --rewrite makes `ok` or `error` of it, with its message
  statement error SQLSTATE [hint ok] the last one fails; lines after ---- are `message: …`,
                                     `detail: …`, `hint: …`, `position: …`, those that matter;
                                     `hint ok`: the SQL in the hint runs (a hint with SQL must)
  query [rowsort] [eventually]       rows after ----, columns joined by |, NULL, (empty);
                                     eventually: asked again until it fits, for 20 s at most
  plan                               the lines of EXPLAIN for the statement
  file PATH [append]                 what follows, up to a line END, becomes that file
  stream NAME FOLDER [OUT]           lines become the next file of FOLDER (a source's), then WAIT
                                     FOR STREAM NAME; after ----: what appeared in the visible
                                     files of the folder OUT, sorted; without OUT: SELECT's rows
  output FOLDER                      after ----: the visible files' lines, sorted; they are seen now
  remove PATH                        deletes a file
  restart | kill                     SIGTERM or SIGKILL, and started again
  connection NAME                    what follows runs in another session, made at its first use
An expected line that begins with ~ is a regular expression for the whole line.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.server import (  # noqa: E402
    QueryError, Server, ServerError, read_lines, visible_files,
                            write_file)

EVENTUALLY_S = 20
SQL_IN_HINT = re.compile(
    r"(?:^|: |[Tt]ry |[Uu]se |[Rr]un |[Ss]ay )"
    r"((?:CREATE|ALTER|DROP|SELECT|SET|RESET|SHOW|WAIT|INSERT|EXPLAIN) .+?);?\.?$", re.S)


class Failure(Exception):
    """An expectation that did not hold."""


class Record:
    """One record of a file: its first line, its body, what it expects, and where it stood."""

    def __init__(self, line, head):
        self.line = line
        self.head = head
        self.words = head.split()
        self.body = []
        self.expected = None  # None: no ---- line
        self.end = line  # the line after the record

    @property
    def sql(self):
        return "\n".join(self.body)


def parse(text):
    """The records of a file, in order."""
    lines, records, i = text.split("\n"), [], 0
    while i < len(lines):
        if not lines[i].strip() or lines[i].startswith("#"):
            i += 1
            continue
        record = Record(i, lines[i].rstrip())
        i += 1
        if record.words[0] == "file":
            while i < len(lines) and lines[i] != "END":
                record.body.append(lines[i])
                i += 1
            i += 1
        else:
            target = record.body
            while i < len(lines) and lines[i].strip():
                if lines[i] == "----" and target is record.body:
                    target = record.expected = []
                else:
                    target.append(lines[i])
                i += 1
        record.end = i
        records.append(record)
    return records


def line_fits(expected, actual):
    if expected.startswith("~"):
        return re.fullmatch(expected[1:], actual) is not None
    return expected == actual


def lines_fit(expected, actual):
    return len(expected) == len(actual) and all(map(line_fits, expected, actual))


def show_row(row):
    """A row as a case writes it; a line break inside a value is written \\n."""
    texts = ["NULL" if value is None else value if value else "(empty)" for value in row]
    return "|".join(texts).replace("\n", "\\n")


class Case:
    """Runs one file. `target` is a Server or a Postgres, already started."""

    def __init__(self, path, target, no_rules, rewrite):
        self.path = path
        self.target = target
        self.no_rules = no_rules
        self.rewrite = rewrite
        self.sessions = {}
        self.session_name = "main"
        self.feed_count = 0
        self.seen_files = set()
        self.actual = {}  # record -> lines, for --rewrite

    def session(self):
        if self.session_name not in self.sessions:
            connection = self.target.connect()
            self.sessions[self.session_name] = connection
        return self.sessions[self.session_name]

    def compare(self, record, actual):
        """Expectation met, or Failure; with --rewrite the expectation becomes the fact."""
        expected = record.expected or []
        if lines_fit(expected, actual):
            return
        if self.rewrite:
            self.actual[record] = actual
            return
        raise Failure("expected\n  " + "\n  ".join(expected or ["(nothing)"])
                      + "\nbut got\n  " + "\n  ".join(actual or ["(nothing)"]))

    def run(self):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        try:
            for record in parse(text):
                run_record = getattr(self, f"run_{record.words[0]}", None)
                if run_record is None:
                    raise Failure(f"{self.path}:{record.line + 1}: unknown record {record.head!r}")
                try:
                    run_record(record)
                except (Failure, QueryError, ServerError, IndexError, OSError) as error:
                    details = getattr(error, "fields", {}).get("hint")
                    raise Failure(f"{self.path}:{record.line + 1}: {error}"
                                  + (f"\nhint: {details}" if details else "")
                                  + (f"\nSQL: {record.sql[:400]}" if record.body else "")
                                  ) from error
        finally:
            for session in self.sessions.values():
                session.close()
        if self.actual:
            self.write_back(text)

    def write_back(self, text):
        lines = text.split("\n")
        for record in sorted(self.actual, key=lambda r: -r.line):
            lines[record.line] = record.head
            body_end = record.line + 1 + len(record.body)
            lines[body_end:record.end] = ["----", *self.actual[record]] if self.actual[record] \
                or record.words[0] in ("query", "plan", "stream", "output") else []
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))

    def run_statement(self, record):
        if record.words[1] == "?":
            self.learn(record)
            return
        if record.words[1] == "ok|0A000":
            self.run_or_refuse(record)
            return
        if record.words[1] == "ok":
            session = self.session()
            session.execute_all(record.sql)
            if record.expected is not None:
                self.compare(record, [f"{n['severity']}: {n['message']}" for n in session.notices])
            return
        try:
            self.session().execute_all(record.sql)
        except QueryError as error:
            self.check_error(record, error)
        else:
            raise Failure(f"no error, but {record.words[2]} was expected")

    def run_or_refuse(self, record):
        """What a later version may run; until then 0A000 says what is not supported, and where."""
        try:
            self.session().execute_all(record.sql)
        except QueryError as error:
            if error.sqlstate != "0A000":
                raise
            if "not supported" not in error.fields["message"] or "position" not in error.fields:
                raise Failure(f"refused without a name or a position: {error}") from error

    def learn(self, record):
        """`statement ?`: what happens is what is expected from now on."""
        if not self.rewrite:
            raise Failure("not filled in yet: run --rewrite, and read what it wrote")
        try:
            self.session().execute_all(record.sql)
            record.head, self.actual[record] = "statement ok", []
        except QueryError as error:
            record.head = f"statement error {error.sqlstate}"
            self.actual[record] = [f"{name}: {error.fields[name]}".replace("\n", "\\n")
                                   for name in ("message", "position") if name in error.fields]

    def check_error(self, record, error):
        sqlstate = record.words[2]
        if error.sqlstate != sqlstate:
            raise Failure(f"expected {sqlstate}, but got {error}")
        names = [line.split(":")[0] for line in record.expected or []]
        if self.rewrite and not names:
            names = [n for n in ("message", "hint", "position") if n in error.fields]
        actual = [f"{name}: {error.fields.get(name, '(none)')}".replace("\n", "\\n")
                  for name in names]
        self.compare(record, actual)
        hint = error.fields.get("hint", "")
        # with … it is a pattern, not SQL
        sql = None if "…" in hint else SQL_IN_HINT.search(hint)
        if record.words[3:] == ["hint", "ok"]:
            if not sql:
                raise Failure(f"no SQL in the hint {error.fields.get('hint')!r}")
            self.session().execute_all(sql[1])
        elif sql and record.words[3:] != ["hint", "prose"]:
            raise Failure(f"the hint has SQL, so this must be `hint ok`: {sql[1]!r}")

    def query_rows(self, sql, is_sorted):
        rows = [show_row(row) for row in self.session().rows(sql)]
        return sorted(rows) if is_sorted else rows

    def run_query(self, record):
        is_sorted = "rowsort" in record.words
        expected = record.expected or []
        actual = self.query_rows(record.sql, is_sorted)
        deadline = time.monotonic() + EVENTUALLY_S
        while "eventually" in record.words and time.monotonic() < deadline \
                and not lines_fit(expected, actual):
            time.sleep(0.02)  # poll; the deadline is the limit
            actual = self.query_rows(record.sql, is_sorted)
        self.compare(record, actual)

    def run_plan(self, record):
        sql = record.sql if record.sql.upper().startswith("EXPLAIN") else "EXPLAIN " + record.sql
        lines = [row[0] or "" for row in self.session().rows(sql)]
        if not self.no_rules:
            self.compare(record, lines)

    def run_file(self, record):
        content = "".join(line + "\n" for line in record.body)
        path = os.path.join(self.target.work, record.words[1])
        if record.words[2:] == ["append"]:
            with open(path, "a", encoding="utf-8") as file:
                file.write(content)
        else:
            write_file(os.path.dirname(path), os.path.basename(path), content)

    def run_remove(self, record):
        os.unlink(os.path.join(self.target.work, record.words[1]))

    def run_stream(self, record):
        name, folder = record.words[1:3]
        out = record.words[3] if len(record.words) > 3 else None
        if record.body:
            self.feed_count += 1
            write_file(os.path.join(self.target.work, folder), f"feed-{self.feed_count:06}.json",
                       "".join(line + "\n" for line in record.body))
        self.session().execute(f"WAIT FOR STREAM {name}")
        if out is None:
            self.compare(record, self.query_rows(f"SELECT * FROM {name}", True))
            return
        out = os.path.join(self.target.work, out)
        files = visible_files(out)
        if not os.path.islink(os.path.join(out, "current")):
            files = [f for f in files if f not in self.seen_files]
            self.seen_files.update(files)
        self.compare(record, sorted(read_lines(files)))

    def run_output(self, record):
        files = visible_files(os.path.join(self.target.work, record.words[1]))
        self.seen_files.update(files)
        self.compare(record, sorted(read_lines(files)))

    def run_connection(self, record):
        self.session_name = record.words[1]

    def run_restart(self, record):
        self.forget_sessions()
        self.target.stop()
        self.target.start()

    def run_kill(self, record):
        self.forget_sessions()
        self.target.kill()
        self.target.start()

    def forget_sessions(self):
        for session in self.sessions.values():
            session.close()
        self.sessions.clear()
        self.session_name = "main"


def run_file(path, options):
    """Returns None, or what went wrong."""
    if options.postgres:
        from harness.postgres import Postgres
        target = Postgres()
    else:
        target = Server(options.server, ["disable_rules=all"] if options.no_rules else ())
    try:
        with target:
            Case(path, target, options.no_rules, options.rewrite).run()
            if not options.postgres:
                target.stop()
    except (Failure, ServerError, QueryError) as error:
        log = "" if options.postgres else target.log_tail(1500)
        return f"{error}" + (f"\nlog: {log}" if isinstance(error.__cause__ or error, ServerError)
                             and log else "")
    return None


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("--no-rules", action="store_true")
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    files = []
    for path in options.paths:
        files += sorted(glob.glob(os.path.join(path, "**", "*.test"), recursive=True)) \
            if os.path.isdir(path) else [path]
    print(f"1..{len(files)}")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda path: run_file(path, options), files)
        for number, (path, fault) in enumerate(zip(files, runs), 1):
            print(f"{'not ok' if fault else 'ok'} {number} - {path}", flush=True)
            if fault:
                bad += 1
                print("# " + fault.replace("\n", "\n# "), flush=True)
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
