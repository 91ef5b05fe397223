"""torture_kafka: the kill loop of torture.py with a real broker on either side of the stream.

usage: torture_kafka.py [--seed N] [--server BINARY] [KIND [CYCLES]]
       kafka, or no kind: every kind, which share the cycles; kafka-points: every crash point

The laws are torture.py's. What the stream has written is read by a read_committed consumer after
each kill and at the end, and per key it is exactly the beginning of the answer, in order: nothing
lost, nothing doubled, nothing swapped. The input is produced plainly, in transactions of which some
are aborted, and in transactions that stay open while other rows come behind them. The kinds that
keep no state tell their checkpoint of several epochs together (stream/deferral.h): of their kills
some must fall when the sink is ahead. `-outage`: the broker is killed, too, before or behind.
"""
import argparse
import collections
import json
import os
import random
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import torture  # noqa: E402
from harness.kafka import Broker, BrokerError, Message, Reader, await_true  # noqa: E402
from harness.pipe import epochs_behind  # noqa: E402
from harness.server import QueryError, Server, ServerError, read_lines, visible_files  # noqa: E402
from torture import FILE_SPAN_S, KEYS, SOURCE, Feed, Kind, Loss, Torture, time_text  # noqa: E402

PARTITIONS = 3
TRANSACTION_SHARE, ABORT_SHARE, HELD_PUTS_MAX = 0.3, 0.4, 4
RECOVERED_SHARE = 0.75
# The transaction is open, or its commit is on its way.
IN_TRANSACTION = {"sink_wrote", "sink_prepared", "before_decide", "sink_marked"}
AIMS = ("epoch_chosen", "epoch_executed", "sink_wrote", "sink_prepared", "before_decide",
        "sink_marked", "sink_decided", "after_decide", "after_publish")
# What a stream without a transaction passes.
PLAIN_AIMS = tuple(point for point in AIMS if point not in ("sink_marked", "sink_decided"))
IN_TRANSACTION_SHARE_MIN, BEHIND_SHARE_MIN = 0.05, 0.2
COLUMNS = f"""(id int8, k text, v int8, ts timestamptz,
    WATERMARK FOR ts AS ts - INTERVAL '{torture.DELAY_S} seconds' IDLE AFTER INTERVAL '1 day')"""


class TopicFeed(Feed):
    """Rows into a topic; a key's rows are all in one partition, in the order of their ids."""

    def __init__(self, broker, topic, chance, kind):
        super().__init__(None, chance, kind)
        self.broker = broker
        self.topic = topic
        self.row_count = 0
        self.transaction_share = kind.transaction_share
        self.plain = broker.producer(linger_ms=0)
        self.transactional = broker.producer(linger_ms=0, transactional_id=f"{topic}-feed")
        self.held = None  # rows of the open transaction, and puts until it ends

    def put(self, row_count=None):
        if self.held and self.held[1] == 0:
            self.end_transaction()
        count = self.chance.randrange(1, 40) if row_count is None else row_count
        base = torture.START_S + self.file_count * FILE_SPAN_S
        rows = [{"id": self.row_count + i, "k": f"k{self.chance.randrange(KEYS)}",
                 "v": self.value(),
                 "ts": base + self.chance.randrange(-self.reach_s, FILE_SPAN_S)}
                for i in range(count)]
        self.row_count += count
        self.file_count += 1
        if self.held:
            self.held[1] -= 1
        elif self.chance.random() < self.transaction_share:
            self.transactional.begin_transaction()
            self.held = [rows, self.chance.randrange(HELD_PUTS_MAX)]
            self.send(rows, self.transactional)
            return
        self.rows += rows
        self.send(rows, self.plain)

    def end_transaction(self):
        (rows, _), self.held = self.held, None
        if self.chance.random() < ABORT_SHARE:
            self.transactional.abort_transaction()
            return
        self.rows = sorted(self.rows + rows, key=lambda row: row["id"])
        self.transactional.commit_transaction()

    def put_last(self):
        """In every partition a row from the far future."""
        if self.held:
            self.end_transaction()
        self.broker.settle(self.topic)
        for partition in range(PARTITIONS):
            row = {"id": self.row_count, "k": f"last{partition}", "v": 0, "partition": partition,
                   "ts": torture.START_S + self.file_count * FILE_SPAN_S + 100 * torture.DELAY_S}
            self.row_count += 1
            self.rows.append(row)
            self.send([row], self.plain)

    def send(self, rows, producer):
        self.broker.produce(self.topic, (self.message(row) for row in rows), producer)

    @staticmethod
    def message(row):
        partition = row.get("partition", zlib.crc32(row["k"].encode()) % PARTITIONS)
        return Message({**row, "ts": time_text(row["ts"])}, key=row["k"], partition=partition)


