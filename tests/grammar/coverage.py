"""coverage: every production of the grammar has a test line.

usage: coverage.py [--list]
Takes all SQL of tests/sql/**/*.test, sees through Lemon's trace which productions it uses, and names
those that none does. A line runs, or is refused with 0A000: either way its test says so. One test.
--list prints also how often each production is used.
"""
import collections
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqltest import parse  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Stored expressions are parsed without a statement: a unit test has it.
EXEMPT = {"input ::= START_EXPRESSION expr"}


def productions():
    """The texts of all rules, as Lemon numbers them."""
    with open(os.path.join(ROOT, "build", "parser", "grammar.c"), encoding="utf-8") as file:
        text = file.read()
    table = text[text.index("yyRuleName[]"):]
    return re.findall(r'/\*\s*\d+ \*/ "(.*)",', table[:table.index("};")])


def texts():
    """All SQL of the cases, a record a text."""
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "sql", "**", "*.test"),
                                 recursive=True)):
        with open(path, encoding="utf-8") as file:
            for record in parse(file.read()):
                if record.words[0] in ("statement", "query", "plan"):
                    yield record.sql


def used(sql):
    """How often each production was reduced."""
    run = subprocess.run([os.path.join(ROOT, "build", "tests", "grammar", "grammar_trace")],
                         input="\0".join(sql).encode(), capture_output=True, check=True)
    return collections.Counter(re.findall(r"^Reduce \d+ \[(.*?)\](?: without external action)?[,.]",
                                          run.stdout.decode(errors="replace"), re.M))


def main():
    rules = productions()
    counts = used(list(texts()))
    missing = [rule for rule in rules if not counts[rule] and rule not in EXEMPT]
    print("1..1")
    print(f"{'not ok' if missing else 'ok'} 1 - every production has a test line")
    print(f"# {len(rules) - len(missing)} of {len(rules)} productions")
    for rule in missing:
        print(f"# no line uses: {rule}")
    if "--list" in sys.argv:
        for rule in rules:
            print(f"# {counts[rule]} {rule}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
