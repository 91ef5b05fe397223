"""The fixture itself: what the other tests lean on is there."""
import os
import re
import select
import shutil
import subprocess
import sys

import pytest
from confluent_kafka.admin import AdminClient

from harness.kafka import (COMPACTED, DEADLINE_S, SCRIPT, Broker, BrokerError, Message, Reader,
                           await_true)


def values(messages):
    return [message.value.decode() for message in messages]


def test_a_message_comes_back_whole(broker):
    topic = broker.topic(partitions=3)
    sent = Message(b"\x00\xff", key="k", partition=2, timestamp=1_700_000_000_123,
                   headers=[("a", b"1"), ("a", b""), ("b", None)])
    broker.produce(topic, [sent, Message(None, key="gone", partition=0)])
    got = {message.partition: message for message in broker.consume(topic)}
    assert (got[2].value, got[2].key, got[2].timestamp) == (b"\x00\xff", b"k", 1_700_000_000_123)
    assert got[2].headers == [("a", b"1"), ("a", b""), ("b", None)]
    assert (got[2].offset, got[2].topic, got[2].is_append_time) == (0, topic, False)
    assert (got[0].value, got[0].key) == (None, b"gone")


def test_order_and_ends_of_many(broker):
    topic = broker.topic(partitions=2)
    broker.produce(topic, (Message({"n": n}, partition=n % 2) for n in range(20000)))
    with Reader(broker, topic) as reader:
        assert len(reader.read_count(20000)) == 20000
        assert len(reader.read_to_end()) == 20000
        assert reader.ends() == {0: (0, 10000), 1: (0, 10000)}
        broker.produce(topic, [Message("late", partition=1)])
        assert values(reader.read_to_end())[-1] == "late"
    for partition in (0, 1):
        numbers = [m.json()["n"] for m in reader.messages[:20000] if m.partition == partition]
        assert numbers == list(range(partition, 20000, 2))


def test_ten_megabytes_in_one_message(broker):
    topic = broker.topic(config={"max.message.bytes": str(12 << 20)})
    broker.produce(topic, [b"x" * (10 << 20)])
    assert len(broker.consume(topic)[0].value) == 10 << 20


def test_aborted_and_open_transactions_are_not_read(broker):
    topic = broker.topic()
    broker.transaction(topic, ["one", "two"])
    broker.transaction(topic, ["never"], commit=False)
    producer = broker.producer(transactional_id=f"{topic}-open")
    producer.begin_transaction()
    broker.produce(topic, ["not yet"], producer)
    with Reader(broker, topic) as reader:  # consume() would wait a while for the open one's end
        assert values(reader.read_to_end()) == ["one", "two"]
    assert values(broker.consume(topic, "read_uncommitted")) == ["one", "two", "never", "not yet"]
    producer.commit_transaction()
    assert values(broker.consume(topic, count=3)) == ["one", "two", "not yet"]


def test_topics_grow_go_and_come_again(broker):
    topic = broker.topic()
    broker.produce(topic, ["old"])
    broker.add_partitions(topic, 3)
    assert broker.topics()[topic] == 3
    broker.delete_topic(topic)
    with pytest.raises(BrokerError):
        broker.consume(topic)
    broker.create_topic(topic, 2)
    assert broker.consume(topic) == []


def test_records_can_be_taken_away(broker):
    topic = broker.topic()
    broker.produce(topic, ["a", "b", "c"])
    broker.delete_records(topic, {0: 2})
    assert [(m.offset, m.value) for m in broker.consume(topic)] == [(2, b"c")]
    assert broker.ends(topic) == {0: (2, 3)}


def test_compaction_leaves_gaps(broker):
    topic = broker.topic(config=COMPACTED)
    broker.produce(topic, [Message(str(n), key="k") for n in range(5)])
    broker.compact(topic)
    got = [(m.offset, m.value) for m in broker.consume(topic) if m.key == b"k"]
    assert got == [(4, b"4")]


def test_killed_and_started_again(own_broker):
    topic = own_broker.topic()
    own_broker.produce(topic, ["before"])
    own_broker.transaction(topic, ["committed"])
    own_broker.kill()
    own_broker.start()
    own_broker.produce(topic, ["behind"])
    assert values(own_broker.consume(topic, count=3)) == ["before", "committed", "behind"]
    own_broker.stop()


