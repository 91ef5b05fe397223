"""pipe: a stream of numbers from one topic to another, and whether each came exactly once."""
import os

from harness.kafka import Message, await_true

PARTITIONS = 3
KEYS = 7


class Pipe:
    """Numbers with keys, k0 to k6; a key's numbers grow, and are in one partition."""

    def __init__(self, broker, source_options="", sink_options="", may_repeat=False,
                 has_copy=False):
        self.broker = broker
        self.may_repeat = may_repeat  # at least once: rows of before a kill may come again
        # A second sink, with which the checkpoint is never more than an epoch behind.
        self.copy = broker.topic("copy", PARTITIONS) if has_copy else None
        self.source_options, self.sink_options = source_options, sink_options
        self.source, self.sink = broker.topic("in", PARTITIONS), broker.topic("out", PARTITIONS)
        self.count = 0
        self.lost = set()  # numbers that shall not come

    def create(self, connection, name="q"):
        kafka = f"connector = 'kafka', brokers = '{self.broker.address}', format = 'json'"
        sinks = {f"{name}_out": self.sink, f"{name}_copy": self.copy}
        sinks = {sink: topic for sink, topic in sinks.items() if topic}
        connection.execute(f"CREATE SOURCE {name}_in (n int8, k text) WITH ({kafka}, "
                           f"topic = '{self.source}'{self.source_options})")
        for sink, topic in sinks.items():
            connection.execute(f"CREATE SINK {sink} WITH ({kafka}, topic = '{topic}', key = 'k'"
                               f"{self.sink_options})")
        connection.execute(f"CREATE STREAM {name} INTO {', '.join(sinks)} AS "
                           f"SELECT n, k FROM {name}_in")

    def messages(self, count, partition=None):
        """The next numbers; `partition`: all there, each with a key of its own."""
        first, self.count = self.count, self.count + count
        for n in range(first, self.count):
            key = f"k{n % KEYS}" if partition is None else f"p{n}"
            place = n % KEYS % PARTITIONS if partition is None else partition
            yield Message({"n": n, "k": key}, key=key, partition=place)

    def put(self, count=100, partition=None):
        self.broker.produce(self.source, self.messages(count, partition))

    def lose(self, count=100, partition=None):
        """As put, of what will be gone before it is read."""
        self.lost |= set(range(self.count, self.count + count))
        self.put(count, partition)

    def check(self, reader=None):
        """0 lost, 0 doubled, in order per key."""
        right = [n for n in range(self.count) if n not in self.lost]
        if reader:
            reader.read_count(len(right))
            messages = reader.read_to_end()
        else:
            messages = self.broker.consume(self.sink, count=len(right))
        there = {}
        for message in messages:
            assert message.key.decode() == message.json()["k"]
            there.setdefault(message.key, []).append(message.json()["n"])
        for key, numbers in there.items():
            if self.may_repeat:
                there[key] = numbers = list(dict.fromkeys(numbers))
            assert numbers == sorted(set(numbers)), f"{key}: {numbers}"
        numbers = sorted(n for numbers in there.values() for n in numbers)
        assert numbers == right, (f"lost {sorted(set(right) - set(numbers))[:10]}, too many "
                                  f"{sorted(set(numbers) - set(right))[:10]}")


def stream_row(connection, name="q"):
    """State, epoch, error code, error."""
    return connection.rows("SELECT state, epoch, error_code, error FROM millrace.streams "
                           f"WHERE name = '{name}'")[0]


def await_state(connection, state, name="q"):
    await_true(f"state {state}, not {stream_row(connection, name)}",
               lambda: stream_row(connection, name)[0] == state)
    return stream_row(connection, name)


def points_passed(path):
    """What a server with MILLRACE_CRASH_LOG has noted."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii") as log:
        return log.read().split()


def epochs_behind(points):
    """How many epochs the sink has that the checkpoint was not told of (stream/deferral.h), by the
    crash points of one stream."""
    behind, is_told = 0, False
    for point in points:
        if point == "epoch_chosen":
            is_told = False
        elif point == "after_decide":
            behind, is_told = 0, True
        elif point == "after_publish" and not is_told:
            behind += 1
    return behind
