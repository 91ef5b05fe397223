"""pgregress: PostgreSQL's own regression statements, one result each.

usage: pgregress.py FOLDER [NAME]… [--server BINARY] [--verbose]
FOLDER holds NAME.jsonl (one statement a line: line, sql, check) and NAME.gold (PostgreSQL 15's
rows, command tag or SQLSTATE by the statement's number). The statements of a file run in order in
one session; those on tables run in PostgreSQL, see tables.py. A file's line gives what passed,
failed, and is not supported yet (0A000, or a function, type or table that does not exist); the list
of numbers comes with --verbose.
"""
import argparse
import collections
import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.postgres import Postgres  # noqa: E402
from harness.server import QueryError, Server, ServerError  # noqa: E402
from tables import Tables  # noqa: E402

NOT_THERE = {"0A000", "42883", "42704", "42P01"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def judge(connection, tables, statement, gold):
    """(outcome, detail) of one checked statement."""
    try:
        tables.publish()
        result = connection.execute(statement["sql"], timeout_s=20)
    except QueryError as error:
        if gold.get("error") == error.sqlstate:
            return "pass", ""
        outcome = "not supported" if error.sqlstate in NOT_THERE else "fail"
        return outcome, f"{error}; PostgreSQL: {json.dumps(gold)[:200]}"
    if "rows" in gold:
        if result.rows == gold["rows"] or sorted(map(str, result.rows)) == \
                sorted(map(str, gold["rows"])):
            return "pass", ""
        pairs = [(a, b) for a, b in zip(result.rows, gold["rows"]) if a != b]
        return "fail", f"rows {len(result.rows)} and {len(gold['rows'])}; first {pairs[:1]}"
    if "ok" in gold:
        return ("pass", "") if result.tag == gold["ok"] else ("fail", f"tag {result.tag}")
    return "fail", f"no error, PostgreSQL: {json.dumps(gold)[:200]}"


def run_file(path, options):
    """The outcomes of one file."""
    statements = load(path)
    gold = {g["i"]: g for g in load(path[:-len("jsonl")] + "gold")}
    counts = collections.Counter()
    with Server(options.server) as server, Postgres() as postgres:
        connection = server.connect()
        tables = Tables(postgres.connect(), connection, server.work)
        for number, statement in enumerate(statements):
            is_checked = statement.get("check", True) and number in gold
            is_setting = statement["sql"].upper().startswith(("SET ", "RESET "))
            if is_setting or tables.takes(statement["sql"]):
                try:
                    tables.execute(statement["sql"])
                except (QueryError, ServerError):
                    pass
                if not is_setting:
                    continue
            try:
                outcome, detail = judge(connection, tables, statement, gold.get(number, {}))
            except ServerError as error:
                outcome, detail = "fail", f"server: {error}"
                if not server.is_alive():
                    server.start()
                connection = server.connect()
                tables = Tables(tables._oracle, connection, server.work)
            if not is_checked:
                continue
            counts[outcome] += 1
            if outcome == "fail" or (options.verbose and outcome != "pass"):
                print(f"{outcome}: {os.path.basename(path)} {number}: "
                      f"{' '.join(statement['sql'].split())[:160]}\n    {detail[:300]}")
    return counts


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    total = collections.Counter()
    lines = []
    for path in sorted(glob.glob(os.path.join(options.folder, "*.jsonl"))):
        name = os.path.basename(path)[:-len(".jsonl")]
        if options.names and name not in options.names:
            continue
        counts = run_file(path, options)
        total += counts
        lines.append(f"{name}: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    print(*lines, sep="\n")
    print("total: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    return 1 if total["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
