"""Rows into a topic: what the options make of them, and that each comes exactly once.

Protects: the marker protocol against a real broker (a kill at every point of the transaction, a
process that wakes after another took its place, a commit whose outcome is not known), the layout of
messages, and what CREATE refuses."""
import collections
import json
import os
import re
import signal

import pytest
from harness.kafka import await_true
from harness.server import ROOT, QueryError, ServerError, write_file


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
        messages = self.broker.consume(self.topic)
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
