"""Rows into a topic: what the options make of them, and that each comes exactly once.

Protects: the marker protocol against a real broker (a kill at every point of the transaction, a
process that wakes after another took its place, a commit whose outcome is not known), the layout of
messages, and what CREATE refuses."""
import collections
import json
import os
import re
import shutil
import signal

import pytest
from confluent_kafka import admin
from harness.kafka import Broker, Message, await_true
from harness.server import (ROOT, QueryError, Server, ServerError, read_lines, visible_files,
                            write_file)


class Sink:
    """A stream from files into a topic."""

    def __init__(self, broker, server, partitions=3):
        self.broker, self.server = broker, server
        self.topic = broker.topic("sink", partitions)
        self.count = 0
        self.files = 0

    def create(self, connection, options="", query="SELECT n, k FROM s"):
        os.makedirs(os.path.join(self.server.work, "in"))
        connection.execute("CREATE SOURCE s (n int8, k text) WITH (connector = 'file', "
                           "path = 'in/', format = 'json')")
        connection.execute(f"CREATE SINK t WITH ({self.where()}, format = 'json'{options})")
        connection.execute(f"CREATE STREAM q INTO t AS {query}")

    def where(self):
        return (f"connector = 'kafka', brokers = '{self.broker.address}', topic = '{self.topic}', "
                f"progress_topic = 'progress-{self.topic}'")

    def feed(self, rows=10):
        """Puts a file of rows whose numbers nobody had before."""
        lines = "".join(json.dumps({"n": self.count + i, "k": f"k{(self.count + i) % 5}"}) + "\n"
                        for i in range(rows))
        self.count += rows
        self.files += 1
        write_file(os.path.join(self.server.work, "in"), f"{self.files:05}.json", lines)

    def numbers(self):
        return [m.json()["n"] for m in self.broker.consume(self.topic)]

    def check(self):
        """0 lost, 0 doubled, in order per key."""
        messages = self.broker.consume(self.topic, count=self.count)
        counts = collections.Counter(m.json()["n"] for m in messages)
        assert [n for n, times in counts.items() if times > 1] == []
        assert sorted(counts) == list(range(self.count))
        last = {}
        for message in messages:
            if message.key is not None:
                assert last.get(message.key, -1) < message.json()["n"]
                last[message.key] = message.json()["n"]


def test_rows_become_messages(broker, server):
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection, ", key = 'k'")
    sink.feed(100)
    connection.execute("WAIT FOR STREAM q")
    sink.check()
    message = broker.consume(sink.topic)[0]
    assert message.key.decode() == message.json()["k"]
    assert connection.value("SELECT guarantee FROM millrace.streams") == "exactly_once"


def test_a_stream_goes_on_after_a_restart(broker, server):
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection)
    for _ in range(3):
        sink.feed()
        connection.execute("WAIT FOR STREAM q")
    server.stop()
    sink.feed()
    server.start()
    server.connect().execute("WAIT FOR STREAM q")
    sink.check()


POINTS = ["sink_fenced", "recovered", "epoch_chosen", "epoch_executed", "sink_wrote",
          "sink_prepared", "before_decide", "sink_marked", "sink_decided", "after_decide",
          "after_publish"]


def test_a_kill_at_every_point(broker, server):
    sink = Sink(broker, server)
    sink.create(server.connect(), ", key = 'k'")
    server.kill()
    hit = set()
    for point in POINTS:
        for turn in (1, 2):
            try:
                server.start({"MILLRACE_CRASH_POINT": f"{point}:{turn}"})
                connection = server.connect()
                for _ in range(2):
                    sink.feed(3)
                    connection.execute("WAIT FOR STREAM q")
            except (ServerError, QueryError):
                hit.add(point)
            server.kill()
    server.start()
    server.connect().execute("WAIT FOR STREAM q")
    sink.check()
    assert hit == set(POINTS)
    with open(os.path.join(ROOT, "store", "crash.h"), encoding="utf-8") as file:
        assert set(POINTS) <= set(re.findall(r'X\(\w+,\s*"(\w+)"\)', file.read()))


