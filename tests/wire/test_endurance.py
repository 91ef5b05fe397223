"""What a server must live through, and what it must leave behind when it goes: stops inside an
epoch, objects that no longer bind, disks and descriptors that run out."""
import concurrent.futures
import os
import time

import pytest
from harness.server import QueryError, Server, read_lines, visible_files, write_file

BINARY = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")
DEADLINE_S = 60


@pytest.fixture
def fresh():
    """A server that is not started yet; its folders go at the end."""
    server = Server(BINARY)
    yield server
    server.destroy()


def wait_until(condition):
    """Waits for what no statement waits for."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.002)


def passed(log, point):
    """How often the server has passed a crash point."""
    if not os.path.exists(log):
        return 0
    with open(log, encoding="ascii") as lines:
        return lines.read().split().count(point)


def test_a_stop_in_an_epoch_shows_what_was_decided_before(fresh):
    log = os.path.join(fresh.root, "points.log")
    folder = os.path.join(fresh.work, "in")
    os.mkdir(folder)
    fresh.start({"MILLRACE_CRASH_LOG": log, "MILLRACE_CRASH_DELAY_US": "100000"})
    session = fresh.connect()
    session.execute_all(
        "CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
        "CREATE SINK o WITH (connector = 'file', path = 'out/', format = 'json',"
        "                    roll_idle = '1 hour', roll_age = '1 hour');"
        "CREATE STREAM q INTO o AS SELECT v FROM s")
    write_file(folder, "a.json", '{"v": 1}\n')
    wait_until(lambda: passed(log, "after_publish") == 1)
    assert visible_files(os.path.join(fresh.work, "out")) == []  # decided, in an open file
    write_file(folder, "b.json", '{"v": 2}\n')
    wait_until(lambda: passed(log, "epoch_chosen") == 2)
    fresh.stop()
    assert read_lines(visible_files(os.path.join(fresh.work, "out"))) == ['{"v":1}']
    fresh.start()
    session = fresh.connect()
    session.execute("WAIT FOR STREAM q")
    fresh.stop()
    assert read_lines(visible_files(os.path.join(fresh.work, "out"))) == ['{"v":1}', '{"v":2}']


def test_a_pause_outlives_a_restart_of_the_server_and_of_the_stream(fresh):
    os.mkdir(os.path.join(fresh.work, "in"))
    fresh.start()
    fresh.connect().execute_all("CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
                                "CREATE STREAM q AS SELECT count(*) AS n FROM s")
    fresh.connect().execute("ALTER STREAM q PAUSE")
    fresh.stop()
    fresh.start()
    session = fresh.connect()
    session.execute("ALTER STREAM q RESTART")
    wait_until(lambda: session.value("SELECT state FROM millrace.streams") != "starting")
    assert session.value("SELECT state FROM millrace.streams") == "paused"
    fresh.stop()


def test_a_stream_dropped_while_its_restart_from_scratch_waits(fresh):
    os.mkdir(os.path.join(fresh.work, "in"))
    fresh.start()
    dropper, restarter = fresh.connect(), fresh.connect()
    dropper.execute_all("CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
                        "CREATE STREAM q AS SELECT count(*) AS n FROM s")
    dropper.execute_all("BEGIN; DROP STREAM q")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        restart = pool.submit(restarter.execute, "ALTER STREAM q RESTART FROM SCRATCH")
        wait_until(lambda: dropper.value("SELECT count(*) FROM millrace.sessions "
                                         "WHERE state = 'active'") == "2")
        dropper.execute("COMMIT")
        with pytest.raises(QueryError) as caught:
            restart.result()
    assert caught.value.sqlstate == "42P01"
    assert dropper.value("SELECT 1") == "1"
