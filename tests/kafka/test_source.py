"""Topics as a source: every record once, in order, whatever happens to the topic and to us.

Protects: bounded reads that end exactly (gaps of aborted transactions, compaction), where reading
starts and stops, what comes beside a value, resuming after kill -9, partitions and topics that
appear, vanish or are made again, records that are gone, large messages, a broker that is away."""
import os
import re
import signal
import socket
import threading
import time

import confluent_kafka
import pytest
from harness.kafka import COMPACTED, Message, await_true
from harness.server import QueryError


def create(connection, broker, topic, options="", columns="n int8", name="s", brokers=None):
    which = "" if topic is None else f", topic = '{topic}'"
    connection.execute(
        f"CREATE SOURCE {name} ({columns}) WITH (connector = 'kafka', format = 'json', "
        f"brokers = '{brokers or broker.address}'{which}{options})")


def numbers(count, first=0, partitions=None):
    return [Message({"n": first + i}, partition=i % partitions if partitions else None)
            for i in range(count)]


def selected(connection, name="s"):
    return sorted(int(row[0]) for row in connection.rows(f"SELECT n FROM {name}"))


def watched(connection):
    """What the stream q has read."""
    connection.execute("WAIT FOR STREAM q")
    return sorted(int(row[0]) for row in connection.rows("SELECT n FROM q"))


def stream(connection, mode="APPEND"):
    connection.execute(f"CREATE STREAM q OUTPUT MODE {mode} AS SELECT n FROM s")


def state_of(connection):
    return connection.value("SELECT state FROM millrace.streams WHERE name = 'q'")


# Bounded reads


def test_select_reads_what_is_there(broker, server):
    topic = broker.topic(partitions=4)
    broker.produce(topic, numbers(10000, partitions=4))
    connection = server.connect()
    create(connection, broker, topic)
    assert selected(connection) == list(range(10000))
    broker.produce(topic, numbers(5, 10000, 4))
    assert selected(connection) == list(range(10005))


def test_an_empty_topic_has_no_rows(broker, server):
    connection = server.connect()
    create(connection, broker, broker.topic(partitions=2))
    assert selected(connection) == []
    stream(connection)
    assert watched(connection) == []


def test_a_text_is_the_whole_value(broker, server):
    """No byte of it is a line's end."""
    topic = broker.topic()
    texts = ["", "a", "b\r", "c\r\n", "\r", "\n", " d \n\n"]
    broker.produce(topic, [Message(text) for text in texts])
    connection = server.connect()
    connection.execute(
        f"CREATE SOURCE s (t text, o int8 METADATA FROM 'offset') WITH (connector = 'kafka', "
        f"brokers = '{broker.address}', topic = '{topic}', format = 'text')")
    assert [row[0] for row in connection.rows("SELECT t FROM s ORDER BY o")] == texts


@pytest.mark.parametrize("kind", ["SOURCE s (n int8)", "SINK s"])
def test_create_is_cancelled(server, kind):
    """While a broker keeps silent; connect_timeout would be longer than anybody waits."""
    connection = server.connect()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        def cancel():
            silent.accept()
            connection.cancel()
        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(QueryError) as caught:
            connection.execute(
                f"CREATE {kind} WITH (connector = 'kafka', format = 'json', topic = 't', "
                f"brokers = '127.0.0.1:{silent.getsockname()[1]}', connect_timeout = '10 min')")
        canceller.join()
    assert caught.value.sqlstate == "57014", caught.value