def test_the_progress_topic(broker, server):
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection)
    for _ in range(3):
        sink.feed()
        connection.execute("WAIT FOR STREAM q")
    name = f"progress-{sink.topic}"
    keys = [m.key.decode() for m in broker.consume(name)]
    assert len(set(keys)) == 2 and len(keys) == 4
    assert broker.topics()[name] == 1
    resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, name)
    config = next(iter(broker.admin.describe_configs([resource]).values())).result(60)
    assert config["cleanup.policy"].value == "compact"
    assert config["segment.bytes"].value == str(16 << 20)


def test_a_partition_that_is_not_there(broker, server):
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("few", 2)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       "partition_column = 'n')")
    connection.execute("CREATE STREAM q INTO t AS SELECT n, k FROM s")
    put(server, [{"n": 0, "k": "a"}, {"n": 2, "k": "b"}])
    await_true("the failure", lambda: stream_state(connection)[0] == "failed")
    assert stream_state(connection)[1] == f'topic "{topic}" has no partition 2'
    assert broker.consume(topic) == []


def stream_state(connection):
    return connection.rows("SELECT state, error FROM millrace.streams")[0]


def test_a_process_that_wakes_too_late_has_no_effect(broker, server):
    """It is stopped, the transaction timed out or not; a copy of its data goes on elsewhere."""
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection)
    sink.feed()
    connection.execute("WAIT FOR STREAM q")
    server.process.send_signal(signal.SIGSTOP)
    with Server(server.binary, work=server.work) as successor:
        successor.kill()
        shutil.rmtree(successor.data)
        shutil.copytree(server.data, successor.data)
        successor.start()
        second = successor.connect()
        sink.feed()
        second.execute("WAIT FOR STREAM q")
        server.process.send_signal(signal.SIGCONT)
        sink.feed()
        await_true("the old one's end", lambda: stream_state(connection)[0] == "failed")
        assert "another process has taken over" in stream_state(connection)[1]
        with pytest.raises(QueryError) as refused:
            connection.execute("ALTER STREAM q RESUME")
        assert refused.value.sqlstate == "55000"
        second.execute("WAIT FOR STREAM q")
        sink.feed()
        second.execute("WAIT FOR STREAM q")
        assert stream_state(second)[0] == "running"
    sink.check()


def test_a_transaction_that_timed_out_is_done_again(server):
    with Broker("transaction.abort.timed.out.transaction.cleanup.interval.ms=100") as own:
        sink = Sink(own, server)
        sink.create(server.connect(), ", transaction_timeout = '1s'")
        server.kill()
        server.start({"MILLRACE_CRASH_DELAY_US": "1500000"})
        sink.feed(3)
        connection = server.connect()
        await_true("the abort", lambda: stream_state(connection)[0] == "waiting")
        assert "transaction_timeout" in connection.value("SELECT error FROM millrace.streams")
        server.kill()
        server.start()
        server.connect().execute("WAIT FOR STREAM q")
        sink.check()


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_a_broker_that_dies_and_comes_back(own_broker, server, delivery):
    sink = Sink(own_broker, server)
    connection = server.connect()
    sink.create(connection, f", key = 'k', delivery = '{delivery}', connect_timeout = '1s'")
    for turn in range(2):
        sink.feed(500)
        if turn % 2:
            connection.execute("WAIT FOR STREAM q TIMEOUT '100 s'", timeout_s=120)
        own_broker.kill()
        sink.feed(500)
        await_true("the wait", lambda: stream_state(connection)[0] == "waiting")
        assert own_broker.address in connection.value("SELECT error FROM millrace.streams")
        own_broker.start()
    connection.execute("WAIT FOR STREAM q TIMEOUT '100 s'", timeout_s=120)
    if delivery == "exactly_once":
        sink.check()
    assert set(sink.numbers()) == set(range(sink.count))
    assert connection.value("SELECT guarantee FROM millrace.streams") == delivery


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_stopping_while_no_broker_answers(own_broker, server, delivery):
    """A broker that keeps its connections and is silent holds up neither stop nor start."""
    sink = Sink(own_broker, server)
    connection = server.connect()
    sink.create(connection, f", delivery = '{delivery}'")
    sink.feed()
    connection.execute("WAIT FOR STREAM q")
    own_broker.pause()
    for _ in range(2):
        sink.feed()
        server.stop()
        server.start()
    own_broker.resume()
    server.connect().execute("WAIT FOR STREAM q TIMEOUT '100 s'", timeout_s=120)
    if delivery == "exactly_once":
        sink.check()
    assert set(sink.numbers()) == set(range(sink.count))


