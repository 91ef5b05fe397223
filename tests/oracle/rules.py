"""rules: the optimizer changes no answer: random SELECTs with all rules, and with none.

usage: rules.py [--seed N] [--count N] [--server BINARY]
Three tests by fixed seeds (--seed: another). The queries are oracle.py's and others that the
rules take apart: joins of all kinds with conditions, subqueries in WHERE, unions, conditions over
groups and distinct rows. Rows are compared sorted. Rules may spare an error (false AND 1 / 0 = 1),
they never make one.
"""
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import seeds  # noqa: E402
from harness.server import Server, write_file  # noqa: E402
from oracle import COLUMNS, Maker, answer, make_rows  # noqa: E402

ROW_COUNT = 60
QUERY_COUNT = 200
SEEDS = [1, 2, 3]


class RuleMaker(Maker):
    """Queries with what rules look for: conditions in many places over many shapes."""

    def condition(self, *tables):
        c = self.chance
        one, two = c.choice(tables), c.choice(tables)
        return c.choice([
            f"{one}.a = {two}.a", f"{one}.k = {two}.k", f"{one}.a < {two}.b", f"{one}.f",
            f"{one}.a + 1 = {two}.a", f"{one}.a = {two}.b", f"{one}.a > {c.randrange(-9, 9)}",
            f"{one}.k IS NULL", f"{one}.a IS NOT DISTINCT FROM {two}.a", "1 = 1", "2 < 1", "NULL",
            f"coalesce({one}.a, 0) = coalesce({two}.a, 0)", f"20 / {one}.a > 1"
            if c.random() < 0.2 else f"{one}.id > 5"])

    def conditions(self, *tables):
        return " AND ".join(self.condition(*tables) for _ in range(self.chance.randrange(1, 4)))

    def relation(self):
        c = self.chance
        return c.choice([
            "t", "t", f"(SELECT * FROM t WHERE {self.predicate(1)})",
            "(SELECT DISTINCT id, k, a, b, f FROM t)",
            "(SELECT id, k, a + 1 AS a, b, f FROM t)",
            "(SELECT * FROM t UNION ALL SELECT id + 100, k, b::int4 % 9, a, x, f FROM t "
            "WHERE b < 1000000000 AND b > 0)",
            "(SELECT * FROM t WHERE false)",
            "(SELECT min(id) AS id, k, a, max(b) AS b, bool_and(f) AS f FROM t GROUP BY k, a)",
            "(SELECT id, k, a, b, f FROM t ORDER BY id LIMIT 9)"])

    def joined(self):
        c = self.chance
        kind = c.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ","])
        on = "" if kind == "," else f" ON l.a = r.a AND {self.conditions('l', 'r')}"
        return (f"SELECT l.id, r.id, l.k FROM {self.relation()} l {kind} {self.relation()} r{on} "
                f"WHERE {self.conditions('l', 'r')}")

    def with_subquery(self):
        c = self.chance
        inner = f"SELECT r.a FROM {self.relation()} r WHERE {self.condition('r')}"
        test = c.choice([f"l.a IN ({inner})", f"l.a NOT IN ({inner})",
                         f"EXISTS ({inner} AND r.k = l.k)", f"NOT EXISTS ({inner} AND r.k = l.k)",
                         f"l.a > (SELECT min(r.a) FROM t r WHERE {self.condition('r')})"])
        return (f"SELECT l.id, l.k FROM {self.relation()} l WHERE {test} "
                f"{c.choice(['AND', 'OR'])} {self.condition('l')}")

    def over(self):
        c = self.chance
        inner = c.choice([
            f"SELECT k, a, count(*) AS n FROM {self.relation()} r GROUP BY k, a",
            f"SELECT k, a, count(*) AS n FROM {self.relation()} r GROUP BY ROLLUP (k, a)",
            f"SELECT DISTINCT k, a, 1 AS n FROM {self.relation()} r",
            f"SELECT k, a, id AS n FROM t UNION ALL SELECT k, a, id FROM {self.relation()} r",
            "SELECT k, a, id AS n FROM t ORDER BY id LIMIT 7",
            "SELECT DISTINCT ON (k) k, a, id AS n FROM t ORDER BY k, id"])
        where = c.choice(["k > 'b'", "a < 3", "n > 1", "k = 'red' AND a > 0", "a IS NULL",
                          "k IS NULL OR n = 1", "false", "1 < 2 AND k = 'blue'"])
        tail = f"FROM ({inner}) q WHERE {where}"
        return c.choice([f"SELECT k, n {tail}", f"SELECT count(*), sum(n) {tail}",
                         f"SELECT upper(k), n {tail} ORDER BY 1, 2 LIMIT 4"])

    def query(self):
        return self.chance.choice([super().query, self.joined, self.joined, self.with_subquery,
                                   self.over])()


def run(seed, count, binary):
    """None, or the first difference."""
    chance = random.Random(seed)
    rows = make_rows(chance)[:ROW_COUNT]
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    with Server(binary) as server:
        write_file(os.path.join(server.work, "in"), "t.json",
                   "".join(json.dumps(row) + "\n" for row in rows))
        ruled, plain = server.connect(), server.connect()
        plain.execute("SET disable_rules = 'all'")
        ruled.execute(f"CREATE SOURCE t ({columns}) WITH (connector = 'file', path = 'in/', "
                      "format = 'json')")
        maker = RuleMaker(chance)
        errors = 0
        for number in range(count):
            sql = maker.query()
            with_rules, without = answer(ruled, sql), answer(plain, sql)
            errors += isinstance(without, str)
            is_spared = isinstance(without, str) and isinstance(with_rules, list)
            if with_rules != without and not is_spared:
                return (f"query {number}: {sql}\nwithout rules: {str(without)[:300]}\n"
                        f"with rules: {str(with_rules)[:300]}")
        server.stop()
    return f"{errors} of {count} queries failed" if errors > count / 4 else None


def main():
    options = seeds.parser(__doc__, QUERY_COUNT).parse_args()

    def faults_of(seed):
        fault = run(seed, options.count, options.server)
        return [fault] if fault else []

    return seeds.report("rules", SEEDS if options.seed is None else [options.seed], faults_of)


if __name__ == "__main__":
    sys.exit(main())
