"""Statements of absurd shape get an answer or a clear error, and the session goes on."""
import psycopg
import pytest

ANSWERED = {
    "a thousand parentheses": ("SELECT " + "(" * 1000 + "1" + ")" * 1000, 1),
    "ten thousand ANDs": ("SELECT " + " AND ".join(["true"] * 10000), True),
    "ten thousand ORs": ("SELECT x = 1 OR " + " OR ".join(f"x = {i}" for i in range(10000))
                         + " FROM (VALUES (7)) AS t (x)", True),
    "a hundred thousand in IN": ("SELECT x IN (" + ", ".join(map(str, range(100000)))
                                 + ") FROM (VALUES (-1)) AS t (x)", False),
    "a hundred thousand VALUES": ("SELECT count(*) FROM (VALUES "
                                  + ", ".join(f"({i})" for i in range(100000)) + ") AS t", 100000),
    "comments in comments": ("SELECT 1 " + "/*" * 50000 + "*/" * 50000, 1),
    "a text of ten megabytes": ("SELECT length('" + "a" * 10**7 + "')", 10**7),
    "LIKE that backtracks": ("SELECT '" + "a" * 3000 + "' LIKE '" + "%a" * 1500 + "b'", False),
    "a regular expression that backtracks": ("SELECT '" + "a" * 40 + "' ~ '^(a+)+$b'", False),
    "json of 900 levels": ("SELECT jsonb_array_length('" + "[" * 900 + "]" * 900 + "')", 1),
}
REFUSED = {
    "a hundred thousand parentheses": ("SELECT " + "(" * 10**5 + "1" + ")" * 10**5, "54001"),
    "ten thousand plus": ("SELECT " + " + ".join(["1"] * 10000), "54001"),
    "casts of casts": ("SELECT 1" + "::int8" * 20000, "54001"),
    "calls in calls": ("SELECT " + "abs(" * 5000 + "1" + ")" * 5000, "54001"),
    "NOT NOT NOT": ("SELECT " + "NOT " * 20000 + "true", "54001"),
    "queries in queries": ("SELECT " + "(SELECT " * 1000 + "1" + ")" * 1000, "54001"),
    "queries in FROM": ("SELECT * FROM " + "(SELECT * FROM " * 1000 + "(VALUES (1)) AS t"
                        + ") AS t" * 1000, "54001"),
    "rows in rows": ("SELECT " + "ROW(" * 1000 + "1" + ")" * 1000, "54001"),
    "rows in arrays in rows": ("SELECT " + "ROW(ARRAY[" * 400 + "1" + "])" * 400, "54001"),
    "unions of unions": (" UNION ALL ".join(["SELECT 1"] * 20000), "54001"),
    "a hundred thousand columns": ("SELECT " + ", ".join(["1"] * 10**5), "54000"),
    "CUBE of twenty": ("SELECT 1 FROM (VALUES (1)) AS t (x) GROUP BY CUBE ("
                       + ", ".join(f"(x + {i})" for i in range(20)) + ")", "54000"),
    "json of 100,000 levels": ("SELECT '" + "[" * 10**5 + "'::jsonb", "54001"),
    "braces": ("SELECT '" + "{" * 10**5 + "'::int4[]", "54000"),
    "a million digits": ("SELECT " + "9" * 10**6, "22003"),
    "a text of two gigabytes": ("SELECT length(repeat('a', 2000000000))", "54000"),
    "a comment without end": ("/*" * 50000, "42601"),
    "a power": ("SELECT 2::numeric ^ 100000", "22003"),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_an_absurd_statement_is_answered(connect, name):
    sql, expected = ANSWERED[name]
    assert connect().execute(sql).fetchone()[0] == expected


@pytest.mark.parametrize("name", REFUSED)
def test_an_absurd_statement_is_refused(connect, name):
    sql, sqlstate = REFUSED[name]
    session = connect()
    with pytest.raises(psycopg.Error) as caught:
        session.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert session.execute("SELECT 1").fetchone()[0] == 1


@pytest.mark.parametrize("raw", [b"'\xff'", b"'\xc0\x80'", b"'\xed\xa0\x80'", b'1 AS "\xff"',
                                 b"'\xf5\x80\x80\x80'"])
def test_bytes_that_are_no_utf8_are_refused(connect, raw):
    session = connect()
    with pytest.raises(psycopg.Error) as caught:
        session.execute(b"SELECT " + raw)
    assert caught.value.sqlstate == "22021"
    assert session.execute("SELECT 1").fetchone()[0] == 1
