"""queries: random SELECTs over two tables, typed, so that nearly all of them mean something.

Writer.query() gives the SQL, whether the order of rows is fixed, and whether SQLite means the same
by it. Tables t and u (COLUMNS) hold integers, numerics, texts and booleans, with NULLs in all.
"""

COLUMNS = {
    "t": {"id": "int8", "a": "int4", "b": "int8", "n": "numeric", "k": "text", "s": "text",
          "f": "boolean"},
    "u": {"id": "int8", "a": "int4", "m": "numeric", "k": "text", "g": "boolean"},
}
KINDS = {"int8": "int", "int4": "int", "numeric": "numeric", "text": "text", "boolean": "bool"}
WORDS = ["red", "green", "blue", "", "Red", "x%y", "a_b"]


def make_rows(chance, count):
    """Rows of both tables, as dictionaries."""
    def maybe(value):
        return None if chance.random() < 0.15 else value

    def number():
        return f"{chance.randrange(-999, 999)}.{chance.randrange(100):02d}"

    t = [{"id": i, "a": maybe(chance.randrange(-6, 7)), "b": maybe(chance.randrange(-10**9, 10**9)),
          "n": maybe(number()), "k": maybe(chance.choice(WORDS)), "s": maybe(chance.choice(WORDS)),
          "f": maybe(chance.random() < 0.5)} for i in range(count)]
    u = [{"id": i, "a": maybe(chance.randrange(-4, 9)), "m": maybe(number()),
          "k": maybe(chance.choice(WORDS)), "g": maybe(chance.random() < 0.5)}
         for i in range(count // 3)]
    return {"t": t, "u": u}


class Writer:
    """Random queries from one source of chance."""

    def __init__(self, chance):
        self.chance = chance
        self.shared = True
        self.tables = {}  # alias: columns in reach

    def one(self, *choices):
        return self.chance.choice(choices)

    def often(self, share):
        return self.chance.random() < share

    # ---- expressions ----

    def column(self, kind):
        found = [f"{alias}.{name}" for alias, columns in self.tables.items()
                 for name, sql_type in columns.items() if KINDS[sql_type] == kind]
        return self.chance.choice(found) if found else self.literal(kind)

    def literal(self, kind):
        if self.often(0.06):
            return {"int": "CAST(NULL AS int)", "text": "CAST(NULL AS text)",
                    "numeric": "CAST(NULL AS numeric)", "bool": "CAST(NULL AS boolean)"}[kind]
        if kind == "int":
            return str(self.chance.randrange(-5, 9))
        if kind == "numeric":
            self.shared = False  # SQLite's are floats
            return f"{self.chance.randrange(-50, 50)}.{self.chance.randrange(10)}"
        if kind == "bool":
            return self.one("true", "false")
        return "'" + self.chance.choice(WORDS) + "'"

    def leaf(self, kind):
        return self.literal(kind) if self.often(0.25) else self.column(kind)

    def expr(self, kind, depth=2):
        if depth == 0 or self.often(0.3):
            return self.leaf(kind)
        choice = self.chance.randrange(10)
        if choice == 0:
            return (f"CASE WHEN {self.expr('bool', depth - 1)} THEN {self.expr(kind, depth - 1)} "
                    f"ELSE {self.expr(kind, depth - 1)} END")
        if choice == 1:
            return f"coalesce({self.expr(kind, depth - 1)}, {self.expr(kind, depth - 1)})"
        if choice == 2:
            return f"nullif({self.expr(kind, depth - 1)}, {self.leaf(kind)})"
        return getattr(self, kind + "_expr")(depth - 1)

    def int_expr(self, depth):
        choice = self.chance.randrange(8)
        if choice < 4:
            return f"({self.expr('int', depth)} {self.one('+', '-')} {self.expr('int', depth)})"
        if choice == 4:
            return f"abs({self.expr('int', depth)})"
        if choice == 5:
            return f"length({self.expr('text', depth)})"
        if choice == 6:
            return f"({self.expr('int', depth)} % {self.chance.randrange(2, 9)})"
        return f"({self.expr('int', depth)} / {self.chance.randrange(2, 9)})"

    def numeric_expr(self, depth):
        self.shared = False
        choice = self.chance.randrange(6)
        if choice < 3:
            return (f"({self.expr('numeric', depth)} {self.one('+', '-', '*')} "
                    f"{self.leaf('numeric')})")
        if choice == 3:
            return f"round({self.expr('numeric', depth)}, {self.chance.randrange(3)})"
        if choice == 4:
            return f"({self.expr('numeric', depth)} / 3)"
        return f"CAST({self.expr('int', depth)} AS numeric)"

    def text_expr(self, depth):
        choice = self.chance.randrange(7)
        if choice < 2:
            return f"({self.expr('text', depth)} || {self.expr('text', depth)})"
        if choice == 2:
            return f"upper({self.expr('text', depth)})"
        if choice == 3:
            return f"substr({self.expr('text', depth)}, {self.chance.randrange(1, 4)}, 2)"
        if choice == 4:
            return f"replace({self.expr('text', depth)}, 'e', 'E')"
        if choice == 5:
            return f"trim({self.expr('text', depth)})"
        return f"CAST({self.expr('int', depth)} AS text)"

    def bool_expr(self, depth):
        choice = self.chance.randrange(11)
        kind = self.one("int", "text", "int", "numeric")
        if kind == "numeric":
            self.shared = False
        if choice < 3:
            return (f"({self.expr(kind, depth)} {self.one('=', '<>', '<', '<=', '>', '>=')} "
                    f"{self.expr(kind, depth)})")
        if choice == 3:
            return (f"({self.expr('bool', depth)} {self.one('AND', 'OR')} "
                    f"{self.expr('bool', depth)})")
        if choice == 4:
            return f"(NOT {self.expr('bool', depth)})"
        if choice == 5:
            return f"({self.expr(kind, depth)} IS {self.one('', 'NOT ')}NULL)"
        if choice == 6:
            items = ", ".join(self.literal(kind) for _ in range(self.chance.randrange(1, 5)))
            return f"({self.expr(kind, depth)} {self.one('', 'NOT ')}IN ({items}))"
        if choice == 7:
            return (f"({self.expr(kind, depth)} {self.one('', 'NOT ')}BETWEEN "
                    f"{self.literal(kind)} AND {self.literal(kind)})")
        if choice == 8:
            self.shared = False  # SQLite's LIKE minds no case
            pattern = self.one("r%", "%e%", "_ed", "x\\%y", "", "%")
            return f"({self.expr('text', depth)} {self.one('', 'NOT ')}LIKE '{pattern}')"
        if choice == 9:
            return (f"({self.expr(kind, depth)} IS {self.one('', 'NOT ')}DISTINCT FROM "
                    f"{self.expr(kind, depth)})")
        self.shared = False
        return (f"({self.expr('bool', depth)} IS {self.one('', 'NOT ')}"
                f"{self.one('TRUE', 'FALSE', 'UNKNOWN')})")

    # ---- conditions with subqueries ----

    def subquery_condition(self):
        alias = self.one(*self.tables)
        keys = [c for c in ("a", "k", "id") if c in self.tables[alias]]
        key = self.chance.choice(keys)
        outer, inner = dict(self.tables), {"w": COLUMNS["u"]}
        choice = self.chance.randrange(5)
        self.tables = inner
        extra = f" AND {self.expr('bool', 1)}" if self.often(0.6) else ""
        plain = f" WHERE {self.expr('bool', 1)}" if self.often(0.6) else ""
        self.tables = outer
        negated = self.one("", "NOT ")
        if choice == 0:
            return f"{negated}EXISTS (SELECT 1 FROM u w WHERE w.{key} = {alias}.{key}{extra})"
        if choice == 1:
            return f"{alias}.{key} {negated}IN (SELECT w.{key} FROM u w{plain})"
        if choice == 2:
            return (f"{alias}.id {self.one('<', '>')} (SELECT {self.one('max', 'min', 'count')}"
                    f"(w.id) FROM u w WHERE w.{key} = {alias}.{key}{extra})")
        if choice == 3:
            return f"{alias}.id > (SELECT count(*) FROM u w{plain})"
        return f"{alias}.{key} {negated}IN (SELECT w.{key} FROM u w WHERE w.k = {alias}.k{extra})"

    def where(self):
        parts = []
        if self.often(0.6):
            parts.append(self.expr("bool"))
        if self.often(0.3):
            parts.append(self.subquery_condition())
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    # ---- FROM ----

    def source(self):
        """FROM's text; sets what is in reach."""
        choice = self.chance.randrange(6)
        if choice < 2:
            self.tables = {"t": COLUMNS["t"]}
            return "t"
        if choice == 2:
            self.tables = {"d": {"id": "int8", "k": "text", "a": "int4"}}
            return "(SELECT id, k, a FROM t WHERE id % 3 <> 0) AS d"
        self.tables = {"t": COLUMNS["t"], "u": COLUMNS["u"]}
        kind = self.one("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT JOIN")
        condition = self.one("t.a = u.a", "t.k = u.k", "t.id = u.id", "t.a = u.a AND t.k = u.k")
        if kind in ("JOIN", "LEFT JOIN") and self.often(0.3):
            condition += f" AND {self.expr('bool', 1)}"
        return f"t {kind} u ON {condition}"

    # ---- queries ----

    def aggregate(self):
        self.chance.random()
        choice = self.chance.randrange(9)
        if choice == 0:
            return "count(*)"
        if choice == 1:
            call = f"count({self.one('', 'DISTINCT ')}{self.expr(self.one('int', 'text'), 1)})"
        elif choice < 4:
            call = f"sum({self.one('', '', 'DISTINCT ')}{self.expr('int', 1)})"
        elif choice == 4:
            self.shared = False
            call = f"{self.one('sum', 'avg', 'min', 'max')}({self.expr('numeric', 1)})"
        elif choice == 5:
            self.shared = False
            call = f"{self.one('bool_and', 'bool_or')}({self.expr('bool', 1)})"
        elif choice == 6:
            self.shared = False
            call = f"avg({self.expr('int', 1)})"
        else:
            call = f"{self.one('min', 'max')}({self.expr(self.one('int', 'text'), 1)})"
        if self.often(0.2):
            call += f" FILTER (WHERE {self.expr('bool', 1)})"
        return call

    def plain(self):
        source = self.source()
        kinds = [self.one("int", "int", "text", "bool", "numeric")
                 for _ in range(self.chance.randrange(1, 4))]
        if "numeric" in kinds:
            self.shared = False
        items = [self.expr(kind) for kind in kinds]
        distinct = self.one("", "", "DISTINCT ")
        return f"SELECT {distinct}{', '.join(items)} FROM {source}{self.where()}", len(items)

    def grouped(self):
        source = self.source()
        keys = [self.expr(self.one("int", "text", "bool"), 1)
                for _ in range(self.chance.randrange(0, 3))]
        keys = [key for key in keys if "." in key and "CAST(NULL" not in key]
        items = keys + [self.aggregate() for _ in range(self.chance.randrange(1, 4))]
        group = ""
        if keys:
            numbers = [str(i + 1) for i in range(len(keys))]
            group = f" GROUP BY {', '.join(numbers)}"
            if self.often(0.25):
                self.shared = False
                group = f" GROUP BY {self.one('ROLLUP', 'CUBE')} ({', '.join(numbers)})" \
                    if all(key.count(".") == 1 and "(" not in key for key in keys) else group
                group = group.replace("(1", f"({keys[0]}") if "(" in group else group
                if len(keys) == 2 and "(" in group:
                    group = group.replace(", 2)", f", {keys[1]})")
        where = self.where()
        having = f" HAVING {self.aggregate()} IS NOT NULL" if self.often(0.2) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where}{group}{having}", len(items)

    def set_operation(self):
        sides = []
        for _ in range(2):
            source = self.source()
            sides.append(f"SELECT {self.expr('int', 1)}, {self.expr('text', 1)} FROM {source}"
                         f"{self.where()}")
        operator = self.one("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL",
                            "EXCEPT ALL")
        self.shared = self.shared and operator not in ("INTERSECT ALL", "EXCEPT ALL")
        return f"{sides[0]} {operator} {sides[1]}", 2

    def query(self):
        """(SQL, is_ordered, shared)"""
        self.shared = True
        sql, count = getattr(self, self.one("plain", "plain", "grouped", "grouped",
                                            "set_operation"))()
        if not self.often(0.35):
            return sql, False, self.shared
        keys = [f"{i + 1}{self.one('', ' DESC')}{self.one('', ' NULLS FIRST', ' NULLS LAST')}"
                for i in range(count)]
        self.shared = False  # where SQLite puts NULLs is another matter
        sql += f" ORDER BY {', '.join(keys)}"
        if self.often(0.6):
            sql += f" LIMIT {self.chance.randrange(0, 30)}"
            if self.often(0.3):
                sql += f" OFFSET {self.chance.randrange(0, 8)}"
        return sql, True, self.shared