class KafkaKind(Kind):
    """Kafka to Kafka; `answer` and `result` give per key what is right and what is there."""
    from_topic = to_topic = True
    defers = False  # the checkpoint may be several epochs behind the sink
    transaction_share = TRANSACTION_SHARE
    has_outages = False  # the broker is killed with the server
    aims = AIMS

    def __init__(self, broker):
        self.broker = broker
        self.source_topic = broker.topic("in", PARTITIONS) if self.from_topic else None
        self.sink_topic = broker.topic("out", PARTITIONS) if self.to_topic else None
        self.reader = Reader(broker, self.sink_topic) if self.to_topic else None

    @property
    def setup(self):
        brokers = f"connector = 'kafka', brokers = '{self.broker.address}'"
        source = SOURCE
        sink = torture.SINK
        if self.from_topic:
            source = (f"CREATE SOURCE events {COLUMNS} WITH ({brokers}, format = 'json', "
                      f"topic = '{self.source_topic}')")
        if self.to_topic:
            sink = (f"CREATE SINK result WITH ({brokers}, format = 'json', key = 'k', "
                    f"topic = '{self.sink_topic}'{self.sink_options})")
        return (source, sink)

    sink_options = ""
    sinks = "result"

    def feed(self, server, chance):
        return TopicFeed(self.broker, self.source_topic, chance, self)

    def read(self, out):
        """Values in the order in which a consumer gets them."""
        return [message.json() for message in self.reader.read_to_end()]

    def settle(self):
        """The server has ended: a commit's markers may still be on their way to the partitions."""
        if self.to_topic:
            self.broker.settle(self.sink_topic)

    def close(self):
        if self.reader:
            self.reader.__exit__(None, None, None)

    def check(self, rows, out, is_whole):
        """What is visible is right: all of it, or its beginning per key."""
        right, there = self.by_key(self.answer(rows)), self.by_key(self.read(out))
        for key in right.keys() | there.keys():
            compare(key, right[key], there[key], is_whole)

    @staticmethod
    def by_key(rows):
        keys = collections.defaultdict(list)
        for row in rows:
            keys[row["k"]].append({name: value for name, value in row.items() if name != "k"})
        return keys


def compare(key, right, there, is_whole):
    """Lists of rows."""
    if there == (right if is_whole else right[:len(there)]):
        return
    texts = [json.dumps(row) for row in there]
    rights = [json.dumps(row) for row in right]
    counts, right_counts = collections.Counter(texts), collections.Counter(rights)
    lost = right_counts - counts if is_whole else collections.Counter()
    extra = counts - right_counts
    first = next(i for i in range(max(len(right), len(there)))
                 if right[i:i + 1] != there[i:i + 1])
    raise Loss(f"key {key}: {sum(lost.values())} rows lost, {sum(extra.values())} too many of "
               f"{len(right)}, {len(there)} there; the first difference at row {first}: "
               f"there {texts[first:first + 3]}, right {rights[first:first + 3]}; "
               f"lost {list(lost)[:3]}, too many {list(extra)[:3]}")


class Passing(KafkaKind):
    defers = True
    query = "SELECT k, id, v FROM events WHERE v % 3 <> 0"

    def answer(self, rows):
        return [{"k": r["k"], "id": r["id"], "v": r["v"]} for r in rows if r["v"] % 3 != 0]


class Loose(Passing):
    """At least once: rows of before a kill come again, in order, and none is lost."""
    sink_options = ", delivery = 'at_least_once'"
    aims = PLAIN_AIMS

    def read(self, out):
        """Without those that came again."""
        return list({row["id"]: row for row in super().read(out)}.values())


class Outage(Passing):
    """A transaction of the feed would end with its broker."""
    transaction_share = 0.0
    has_outages = True


class LooseOutage(Loose):
    transaction_share = 0.0
    has_outages = True