def test_what_comes_beside_a_value(broker, server):
    topic = broker.topic()
    broker.produce(topic, [Message({"n": 1}, key="k1", timestamp=1700000000123,
                                   headers=[("a", b"1"), ("b", b"\xff")]), Message({"n": 2})])
    connection = server.connect()
    create(connection, broker, topic, columns="n int8, key text METADATA, topic text METADATA, "
           "partition int METADATA, \"offset\" int8 METADATA, ts timestamptz METADATA FROM "
           "'timestamp', timestamp_type text METADATA, headers jsonb METADATA")
    first, second = connection.rows("SELECT * FROM s ORDER BY n")
    assert first[:5] == ["1", "k1", topic, "0", "0"]
    assert first[5].startswith("2023-11-14 22:13:20.123")
    assert first[7] == '[{"key": "a", "value": "1"}, {"key": "b", "value": "\\\\xff"}]'
    assert second[1] is None and second[7] is None


def test_a_bounded_read_ends_behind_gaps(broker, server):
    topic = broker.topic()
    broker.transaction(topic, numbers(10))
    broker.transaction(topic, numbers(10, 100), commit=False)
    broker.transaction(topic, numbers(10, 10))
    broker.transaction(topic, numbers(10, 200), commit=False)  # the end is a gap
    connection = server.connect()
    create(connection, broker, topic)
    create(connection, broker, topic, ", isolation = 'read_uncommitted'", name="u")
    assert selected(connection) == list(range(20))
    assert len(selected(connection, "u")) == 40
    stream(connection)
    assert watched(connection) == list(range(20))
    broker.transaction(topic, numbers(5, 20))
    assert watched(connection) == list(range(25))


def test_an_open_transaction_is_not_waited_for(broker, server):
    topic = broker.topic()
    broker.produce(topic, numbers(3))
    producer = broker.producer(transactional_id=f"{topic}-open")
    producer.begin_transaction()
    broker.produce(topic, numbers(3, 3), producer)
    connection = server.connect()
    create(connection, broker, topic)
    stream(connection)
    assert selected(connection) == [0, 1, 2]
    assert watched(connection) == [0, 1, 2]
    producer.commit_transaction()
    broker.settle(topic)
    assert watched(connection) == list(range(6))


def test_compaction_leaves_gaps(broker, server):
    topic = broker.topic(config=COMPACTED)
    for i in range(50):
        broker.produce(topic, [Message({"n": i}, key=f"k{i % 5}")])
    broker.compact(topic)
    expected = [m.json()["n"] for m in broker.consume(topic) if m.key != b"~"]
    connection = server.connect()
    create(connection, broker, topic, columns="n int8, key text METADATA")
    assert len(expected) < 50
    assert sorted(int(row[0]) for row in connection.rows(
        "SELECT n FROM s WHERE key <> '~'")) == sorted(expected)


def test_start_and_stop(broker, server):
    topic = broker.topic(partitions=2)
    messages = numbers(20, partitions=2)
    for i, message in enumerate(messages):
        message.timestamp = 1700000000000 + 1000 * i
    broker.produce(topic, messages)
    connection = server.connect()
    for name, options, expected in [
            ("a", ", start = '0:8,1:9'", [16, 18, 19]),
            ("b", ", start = '{\"1\": 10}'", list(range(0, 20, 2))),
            ("c", ", start = '2023-11-14 22:13:25+00'", list(range(5, 20))),
            ("d", ", stop = '0:1,1:2'", [0, 1, 3]),
            ("e", ", start = '2023-11-14 22:13:25+00', stop = '2023-11-14 22:13:28+00'",
             [5, 6, 7]),
            ("f", f", start = '{topic}:0:10,{topic}:1:10'", [])]:
        create(connection, broker, topic, options, name=name)
        assert selected(connection, name) == expected, name


def test_a_start_that_is_not_there_yet_is_refused(broker, server):
    topic = broker.topic()
    broker.produce(topic, numbers(5))
    connection = server.connect()
    create(connection, broker, topic, ", start = '0:6'")
    with pytest.raises(QueryError) as caught:
        selected(connection)
    assert caught.value.sqlstate == "22023"
    assert "offset 6 is beyond the end 5" in str(caught.value)


