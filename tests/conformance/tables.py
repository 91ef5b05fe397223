"""tables: lets suites that begin with CREATE TABLE and INSERT run where tables do not exist yet.

Statements that make or change tables run in a throw-away PostgreSQL. Before a SELECT, each table
that changed is written as a folder of JSON lines in the server's work folder, and a source of the
same name, columns and types is made over it. So the SELECTs, which are what the suites check, read
the same rows in the same order.
"""
import os
import re

from harness.server import QueryError, write_file

COLUMNS = """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
CHANGES = re.compile(r"\s*(CREATE\s+(TEMP\s+|TEMPORARY\s+|UNLOGGED\s+)?TABLE|INSERT|UPDATE|DELETE|"
                     r"TRUNCATE|DROP\s+TABLE|ALTER\s+TABLE|CREATE\s+(UNIQUE\s+)?INDEX|ANALYZE|"
                     r"VACUUM|COPY|BEGIN|COMMIT|ROLLBACK|DROP\s+INDEX|REINDEX)\b", re.I)


class Tables:
    """The tables of one test file."""

    def __init__(self, oracle, connection, work):
        self._oracle = oracle  # a session of PostgreSQL
        self._connection = connection
        self._work = work
        self._changed = False
        self._version = 0
        self._sources = set()

    def takes(self, sql):
        """Whether this statement is about tables."""
        return CHANGES.match(sql) is not None

    def execute(self, sql):
        """Runs it in PostgreSQL; its errors are the caller's."""
        self._changed = True
        return self._oracle.execute(sql)

    def ask(self, sql):
        """PostgreSQL's rows."""
        return self._oracle.rows(sql)

    def publish(self):
        """Before a SELECT: makes sources of the tables, when any changed."""
        if not self._changed:
            return
        self._changed = False
        self._version += 1
        for source in sorted(self._sources):
            self._connection.execute(f'DROP SOURCE "{source}"')
        self._sources.clear()
        names = self._oracle.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND "
                                  "relnamespace = 'public'::regnamespace")
        for (name,) in names:
            self._publish_one(name)

    def _publish_one(self, name):
        columns = ", ".join(f'"{c}" {kind}' for c, kind in
                            self._oracle.rows(COLUMNS.format(name='"' + name + '"')))
        lines = [row[0] for row in self._oracle.rows(f'SELECT row_to_json(t) FROM "{name}" t')]
        folder = f"tables/{self._version}/{name}"
        path = os.path.join(self._work, folder)
        os.makedirs(path)
        if lines:
            write_file(path, "rows.json", "".join(line + "\n" for line in lines))
        try:
            self._connection.execute(f'CREATE SOURCE "{name}" ({columns}) WITH (connector = '
                                     f"'file', path = '{folder}/', format = 'json')")
            self._sources.add(name)
        except QueryError:
            pass  # a type that is not there yet; the SELECT says so