class FileFeed(Feed):
    """Knows which file a row is in."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.file_of = {}

    def write(self, rows):
        self.file_of.update((row["id"], self.file_count) for row in rows)
        super().write(rows)


class FromFile(Passing):
    """Files are read side by side, so that there is an order only within each."""
    from_topic = False

    def feed(self, server, chance):
        folder = os.path.join(server.work, "in")
        os.makedirs(folder, exist_ok=True)
        self.files = FileFeed(folder, chance, self)
        return self.files

    def by_key(self, rows):
        keys = collections.defaultdict(list)
        for row in rows:
            keys[row["k"], self.files.file_of[row["id"]]].append(row)
        return keys


def compare_unordered(key, right, there, name, is_whole):
    """The same when rows are not in order; `name` tells rows apart."""
    there = sorted(there, key=lambda row: row[name])
    visible = {row[name] for row in there}
    compare(key, [row for row in right if is_whole or row[name] in visible], there, True)


def check_files(right, out, is_whole):
    """A file becomes visible as a whole, and later than the topic."""
    lines = read_lines(visible_files(out)) if os.path.isdir(out) else []
    compare_unordered("in files", right, [json.loads(line) for line in lines], "id", is_whole)


class ToFile(Passing):
    to_topic = defers = False
    aims = PLAIN_AIMS

    def check(self, rows, out, is_whole):
        check_files(self.answer(rows), out, is_whole)


class Both(Passing):
    """Two sinks, of which the topic decides first: an epoch that it has runs again for the file,
    from the same rows of the source topic."""
    defers = False
    sinks = "result, copy"

    @property
    def setup(self):
        return (*super().setup, torture.SINK.replace("result", "copy"))

    def check(self, rows, out, is_whole):
        super().check(rows, out, is_whole)
        check_files(self.answer(rows), out, is_whole)


class Points(Both):
    """An open transaction of the feed would hold back the rows with which a point is passed."""
    transaction_share = 0.0


class Windows(KafkaKind):
    """Each window closes once; those that one epoch closes are in no order."""
    query = torture.Windows.query

    def answer(self, rows):
        groups = torture.by_window(rows)
        return [{"k": k, "window_start": start, "n": n, "total": total}
                for k, start, n, total in sorted(groups, key=lambda group: group[1])]

    def read(self, out):
        return [{**row, "total": int(row["total"])} for row in super().read(out)]

    def check(self, rows, out, is_whole):
        right, there = self.by_key(self.answer(rows)), self.by_key(self.read(out))
        for key in right.keys() | there.keys():
            compare_unordered(key, right[key], there[key], "window_start", is_whole)


class Updates(KafkaKind):
    """Rows by key are replaced: counts of a key only grow, and end right."""
    mode = "UPDATE"
    sink_options = ", envelope = 'upsert'"
    query = "SELECT k, count(*) AS n, sum(v) AS total FROM events GROUP BY k"

    def answer(self, rows):
        state = collections.defaultdict(lambda: [0, 0])
        changes = []
        for row in rows:
            state[row["k"]][0] += 1
            state[row["k"]][1] += row["v"]
            changes.append({"k": row["k"], "n": state[row["k"]][0], "total": state[row["k"]][1]})
        return changes

    def read(self, out):
        return [{**row, "total": int(row["total"])} for row in super().read(out)]

    def check(self, rows, out, is_whole):
        right, there = self.by_key(self.answer(rows)), self.by_key(self.read(out))
        for key in right.keys() | there.keys():
            counts = [row["n"] for row in there[key]]
            if counts != sorted(set(counts)):
                raise Loss(f"key {key}: the counts don't grow: {counts}")
            by_count = {row["n"]: row for row in right[key]}
            wrong = [row for row in there[key] if by_count.get(row["n"]) != row]
            if wrong:
                raise Loss(f"key {key}: was never so: {wrong[:3]}")
            if is_whole and counts[-1:] != [len(right[key])]:
                raise Loss(f"key {key}: the last count is {counts[-1:]}, not {len(right[key])}")


class KafkaTorture(Torture):
    """Torture, with the kind's own feed and check."""

    def __init__(self, kind, seed, server):
        super().__init__(kind, seed, server)

    def begin_cycle(self):
        """Recovery speaks with the broker for a while: most kills shall fall behind it."""
        if self.chance.random() < RECOVERED_SHARE:
            await_true("recovery", lambda: "recovered" in self.passed_points())

    def aim(self):
        """A point that the stream passes in each epoch, for the first time or a later one."""
        point, passes = self.chance.choice(self.kind.aims), self.chance.randrange(1, 4)
        return lambda: self.passed_points().count(point) >= passes

    def kill(self):
        """With an outage: the broker dies first, or right behind, or while the server lives on."""
        if not self.kind.has_outages:
            super().kill()
            return
        order = self.chance.choice(("broker first", "server first", "broker comes back"))
        broker = self.kind.broker
        if order == "server first":
            super().kill()
        broker.kill()
        if order == "broker first":
            super().kill()
        broker.start()
        if order == "broker comes back":
            super().kill()
        self.fell["outages"] += 1

    def note_death(self):
        points = self.passed_points()
        self.fell["in transaction"] += bool(points) and points[-1] in IN_TRANSACTION
        self.fell["may be behind"] += self.kind.defers
        self.fell["behind"] += epochs_behind(points) > 0
        super().note_death()

    def check_visible(self):
        self.kind.check(self.feed.rows, self.out, False)

    def check_whole(self):
        self.kind.settle()
        self.kind.check(self.feed.rows, self.out, True)

    def missed(self):
        if self.fell["in transaction"] < IN_TRANSACTION_SHARE_MIN * self.fell["all"]:
            return (f"only {self.fell['in transaction']} of {self.fell['all']} kills fell in an "
                    "open transaction or its commit")
        if self.fell["behind"] < BEHIND_SHARE_MIN * self.fell["may be behind"]:
            return (f"only {self.fell['behind']} of {self.fell['may be behind']} kills fell when "
                    "the sink was ahead of the checkpoint")
        return super().missed()


