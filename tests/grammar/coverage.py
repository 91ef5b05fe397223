"""coverage: every production of the grammar has a test line.

usage: coverage.py [--list]
Sees through Lemon's trace which productions the SQL of tests/sql/**/*.test uses, and names those
that none does: a line runs, or is refused with 0A000, and its test says so. The same for
dialect.txt, whose lines test_parser_dialect prints and parses again. Two tests.
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


def dialect():
    """The statements of dialect.txt: its lines but comments."""
    with open(os.path.join(ROOT, "tests", "grammar", "dialect.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("-- "):
                yield line.rstrip("\n")


def used(sql):
    """How often each production was reduced."""
    run = subprocess.run([os.path.join(ROOT, "build", "tests", "grammar", "grammar_trace")],
                         input="\0".join(sql).encode(), capture_output=True, check=True)
    return collections.Counter(re.findall(r"^Reduce \d+ \[(.*?)\](?: without external action)?[,.]",
                                          run.stdout.decode(errors="replace"), re.M))


def check(number, claim, rules, sql):
    """One test: the productions that no text of `sql` uses; True when there are none."""
    counts = used(list(sql))
    missing = [rule for rule in rules if not counts[rule]]
    print(f"{'not ok' if missing else 'ok'} {number} - {claim}")
    print(f"# {len(rules) - len(missing)} of {len(rules)} productions")
    for rule in missing:
        print(f"# no line uses: {rule}")
    if "--list" in sys.argv:
        for rule in rules:
            print(f"# {counts[rule]} {rule}")
    return not missing


def main():
    rules = productions()
    print("1..2")
    results = [check(1, "every production has a test line", rules, texts()),
               check(2, "every production has a line that is printed and parsed again", rules,
                     dialect())]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