def test_a_bounded_stream_finishes(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(20, partitions=2))
    connection = server.connect()
    create(connection, broker, topic, ", stop = 'latest'")
    stream(connection)
    await_true("the end of the stream", lambda: state_of(connection) == "finished")
    broker.produce(topic, numbers(20, 20, partitions=2))
    assert [int(r[0]) for r in connection.rows("SELECT n FROM q ORDER BY n")] == list(range(20))


def test_a_stream_that_starts_at_the_latest_record(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(20, partitions=2))
    connection = server.connect()
    create(connection, broker, topic, ", start = 'latest'")
    stream(connection)
    assert watched(connection) == []
    broker.produce(topic, numbers(4, 20, partitions=2))
    assert watched(connection) == [20, 21, 22, 23]


# Streams


def test_a_killed_stream_goes_on_where_it_was(broker, server):
    topic = broker.topic(partitions=3)
    connection = server.connect()
    create(connection, broker, topic)
    connection.execute("CREATE STREAM q OUTPUT MODE UPDATE AS SELECT count(*) AS c, sum(n) AS s "
                       "FROM s")
    for i in range(4):
        broker.produce(topic, numbers(1000, 1000 * i, 3))
        if i % 2:
            connection.execute("WAIT FOR STREAM q")
        server.kill()
        server.start()
        connection = server.connect()
    connection.execute("WAIT FOR STREAM q")
    assert connection.rows("SELECT c, s FROM q") == [["4000", str(sum(range(4000)))]]


def test_records_of_a_partition_keep_their_order(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(40000, partitions=2))
    connection = server.connect()
    create(connection, broker, topic, columns="n int8, p int METADATA FROM 'partition'")
    connection.execute("CREATE SINK f WITH (connector = 'file', path = 'out/', format = 'csv')")
    connection.execute("CREATE STREAM q INTO f AS SELECT p, n FROM s")
    connection.execute("WAIT FOR STREAM q")
    last = {}
    out = os.path.join(server.work, "out")
    for name in sorted(os.listdir(out)):
        if name.startswith("part-"):
            with open(os.path.join(out, name), encoding="ascii") as lines:
                for partition, n in (line.split(",") for line in lines if line[0].isdigit()):
                    assert last.get(partition, -1) < int(n)
                    last[partition] = int(n)
    assert sorted(last.values()) == [39998, 39999]


def test_new_partitions_and_topics_are_found(broker, server):
    topic = broker.topic("found", partitions=1)
    broker.produce(topic, numbers(3))
    connection = server.connect()
    create(connection, broker, None, f", topic_pattern = '{topic}.*', refresh = '50 ms', "
           "start = 'latest'")
    stream(connection)
    assert watched(connection) == []
    broker.add_partitions(topic, 3)
    broker.produce(topic, numbers(6, 10, 3), broker.producer())  # one that knows them
    broker.create_topic(topic + "-more", 2)
    broker.produce(topic + "-more", numbers(4, 20, 2))
    await_true("the new partitions", lambda: watched(connection) ==
               [10, 11, 12, 13, 14, 15, 20, 21, 22, 23])
    server.kill()
    server.start()
    connection = server.connect()
    broker.produce(topic + "-more", numbers(2, 24, 2))
    await_true("the new partitions again", lambda: watched(connection)[-2:] == [24, 25])


def test_a_large_message_comes(broker, server):
    topic = broker.topic(config={"max.message.bytes": str(20 << 20)})
    text = "x" * (10 << 20)
    broker.produce(topic, [Message({"n": 1, "t": "a"}), Message({"n": 2, "t": text}),
                           Message({"n": 3, "t": "b"})])
    connection = server.connect()
    create(connection, broker, topic, columns="n int8, t text")
    assert connection.rows("SELECT n, length(t) FROM s") == [
        ["1", "1"], ["2", str(10 << 20)], ["3", "1"]]
    connection.execute("CREATE STREAM q OUTPUT MODE APPEND AS SELECT n FROM s")
    assert watched(connection) == [1, 2, 3]