def test_an_epoch_larger_than_the_buffer(broker, server):
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection, ", key = 'k', buffer = '256kB'")
    sink.feed(200000)
    connection.execute("WAIT FOR STREAM q")
    sink.check()


def test_large_rows(broker, server):
    """10 MB go when the topic takes them; what is too large fails by name and size, and its
    transaction is not left open: the second stream would wait for its end."""
    topic = broker.topic("large", config={"max.message.bytes": str(12 << 20)})
    got = deliver(broker, server, ", format = 'text'", "v text", "SELECT repeat(v, 1000000) FROM s",
                  [{"v": "0123456789"}], topic)
    assert [len(message.value) for message in got] == [10000000]
    connection = server.connect()
    for name, options, size in (("u", "", 20000000), ("w", ", buffer = '1MB'", 10000000)):
        connection.execute(f"CREATE SINK {name} WITH ({where(broker, topic)}, format = 'text'"
                           f"{options})")
        connection.execute(f"CREATE STREAM q{name} INTO {name} AS SELECT repeat(v, {size // 10}) "
                           "FROM s")
        question = f"SELECT state, error FROM millrace.streams WHERE name = 'q{name}'"
        await_true("the failure", lambda q=question: connection.rows(q)[0][0] == "failed")
        error = connection.rows(question)[0][1]
        assert "too large" in error and topic in error and str(size) in error


def test_at_least_once(broker, server):
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection, ", delivery = 'at_least_once'")
    for _ in range(5):
        sink.feed()
        connection.execute("WAIT FOR STREAM q")
    assert sorted(sink.numbers()) == list(range(sink.count))
    assert f"progress-{sink.topic}" not in broker.topics()
    server.kill()
    server.start()
    sink.feed()
    server.connect().execute("WAIT FOR STREAM q")
    assert set(sink.numbers()) == set(range(sink.count))


def test_somebody_elses_open_transaction_is_waited_for(broker, server):
    """A marker may lie behind it: only its end tells whether the epoch was committed."""
    sink = Sink(broker, server)
    connection = server.connect()
    sink.create(connection)
    sink.feed()
    connection.execute("WAIT FOR STREAM q")
    other = broker.producer(transactional_id=f"other-{sink.topic}")
    other.begin_transaction()
    broker.produce(f"progress-{sink.topic}", [Message("x", key="other", partition=0)], other)
    sink.feed()
    connection.execute("WAIT FOR STREAM q")
    server.kill()
    server.start()
    sink.feed()
    connection = server.connect()
    with pytest.raises(QueryError):
        connection.execute("WAIT FOR STREAM q TIMEOUT '3 s'")
    other.commit_transaction()
    connection.execute("WAIT FOR STREAM q")
    sink.check()


def create_source(server, connection, columns="n int8, k text"):
    os.makedirs(os.path.join(server.work, "in"))
    connection.execute(f"CREATE SOURCE s ({columns}) WITH (connector = 'file', path = 'in/', "
                       "format = 'json')")


def put(server, rows, name="a.json"):
    write_file(os.path.join(server.work, "in"), name,
               "".join(json.dumps(row) + "\n" for row in rows))


def where(broker, topic):
    return f"connector = 'kafka', brokers = '{broker.address}'" + (
        f", topic = '{topic}'" if topic else "")


