"""What a server must live through, and what it must leave behind when it goes: stops inside an
epoch, objects that no longer bind, disks and descriptors that run out."""
import concurrent.futures
import os
import resource
import sqlite3
import time

import pytest
from harness.server import QueryError, Server, ServerError, read_lines, visible_files, write_file

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


# -------- objects that this build refuses --------

def rewrite_definition(server, name, definition):
    """As a newer build would have stored it."""
    with sqlite3.connect(os.path.join(server.data, "catalog.db")) as database:
        database.execute("UPDATE objects SET definition = ? WHERE name = ?", (definition, name))
    database.close()


@pytest.fixture
def partly_broken(fresh):
    """Started with source s2, sink o2, and streams q2, q3 and q4, which this build can't bind."""
    os.mkdir(os.path.join(fresh.work, "in"))
    write_file(os.path.join(fresh.work, "in"), "a.json", '{"v": 1}\n')
    fresh.start()
    fresh.connect().execute_all(
        "CREATE SOURCE s1 (v int8) WITH (connector = 'file', path = 'in/');"
        "CREATE SOURCE s2 (v int8) WITH (connector = 'file', path = 'in/');"
        "CREATE SINK o1 WITH (connector = 'file', path = 'out1/', format = 'json');"
        "CREATE SINK o2 WITH (connector = 'file', path = 'out2/', format = 'json');"
        "CREATE STREAM q1 INTO o1 AS SELECT v FROM s1;"
        "CREATE STREAM q2 AS SELECT count(*) AS n FROM s2;"
        "CREATE STREAM q3 INTO o2 AS SELECT v FROM s1;"
        "CREATE STREAM q4 AS SELECT count(*) AS n FROM s1;"
        "CREATE VIEW w AS SELECT v FROM s1")
    fresh.stop()
    rewrite_definition(fresh, "s2", "CREATE SOURCE s2 (v int8) WITH (connector = 'file', "
                                    "path = '/nowhere/in/')")
    rewrite_definition(fresh, "o2", "CREATE SINK o2 WITH (connector = 'of the future')")
    rewrite_definition(fresh, "q4", "CREATE STREAM q4 AS SELECT count(*) FOR BREAKFAST")
    rewrite_definition(fresh, "w", "CREATE VIEW w AS SELECT nothing FROM s1")
    fresh.start()
    return fresh


def failure(session, sql):
    with pytest.raises(QueryError) as caught:
        session.execute(sql)
    return caught.value.sqlstate, caught.value.fields["message"]


def test_what_cannot_be_bound_is_broken_and_the_rest_runs(partly_broken):
    session = partly_broken.connect()
    session.execute("WAIT FOR STREAM q1")
    assert read_lines(visible_files(os.path.join(partly_broken.work, "out1"))) == ['{"v":1}']
    states = session.rows("SELECT name, state, error_code FROM millrace.streams ORDER BY name")
    assert states == [["q1", "running", None], ["q2", "failed", "55000"],
                      ["q3", "failed", "55000"], ["q4", "failed", "42601"]]
    assert session.rows("SHOW STREAMS LIKE 'q2'")[0][:2] == ["q2", "failed"]
    assert session.rows("SELECT name, connector FROM millrace.sources WHERE error LIKE "
                        "'%allowed_directories%'") == [["s2", None]]
    assert session.rows("SELECT name, connector FROM millrace.sinks WHERE error LIKE "
                        "'%of the future%'") == [["o2", None]]
    log = partly_broken.log_tail(10000)
    for what in ('source \\"s2\\" is broken', 'sink \\"o2\\" is broken',
                 'stream \\"q4\\" is broken', 'view \\"w\\" is broken'):
        assert what in log


@pytest.mark.parametrize("sql, state, message", [
    ("SELECT * FROM s2", "55000", 'source "s2" is broken: '),
    ("DESCRIBE s2", "55000", 'source "s2" is broken: '),
    ("CREATE STREAM x INTO o2 AS SELECT v FROM s1", "55000", 'sink "o2" is broken: '),
    ("SELECT * FROM w", "55000", 'view "w" is broken: '),
    ("SELECT * FROM q4", "55000", 'stream "q4" is broken: '),
    ("ALTER STREAM q4 RENAME TO q5", "55000", 'stream "q4" is broken: '),
    ("ALTER STREAM q4 RESUME", "55000", 'stream "q4" is broken: '),
    ("ALTER STREAM q4 RESTART", "55000", 'stream "q4" is broken: '),
    ("ALTER STREAM q4 PAUSE", "55000", 'stream "q4" is failed'),
    ("ALTER STREAM q4 RESTART FROM SCRATCH", "42601", "syntax error"),
    ("WAIT FOR STREAM q4", "55000", 'stream "q4" is failed'),
    ("CREATE SOURCE s2 (v int8) WITH (connector = 'file', path = 'in/')", "42P07", ""),
])
def test_use_of_a_broken_object_tells_the_cause(partly_broken, sql, state, message):
    code, text = failure(partly_broken.connect(), sql)
    assert (code, text[:len(message)]) == (state, message)


