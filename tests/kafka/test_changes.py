"""Topics that change under a running stream: right, or reported.

Protects: partitions and topics found while running, topics deleted and made again, records taken
away by retention before we read them, gaps of aborted transactions and of compaction, and messages
of 10 MB, and that a huge partition starves no other."""
import json
import os
import signal
import time

import pytest

from harness.kafka import COMPACTED, Message, await_true
from harness.pipe import Pipe, await_state, points_passed, stream_row

QUICK = ", refresh = '200ms'"


@pytest.fixture(name="connection")
def session(server):
    return server.connect()


def wait(connection):
    connection.execute("WAIT FOR STREAM q TIMEOUT '40 seconds'")


def errors(connection):
    return connection.rows("SELECT position, message, sqlstate, partition FROM millrace.errors "
                           "WHERE stream = 'q' ORDER BY id")


def test_partitions_added(broker, connection):
    pipe = Pipe(broker, QUICK)
    pipe.create(connection)
    pipe.put()
    wait(connection)
    broker.add_partitions(pipe.source, 5)
    pipe.put(10, partition=3)
    pipe.put(10, partition=4)
    await_true("the new partitions' rows", lambda: len(broker.consume(pipe.sink)) == pipe.count)
    broker.add_partitions(pipe.source, 6)
    pipe.put(10, partition=5)
    pipe.put()
    await_true("the newest partition's rows", lambda: len(broker.consume(pipe.sink)) == pipe.count)
    pipe.check()


@pytest.mark.parametrize("point", ["discovery_durable", "epoch_chosen", "sink_decided"])
def test_killed_when_partitions_are_found(broker, server, connection, point):
    """What is found is written down before it is read, and read from its beginning."""
    pipe = Pipe(broker, QUICK)
    pipe.create(connection)
    pipe.put()
    wait(connection)
    server.kill()
    log = os.path.join(server.root, "crash.log")
    server.start({"MILLRACE_CRASH_POINT": point, "MILLRACE_CRASH_LOG": log})
    broker.add_partitions(pipe.source, 4)
    pipe.put(50, partition=3)
    server.wait_dead()
    assert points_passed(log)[-1] == point
    broker.add_partitions(pipe.source, 5)
    pipe.put(50, partition=4)
    server.start()
    connection = server.connect()
    await_true("all rows", lambda: len(broker.consume(pipe.sink)) == pipe.count)
    wait(connection)
    pipe.check()


def test_topics_of_a_pattern_come(broker, connection):
    prefix = broker.topic("come")
    broker.produce(prefix, [Message({"n": 1})])
    connection.execute(
        f"CREATE SOURCE s (n int8, topic text METADATA) WITH (connector = 'kafka', "
        f"brokers = '{broker.address}', topic_pattern = '^{prefix}.*', format = 'json'{QUICK})")
    connection.execute("CREATE STREAM q AS SELECT topic, sum(n) AS n FROM s GROUP BY topic")
    wait(connection)
    broker.create_topic(f"{prefix}-b", 2)
    broker.produce(f"{prefix}-b", [Message({"n": 2}, partition=1), Message({"n": 3}, partition=0)])
    right = [[prefix, "1"], [f"{prefix}-b", "5"]]
    await_true("the new topic's rows",
               lambda: connection.rows("SELECT topic, n FROM q ORDER BY topic") == right)


def read_and_make_again(pipe, server, connection, running):
    """The stream has read its topic, which is deleted and made again with seven rows, while the
    server runs or not. Returns the session."""
    pipe.create(connection)
    pipe.put()
    wait(connection)
    if not running:
        server.stop()
    pipe.broker.delete_topic(pipe.source)
    pipe.broker.create_topic(pipe.source, 3)
    pipe.put(7)
    if not running:
        server.start()
        connection = server.connect()
    return connection


@pytest.mark.parametrize("running", [True, False])
def test_deleted_and_made_again_fails(broker, server, connection, running):
    pipe = Pipe(broker, QUICK)
    connection = read_and_make_again(pipe, server, connection, running)
    state = await_state(connection, "failed")
    assert state[2] == "58030" and pipe.source in state[3], state
    pipe.lost = set(range(100, 107))
    pipe.check()