def deliver(broker, server, options, columns, query, rows, topic=None):
    """What rows become with those options of a sink."""
    topic = topic or broker.topic("shape", 3)
    connection = server.connect()
    create_source(server, connection, columns)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}{options})")
    connection.execute(f"CREATE STREAM q INTO t AS {query}")
    put(server, rows)
    connection.execute("WAIT FOR STREAM q")
    return broker.consume(topic)


def test_key_headers_partition_and_time(broker, server):
    got = deliver(
        broker, server,
        ", format = 'json', key = 'a, b', key_in_value = false, partition_column = 'p', "
        "headers_column = 'h', timestamp_column = 'at'",
        "a int8, b text, p int4, h jsonb, at timestamptz, v float8",
        "SELECT a, b, p, h, at, v FROM s",
        [{"a": 1, "b": "x", "p": 2, "at": "2026-01-02T03:04:05.678Z", "v": 1.5,
          "h": [{"key": "t", "value": "é"}, {"key": "n", "value": None}, {"key": "j",
                                                                            "value": [1]}]},
         {"a": 2, "b": None, "p": None, "h": {"one": "1"}, "at": None, "v": None}])
    got = {message.json()["v"]: message for message in got}
    first, second = got[1.5], got[None]
    assert first.key == b'{"a":1,"b":"x"}' and first.json() == {"v": 1.5}
    assert (first.partition, first.timestamp) == (2, 1767323045678)
    assert first.headers == [("t", "é".encode()), ("n", None), ("j", b"[1]")]
    assert second.key == b'{"a":2,"b":null}' and second.headers == [("one", b"1")]
    assert second.timestamp > 1767323045678


@pytest.mark.parametrize("form,column,given,expected", [
    ("json", "int8", 7, b'{"k":7}'), ("text", "int8", 7, b"7"), ("csv", "text", 'a"b', b'"a""b"'),
    ("text", "text", "é", "é".encode()), ("text", "text", None, None), ("text", "text", "", b""),
    ("raw", "text", "x", b"x"), ("csv", "text", "a,b", b'"a,b"')])
def test_forms_of_the_key(broker, server, form, column, given, expected):
    got = deliver(broker, server, f", format = 'json', key = 'k', key_format = '{form}'",
                  f"k {column}", "SELECT k FROM s", [{"k": given}])
    assert [message.key for message in got] == [expected]


@pytest.mark.parametrize("options,expected", [
    ("key = 'lower(k)'", ["ka", "ké", None]),
    ("key = 'id::text || ''-'' || k'", ["1-KA", "2-ké", None]),
    ("key = 'id, lower(k)'", ['{"id":1,"lower":"ka"}', '{"id":2,"lower":"ké"}',
                              '{"id":3,"lower":null}']),
    ("key = 'id % 2 AS half, upper(k) AS \"K\"'",
     ['{"half":1,"K":"KA"}', '{"half":0,"K":"KÉ"}', '{"half":1,"K":null}']),
    ("key = 'ID, coalesce(k, ''none'')', key_format = 'csv'", ["1,KA", "2,ké", "3,none"]),
    ("key = 'decode(id::text || ''0'', ''hex'')', key_format = 'raw'", ["\x10", "\x20", "\x30"]),
])
def test_keys_that_are_expressions(broker, server, options, expected):
    got = deliver(broker, server, f", format = 'json', {options}, key_in_value = false",
                  "id int8, k text", "SELECT id, k, id * 2 AS twice FROM s",
                  [{"id": 1, "k": "KA"}, {"id": 2, "k": "ké"}, {"id": 3, "k": None}])
    got.sort(key=lambda message: message.json()["twice"])
    assert [message.key and message.key.decode() for message in got] == expected
    value = {"k", "twice"} if "'id, " in options.lower() else {"id", "k", "twice"}
    assert all(message.json().keys() == value for message in got)


LONG_KEY = "'''a key that is long enough '' || repeat(k, 3) || n::text'"