def test_many_bytes_do_not_stay_in_memory(broker, server):
    topic = broker.topic(partitions=4, config={"max.message.bytes": str(20 << 20)})
    text = os.urandom(50000).hex()  # does not compress
    broker.produce(topic, [Message({"n": i, "t": text}, partition=i % 4) for i in range(2000)])
    connection = server.connect()
    create(connection, broker, topic, ", buffer = '8MB'", columns="n int8, t text")
    assert connection.value("SELECT count(t) FROM s") == "2000"
    connection.execute("CREATE STREAM q AS SELECT count(t) AS c FROM s")
    connection.execute("WAIT FOR STREAM q")
    assert connection.value("SELECT c FROM q") == "2000"
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        peak_kb = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
    if "MILLRACE_TEST_SERVER" not in os.environ:  # sanitizers keep memory
        assert peak_kb < 120 << 10


def test_what_nobody_takes_costs_nothing(broker, server):
    topic = broker.topic()
    connection = server.connect()
    create(connection, broker, topic)
    stream(connection)
    connection.execute("CREATE STREAM e TRIGGER EVERY '1 hour' AS SELECT count(*) AS c FROM s")
    connection.execute("CREATE STREAM m TRIGGER MANUAL AS SELECT count(*) AS c FROM s")
    assert watched(connection) == []
    connection.execute("ALTER STREAM q PAUSE")
    broker.produce(topic, numbers(10))
    begin = server.cpu_seconds()
    broker.tool("topics", "--list")  # takes a second
    assert server.cpu_seconds() - begin < 0.3
    connection.execute("ALTER STREAM q RESUME")
    assert watched(connection) == list(range(10))


def test_a_group_is_told_how_far_we_are(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(10, partitions=2))
    connection = server.connect()
    create(connection, broker, topic, f", group_id = 'g-{topic}', refresh = '50 ms'")
    stream(connection)
    assert watched(connection) == list(range(10))

    def committed():
        consumer = confluent_kafka.Consumer(broker.client(group_id=f"g-{topic}"))
        try:
            found = consumer.committed([confluent_kafka.TopicPartition(topic, p)
                                        for p in range(2)], 30)
            return [place.offset for place in found]
        finally:
            consumer.close()
    await_true("the group's offsets", lambda: committed() == [5, 5])


# What is gone


def test_records_that_are_gone_stop_the_stream_or_are_told(broker, server):
    topic = broker.topic()
    broker.produce(topic, numbers(10))
    connection = server.connect()
    create(connection, broker, topic)
    create(connection, broker, topic, ", on_data_loss = 'earliest'", name="e")
    stream(connection)
    connection.execute("CREATE STREAM r OUTPUT MODE APPEND AS SELECT n FROM e")
    assert watched(connection) == list(range(10))
    connection.execute("WAIT FOR STREAM r")
    server.stop()
    broker.produce(topic, numbers(10, 10))
    broker.delete_records(topic, {0: 15})
    server.start()
    connection = server.connect()
    await_true("a failed stream", lambda: state_of(connection) == "failed")
    error = connection.value("SELECT error FROM millrace.streams WHERE name = 'q'")
    assert f'offsets 10 to 14 of topic "{topic}", partition 0 are gone' in error
    connection.execute("WAIT FOR STREAM r")
    assert sorted(int(row[0]) for row in connection.rows("SELECT n FROM r")) == [
        *range(10), *range(15, 20)]
    assert any("offsets 10 to 14" in row[0]
               for row in connection.rows("SELECT message FROM millrace.errors"))