def test_a_broken_object_is_shown_dropped_and_made_anew(partly_broken):
    session = partly_broken.connect()
    assert "/nowhere/in/" in session.value("SHOW CREATE SOURCE s2")
    assert "FOR BREAKFAST" in session.value("SHOW CREATE STREAM q4")
    session.execute_all("DROP STREAM q2, q4; DROP SOURCE s2; DROP VIEW w; DROP SINK o2;"
                        "CREATE SINK o2 WITH (connector = 'file', path = 'out3/', format = 'json')")
    session.execute("ALTER STREAM q3 RESTART FROM SCRATCH")
    session.execute("WAIT FOR STREAM q3")
    assert read_lines(visible_files(os.path.join(partly_broken.work, "out3"))) == ['{"v":1}']
    assert session.value("SELECT count(*) FROM millrace.streams WHERE state = 'failed'") == "0"
    partly_broken.stop()
    assert len(os.listdir(os.path.join(partly_broken.data, "streams"))) == 2


def test_what_was_broken_goes_on_where_it_stopped(partly_broken):
    partly_broken.stop()
    rewrite_definition(partly_broken, "s2", "CREATE SOURCE s2 (v int8) WITH (connector = 'file', "
                                            "path = 'in/')")
    partly_broken.start()
    session = partly_broken.connect()
    session.execute("WAIT FOR STREAM q2")
    assert session.rows("SELECT n FROM q2") == [["1"]]


def test_versions_of_a_stream_that_is_gone_go_when_others_have_taken_their_place(fresh):
    out = os.path.join(fresh.work, "out")
    folder = os.path.join(fresh.work, "in")
    os.mkdir(folder)
    fresh.start()
    session = fresh.connect()

    def feed(first, count):
        for number in range(first, first + count):
            write_file(folder, f"{number:03}.json", '{"v": 1}\n')
            session.execute("WAIT FOR STREAM q")

    def versions():
        return {name.rsplit("-", 1)[0] for name in os.listdir(out) if name.startswith(".v")}

    create = ("CREATE STREAM q INTO o OUTPUT MODE COMPLETE WITH (max_rows_per_epoch = 1) "
              "AS SELECT count(*) AS n FROM s")
    session.execute_all(
        "CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
        "CREATE SINK o WITH (connector = 'file', path = 'out/', format = 'json');" + create)
    feed(0, 2)
    (old,) = versions()
    os.mkdir(os.path.join(out, ".v-of-the-user"))
    os.mkdir(os.path.join(out, ".v00000000-1x"))
    session.execute_all("DROP STREAM q")
    assert read_lines(visible_files(out)) == ['{"n":2}']  # until there is another
    session.execute_all(create)
    session.execute("WAIT FOR STREAM q")
    feed(2, 3)
    assert old not in versions()
    assert {".v-of-the-user", ".v00000000-1x"} <= set(os.listdir(out))
    assert sum(name.startswith(".v") for name in os.listdir(out)) == 3 + 2
    assert read_lines(visible_files(out)) == ['{"n":5}']


# -------- what runs out, and comes back --------

def test_a_stream_waits_for_descriptors(fresh):
    folder = os.path.join(fresh.work, "in")
    os.mkdir(folder)
    fresh.start()
    session = fresh.connect()
    session.execute_all("CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
                        "CREATE STREAM q AS SELECT count(*) AS n FROM s; WAIT FOR STREAM q")
    process = fresh.process.pid
    _, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (3, hard))
    write_file(folder, "a.json", '{"v": 1}\n')
    wait_until(lambda: session.value("SELECT state FROM millrace.streams") == "waiting")
    assert session.value("SELECT error_code FROM millrace.streams") == "53000"
    resource.prlimit(process, resource.RLIMIT_NOFILE, (hard, hard))
    wait_until(lambda: session.value("SELECT state FROM millrace.streams") == "running")
    session.execute("WAIT FOR STREAM q")
    assert session.value("SELECT n FROM q") == "1"
    fresh.stop()


@pytest.mark.parametrize("how", ["missing", "empty", "old"])
def test_a_catalog_that_forgot_streams_does_not_cost_them(fresh, how):
    path = os.path.join(fresh.data, "catalog.db")
    os.mkdir(os.path.join(fresh.work, "in"))
    write_file(os.path.join(fresh.work, "in"), "a.json", '{"v": 1}\n')
    fresh.start()
    fresh.stop()
    with open(path, "rb") as file:
        old = file.read()
    fresh.start()
    fresh.connect().execute_all("CREATE SOURCE s (v int8) WITH (connector = 'file', path = 'in/');"
                                "CREATE STREAM q AS SELECT count(*) AS n FROM s; "
                                "WAIT FOR STREAM q")
    fresh.stop()
    os.rename(path, path + ".right")
    if how != "missing":
        with open(path, "wb") as file:
            file.write(old if how == "old" else b"")
    with pytest.raises(ServerError):
        fresh.start()
    assert "holds a stream that catalog.db does not know" in fresh.log_tail()
    os.rename(path + ".right", path)
    fresh.start()
    assert fresh.connect().value("SELECT n FROM q") == "1"
    fresh.stop()


def test_a_catalog_with_bytes_that_are_no_text_is_damaged(fresh):
    fresh.start()
    fresh.connect().execute("CREATE VIEW w AS SELECT 1 AS a")
    fresh.stop()
    with sqlite3.connect(os.path.join(fresh.data, "catalog.db")) as database:
        database.execute("UPDATE objects SET definition = CAST(x'ac' AS TEXT)")
    database.close()
    with pytest.raises(ServerError):
        fresh.start()
    assert "catalog.db is damaged" in fresh.log_tail()