def test_many_keys_that_are_expressions(broker, server):
    """A batch's are computed at once, and stay while its rows are sent; after a restart they are
    the same."""
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("computed", 3)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       f"key = {LONG_KEY})")
    connection.execute("CREATE STREAM q INTO t AS SELECT n, k FROM s")
    for turn in range(2):
        put(server, [{"n": n, "k": f"k{n % 7}"} for n in range(20000)], f"{turn}.json")
        connection.execute("WAIT FOR STREAM q")
        server.stop()
        server.start()
        connection = server.connect()
    places = collections.defaultdict(set)
    for message in broker.consume(topic, count=40000):
        row = message.json()
        assert message.key.decode() == f"a key that is long enough {row['k'] * 3}{row['n']}"
        places[message.key].add(message.partition)
    assert len(places) == 20000 and {len(found) for found in places.values()} == {1}


def test_a_key_that_cannot_be_computed(broker, server):
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("fails")
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       "key = '10 / n')")
    connection.execute("CREATE STREAM q INTO t AS SELECT n FROM s")
    put(server, [{"n": 5}])
    connection.execute("WAIT FOR STREAM q")
    put(server, [{"n": 2}, {"n": 0}], "b.json")
    with pytest.raises(QueryError):
        connection.execute("WAIT FOR STREAM q")
    assert connection.value("SELECT state || error_code FROM millrace.streams") == "failed22012"
    assert "10 / n" in server.log_tail()
    assert [message.key for message in broker.consume(topic)] == [b"2"]


def test_formats_of_the_value(broker, server):
    got = deliver(broker, server, ", format = 'text'", "v text", "SELECT v FROM s",
                  [{"v": "a\nb"}, {"v": ""}, {"v": None}])
    assert sorted((m.value for m in got), key=str) == [None, b"", b"a\nb"]


def test_csv_values(broker, server):
    got = deliver(broker, server, ", format = 'csv'", "a int8, v text", "SELECT a, v FROM s",
                  [{"a": 1, "v": "x\ny"}])
    assert [m.value for m in got] == [b'1,"x\ny"']


def test_each_row_its_topic(broker, server):
    topics = [broker.topic("many") for _ in range(40)]
    connection = server.connect()
    create_source(server, connection, "topic text, n int8")
    connection.execute(f"CREATE SINK t WITH ({where(broker, None)}, format = 'json')")
    connection.execute("CREATE STREAM q INTO t AS SELECT topic, n FROM s")
    put(server, [{"topic": topics[n % 40], "n": n} for n in range(400)])
    connection.execute("WAIT FOR STREAM q")
    for place, topic in enumerate(topics):
        assert sorted(m.json()["n"] for m in broker.consume(topic)) == list(range(place, 400, 40))
        assert broker.consume(topic)[0].json().keys() == {"n"}


def test_a_topic_is_made_only_when_asked(broker, server):
    missing = f"made-{os.getpid()}"
    connection = server.connect()
    create_source(server, connection)
    with pytest.raises(QueryError) as refused:
        connection.execute(f"CREATE SINK t WITH ({where(broker, missing)}, format = 'json')")
    assert refused.value.sqlstate == "42P01" and "create_topic" in refused.value.fields["hint"]
    connection.execute(f"CREATE SINK t WITH ({where(broker, missing)}, format = 'json', "
                       "create_topic = true, partitions = 5)")
    assert missing not in broker.topics()
    connection.execute("CREATE STREAM q INTO t AS SELECT n FROM s")
    put(server, [{"n": 1}])
    connection.execute("WAIT FOR STREAM q")
    assert broker.topics()[missing] == 5
    assert [m.json() for m in broker.consume(missing)] == [{"n": 1}]


def test_a_row_with_a_topic_that_is_not_there(broker, server):
    connection = server.connect()
    create_source(server, connection, "topic text")
    connection.execute(f"CREATE SINK t WITH ({where(broker, None)}, format = 'json', "
                       "topic_column = 'topic')")
    connection.execute("CREATE STREAM q INTO t AS SELECT topic, 1 AS n FROM s")
    put(server, [{"topic": f"nowhere-{os.getpid()}"}])
    state = "SELECT state, error FROM millrace.streams"
    await_true("the failure", lambda: connection.rows(state)[0][0] == "failed")
    assert "there is no topic" in connection.rows(state)[0][1]
    assert f"nowhere-{os.getpid()}" not in broker.topics()