@pytest.mark.parametrize("running", [True, False])
def test_deleted_and_made_again_goes_on(broker, server, connection, running):
    pipe = Pipe(broker, QUICK + ", on_data_loss = 'earliest'")
    connection = read_and_make_again(pipe, server, connection, running)
    await_true("the new topic's rows", lambda: len(broker.consume(pipe.sink)) == pipe.count)
    assert stream_row(connection)[0] == "running"
    found = errors(connection)
    assert len(found) == 3 and all(pipe.source in error[0] for error in found), found
    pipe.put()
    wait(connection)
    server.kill()  # the journal knows which is which
    server.start()
    pipe.put()
    wait(server.connect())
    pipe.check()


@pytest.mark.parametrize("when, policy", [
    (when, policy) for when in ("stopped", "killed", "paused", "running")
    for policy in ("fail", "earliest", "latest") if (when, policy) != ("running", "latest")])
def test_made_again_and_grown_past_our_offset(broker, server, connection, when, policy):
    """No look sees it: only the records tell. A pause is told by the time without an answer, where
    brokers don't keep answers back."""
    pipe = Pipe(broker, f", refresh = '1 hour', on_data_loss = '{policy}', "
                "\"rdkafka.fetch.wait.max.ms\" = 10")
    pipe.create(connection)
    pipe.put(70)
    wait(connection)
    end = {"stopped": server.stop, "killed": server.kill, "running": lambda: None,
           "paused": lambda: server.process.send_signal(signal.SIGSTOP)}
    begin = {"stopped": server.start, "killed": server.start, "running": lambda: None,
             "paused": lambda: server.process.send_signal(signal.SIGCONT)}
    end[when]()
    ended = time.monotonic()
    broker.delete_topic(pipe.source)
    broker.create_topic(pipe.source, 3)
    if policy == "earliest":
        pipe.put(200)
    else:
        pipe.lose(200)
    if when == "paused":
        await_true("a pause that can be told", lambda: time.monotonic() > ended + 1.2)
    begin[when]()
    connection = server.connect()
    if policy == "fail":
        state = await_state(connection, "failed")
        assert state[2] == "58030" and pipe.source in state[3], state
        assert "made again" in state[3], state
        pipe.check()
        return
    await_true("the reports", lambda: len(errors(connection)) == 3)
    assert all("made again" in error[1] for error in errors(connection))
    if policy == "latest":
        await_true("the ends", lambda: connection.value(
            "SELECT sum(lag) FROM millrace.kafka_lag") == "0")
    pipe.put()
    wait(connection)
    assert stream_row(connection)[0] == "running"
    pipe.check()


@pytest.mark.parametrize("when", ["stopped", "running"])
def test_the_same_topic_is_not_another(broker, server, connection, when):
    """Our mark may be gone: by retention, and by compaction. The broker may have been away."""
    topic = broker.topic("same", config=COMPACTED)
    broker.produce(topic, [Message({"n": n}, key="k") for n in range(20)])
    connection.execute(
        f"CREATE SOURCE s (n int8) WITH (connector = 'kafka', brokers = '{broker.address}', "
        f"topic = '{topic}', format = 'json', on_error = 'skip', on_data_loss = 'fail'{QUICK})")
    connection.execute("CREATE STREAM q AS SELECT n FROM s")
    wait(connection)
    for last in (21, 22):
        if when == "stopped":
            server.stop()
        broker.produce(topic, [Message({"n": last}, key="k")])
        if last == 21:
            broker.compact(topic, key="~")
        else:
            broker.delete_records(topic, {0: broker.ends(topic)[0][1] - 1})
            broker.produce(topic, [Message({"n": 30}, key="k")])
        if when == "stopped":
            server.start()
            connection = server.connect()
        wait(connection)
    assert stream_row(connection)[0] == "running", stream_row(connection)
    assert connection.value("SELECT count(*) FROM q WHERE n = 30") == "1"


