"""sqllogic: the sqllogictest files of SQLite and DuckDB.

usage: sqllogic.py FOLDER|FILE… [--limit N] [--server BINARY] [--verbose]
Tables are made in PostgreSQL and read as sources, see tables.py. Records that name a dialect we are
not (skipif, onlyif postgresql is ours) and directives that we do not know (require, load) are left
out and counted. What fails is asked of PostgreSQL, over the same tables: an error there too is
another dialect, the same rows are PostgreSQL's answer where the suite's engine has its own. A
file's line gives the numbers; failures are printed, at most ten a file.
"""
import argparse
import collections
import glob
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.postgres import Postgres  # noqa: E402
from harness.server import QueryError, Server, ServerError  # noqa: E402
from tables import Tables  # noqa: E402

FAILURES_SHOWN = 10
NOT_THERE = {"0A000", "42883", "42704", "42P01"}


def expand_loops(lines):
    """DuckDB's loop and foreach, unrolled."""
    out, i = [], 0
    while i < len(lines):
        match = re.match(r"(loop|foreach)\s+(\w+)\s+(.*)", lines[i])
        if not match:
            out.append(lines[i])
            i += 1
            continue
        depth, end = 1, i + 1
        while end < len(lines) and depth:
            depth += bool(re.match(r"(loop|foreach)\b", lines[end]))
            depth -= lines[end].strip() == "endloop"
            end += 1
        words = match[3].split()
        values = [str(v) for v in range(int(words[0]), int(words[1]))] if match[1] == "loop" \
            else words
        body = lines[i + 1:end - 1]
        for value in values:
            lines = [line.replace("${" + match[2] + "}", value) for line in body]
            out += expand_loops(lines) + [""]
        i = end
    return out


def records(text):
    """(conditions, head, SQL, expected lines or None) of each record."""
    block = []
    for line in expand_loops(text.splitlines()) + [""]:
        if line.strip() and not (not block and line.startswith("#")):
            block.append(line)
            continue
        if block:
            conditions = []
            while block and block[0].startswith(("skipif", "onlyif")):
                conditions.append(block.pop(0))
            if block:
                body = block[1:]
                cut = body.index("----") if "----" in body else None
                yield (conditions, block[0], "\n".join(body[:cut]),
                       body[cut + 1:] if cut is not None else None)
        block = []


def applies(conditions):
    for condition in conditions:
        word, engine = condition.split()[:2]
        if (word == "skipif") == (engine == "postgresql"):
            return False
    return True


def show(value, kind):
    """A value as sqllogictest prints it under its column type."""
    if value is None:
        return "NULL"
    if kind == "I":
        try:
            return str(int(float(value)))
        except ValueError:
            return {"t": "1", "f": "0"}.get(value, value)
    if kind == "R":
        return f"{float(value):.3f}"
    return value if value else "(empty)"


def same(a, b):
    """Equal as text, as numbers, or as booleans (DuckDB writes true)."""
    words = {"t": "true", "f": "false", "1": "true", "0": "false"}
    if a == b or words.get(a) == b:
        return True
    try:
        return abs(float(a) - float(b)) <= 1e-3 * max(1.0, abs(float(b)))
    except ValueError:
        return False


def rows_match(rows, head, expected):
    """Whether the rows are the expected ones, by the record's sort and form."""
    words = head.split()
    kinds = words[1] if len(words) > 1 else ""
    sort = words[2] if len(words) > 2 else "nosort"
    shown = [[show(v, kinds[i] if i < len(kinds) else "T") for i, v in enumerate(row)]
             for row in rows]
    if sort == "rowsort":
        shown.sort()
    values = [value for row in shown for value in row]
    if sort == "valuesort":
        values.sort()
    if expected and (match := re.match(r"(\d+) values hashing to (\w+)", expected[0])):
        digest = hashlib.md5("".join(v + "\n" for v in values).encode()).hexdigest()
        return len(values) == int(match[1]) and digest == match[2]
    wanted = expected
    if any("\t" in line for line in expected):
        wanted = [cell for line in (sorted(expected) if sort == "rowsort" else expected)
                  for cell in line.split("\t")]
    if len(wanted) != len(values):
        return False
    return all(map(same, values, wanted)) or (sort != "nosort"
                                              and all(map(same, sorted(values), sorted(wanted))))


