"""kafka_benches: the two Kafka figures of bench/run, with a broker of their own.

throughput(): the ad query from a topic, and librdkafka that only counts messages, by turns.
latency(): events through the engine from one topic to another, at least once and exactly once, and
by turns through librdkafka alone (the floor), and straight from producer to consumer.
The programs that measure are kafka_raw.c, kafka_load.c, kafka_pass.c and kafka_latency.c.
"""
import os
import statistics
import subprocess
import time

from harness.kafka import Broker
from harness.server import Server

# A broker that is no bottleneck: its default in tests is made to start fast.
BROKER_JVM = "-Xms512m -Xmx1g -XX:+UseG1GC -XX:MaxGCPauseMillis=20"
PARTITIONS = 4
ADS_SOURCE = """CREATE SOURCE ads (
    user_id text, page_id text, ad_id text, ad_type text, event_type text,
    event_time timestamptz, ip_address text,
    WATERMARK FOR event_time AS event_time - INTERVAL '10 seconds'
) WITH (connector = 'kafka', brokers = '{brokers}', topic = '{topic}', format = 'json')"""
ADS_QUERY = """SELECT ad_id, window_start, count(*) AS views
FROM TUMBLE(ads, event_time, INTERVAL '10 seconds')
WHERE event_type = 'view' GROUP BY ad_id, window_start"""
EVENTS_SOURCE = """CREATE SOURCE events (id int8, due_ns int8, pad text,
    place int4 METADATA FROM 'partition', had timestamptz METADATA FROM 'timestamp')
WITH (connector = 'kafka', brokers = '{brokers}', topic = '{topic}', format = 'json')"""
EVENTS_SINK = """CREATE SINK sent WITH (connector = 'kafka', brokers = '{brokers}',
    topic = '{topic}', format = 'json', partition_column = 'place', timestamp_column = 'had',
    delivery = '{delivery}')"""
EVENTS_STREAM = "CREATE STREAM pass INTO sent AS SELECT id, due_ns, pad, place, had FROM events"
RATES = (10_000, 100_000)
SECONDS = 9
WARM_SECONDS = 3
WARM_RUNS = 3  # before all others
DELIVERIES = ("straight", "floor_at_least_once", "at_least_once", "floor_exactly_once",
              "exactly_once")
WAIT_S = 600


def facts(command):
    """What a program prints as name=value."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(value) for name, value in
            (pair.split("=") for pair in done.stdout.split())}


def start_broker():
    os.environ.setdefault("MILLRACE_KAFKA_JVM", BROKER_JVM)
    return Broker()


def peak_mb(server):
    """The most memory that the server's process has had."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


def make_topic(broker, name, kept_time="CreateTime"):
    """LogAppendTime: messages bear when the broker had them, whatever their producer says."""
    broker.create_topic(name, PARTITIONS, {"message.timestamp.type": kept_time})
    return name


class Tools:
    """The programs, and how figures are printed; bench/run gives both."""

    def __init__(self, program, spread):
        self.raw = program("kafka_raw")
        self.load = program("kafka_load")
        self.latency = program("kafka_latency")
        self.passer = program("kafka_pass")
        self.spread = spread


def run_engine(broker, topic, wait_for, profile=None):
    """The ad query once, from CREATE STREAM to the end of the topic as it was then."""
    with Server(settings=["workers=1"]) as server:
        connection = server.connect()
        connection.execute_all(ADS_SOURCE.format(brokers=broker.address, topic=topic))
        connection.execute_all("CREATE SINK nowhere WITH (connector = 'blackhole')")
        cpu, wall = server.cpu_seconds(), time.monotonic()
        connection.execute_all("CREATE STREAM views INTO nowhere OUTPUT MODE UPDATE "
                               "TRIGGER AVAILABLE NOW AS " + ADS_QUERY)
        wait_for(connection, "views")
        cpu, wall = server.cpu_seconds() - cpu, time.monotonic() - wall
        rows = int(connection.value("SELECT rows_in FROM millrace.streams WHERE name = 'views'"))
        peak = peak_mb(server)
        server.stop()
        return {"messages": rows, "cpu_s": cpu, "wall_s": wall, "peak_mb": peak}


def throughput(options, files, tools, wait_for):
    """The ad query from Kafka against librdkafka alone: CPU, rate, memory."""
    runs = {"raw, batches": [], "raw, poll": [], "engine": []}
    with start_broker() as broker:
        topic = make_topic(broker, "ads")
        count = facts([tools.load, broker.address, topic, *files])["messages"]
        facts([tools.raw, broker.address, topic, "batch"])  # warms the broker
        for _ in range(options.repeats):
            for mode in ("batch", "poll"):
                runs["raw, batches" if mode == "batch" else "raw, poll"].append(
                    facts([tools.raw, broker.address, topic, mode]))
            runs["engine"].append(run_engine(broker, topic, wait_for))
    for name, results in runs.items():
        assert all(run["messages"] == count for run in results), f"{name}: {results}"
        million = count / 1e6
        print(f"kafka: {name + ':':13} "
              f"{tools.spread([r['cpu_s'] / million for r in results], 'CPU-s per million')}, "
              f"{tools.spread([million / r['wall_s'] for r in results], 'million/s', 2)}, "
              f"peak {tools.spread([r['peak_mb'] for r in results], 'MB', 0)}")
    engine = statistics.median(r["cpu_s"] for r in runs["engine"])
    for name in ("raw, batches", "raw, poll"):
        ratio = statistics.median(r["cpu_s"] for r in runs[name]) / engine
        print(f"kafka: events per CPU-second, engine to {name}: {ratio:.2f}, wanted 0.75")


