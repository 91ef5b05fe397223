"""What a program with psycopg 3 sees: parameters, formats, cursors, cancel, notices."""
import datetime
import decimal
import threading

import psycopg
import pytest


def test_parameters_in_text_and_binary(connect):
    cursor = connect().cursor()
    for value in (True, 1, 2**40, 1.5, "text ü", b"\x00\xff", decimal.Decimal("12.340"),
                  datetime.date(2024, 2, 29),
                  datetime.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=datetime.timezone.utc)):
        for binary in (False, True):
            row = cursor.execute("SELECT %s", [value], binary=binary).fetchone()
            assert row == (value,)


def test_null_parameter(connect):
    assert connect().execute("SELECT %s::int4 IS NULL", [None]).fetchone() == (True,)


def test_prepared_statement_again_and_again(connect):
    connection = connect()
    for i in range(10):
        row = connection.execute("SELECT %s::int8 * 2", [i], prepare=True).fetchone()
        assert row == (2 * i,)


def test_pipeline(connect):
    connection = connect()
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int4", [i]) for i in range(20)]
        assert [c.fetchone()[0] for c in cursors] == list(range(20))


def test_an_error_in_a_pipeline_spares_the_session(connect):
    connection = connect()
    with pytest.raises(psycopg.errors.DivisionByZero):
        with connection.pipeline():
            connection.execute("SELECT 1 / %s::int4", [0])
            connection.execute("SELECT 2")
    assert connection.execute("SELECT 3").fetchone() == (3,)


def test_transaction_block(connect):
    connection = connect(autocommit=False)
    assert connection.execute("SELECT 1").fetchone() == (1,)
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    connection.rollback()
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_failed_transaction_refuses_until_rollback(connect):
    connection = connect(autocommit=False)
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM nothing")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.execute("SELECT 1")
    connection.rollback()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_error_fields(connect):
    with pytest.raises(psycopg.errors.UndefinedTable) as caught:
        connect().execute("SELECT * FROM nothing")
    assert caught.value.diag.statement_position == "15"
    assert caught.value.diag.severity == "ERROR"


def test_cancel(connect):
    connection = connect()
    timer = threading.Timer(0.2, connection.cancel)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT count(*) FROM generate_series(1, 2000000000) AS a(x) "
                           "WHERE x % 7 = 8")
    timer.join()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_vanished_client_is_forgotten(connect, server):
    connection = connect()
    connection.execute("SELECT 1")
    connection.pgconn.finish()
    assert connect().execute("SELECT 1").fetchone() == (1,)


def test_large_text_comes_back(connect):
    text = "x" * 5_000_000
    assert connect().execute("SELECT %s::text", [text]).fetchone() == (text,)


def test_portal_with_a_row_limit(connect):
    """psycopg's stream() reads row by row (single-row mode)."""
    rows = connect().cursor().stream("SELECT g FROM generate_series(1, 5000) AS t(g)")
    assert sum(row[0] for row in rows) == 5000 * 5001 // 2
