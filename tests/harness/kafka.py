"""kafka: a real broker for a test, and what a test does with it. tests/kafka/README.md tells more.

Broker owns the process and its folder; it ends with the test program, whatever kills that. Names of
topics are made per test (Broker.topic), so that tests share one broker. Reading goes to the end of
each partition as the broker tells it, by end-of-partition events; waiting is for a count of
messages or for a fact of the broker, never for a time: deadlines only turn a hang into a failure.
"""
import dataclasses
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import confluent_kafka
from confluent_kafka import KafkaError, TopicPartition, admin

from harness.server import ROOT, TIME_FACTOR

SCRIPT = os.path.join(ROOT, "tests", "kafka", "broker")
DEADLINE_S = 120 * TIME_FACTOR
# what a broker says of partitions that it has just been given
PASSING = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE,
           KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._TRANSPORT, KafkaError._TIMED_OUT)
SETTLE_S = 5 * TIME_FACTOR  # a transaction that is open on purpose costs a reader so much
FETCH_DEADLINE_S = 1800  # the first run gets the jars
MESSAGE_BYTES_MAX = 32 << 20
# A topic whose older records the cleaner takes as soon as it can.
COMPACTED = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
             "min.compaction.lag.ms": "0", "delete.retention.ms": "0"}


class BrokerError(Exception):
    """The broker, or a client of it, did not do what it must."""


@dataclasses.dataclass
class Message:
    """A message to produce, or one that was consumed. Texts are sent as UTF-8, dicts as JSON."""
    value: object = None
    key: object = None
    partition: int | None = None
    timestamp: int | None = None  # milliseconds since 1970
    headers: list | None = None  # pairs of name and bytes
    offset: int | None = None
    topic: str | None = None
    is_append_time: bool = False  # the timestamp is the broker's

    def json(self):
        """The value, decoded."""
        return json.loads(self.value)


def to_bytes(value):
    if value is None or isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def await_true(what, question, deadline_s=DEADLINE_S):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + deadline_s
    while not (answer := question()):
        if time.monotonic() > end:
            raise BrokerError(f"never came: {what}")
        time.sleep(0.02)
    return answer


def run_script(*arguments, environment=None, deadline_s=DEADLINE_S):
    """What tests/kafka/broker prints."""
    run = subprocess.run([SCRIPT, *arguments], env=environment, text=True, check=False,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline_s)
    if run.returncode != 0:
        raise BrokerError(f"broker {arguments[0]}: {run.stderr.strip() or run.stdout}")
    return run.stdout


def fetch():
    """Gets the jars, when they are not there."""
    run_script("fetch", deadline_s=FETCH_DEADLINE_S)