KINDS = {"kafka-passing": Passing, "kafka-loose": Loose, "kafka-windows": Windows,
         "kafka-updates": Updates, "kafka-both": Both, "file-to-kafka": FromFile,
         "kafka-to-file": ToFile, "kafka-outage": Outage, "kafka-loose-outage": LooseOutage,
         "kafka-points": Points}
POINTS = {"sink_fenced", "sink_wrote", "sink_marked", "sink_decided"}


def run_kind(broker, name, cycles, seed, binary="build/millrace"):
    """Raises Loss; returns where the kills fell, and all that was counted in words."""
    kind = KINDS[name](broker)
    server = Server(binary)
    try:
        run = KafkaTorture(kind, seed, server)
        if name == "kafka-points":
            run.run_points(cycles, POINTS)
        else:
            run.run_random(cycles)
        return run.fell, (
            f"{run.fell['all']} kills, {run.fell['in epoch']} in an epoch, "
            f"{run.fell['in transaction']} in its transaction or commit, "
            f"{run.fell['in commit']} between prepare and publish, "
            f"{run.fell['behind']} with the sink ahead of the checkpoint, "
            f"{run.fell['outages']} with the broker; {len(run.feed.rows)} rows, 0 lost, "
            f"{'some' if isinstance(kind, Loose) else '0'} doubled, in order per key")
    except (Loss, ServerError, QueryError, BrokerError) as error:
        raise Loss(f"{name}, seed {seed}: {error}\nlog: {server.log_tail(3000)}") from error
    finally:
        server.destroy()
        kind.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("kind", nargs="?", default="kafka", choices=["kafka", *KINDS])
    parser.add_argument("cycles", nargs="?", type=int, default=torture.FULL_CYCLES)
    options = parser.parse_args()
    names = list(KINDS) if options.kind == "kafka" else [options.kind]
    loops = [name for name in names if name != "kafka-points"]
    print(f"1..{len(names)}", flush=True)
    bad = 0
    with Broker() as broker:
        for number, name in enumerate(names, 1):
            cycles = -(-options.cycles // max(1, len(loops)))
            try:
                _, facts = run_kind(broker, name, cycles, options.seed, options.server)
                print(f"ok {number} - torture {name}\n# seed {options.seed}: {facts}", flush=True)
            except Loss as error:
                bad += 1
                text = str(error).replace("\n", "\n# ")
                print(f"not ok {number} - torture {name}\n# {text}", flush=True)
        broker.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
