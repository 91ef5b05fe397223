"""Exactly once from topic to topic, whatever is killed, stopped or copied meanwhile.

Protects: offsets that live in our checkpoint, the marker in the transaction, and their agreement.
The kill loop of tests/recover/torture_kafka.py, 30 cycles here, 200 by `scripts/torture kafka`; a
process that wakes up when another has gone on for it; an old copy of the data directory."""
import collections
import os
import shutil
import signal
import sys

import pytest

from harness.kafka import Reader, await_true
from harness.pipe import Pipe, await_state, points_passed, stream_row
from harness.server import ROOT, Server

sys.path.insert(0, os.path.join(ROOT, "tests", "recover"))
import torture  # noqa: E402
import torture_kafka  # noqa: E402

BINARY = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")
CYCLES = {"kafka-passing": 6, "kafka-windows": 6, "kafka-updates": 5, "kafka-both": 5,
          "file-to-kafka": 4, "kafka-to-file": 4}


@pytest.fixture(name="fell", scope="module")
def counts_of_kills():
    return collections.Counter()


@pytest.mark.parametrize("kind", CYCLES)
def test_killed_at_random(broker, fell, kind):
    seed = int(os.environ.get("MILLRACE_SEED", "0")) or int.from_bytes(os.urandom(3), "big")
    counts, facts = torture_kafka.run_kind(broker, kind, CYCLES[kind], seed, BINARY)
    fell.update(counts)
    print(f"{kind}, seed {seed}: {facts}")


def test_the_kills_have_hit(fell):
    """Else the loop has shown nothing."""
    assert fell["all"] >= sum(CYCLES.values()), "the kinds did not run"
    assert fell["in epoch"] >= torture.IN_EPOCH_SHARE_MIN * fell["all"], fell
    assert fell["in commit"] >= torture.IN_COMMIT_SHARE_MIN * fell["all"], fell
    assert fell["in transaction"] >= torture_kafka.IN_TRANSACTION_SHARE_MIN * fell["all"], fell


def test_killed_at_every_point(broker):
    torture_kafka.run_kind(broker, "kafka-points", 1, 1, BINARY)


@pytest.mark.parametrize("point", ["epoch_chosen", "sink_wrote", "sink_marked", "sink_decided"])
def test_who_wakes_up_too_late_has_no_effect(broker, point):
    """A process stops in the middle of an epoch for longer than the brokers wait, as a virtual
    machine that is moved; another goes on with a copy of its data; then the first wakes up."""
    pipe = Pipe(broker, sink_options=", transaction_timeout = '2s'")
    first, second = Server(BINARY), Server(BINARY)
    try:
        log = os.path.join(first.root, "crash.log")
        first.start({"MILLRACE_CRASH_LOG": log, "MILLRACE_CRASH_DELAY_US": "20000"})
        old = first.connect()
        pipe.create(old)
        pipe.put()
        old.execute("WAIT FOR STREAM q")
        passed = len(points_passed(log))
        pipe.put()
        await_true(f"point {point}", lambda: point in points_passed(log)[passed:])
        first.process.send_signal(signal.SIGSTOP)
        shutil.rmtree(second.data, ignore_errors=True)
        shutil.copytree(first.data, second.data)
        second.start()
        new = second.connect()
        for _ in range(3):
            pipe.put()
            new.execute("WAIT FOR STREAM q")
        pipe.check()
        first.process.send_signal(signal.SIGCONT)
        state = await_state(old, "failed")
        assert state[2] in ("55000", "58030"), state
        pipe.check()
        for _ in range(2):  # the one that went on goes on
            pipe.put()
            new.execute("WAIT FOR STREAM q")
            pipe.check()
        second.stop()
        first.kill()
        first.start()  # and so does the first: the sink's marker tells it where the other was
        pipe.put()
        first.connect().execute("WAIT FOR STREAM q")
        pipe.check()
    finally:
        if first.process is not None and first.is_alive():
            first.process.send_signal(signal.SIGCONT)
        first.destroy()
        second.destroy()