UPSERT = "SELECT k, count(*) AS c FROM s GROUP BY k"


def test_upserts_and_tombstones(broker, server):
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("upsert", 3)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       "envelope = 'upsert')")
    connection.execute("CREATE STREAM q INTO t AS SELECT k, count(*) AS c FROM s GROUP BY k "
                       "HAVING count(*) < 3")
    assert connection.value("SELECT mode FROM millrace.streams") == "update"
    for turn in range(3):
        put(server, [{"n": turn, "k": "a"}] + [{"n": turn, "k": "b"}] * (turn == 0), f"{turn}.json")
        connection.execute("WAIT FOR STREAM q")
    last = {}
    for message in broker.consume(topic):
        last[message.key] = message.value and message.json()
    assert last == {b"a": None, b"b": {"k": "b", "c": 1}}


@pytest.mark.parametrize("key,form", [
    ("''user-'' || k", "user-{0}"), ("k, upper(k) AS large", '{{"k":"{0}","large":"{1}"}}')])
def test_upserts_of_a_key_that_is_an_expression(broker, server, key, form):
    """The end of a row goes where the row went, also in epochs after a restart."""
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("named", 3)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       f"envelope = 'upsert', key = '{key}')")
    connection.execute("CREATE STREAM q INTO t AS SELECT k, count(*) AS c FROM s GROUP BY k "
                       "HAVING count(*) < 3")
    for turn in range(3):
        put(server, [{"n": turn, "k": "a"}] + [{"n": turn, "k": "b"}] * (turn == 0), f"{turn}.json")
        connection.execute("WAIT FOR STREAM q")
        server.stop()
        server.start()
        connection = server.connect()
    last, places = {}, {}
    for message in broker.consume(topic):
        last[message.key] = message.value and message.json()
        assert places.setdefault(message.key, message.partition) == message.partition
    assert last == {form.format("a", "A").encode(): None,
                    form.format("b", "B").encode(): {"k": "b", "c": 1}}


FOLDED = ("SELECT k, min(c) AS c FROM (SELECT k, n, count(*) AS c FROM s GROUP BY k, n) x "
          "GROUP BY k")


@pytest.mark.parametrize("query", [UPSERT, FOLDED], ids=["paired", "folded"])
def test_changelog(broker, server, query):
    """Replayed, it says what the answer is; a file beside it gets no rows that were replaced."""
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("changelog", 2)
    connection.execute(f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', "
                       "envelope = 'changelog')")
    connection.execute("CREATE SINK f WITH (connector = 'file', path = 'out/', format = 'json')")
    connection.execute(f"CREATE STREAM q INTO t, f OUTPUT MODE UPDATE AS {query}")
    for turn in range(3):
        put(server, [{"n": n, "k": f"k{n % 3000}"} for n in range(4000)], f"{turn}.json")
        connection.execute("WAIT FOR STREAM q")
    rows = {}
    for message in broker.consume(topic):
        change = message.json()
        assert change["op"] in ("insert", "update")
        assert change["before"] == rows.get(message.key)
        assert (change["op"] == "insert") == (change["before"] is None)
        rows[message.key] = change["after"]
    assert {key.decode(): row["c"] for key, row in rows.items()} == {
        row["k"]: row["c"] for row in rows.values()}
    assert len(rows) == 3000 and {row["c"] for row in rows.values()} <= {3, 6}
    connection.execute("ALTER STREAM q PAUSE")
    lines = [json.loads(line) for line in read_lines(visible_files(
        os.path.join(server.work, "out")))]
    assert {line["op"] for line in lines} == {"upsert"}
    assert len(lines) == len(broker.consume(topic))