class Broker:
    """A Kafka of our own; use it in a `with`. After stop() or kill(), start() goes on with the data
    and the port of before. `properties`: lines for its configuration; `is_secure`: it has also the
    listeners of SASL and TLS that the head of the script tells of."""

    def __init__(self, properties="", is_secure=False):
        self.root = tempfile.mkdtemp(prefix="millrace-kafka-")
        self.environment = {**os.environ, "MILLRACE_KAFKA_PROPERTIES": properties,
                            "MILLRACE_KAFKA_SECURE": "yes" if is_secure else "no"}
        self.port = 0
        self.process = None
        self._admin = None
        self._producer = None
        self._introduced = set()  # (id of a producer, topic)
        self._names = itertools.count(1)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.destroy()
            raise

    def __exit__(self, kind, value, traceback):
        self.destroy()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def sasl_address(self):
        return f"127.0.0.1:{self.port + 2}"

    @property
    def tls_address(self):
        return f"127.0.0.1:{self.port + 3}"

    @property
    def sasl_tls_address(self):
        return f"127.0.0.1:{self.port + 4}"

    @property
    def authority(self):
        """The certificate that the broker's is signed by."""
        return os.path.join(self.root, "tls", "ca.pem")

    def start(self):
        """Starts it and waits until it answers. A port that somebody else took is another try."""
        fetch()
        for last in (False, False, True):
            self._forget("pid")  # of the one before
            self._forget("server.log")
            # It must not outlive us: the kernel sees to that.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", SCRIPT, "run", self.root, str(self.port)],
                env=self.environment, text=True, stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE)
            try:
                self._wait_ready()
                break
            except BrokerError:
                self.kill()
                if last or self.port:
                    raise
        with open(os.path.join(self.root, "port"), encoding="ascii") as file:
            self.port = int(file.read())
        return self

    def _wait_ready(self):
        """The script waits for the broker; we, for either to end."""
        wait = subprocess.Popen([SCRIPT, "wait", self.root], stdin=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)
        try:
            await_true("the broker", lambda: wait.poll() is not None or self._has_ended(),
                       2 * DEADLINE_S)
            if wait.poll() != 0:
                own = self.process.stderr.read() if self._has_ended() else ""
                raise BrokerError(f"no broker: {own}{self.log_tail()}")
        finally:
            wait.kill()
            wait.communicate()

    def _forget(self, name):
        path = os.path.join(self.root, name)
        if os.path.exists(path):
            os.unlink(path)

    def _has_ended(self):
        return self.process.poll() is not None

    def tool(self, name, *arguments):
        """One of Kafka's own tools (see the head of the script); it takes a second or two."""
        return run_script(name, "--bootstrap-server", self.address, *arguments)

    def log_tail(self, size=3000):
        try:
            with open(os.path.join(self.root, "server.log"), "rb") as log:
                return log.read()[-size:].decode(errors="replace")
        except OSError:
            return ""

    def _end(self, number):
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stderr.close()

    def stop(self):
        """An orderly end."""
        self._end(signal.SIGTERM)

    def kill(self):
        """As if the machine failed."""
        self._end(signal.SIGKILL)

    def pause(self):
        """It keeps its connections and answers nothing, until resume()."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def revive(self):
        """It runs and answers, whatever was done to it."""
        if self.process is None:
            self.start()
        self.resume()

    def destroy(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    # Topics

    def client(self, **options):
        """The configuration of a client of any kind."""
        return {"bootstrap.servers": self.address, "broker.address.family": "v4",
                "reconnect.backoff.max.ms": 500, "log_level": 0,
                **{name.replace("_", "."): value for name, value in options.items()}}

    @property
    def admin(self):
        if self._admin is None:
            self._admin = admin.AdminClient(self.client())
        return self._admin

    @staticmethod
    def _done(futures):
        for future in futures.values():
            future.result(DEADLINE_S)

    def topic(self, prefix="t", partitions=1, config=None):
        """A new topic by a name that no other has."""
        name = f"{prefix}-{os.getpid()}-{next(self._names)}"
        self.create_topic(name, partitions, config)
        return name

    def create_topic(self, name, partitions=1, config=None):
        new = admin.NewTopic(name, partitions, 1, config=config or {})
        self._done(self.admin.create_topics([new], request_timeout=60))
        self._await_partitions(name, partitions)

    def delete_topic(self, name):
        self._done(self.admin.delete_topics([name], request_timeout=60))
        await_true(f"the end of topic {name}", lambda: name not in self.topics())
        self._producer = None  # it may take one of the same name for the old one

    def add_partitions(self, name, total):
        self._done(self.admin.create_partitions([admin.NewPartitions(name, total)]))
        self._await_partitions(name, total)
        self._producer = None  # it knows only the old ones

    def alter_topic(self, name, config):
        """Sets options of a topic; those not named go back to their defaults."""
        resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, name, set_config=config)
        self._done(self.admin.alter_configs([resource]))

    def topics(self):
        """Partition counts by name, without the broker's own topics."""
        found = self.admin.list_topics(timeout=DEADLINE_S).topics
        return {name: len(topic.partitions) for name, topic in found.items()
                if not name.startswith("__")}

    def _await_partitions(self, name, count):
        def question():
            topic = self.admin.list_topics(timeout=DEADLINE_S).topics.get(name)
            return topic is not None and len(topic.partitions) == count and all(
                part.leader >= 0 and not part.error for part in topic.partitions.values())
        await_true(f"{count} partitions of {name}", question)

    def delete_records(self, topic, before):
        """Takes away what lies below an offset, as retention does; `before`: {partition: offset},
        -1 for all there is."""
        partitions = [{"topic": topic, "partition": p, "offset": o} for p, o in before.items()]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"partitions": partitions, "version": 1}, file)
            file.flush()
            self.tool("delete-records", "--offset-json-file", file.name)

    def compact(self, topic, key="~", partition=0):
        """Waits until the cleaner has been over what the partition of a COMPACTED topic holds now.
        Messages with `key` are added, of which some stay: the newest segment is never cleaned."""
        _, end = self.ends(topic)[partition]

        def question():
            self.produce(topic, [Message("", key=key, partition=partition)])
            below = [m.key for m in self.consume(topic) if m.partition == partition and
                     m.offset < end]
            return len(below) == len(set(below))
        await_true(f"compaction of {topic}", question)

    def ends(self, topic):
        """(first offset, offset behind the last) of each partition."""
        with Reader(self, topic) as reader:
            return reader.ends()

    def settle(self, topic):
        """Waits until no transaction is open in a topic. A commit or an abort returns before its
        markers are in the partitions."""
        with Reader(self, topic) as reader:
            if not reader.settle(DEADLINE_S):
                raise BrokerError(f"{topic}: a transaction stays open")

    # Messages

    def producer(self, **options):
        """confluent_kafka's own, for what produce() does not do. init_transactions() is done when
        there is a transactional_id."""
        made = confluent_kafka.Producer(self.client(**{
            "linger_ms": 5, "message_max_bytes": MESSAGE_BYTES_MAX, "enable_idempotence": True,
            **options}))
        self._introduced = {known for known in self._introduced if known[0] != id(made)}
        if "transactional_id" in options:
            made.init_transactions(DEADLINE_S)
        return made

    def produce(self, topic, messages, producer=None):
        """Sends messages, or bare values, and waits until the broker has all. Returns how many."""
        count, errors = 0, []

        def report(error, _):
            if error is not None:
                errors.append(error)

        if producer is None:  # an idle one is false
            if self._producer is None:
                self._producer = self.producer()
            producer = self._producer
        self._introduce(producer, topic)
        for message in messages:
            send(producer, topic, message, report)
            count += 1
        if producer.flush(DEADLINE_S) or errors:
            self._producer = None
            raise BrokerError(f"not delivered to {topic}: {errors[:3]}")
        return count

    def _introduce(self, producer, topic):
        """A producer that is surprised by a topic looks for it a second later."""
        if (id(producer), topic) not in self._introduced:
            producer.list_topics(topic, timeout=DEADLINE_S)
            self._introduced.add((id(producer), topic))

    def transaction(self, topic, messages, commit=True, transactional_id=None):
        """One transaction of messages, committed or aborted. If it is the only one, a reader sees
        it from now on."""
        producer = self.producer(
            transactional_id=transactional_id or f"{topic}-{next(self._names)}")
        producer.begin_transaction()
        self.produce(topic, messages, producer)
        if commit:
            producer.commit_transaction(DEADLINE_S)
        else:
            producer.abort_transaction(DEADLINE_S)
        self.settle(topic)

    def consume(self, topic, isolation="read_committed", count=0, deadline_s=DEADLINE_S):
        """Every message of a topic, in order within a partition: first `count` of them must come,
        then it goes on to the end. Transactions that are just ending are waited for."""
        with Reader(self, topic, isolation) as reader:
            reader.read_count(count, deadline_s)
            if isolation == "read_committed":
                reader.settle(SETTLE_S)
            return reader.read_to_end(deadline_s)