def make_topics(broker, kind, number):
    """In and out; the broker's own time goes along with a message."""
    return [make_topic(broker, f"{kind}-{side}-{number}".replace("_", "-"), time)
            for side, time in (("in", "LogAppendTime"), ("out", "CreateTime"))]


class Pass:
    """A server that takes events from one topic to another."""

    def __init__(self, broker, delivery, number):
        self.topics = make_topics(broker, delivery, number)
        self.broker, self.delivery = broker, delivery
        self.server = None

    def __enter__(self):
        self.server = Server(settings=["workers=1"]).start()
        connection = self.server.connect()
        brokers = self.broker.address
        connection.execute_all(EVENTS_SOURCE.format(brokers=brokers, topic=self.topics[0]))
        connection.execute_all(EVENTS_SINK.format(brokers=brokers, topic=self.topics[1],
                                                  delivery=self.delivery))
        connection.execute_all(EVENTS_STREAM)
        return self

    def __exit__(self, kind, value, traceback):
        self.server.destroy()

    def epochs(self):
        return int(self.server.connect().value(
            "SELECT epoch FROM millrace.streams WHERE name = 'pass'"))


def measure_floor(tools, broker, kind, number, command):
    """The same through kafka_pass."""
    topics = make_topics(broker, kind, number)
    with subprocess.Popen([tools.passer, broker.address, *topics, kind.removeprefix("floor_")],
                          stdout=subprocess.PIPE, text=True) as passer:
        assert passer.stdout.readline() == "reading\n"
        result = facts([tools.latency, broker.address, *topics, *command])
        passer.terminate()
        events = float(command[0]) * SECONDS / 1e6
        result["engine_cpu"] = float(passer.stdout.readline().removeprefix("cpu_s=")) / events
    assert result["received"] == result["sent"], f"lost events: {result}"
    return result


def measure(tools, broker, delivery, rate, number):
    """One pass of SECONDS; the facts of kafka_latency, and CPU, epochs and memory of the engine."""
    command = [str(rate), str(SECONDS), str(WARM_SECONDS)]
    if delivery == "straight":
        topic = make_topic(broker, f"straight-{number}", "LogAppendTime")
        return facts([tools.latency, broker.address, topic, topic, *command])
    if delivery.startswith("floor"):
        return measure_floor(tools, broker, delivery, number, command)
    with Pass(broker, delivery, number) as passing:
        cpu = passing.server.cpu_seconds()
        result = facts([tools.latency, broker.address, *passing.topics, *command])
        result["engine_cpu"] = (passing.server.cpu_seconds() - cpu) / (rate * SECONDS / 1e6)
        result["epochs_per_s"] = passing.epochs() / SECONDS
        result["peak_mb"] = peak_mb(passing.server)
        assert result["received"] == result["sent"], f"lost events: {result}"
        assert result["disordered"] == 0, f"out of order: {result}"
        assert delivery != "exactly_once" or result["doubled"] == 0, f"doubled: {result}"
        return result


def latency(options, tools):
    """End to end, per delivery and rate, with the floor by turns."""
    runs = {}
    with start_broker() as broker:
        # The broker's compiler works for a minute, and the engine stands behind it on two cores.
        for warm in range(WARM_RUNS):
            for rate in RATES:
                measure(tools, broker, "straight", rate, f"warm-{rate}-{warm}")
                measure(tools, broker, "exactly_once", rate, f"warm-{rate}-{warm}")
        for repeat in range(options.repeats):
            for rate in RATES:
                for delivery in DELIVERIES:
                    runs.setdefault((rate, delivery), []).append(
                        measure(tools, broker, delivery, rate, f"{rate}-{repeat}"))
    for (rate, delivery), results in runs.items():
        parts = [f"{name} {tools.spread([r[key] for r in results], 'ms', 1)}" for name, key in
                 (("p50", "p50_ms"), ("p99", "p99_ms"), ("p99.9", "p999_ms"),
                  ("since the broker had it p50", "passage_p50_ms"), ("p99", "passage_p99_ms"))]
        if delivery != "straight":
            parts.append(tools.spread([r["engine_cpu"] for r in results], "CPU-s per million", 2))
        if delivery in ("at_least_once", "exactly_once"):
            parts += [tools.spread([r["epochs_per_s"] for r in results], "epochs/s", 0),
                      tools.spread([r["peak_mb"] for r in results], "MB", 0)]
        print(f"latency: {rate} events/s, {delivery.replace('_', ' ')}: " + ", ".join(parts))