def test_changelog_without_key(broker, server):
    got = deliver(broker, server, ", format = 'json', envelope = 'changelog'", "n int8, k text",
                  "SELECT count(*) AS c FROM s GROUP BY k", [{"n": 1, "k": "a"}],
                  broker.topic("keyless"))
    assert [message.json() for message in got] == [{"op": "insert", "before": None,
                                                    "after": {"c": 1}}]
    put(server, [{"n": 1, "k": "a"}], "b.json")
    server.connect().execute("WAIT FOR STREAM q")
    got = broker.consume(got[0].topic)
    assert sorted((m.json()["op"], m.key) for m in got[1:]) == [("delete", None), ("insert", None)]


REFUSED = [
    ("key = 'zz'", "SELECT n, k FROM s", "42703", "n, k"),
    ("key = 'n, n'", "SELECT n, k FROM s", "42701", ""),
    ("key = 'n, k', key_format = 'text'", "SELECT n, k FROM s", "22023", "key_format = 'json'"),
    ("headers_column = 'n'", "SELECT n, k FROM s", "42804", ""),
    ("timestamp_column = 'n'", "SELECT n, k FROM s", "42804", ""),
    ("partition_column = 'k'", "SELECT n, k FROM s", "42804", ""),
    ("envelope = 'upsert'", "SELECT n, k FROM s", "22023", "key = 'n'"),
    ("envelope = 'append'", UPSERT, "0A000", "envelope = 'upsert'"),
    ("envelope = 'append'", "OUTPUT UPDATE", "0A000", "envelope = 'upsert'"),
    ("envelope = 'append'", "OUTPUT COMPLETE", "0A000", "OUTPUT MODE UPDATE"),
    ("envelope = 'upsert'", "OUTPUT COMPLETE", "0A000", "OUTPUT MODE UPDATE"),
    ("envelope = 'upsert'", "SELECT count(*) AS c FROM s GROUP BY k", "0A000", "GROUP BY"),
    ("envelope = 'upsert', key = 'c'", UPSERT, "42P10", "key = 'k'"),
    ("envelope = 'upsert', key = 'lower(k)'", UPSERT, "42P10", "key = 'k'"),
    ("key = 'lower(zz)'", "SELECT n, k FROM s", "42703", "n, k"),
    ("key = 'k || random()::text'", "SELECT n, k FROM s", "42P17", ""),
    ("key = 'n', key_in_value = false", "SELECT n FROM s", "42P10", "key_in_value"),
]


def test_what_create_refuses(broker, server):
    connection = server.connect()
    create_source(server, connection)
    topic = broker.topic("refused")
    for turn, (options, query, code, hint) in enumerate(REFUSED):
        connection.execute(f"CREATE SINK t{turn} WITH ({where(broker, topic)}, format = 'json', "
                           f"{options})")
        mode = ""
        if query.startswith("OUTPUT"):
            mode, query = f"OUTPUT MODE {query.split()[1]} ", UPSERT
        with pytest.raises(QueryError) as refused:
            connection.execute(f"CREATE STREAM q{turn} INTO t{turn} {mode}AS {query}")
        assert refused.value.sqlstate == code, (options, refused.value)
        assert hint in refused.value.fields.get("hint", ""), (options, refused.value.fields)


BAD_OPTIONS = [
    ("topic_column = 'k'", "22023"), ("partitions = 3", "22023"), ("buffer = '1kB'", "22023"),
    ("transaction_timeout = '1ms'", "22023"), ("envelope = 'x'", "22023"),
    ("rdkafka.acks = '0'", "22023"), ("rdkafka.transactional.id = 'x'", "22023"),
]


def test_bad_options(broker, server):
    connection = server.connect()
    topic = broker.topic("options")
    for option, code in BAD_OPTIONS:
        sql = f"CREATE SINK t WITH ({where(broker, topic)}, format = 'json', {option})"
        with pytest.raises(QueryError) as refused:
            connection.execute(sql)
        assert refused.value.sqlstate == code
        assert int(refused.value.fields["position"]) > sql.index(option.split(" = ")[0]) - 1
