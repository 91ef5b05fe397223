"""A broker that takes connections and never answers: who waits for it, and who must not."""
import os
import socket
import time

import psycopg
import pytest

STREAMS = 12  # more than there are threads for them
DEADLINE_S = 30
FACTOR = float(os.environ.get("MILLRACE_TEST_TIME_FACTOR", "1"))


@pytest.fixture(scope="module")
def silent_port():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def wait_until(session, query, wanted):
    deadline = time.monotonic() + DEADLINE_S * FACTOR
    rows = None
    while rows != wanted and time.monotonic() < deadline:
        rows = session.execute(query).fetchall()
    assert rows == wanted


@pytest.fixture(scope="module")
def waiting(server, silent_port):
    """Streams into a sink whose broker is away, and one that has nothing to do with it."""
    folder = os.path.join(server.work, "in")
    os.mkdir(folder)
    with psycopg.connect(host="127.0.0.1", port=server.port, user="test", dbname="millrace",
                         autocommit=True) as session:
        session.execute("CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/')")
        session.execute(f"CREATE SINK k WITH (connector = 'kafka', check = false, topic = 't', "
                        f"brokers = '127.0.0.1:{silent_port}')")
        for i in range(STREAMS):
            session.execute(f"CREATE STREAM away{i} INTO k AS SELECT v FROM s")
        session.execute("CREATE STREAM here AS SELECT count(*) AS n FROM s")
    return folder


def test_other_streams_go_on_while_many_try_to_connect(waiting, connect):
    session = connect()
    slowest = 0
    for i in range(10):
        with open(os.path.join(waiting, f"{i}.json"), "w", encoding="utf-8") as file:
            file.write('{"v": 1}\n')
        begin = time.monotonic()
        session.execute("WAIT FOR STREAM here")
        slowest = max(slowest, time.monotonic() - begin)
        assert session.execute("SELECT n FROM here").fetchone() == (i + 1,)
    assert slowest < 3 * FACTOR


def test_views_answer_while_streams_try_to_connect(waiting, connect):
    session = connect()
    wait_until(session, "SELECT count(*) FROM millrace.streams WHERE state = 'waiting' AND "
               "error_code LIKE '08%'", [(STREAMS,)])
    for view in ("streams", "operators", "watermarks", "late_rows", "sources", "sinks",
                 "kafka_lag"):
        begin = time.monotonic()
        session.execute(f"SELECT * FROM millrace.{view}").fetchall()
        assert time.monotonic() - begin < 2 * FACTOR


def test_a_stream_that_waits_can_be_paused_and_dropped(waiting, connect):
    session = connect()
    wait_until(session, "SELECT state FROM millrace.streams WHERE name = 'away0'",
               [("waiting",)])
    session.execute("ALTER STREAM away0 PAUSE")
    assert session.execute("SELECT state FROM millrace.streams WHERE name = 'away0'"
                           ).fetchall() == [("paused",)]
    session.execute("DROP STREAM away0")


def test_a_server_whose_streams_try_to_connect_stops_at_once(waiting, server):
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 1.5 * FACTOR
    server.start()
