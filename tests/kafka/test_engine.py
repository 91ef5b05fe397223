"""What the engine makes of a topic: keys by field, tombstones, epochs bounded by rows, the lag, the
guarantee, and event time where some partitions are silent.

The source's own laws are in test_source.py, the sink's in test_sink.py."""
from harness.kafka import Message, await_true


def create(connection, broker, topic, columns, options=""):
    connection.execute(
        f"CREATE SOURCE s ({columns}) WITH (connector = 'kafka', format = 'json', "
        f"brokers = '{broker.address}', topic = '{topic}'{options})")


def numbers(count, partition=0, first=0):
    return [Message({"n": first + i}, partition=partition) for i in range(count)]


def test_keys_are_read_by_field(broker, server):
    topic = broker.topic()
    broker.produce(topic, [Message({"n": 1}, key={"id": 7, "at": {"city": "Oslo"}}),
                           Message({"n": 2}, key="no json"), Message({"n": 3})])
    connection = server.connect()
    create(connection, broker, topic, "n int8, id int8 METADATA FROM 'key.id', "
           "city text METADATA FROM 'key.at.city', k text METADATA FROM 'key'",
           ", key_format = 'json'")
    assert connection.rows("SELECT n, id, city FROM s ORDER BY n") == [["1", "7", "Oslo"],
                                                                       ["3", None, None]]
    connection.execute("CREATE STREAM q AS SELECT n, id FROM s")
    connection.execute("WAIT FOR STREAM q")
    assert connection.rows("SELECT n FROM q ORDER BY n") == [["1"], ["3"]]
    ((partition, column, state),) = connection.rows(
        "SELECT partition, column_name, sqlstate FROM millrace.errors")
    assert (partition, column, state) == (f"{topic}-0", "key", "22P02")


def test_a_tombstone_is_a_row_of_nulls(broker, server):
    topic = broker.topic()
    broker.produce(topic, [Message({"n": 1}, key="a"), Message(None, key="a")])
    connection = server.connect()
    create(connection, broker, topic, "n int8, key text METADATA, raw bytea METADATA")
    assert connection.rows("SELECT n, key, raw IS NULL FROM s ORDER BY n NULLS LAST") == [
        ["1", "a", "f"], [None, "a", "t"]]


def test_a_bound_on_rows_starves_no_partition(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(900) + numbers(100, 1))
    connection = server.connect()
    create(connection, broker, topic, "n int8, p int4 METADATA FROM 'partition'",
           ", max_rows_per_epoch = 100")
    connection.execute("CREATE STREAM q AS SELECT count(*) AS n FROM s")
    connection.execute("WAIT FOR STREAM q")
    assert connection.rows("SELECT n FROM q") == [["1000"]]
    assert connection.value("SELECT max(rows_in) FROM millrace.stream_progress") == "100"


def test_rows_wait_for_more_and_no_longer_than_said(broker, server):
    topic = broker.topic()
    broker.produce(topic, numbers(5))
    connection = server.connect()
    create(connection, broker, topic, "n int8",
           ", min_rows_per_epoch = 10, max_epoch_delay = '1 hour'")
    connection.execute("CREATE STREAM q AS SELECT count(*) AS n FROM s")
    broker.produce(topic, numbers(5, first=5))
    await_true("an epoch", lambda: connection.rows("SELECT 1 FROM millrace.stream_progress"))
    assert connection.value("SELECT rows_in FROM millrace.stream_progress") == "10"
    broker.produce(topic, numbers(1, first=10))
    connection.execute("WAIT FOR STREAM q")  # does not wait for nine more
    assert connection.rows("SELECT n FROM q") == [["11"]]


def test_the_lag_is_told_by_topic_and_partition(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, numbers(7) + numbers(3, 1))
    connection = server.connect()
    create(connection, broker, topic, "n int8")
    connection.execute("CREATE STREAM q AS SELECT count(*) AS n FROM s")
    connection.execute("WAIT FOR STREAM q")
    assert connection.rows("SELECT * FROM millrace.kafka_lag ORDER BY partition") == [
        ["q", "s", topic, "0", "7", "7", "0"], ["q", "s", topic, "1", "3", "3", "0"]]


def test_the_guarantee_is_the_weakest(broker, server):
    topic = broker.topic()
    connection = server.connect()
    create(connection, broker, topic, "n int8")
    for name, delivery in (("exact", "exactly_once"), ("loose", "at_least_once")):
        connection.execute(
            f"CREATE SINK {name} WITH (connector = 'kafka', brokers = '{broker.address}', "
            f"topic = '{broker.topic()}', delivery = '{delivery}')")
    told = []
    for name, sinks in (("a", "exact"), ("b", "exact, loose")):
        connection.execute(f"CREATE STREAM {name} INTO {sinks} AS SELECT n FROM s")
        told += [notice["message"] for notice in connection.notices
                 if "delivers" in notice["message"]]
    assert told == ['stream "a" delivers exactly once', 'stream "b" delivers at least once: sink '
                    '"loose" may get rows a second time after a failure']
    assert connection.rows("SELECT name, guarantee FROM millrace.streams ORDER BY name") == [
        ["a", "exactly_once"], ["b", "at_least_once"]]


def test_a_silent_partition_holds_the_watermark_until_it_is_idle(broker, server):
    topic = broker.topic(partitions=2)
    broker.produce(topic, [Message({"n": 1}, partition=0, timestamp=1700000000000),
                           Message({"n": 2}, partition=0, timestamp=1700000060000)])
    connection = server.connect()
    create(connection, broker, topic, "n int8, ts timestamptz METADATA FROM 'timestamp', "
           "WATERMARK FOR ts AS ts IDLE AFTER INTERVAL '1 second'")
    connection.execute("CREATE STREAM q OUTPUT MODE APPEND AS SELECT window_start, count(*) AS n "
                       "FROM TUMBLE(s, ts, INTERVAL '10 seconds') "
                       "GROUP BY window_start, window_end")
    connection.execute("WAIT FOR STREAM q")
    await_true("partition 1 idle", lambda: connection.rows("SELECT 1 FROM q"))
    assert connection.rows("SELECT n FROM q") == [["1"]]
    assert connection.rows("SELECT partition, idle FROM millrace.watermarks ORDER BY partition"
                           )[1] == [f"{topic}-1", "t"]
