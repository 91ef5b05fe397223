"""oracle: the same SELECTs over the same rows in millrace, PostgreSQL and SQLite; same answers.

usage: oracle.py [--seed N] [--count N] [--server BINARY]
Three tests by fixed seeds (--seed: another): queries made at random from a small grammar over one
table of random rows (with NULLs, duplicates, negative numbers, empty strings). In millrace the rows
are a folder of JSON lines. SQLite judges only queries whose meaning it shares with PostgreSQL.
"""
import json
import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import seeds  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.server import QueryError, Server, write_file  # noqa: E402

ROW_COUNT = 400
QUERY_COUNT = 150
SEEDS = [1, 2, 3]
COLUMNS = {"id": "int8", "k": "text", "a": "int4", "b": "int8", "x": "float8", "f": "boolean"}


def make_rows(chance):
    def maybe(value):
        return None if chance.random() < 0.1 else value
    return [{"id": i, "k": maybe(chance.choice(["red", "green", "blue", "", "ünï"])),
             "a": maybe(chance.randrange(-20, 20)), "b": maybe(chance.randrange(-10**12, 10**12)),
             "x": maybe(chance.randrange(-400, 400) / 8), "f": maybe(chance.random() < 0.5)}
            for i in range(ROW_COUNT)]


class Maker:
    """Random queries. `shared` says whether SQLite means the same by the one just made."""

    def __init__(self, chance):
        self.chance = chance
        self.shared = True

    def number(self, depth=2):
        c = self.chance
        if depth == 0 or c.random() < 0.3:
            return c.choice(["a", "b", "id", str(c.randrange(-9, 10))])
        kind = c.randrange(6)
        one, two = self.number(depth - 1), self.number(depth - 1)
        if kind < 3:
            return f"({one} {c.choice('+-')} {two})"
        if kind == 3:
            return f"coalesce({one}, {two})"
        if kind == 4:
            return f"CASE WHEN {self.predicate(depth - 1)} THEN {one} ELSE {two} END"
        return f"abs({one})"

    def text(self):
        return self.chance.choice(["k", "coalesce(k, 'none')", "k || '!'", "upper(k)", "'lit'"]) \
            if not self.shared else self.chance.choice(["k", "coalesce(k, 'none')", "k || '!'"])

    def predicate(self, depth=2):
        c = self.chance
        kind = c.randrange(8 if depth > 0 else 5)
        if kind == 0:
            return f"{self.text()} = '{c.choice(['red', 'green', ''])}'"
        if kind == 1:
            return f"{c.choice(['k', 'a', 'x', 'f'])} IS {c.choice(['', 'NOT '])}NULL"
        if kind == 2:
            return f"a IN ({', '.join(str(c.randrange(-9, 9)) for _ in range(3))})"
        if kind == 3:
            return f"x {c.choice(['<', '>='])} {c.randrange(-30, 30)}"
        if kind == 4:
            low = c.randrange(-20, 10)
            return f"{self.number(0)} BETWEEN {low} AND {low + c.randrange(0, 20)}"
        if kind == 5:
            return f"NOT ({self.predicate(depth - 1)})"
        if kind == 6:
            return (f"({self.predicate(depth - 1)} {c.choice(['AND', 'OR'])} "
                    f"{self.predicate(depth - 1)})")
        return f"{self.number(depth - 1)} {c.choice(['=', '<>', '<', '<=', '>'])} " \
               f"{self.number(depth - 1)}"

    def aggregate(self):
        c = self.chance
        plain = c.choice(["count(*)", "count(a)", "sum(a)", "min(b)", "max(x)", "min(k)",
                          "count(DISTINCT k)", f"sum({self.number(1)})", "max(id)"])
        if c.random() < 0.2:
            plain += f" FILTER (WHERE {self.predicate(1)})"
        return plain

    def query(self):
        """One SELECT whose rows have no order to speak of (the answers are compared sorted)."""
        c = self.chance
        self.shared = True
        where = f" WHERE {self.predicate()}" if c.random() < 0.7 else ""
        shape = c.randrange(7)
        if shape == 0:
            return f"SELECT id, {self.number()}, {self.text()} FROM t{where}"
        if shape == 1:
            return f"SELECT {self.aggregate()}, {self.aggregate()} FROM t{where}"
        if shape == 2:
            having = f" HAVING count(*) > {c.randrange(1, 20)}" if c.random() < 0.5 else ""
            return f"SELECT k, {self.aggregate()}, {self.aggregate()} FROM t{where} GROUP BY k" \
                   + having
        if shape == 3:
            return f"SELECT DISTINCT {c.choice(['k', 'f', 'k, f', 'a'])} FROM t{where}"
        if shape == 4:
            return (f"SELECT n, count(*) FROM (SELECT k, count(*) AS n FROM t{where} GROUP BY k) d "
                    "GROUP BY n")
        if shape == 5:
            kind = c.choice(["JOIN", "LEFT JOIN"])
            return (f"SELECT l.id, r.id FROM (SELECT * FROM t{where}) l {kind} "
                    f"(SELECT * FROM t WHERE {self.predicate(1)} AND id < 60) r ON l.a = r.a "
                    f"AND l.id {c.choice(['<', '>', '<>'])} r.id")
        return (f"SELECT k, a FROM t{where} UNION ALL "
                f"SELECT k, count(*) FROM t WHERE {self.predicate(1)} GROUP BY k")


