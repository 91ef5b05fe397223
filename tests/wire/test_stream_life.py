"""A stream whose source's folder goes away and comes back, while the server is asked about it."""
import os
import time

import psycopg

RETRY_S = 30


def wait_for_state(session, wanted):
    deadline = time.monotonic() + RETRY_S
    state = None
    while state != wanted and time.monotonic() < deadline:
        (state,) = session.execute(
            "SELECT state FROM millrace.streams WHERE name = 'life'").fetchone()
    assert state == wanted


def test_a_restart_that_cannot_open_leaves_a_stream_that_waits(server, connect):
    folder = os.path.join(server.work, "life")
    os.mkdir(folder)
    with open(os.path.join(folder, "a.json"), "w", encoding="utf-8") as file:
        file.write('{"v": 1}\n')
    session = connect()
    session.execute("CREATE SOURCE life_source (v int8) WITH (connector = 'file', path = 'life/')")
    session.execute("CREATE STREAM life AS SELECT count(*) AS n FROM life_source")
    session.execute("WAIT FOR STREAM life")
    os.rename(folder, folder + "-away")
    try:
        session.execute("ALTER STREAM life RESTART")
        raise AssertionError("RESTART worked without its folder")
    except psycopg.Error as error:
        assert error.sqlstate == "58P01"
    wait_for_state(session, "waiting")
    assert session.execute("SELECT error FROM millrace.sources WHERE name = 'life_source'"
                           ).fetchone()[0].endswith("No such file or directory")
    os.rename(folder + "-away", folder)
    wait_for_state(session, "running")
    session.execute("WAIT FOR STREAM life")
    assert session.execute("SELECT n FROM life").fetchone() == (1,)
    assert session.execute("SELECT partitions, rows, bad_rows FROM millrace.sources "
                           "WHERE name = 'life_source'").fetchone() == (1, 1, 0)


def test_a_wait_for_a_stream_that_tries_again_in_vain_ends_with_the_reason(server, connect):
    folder = os.path.join(server.work, "gone")
    os.mkdir(folder)
    session = connect()
    session.execute("CREATE SOURCE gone_source (v int8) WITH (connector = 'file', path = 'gone/')")
    session.execute('CREATE STREAM "Gone" AS SELECT count(*) AS n FROM gone_source')
    session.execute('WAIT FOR STREAM "Gone"')
    os.rename(folder, folder + "-away")
    try:
        session.execute('WAIT FOR STREAM "Gone"')
        raise AssertionError("WAIT came back without the folder")
    except psycopg.Error as error:
        assert error.sqlstate == "55000"
        assert error.diag.message_primary == 'stream "Gone" is waiting'
        assert error.diag.message_detail.endswith("No such file or directory")
        assert error.diag.message_hint == (
            "It tries again by itself; to wait for that, give a TIMEOUT.")
    try:
        session.execute("WAIT FOR STREAM \"Gone\" TIMEOUT '10 milliseconds'")
        raise AssertionError("WAIT came back without the folder")
    except psycopg.Error as error:
        assert error.sqlstate == "57014"
        assert error.diag.message_detail.endswith("No such file or directory")
    os.rename(folder + "-away", folder)
    session.execute("WAIT FOR STREAM \"Gone\" TIMEOUT '1 minute'")
    session.execute('ALTER STREAM "Gone" PAUSE')
    try:
        session.execute('WAIT FOR STREAM "Gone"')
        raise AssertionError("WAIT came back from a stream that is paused")
    except psycopg.Error as error:
        assert error.sqlstate == "55000"
        session.execute(error.diag.message_hint)
    session.execute('DROP STREAM "Gone"')