def test_a_topic_that_is_made_again_is_read_from_its_beginning(broker, server):
    topic = broker.topic("again", partitions=2)
    broker.produce(topic, numbers(10, partitions=2))
    connection = server.connect()
    create(connection, broker, topic, ", on_data_loss = 'earliest', refresh = '50 ms'")
    stream(connection)
    assert watched(connection) == list(range(10))
    broker.delete_topic(topic)
    await_true("the end of the topic", lambda: any(
        "is gone" in row[0] for row in connection.rows("SELECT message FROM millrace.errors")))
    broker.create_topic(topic, 2)
    broker.produce(topic, numbers(4, 100, 2))
    await_true("the new topic", lambda: watched(connection) == [*range(10), *range(100, 104)])
    server.kill()
    server.start()
    connection = server.connect()
    broker.produce(topic, numbers(2, 104, 2))
    await_true("the new topic, again", lambda: watched(connection)[-2:] == [104, 105])


def test_a_topic_that_was_made_again_while_we_were_away(broker, server):
    topic = broker.topic("away")
    broker.produce(topic, numbers(10))
    connection = server.connect()
    create(connection, broker, topic, ", on_data_loss = 'earliest'")
    stream(connection)
    assert watched(connection) == list(range(10))
    server.stop()
    broker.delete_topic(topic)
    broker.create_topic(topic)
    broker.produce(topic, numbers(4, 100))
    server.start()
    connection = server.connect()
    await_true("the new topic", lambda: watched(connection) == [*range(10), *range(100, 104)])
    assert any("was made again" in row[0]
               for row in connection.rows("SELECT message FROM millrace.errors"))


# The broker away


def test_a_broker_that_is_away_at_create(broker, server):
    connection = server.connect()
    begin = time.monotonic()
    with pytest.raises(QueryError) as caught:
        create(connection, broker, "t", ", connect_timeout = '1s'", brokers="127.0.0.1:1")
    assert caught.value.sqlstate == "08001"
    assert "127.0.0.1:1" in str(caught.value) and "refused" in str(caught.value)
    assert time.monotonic() - begin < 30
    create(connection, broker, "t", ", check = false", brokers="127.0.0.1:1")


def test_what_create_refuses(broker, server):
    connection = server.connect()
    topic = broker.topic()
    for options, sqlstate in [(", start = 'soon'", "22023"), (", topic_pattern = 'x'", "22023"),
                              (", stop = 'earliest'", "22023"), (", on_data_loss = 'no'", "22023"),
                              (", buffer = '0'", "22023"), (", refresh = '0 s'", "22023")]:
        with pytest.raises(QueryError) as caught:
            create(connection, broker, topic, options)
        assert caught.value.sqlstate == sqlstate, options
        assert "position" in caught.value.fields, options
    with pytest.raises(QueryError) as caught:
        create(connection, broker, topic + "-none")
    assert caught.value.sqlstate == "42P01"
    with pytest.raises(QueryError) as caught:
        create(connection, broker, None)
    assert caught.value.sqlstate == "22023"
    assert topic + "-none" not in broker.topics()  # asking made none


def test_a_broker_that_goes_and_comes_back(own_broker, server):
    topic = own_broker.topic(partitions=2)
    own_broker.produce(topic, numbers(10, partitions=2))
    connection = server.connect()
    create(connection, own_broker, topic)
    stream(connection)
    assert watched(connection) == list(range(10))
    own_broker.kill()
    await_true("a stream that waits", lambda: state_of(connection) == "waiting")
    assert own_broker.address in connection.value(
        "SELECT error FROM millrace.streams WHERE name = 'q'")
    own_broker.start()
    own_broker.produce(topic, numbers(10, 10, 2))
    await_true("all rows", lambda: watched(connection) == list(range(20)))
    await_true("a stream that runs", lambda: state_of(connection) == "running")


def test_a_server_without_its_broker_starts_and_stops(own_broker, server):
    topic = own_broker.topic()
    own_broker.produce(topic, numbers(10))
    connection = server.connect()
    create(connection, own_broker, topic)
    stream(connection)
    assert watched(connection) == list(range(10))
    own_broker.stop()
    server.kill()
    server.start()
    connection = server.connect()
    await_true("a stream that waits", lambda: state_of(connection) == "waiting")
    assert len(connection.rows("SELECT n FROM q")) == 10
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    assert time.monotonic() - begin < 10