def test_slow_alone_is_no_harm(broker):
    """Nobody took its place: the transaction is gone, the stream recovers by itself."""
    pipe = Pipe(broker, sink_options=", transaction_timeout = '1s'")
    with Server(BINARY) as server:
        log = os.path.join(server.root, "crash.log")
        server.kill()
        server.start({"MILLRACE_CRASH_LOG": log, "MILLRACE_CRASH_DELAY_US": "20000"})
        connection = server.connect()
        pipe.create(connection)
        with Reader(broker, pipe.sink, "read_uncommitted") as dirty:
            pipe.put()
            await_true("an open transaction", lambda: "sink_marked" in points_passed(log))
            server.process.send_signal(signal.SIGSTOP)
            count = len(dirty.read_to_end())
            # The broker's abort is seen by a reader of committed records: it gets to the end.
            await_true("its abort", lambda: broker.tool(
                "transactions", "list").count("Ongoing") == 0)
            server.process.send_signal(signal.SIGCONT)
            assert count <= pipe.count
        connection.execute("WAIT FOR STREAM q")
        pipe.check()
        server.stop()


@pytest.mark.parametrize("has_copy", [True, False])
def test_an_old_copy_of_the_data(broker, server, has_copy):
    """It is refused, as the sinks' rows of the epochs between can't be made again. A stream without
    state needs none of them: it goes on behind the marker of its one sink."""
    pipe = Pipe(broker, has_copy=has_copy)
    connection = server.connect()
    pipe.create(connection)
    pipe.put()
    connection.execute("WAIT FOR STREAM q")
    epoch = int(stream_row(connection)[1])
    server.stop()
    copy = server.data + ".old"
    shutil.copytree(server.data, copy)
    server.start()
    connection = server.connect()
    for _ in range(3):
        pipe.put()
        connection.execute("WAIT FOR STREAM q")
    last = int(stream_row(connection)[1])
    server.stop()
    shutil.rmtree(server.data)
    os.rename(copy, server.data)
    server.start()
    connection = server.connect()
    if has_copy:
        state = await_state(connection, "failed")
        assert state[2] == "58030"
        assert f"holds epoch {last}, the checkpoint epoch {epoch}" in state[3]
    else:
        pipe.put()
        connection.execute("WAIT FOR STREAM q")
        assert int(stream_row(connection)[1]) > last
        assert connection.value("SELECT rows_in FROM millrace.streams") == str(pipe.count)
    pipe.check()


@pytest.mark.parametrize("has_copy", [True, False])
def test_rows_between_checkpoint_and_marker_are_gone(broker, server, has_copy):
    """Retention took them while the server was down. One sink has what came of them: without state
    only the counts lack them, which is told. Another sink may lack them, too: refused."""
    pipe = Pipe(broker, has_copy=has_copy)
    connection = server.connect()
    pipe.create(connection)
    pipe.put()
    connection.execute("WAIT FOR STREAM q")
    counted = pipe.count
    server.stop()
    copy = server.data + ".old"
    shutil.copytree(server.data, copy)
    server.start()
    connection = server.connect()
    pipe.put()
    connection.execute("WAIT FOR STREAM q")
    server.stop()
    shutil.rmtree(server.data)
    os.rename(copy, server.data)
    broker.delete_records(pipe.source, {0: -1, 1: -1, 2: -1})
    server.start()
    connection = server.connect()
    if has_copy:
        state = await_state(connection, "failed")
        assert state[2] == "58030" and "are gone" in state[3], state
    else:
        gone = pipe.count - counted
        pipe.put()
        connection.execute("WAIT FOR STREAM q")
        told = connection.rows("SELECT sqlstate, message FROM millrace.errors")
        assert told and all(row[0] == "58030" and
                            "the sink has what came of them" in row[1] for row in told), told
        rows_in = int(connection.value("SELECT rows_in FROM millrace.streams"))
        assert rows_in == pipe.count - gone
    pipe.check()


@pytest.mark.parametrize("running", [True, False])
def test_a_lost_progress_topic_is_refused(broker, server, running):
    """Without its markers nobody knows what the sink has: better to stop than to double."""
    progress = broker.topic("progress", config={"cleanup.policy": "compact"})
    pipe = Pipe(broker, sink_options=f", progress_topic = '{progress}', "
                             "delivery_timeout = '2s'")
    connection = server.connect()
    pipe.create(connection)
    pipe.put()
    connection.execute("WAIT FOR STREAM q")
    if not running:
        server.stop()
    broker.delete_topic(progress)
    pipe.lose()
    if not running:
        server.start()
        connection = server.connect()
    state = await_state(connection, "failed")
    assert state[2] == "58030" and "holds no epoch" in state[3], state
    pipe.check()
