"""wide: random SELECTs of the whole language (queries.py) in millrace, PostgreSQL and SQLite.

usage: wide.py [--seed N] [--count N] [--rows N] [--server BINARY]
Answers are compared as text, value by value; errors by SQLSTATE. Three fixed seeds of a hundred
queries by default; --seed N --count 5000 for a long walk: it goes on after a difference and prints
each.
"""
import json
import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import seeds  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.server import QueryError, Server, ServerError, write_file  # noqa: E402
from oracle import difference  # noqa: E402
from queries import COLUMNS, Writer, make_rows  # noqa: E402

SEEDS = [1, 2, 3]
QUERY_COUNT = 100
ROW_COUNT = 120


def make_tables(rows, oracle, database, server, connection):
    for table, columns in COLUMNS.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        oracle.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({listed})")
        database.execute(f"CREATE TABLE {table} ({listed})")
        marks = ", ".join("?" for _ in columns)
        database.executemany(f"INSERT INTO {table} VALUES ({marks})",
                             [tuple(row.values()) for row in rows[table]])
        lines = "".join(json.dumps(row) + "\n" for row in rows[table])
        text = "[" + ",".join(lines.split("\n")[:-1]) + "]"
        oracle.execute(f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, "
                       f"'{text}')")
        write_file(os.path.join(server.work, table), "rows.json", lines)
        connection.execute(f"CREATE SOURCE {table} ({listed}) WITH (connector = 'file', "
                           f"path = '{table}/', format = 'json')")


def answer(connection, sql, is_ordered):
    """Rows, or the SQLSTATE."""
    try:
        rows = connection.rows(sql)
    except QueryError as error:
        return error.sqlstate
    return rows if is_ordered else sorted(rows, key=str)


def normal(rows):
    """Values as SQLite and PostgreSQL both can say them."""
    def value(text):
        text = {"t": "1", "f": "0"}.get(text, text)
        try:
            return str(round(float(text), 6))
        except (ValueError, TypeError):
            return str(text)
    return sorted([value(v) for v in row] for row in rows)


def sqlite_answer(database, sql):
    try:
        return normal([[None if v is None else str(v) for v in row]
                       for row in database.execute(sql)])
    except sqlite3.Error:
        return None  # not in its language


class Run:
    """One seed."""

    def __init__(self, seed, options):
        self.chance = random.Random(seed)
        self.options = options
        self.faults = []

    def check(self, number, writer, oracle, connection, database):
        sql, is_ordered, shared = writer.query()
        expected = answer(oracle, sql, is_ordered)
        got = answer(connection, sql, is_ordered)
        if expected != got:
            self.faults.append(f"query {number}: {sql}\n{difference(expected, got)}")
        elif shared and isinstance(got, list):
            theirs = sqlite_answer(database, sql)
            if theirs is not None and theirs != normal(got):
                self.faults.append(f"query {number}: SQLite has another answer: {sql}\n"
                                   f"{difference(theirs, normal(got))}")

    def run(self, postgres):
        database = sqlite3.connect(":memory:")
        with Server(self.options.server) as server:
            oracle, connection = postgres.connect(), server.connect()
            rows = make_rows(self.chance, self.options.rows)
            make_tables(rows, oracle, database, server, connection)
            writer = Writer(self.chance)
            for number in range(self.options.count):
                self.check(number, writer, oracle, connection, database)
                if len(self.faults) >= 50:
                    break
            server.stop()


def main():
    parser = seeds.parser(__doc__, QUERY_COUNT)
    parser.add_argument("--rows", type=int, default=ROW_COUNT)
    options = parser.parse_args()
    with Postgres() as postgres:
        def faults_of(seed):
            run = Run(seed, options)
            try:
                run.run(postgres)
            except (ServerError, QueryError) as error:
                run.faults.append(str(error))
            return run.faults

        return seeds.report("wide", SEEDS if options.seed is None else [options.seed], faults_of)


if __name__ == "__main__":
    sys.exit(main())