def normal(rows):
    """Comparable rows: numbers as numbers, booleans as PostgreSQL's t and f, sorted."""
    def value(text):
        if text is None:
            return (0, 0.0, "")
        try:
            return (1, round(float(text), 6), "")
        except ValueError:
            return (2, 0.0, text)
    return sorted([value(v) for v in row] for row in rows)


def sqlite_rows(database, sql):
    return [[None if v is None else str(v) for v in row] for row in database.execute(sql)]


def run(seed, count, binary, postgres):
    """None, or the first difference."""
    chance = random.Random(seed)
    rows = make_rows(chance)
    database = sqlite3.connect(":memory:")
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    database.execute(f"CREATE TABLE t ({columns})")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
                         [tuple(row.values()) for row in rows])
    oracle = postgres.connect()
    oracle.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
    for row in rows:
        text = json.dumps(row).replace("'", "''")
        oracle.execute(f"INSERT INTO t SELECT * FROM json_populate_record(NULL::t, '{text}')")
    with Server(binary) as server:
        write_file(os.path.join(server.work, "in"), "t.json",
                   "".join(json.dumps(row) + "\n" for row in rows))
        connection = server.connect()
        connection.execute(f"CREATE SOURCE t ({columns}) WITH (connector = 'file', path = 'in/', "
                           "format = 'json')")
        maker = Maker(chance)
        for number in range(count):
            sql = maker.query()
            expected, got = answer(oracle, sql), answer(connection, sql)
            if expected != got:
                return f"query {number}: {sql}\n{difference(expected, got)}"
            if maker.shared and isinstance(expected, list) and " f" not in sql \
                    and normal(sqlite_rows(database, sql)) != expected:
                return f"query {number}: SQLite has another answer: {sql}"
        server.stop()
    return None


def answer(connection, sql):
    """Sorted rows, or the SQLSTATE."""
    try:
        return normal(connection.rows(sql))
    except QueryError as error:
        return error.sqlstate


def difference(expected, got):
    if isinstance(expected, str) or isinstance(got, str):
        return f"PostgreSQL: {str(expected)[:200]}\nmillrace: {str(got)[:200]}"
    missing = [r for r in expected if r not in got][:3]
    extra = [r for r in got if r not in expected][:3]
    return (f"PostgreSQL {len(expected)} rows, millrace {len(got)}; "
            f"missing {missing}, too many {extra}")


def main():
    options = seeds.parser(__doc__, QUERY_COUNT).parse_args()
    with Postgres() as postgres:
        def faults_of(seed):
            fault = run(seed, options.count, options.server, postgres)
            return [fault] if fault else []

        return seeds.report("oracle", SEEDS if options.seed is None else [options.seed], faults_of)


if __name__ == "__main__":
    sys.exit(main())