class File:
    """One file's run."""

    def __init__(self, options, server, postgres):
        self.options = options
        self.server = server
        self.connection = server.connect()
        self.tables = Tables(postgres.connect(), self.connection, server.work)
        self.counts = collections.Counter()

    def statement(self, head, sql):
        wants_error = head.split()[1] == "error"
        if self.tables.takes(sql) or re.match(r"\s*(PRAGMA|SET|EXPLAIN)\b", sql, re.I):
            try:
                self.tables.execute(sql)
            except QueryError:
                pass
            return "left out", ""  # not ours to judge
        try:
            self.connection.execute(sql)
        except QueryError as error:
            if wants_error:
                return "pass", ""
            return "not supported" if error.sqlstate in NOT_THERE else "fail", str(error)
        return ("fail", "no error") if wants_error else ("pass", "")

    def query(self, head, sql, expected):
        try:
            self.tables.publish()
            rows = self.connection.rows(sql)
        except QueryError as error:
            return "not supported" if error.sqlstate in NOT_THERE else "fail", str(error)
        if rows_match(rows, head, expected or []):
            return "pass", ""
        return "fail", f"got {rows[:3]}, expected {(expected or [])[:6]}"

    def judge(self, sql, outcome, detail):
        """A failed query as PostgreSQL sees it."""
        def ask(target):
            try:
                return sorted(map(str, target(sql)))
            except QueryError as error:
                return error.sqlstate
        theirs, ours = ask(self.tables.ask), ask(self.connection.rows)
        if isinstance(theirs, str):
            return "other dialect", detail
        if ours == theirs:
            return "pass as PostgreSQL", detail
        return outcome, f"{detail}; PostgreSQL: {theirs[:3]}"[:400]

    def run(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for number, (conditions, head, sql, expected) in enumerate(records(text)):
            if head.split()[0] == "halt" or sum(self.counts.values()) >= self.options.limit:
                break
            if not applies(conditions) or head.split()[0] not in ("statement", "query"):
                self.counts["left out"] += 1
                continue
            try:
                outcome, detail = self.statement(head, sql) if head.startswith("statement") \
                    else self.query(head, sql, expected)
            except ServerError as error:
                outcome, detail = "fail", f"server: {error}"
                if not self.server.is_alive():
                    self.server.start()
                self.connection = self.server.connect()
                self.tables = Tables(self.tables._oracle, self.connection, self.server.work)
                self.tables._changed, self.tables._version = True, number
            if outcome in ("fail", "not supported") and head.startswith("query"):
                outcome, detail = self.judge(sql, outcome, detail)
            if outcome:
                self.counts[outcome] += 1
            if (outcome == "fail" and self.counts["fail"] <= FAILURES_SHOWN) \
                    or (self.options.verbose and outcome == "not supported"):
                print(f"{outcome}: {path} record {number}: {' '.join(sql.split())[:200]}\n"
                      f"    {detail[:300]}")
        return self.counts


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--limit", type=int, default=1 << 30)
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    files = []
    for path in options.paths:
        files += sorted(glob.glob(os.path.join(path, "**", "*.test"), recursive=True)) \
            if os.path.isdir(path) else [path]
    total, lines = collections.Counter(), []
    for path in files:
        with Server(options.server) as server, Postgres() as postgres:
            counts = File(options, server, postgres).run(path)
        total += counts
        lines.append(f"{path}: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
        print(lines[-1], flush=True)
    print("total: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    return 1 if total["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