def test_deleted_for_good(broker, connection):
    """The other topic is read on, and waiting for the stream ends."""
    other = broker.topic("stays")
    pipe = Pipe(broker, QUICK + ", on_data_loss = 'latest'")
    gone = pipe.source
    pipe.source = f"{gone}, {other}"
    pipe.create(connection)
    pipe.source = gone
    pipe.put()
    wait(connection)
    broker.delete_topic(gone)
    await_true("the report", lambda: len(errors(connection)) == 3)
    pipe.source = other
    pipe.put(20, partition=0)
    wait(connection)
    assert stream_row(connection)[0] == "running"
    pipe.check()


@pytest.mark.parametrize("policy", ["fail", "earliest", "latest"])
def test_retention_past_our_offset(broker, server, connection, policy):
    """While the server is down, half of what it has not read goes."""
    pipe = Pipe(broker, f"{QUICK}, on_data_loss = '{policy}'")
    pipe.create(connection)
    pipe.put(70)
    wait(connection)
    server.stop()
    ends = {partition: end for partition, (_, end) in broker.ends(pipe.source).items()}
    pipe.lose(70)
    middle = {partition: end for partition, (_, end) in broker.ends(pipe.source).items()}
    if policy == "latest":
        pipe.lose(70)
    elif policy == "fail":
        pipe.lost |= set(range(pipe.count, pipe.count + 70))
        pipe.put(70)
    else:
        pipe.put(70)
    broker.delete_records(pipe.source, middle)
    server.start()
    connection = server.connect()
    if policy == "fail":
        state = await_state(connection, "failed")
        assert state[2] == "58030" and pipe.source in state[3], state
        assert any(f"offsets {ends[p]} to {middle[p] - 1}" in state[3] for p in ends), state
        pipe.check()
        return
    await_true("the reports", lambda: len(errors(connection)) == 3)
    if policy == "latest":
        await_true("the ends", lambda: connection.value(
            "SELECT sum(lag) FROM millrace.kafka_lag") == "0")
    pipe.put()
    wait(connection)
    pipe.check()
    found = [error[1] for error in sorted(errors(connection))]
    for partition in sorted(ends):
        assert f"partition {partition}" in found[partition], found
        assert f"offsets {ends[partition]} to " in found[partition], found


def test_retention_while_running(broker, connection):
    """What we have read may go; nobody is bothered."""
    pipe = Pipe(broker, QUICK)
    pipe.create(connection)
    for _ in range(3):
        pipe.put()
        wait(connection)
        broker.delete_records(pipe.source, {0: -1, 1: -1, 2: -1})
    pipe.put()
    wait(connection)
    assert errors(connection) == []
    pipe.check()


def test_aborted_transactions_and_markers(broker, connection):
    """Rows of aborted ones don't come; a tail without a row keeps nobody waiting."""
    pipe = Pipe(broker)
    pipe.create(connection)
    for commit in (True, False, True, False, False):
        first = pipe.count
        broker.transaction(pipe.source, list(pipe.messages(50)), commit)
        if not commit:
            pipe.lost |= set(range(first, pipe.count))
        wait(connection)
    pipe.check()
    assert connection.value("SELECT count(*) FROM q_in") == "100"
    assert connection.value("SELECT sum(lag) FROM millrace.kafka_lag") == "0"


def test_an_open_transaction_holds_its_partition_only(broker, connection):
    pipe = Pipe(broker)
    pipe.create(connection)
    producer = broker.producer(transactional_id=f"{pipe.source}-open")
    producer.begin_transaction()
    held = list(pipe.messages(30, partition=0))
    broker.produce(pipe.source, held, producer)
    pipe.put(30, partition=0)
    pipe.put(30, partition=1)
    await_true("the other partition", lambda: len(broker.consume(pipe.sink)) == 30)
    wait(connection)
    assert len(broker.consume(pipe.sink)) == 30
    producer.commit_transaction()
    await_true("all", lambda: len(broker.consume(pipe.sink)) == pipe.count)
    pipe.check()