def test_users_and_certificates():
    """Who comes by SASL or TLS, and what an ACL takes from them."""
    with Broker(is_secure=True) as broker:
        topic = broker.topic()
        broker.produce(topic, ["x"])
        for user, mechanism in (("alice", "PLAIN"), ("carol", "SCRAM-SHA-256"),
                                ("dave", "SCRAM-SHA-512")):
            login = {"sasl.username": user, "sasl.password": f"{user}-secret",
                     "sasl.mechanism": mechanism}
            for address, protocol in ((broker.sasl_address, "sasl_plaintext"),
                                      (broker.sasl_tls_address, "sasl_ssl")):
                client = AdminClient({"bootstrap.servers": address, "security.protocol": protocol,
                                      "ssl.ca.location": broker.authority, **login})
                assert topic in client.list_topics(timeout=DEADLINE_S).topics
        tls = AdminClient({"bootstrap.servers": broker.tls_address, "security.protocol": "ssl",
                           "ssl.ca.location": broker.authority})
        assert topic in tls.list_topics(timeout=DEADLINE_S).topics
        broker.tool("acls", "--add", "--deny-principal", "User:dave", "--operation", "all",
                    "--topic", topic)
        await_true("the ACL", lambda: topic not in client.list_topics(timeout=DEADLINE_S).topics)


def test_the_script_from_a_shell(tmp_path):
    environment = dict(os.environ)

    def script(*arguments, status=0):
        run = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL, env=environment)
        assert run.returncode == status, run.stderr
        return run.stdout

    folder = str(tmp_path / "b")
    assert script("status", folder, status=1) == "stopped\n"
    script("stop", folder)
    try:
        script("start", folder, "0")
        port = (tmp_path / "b" / "port").read_text().strip()
        assert re.fullmatch(rf"running \d+ {port}\n", script("status", folder))
        script("start", folder, "0", status=1)
        environment["MILLRACE_KAFKA_ADDRESS"] = f"127.0.0.1:{port}"
        script("topics", "--create", "--topic", "t")
        script("stop", folder)
        assert script("status", folder, status=1) == "stopped\n"
        script("start", folder, port)
        assert script("topics", "--bootstrap-server", f"127.0.0.1:{port}", "--list") == "t\n"
    finally:
        script("kill", folder)


def test_damaged_jars_are_fetched_again_or_refused(broker, tmp_path):
    """With no registry in reach: a Maven that cannot do anything."""
    listing = os.path.join(os.path.dirname(SCRIPT), "jars.sha256")
    jars = tmp_path / "jars"
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "mvn").write_text("#!/bin/sh\nexit 1\n")
    (fake / "sleep").write_text("#!/bin/sh\n")
    for program in fake.iterdir():
        program.chmod(0o755)
    with open(listing, encoding="ascii") as file:
        names = [line.split()[1] for line in file]
    shutil.copytree(broker_jars(broker), jars)
    run = fetch(jars, fake)
    assert run.returncode == 0, run.stderr
    (jars / names[0]).write_bytes(b"PK")
    run = fetch(jars, fake)
    assert run.returncode == 1 and "is Maven Central in reach?" in run.stderr
    # Maven that finds them, at its second try
    (fake / "mvn").write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; exit 1; }}\n'
        'for a; do case $a in -DoutputDirectory=*) cp -r ' f'{broker_jars(broker)}'
        ' "${a#*=}" ;; esac; done\n')
    run = fetch(jars, fake)
    assert run.returncode == 0 and "try 2 of" in run.stderr
    assert sorted(os.listdir(jars)) == sorted(names)


def fetch(jars, programs):
    return subprocess.run([SCRIPT, "fetch"], capture_output=True, text=True, check=False, env={
        **os.environ, "MILLRACE_KAFKA_JARS": str(jars), "PATH": f"{programs}:{os.environ['PATH']}"})


def broker_jars(broker):
    """Where the jars of the running broker are."""
    with open(f"/proc/{broker.process.pid}/cmdline", encoding="utf-8") as file:
        arguments = file.read().split("\0")
    return os.path.dirname(arguments[arguments.index("-cp") + 1])


def test_no_broker_outlives_its_test(tmp_path):
    """Whatever ends the program, its broker ends."""
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "from harness.kafka import Broker\n"
               "broker = Broker().__enter__()\n"
               "print(broker.process.pid, flush=True); sys.stdin.read()")
    folder = os.path.dirname(os.path.dirname(SCRIPT))
    with subprocess.Popen([sys.executable, "-c", program, folder], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        pid = int(process.stdout.readline())
        waiter = os.pidfd_open(pid)
        process.kill()
    try:
        assert select.select([waiter], [], [], 60)[0]
    finally:
        os.close(waiter)