def send(producer, topic, message, report=None):
    """Hands one message or bare value to a producer, waiting while its queue is full."""
    if not isinstance(message, Message):
        message = Message(message)
    options = {"partition": message.partition, "timestamp": message.timestamp,
               "headers": message.headers, "on_delivery": report}
    options = {name: value for name, value in options.items() if value is not None}
    while True:
        try:
            producer.produce(topic, to_bytes(message.value), to_bytes(message.key), **options)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)


def received(event):
    kind, time_ms = event.timestamp()
    return Message(event.value(), event.key(), event.partition(),
                   None if kind == confluent_kafka.TIMESTAMP_NOT_AVAILABLE else time_ms,
                   event.headers(), event.offset(), event.topic(),
                   kind == confluent_kafka.TIMESTAMP_LOG_APPEND_TIME)


class Reader:
    """Reads a topic from its beginning, all partitions that it has when the reader is made. What
    was read stays in `messages`."""

    def __init__(self, broker, topic, isolation="read_committed"):
        self._broker = broker
        self.topic = topic
        self.messages = []
        self._consumer = confluent_kafka.Consumer(broker.client(
            group_id="harness", isolation_level=isolation, enable_auto_commit=False,
            enable_partition_eof=True, auto_offset_reset="earliest", fetch_wait_max_ms=10,
            fetch_error_backoff_ms=10, fetch_message_max_bytes=MESSAGE_BYTES_MAX,
            receive_message_max_bytes=2 * MESSAGE_BYTES_MAX, check_crcs=True))
        found = self._consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic]
        if found.error:
            self._consumer.close()
            raise BrokerError(f"topic {topic}: {found.error}")
        self.partitions = sorted(found.partitions)
        self._at_end = set()
        self._consumer.assign([TopicPartition(topic, p, confluent_kafka.OFFSET_BEGINNING)
                               for p in self.partitions])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self._consumer.close()

    def ends(self, consumer=None):
        """(first offset, offset behind the last) by partition."""
        return {p: self._end(consumer or self._consumer, p) for p in self.partitions}

    def _end(self, consumer, partition):
        """A broker that has just made the partition, or started, says for a while that it is not
        there."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                return consumer.get_watermark_offsets(TopicPartition(self.topic, partition),
                                                      timeout=DEADLINE_S)
            except confluent_kafka.KafkaException as error:
                if error.args[0].code() not in PASSING or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def settle(self, patience_s):
        """Waits until what is committed is all there is; false: a transaction stays open."""
        end = time.monotonic() + patience_s
        everything = confluent_kafka.Consumer(self._broker.client(
            group_id="harness", isolation_level="read_uncommitted", enable_auto_commit=False))
        try:
            while self.ends() != self.ends(everything):
                if time.monotonic() > end:
                    return False
            return True
        finally:
            everything.close()

    def _read(self):
        """A batch of messages and ends of partitions."""
        first = self._consumer.poll(0.1)  # a message without a value is false
        for event in [] if first is None else [first] + self._consumer.consume(1000, timeout=0):
            if event.error() is None:
                self._at_end.discard(event.partition())
                self.messages.append(received(event))
            elif event.error().code() == KafkaError._PARTITION_EOF:
                self._at_end.add(event.partition())
            elif not event.error().retriable():
                raise BrokerError(f"reading {self.topic}: {event.error()}")

    def read_count(self, count, deadline_s=DEADLINE_S):
        """Until so many messages are there, since the beginning; returns all."""
        end = time.monotonic() + deadline_s
        while len(self.messages) < count:
            self._read()
            if len(self.messages) < count and time.monotonic() > end:
                raise BrokerError(f"{self.topic}: {len(self.messages)} messages, {count} awaited")
        return self.messages

    def read_to_end(self, deadline_s=DEADLINE_S):
        """Until every partition tells its end, from now on; returns all."""
        end = time.monotonic() + deadline_s
        self._at_end.clear()
        self._consumer.assign([TopicPartition(self.topic, p, offset)
                               for p, offset in self._positions().items()])
        while len(self._at_end) < len(self.partitions):
            self._read()
            if time.monotonic() > end:
                raise BrokerError(f"{self.topic}: no end of {set(self.partitions) - self._at_end}")
        return self.messages

    def _positions(self):
        positions = dict.fromkeys(self.partitions, confluent_kafka.OFFSET_BEGINNING)
        for message in self.messages:
            positions[message.partition] = message.offset + 1
        return positions