def test_compaction_gaps(broker, server, connection):
    """Of each key the last row stays: from the middle on, and when reading starts within a gap."""
    topic = broker.topic("table", config=COMPACTED)
    broker.produce(topic, [Message({"n": n}, key=f"k{n % 3}") for n in range(300)])
    broker.compact(topic)
    broker.produce(topic, [Message({"n": n}, key=f"k{n % 3}") for n in range(300, 310)])
    left = [m for m in broker.consume(topic) if m.value]
    right = sorted(m.json()["n"] for m in left)
    assert len(right) < 310
    connection.execute(
        f"CREATE SOURCE s (n int8, \"offset\" int8 METADATA) WITH (connector = 'kafka', brokers = "
        f"'{broker.address}', topic = '{topic}', format = 'json', on_error = 'skip'{QUICK})")

    def numbers(relation):
        return [int(row[0]) for row in connection.rows(
            f"SELECT n FROM {relation} WHERE n IS NOT NULL ORDER BY n")]

    assert numbers("s") == right
    connection.execute("CREATE STREAM q AS SELECT n FROM s")
    wait(connection)
    assert numbers("q") == right
    server.stop()
    broker.produce(topic, [Message({"n": n}, key=f"k{n % 3}") for n in range(400, 500)])
    broker.compact(topic)  # takes what comes next for the stream
    server.start()
    connection = server.connect()
    wait(connection)
    there = set(m.json()["n"] for m in broker.consume(topic) if m.value)
    assert set(numbers("q")) == set(right) | there
    assert {error[2] for error in errors(connection)} <= {"22P02"}  # compact()'s own messages


def test_messages_of_ten_megabytes(broker, connection, server):
    """From topic to topic, one after the other, in bounded memory."""
    large = {"max.message.bytes": str(12 << 20)}
    source, sink = broker.topic("large", 2, large), broker.topic("large-out", 1, large)
    kafka = f"connector = 'kafka', brokers = '{broker.address}', format = 'json'"
    connection.execute(f"CREATE SOURCE s (n int8, t text) WITH ({kafka}, topic = '{source}')")
    connection.execute(f"CREATE SINK o WITH ({kafka}, topic = '{sink}')")
    connection.execute("CREATE STREAM q INTO o AS SELECT n, t FROM s")
    for n in range(8):
        text = chr(ord("a") + n) * (10 << 20)
        broker.produce(source, [Message(json.dumps({"n": n, "t": text}), partition=n % 2)])
    wait(connection)
    rows = [m.json() for m in broker.consume(sink, count=8)]
    assert sorted(row["n"] for row in rows) == list(range(8))
    assert all(row["t"] == chr(ord("a") + row["n"]) * (10 << 20) for row in rows)
    assert connection.value("SELECT count(*), sum(length(t)) FROM s") == "8"
    assert server.resident_bytes() < 400 << 20


def test_a_huge_partition_starves_nobody(broker, connection, server):
    """What lies in another partition comes soon, in bounded memory, without a pause of the huge
    one: an epoch takes all that has come, and what has come is bounded for both together."""
    huge = 500000
    source, sink = broker.topic("huge", 2), broker.topic("huge-out")
    kafka = f"connector = 'kafka', brokers = '{broker.address}', format = 'json'"
    text = "x" * 400
    broker.produce(source, (Message(f'{{"n": 0, "t": "{text}"}}', partition=0)
                            for _ in range(huge)))
    broker.produce(source, [Message({"n": 1}, partition=1)])
    connection.execute(f"CREATE SOURCE s (n int8, t text) WITH ({kafka}, topic = '{source}')")
    connection.execute(f"CREATE SINK o WITH ({kafka}, topic = '{sink}')")
    connection.execute("CREATE STREAM q INTO o AS SELECT n FROM s")
    connection.execute("WAIT FOR STREAM q TIMEOUT '100 seconds'", timeout_s=120)
    connection.execute("CREATE SOURCE back (n int8, place int8 METADATA FROM 'offset') "
                       f"WITH ({kafka}, topic = '{sink}')")
    assert connection.value("SELECT count(*) FROM back WHERE n = 0") == str(huge)
    place = int(connection.value("SELECT place FROM back WHERE n = 1"))
    assert place < huge // 4, f"behind {place} rows of the other partition"
    assert server.peak_bytes() < 200 << 20
