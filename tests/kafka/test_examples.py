"""The examples with Kafka do what they say, when the server is killed in between, too."""
import collections
import datetime
import json
import os
import random
import subprocess

import pytest

from harness.kafka import Message
from harness.server import ROOT, read_lines, visible_files, write_file

CITIES = ("Oslo", "Rome", "Paris")
START = datetime.datetime(2026, 1, 1, 10, tzinfo=datetime.timezone.utc)


@pytest.fixture
def run_example(server, broker):
    """Runs examples/<name>.sql as its head says."""
    def run(name):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
                        "-v", f"brokers={broker.address}", "-h", "127.0.0.1",
                        "-p", str(server.port), "-U", "test", "-d", "millrace",
                        "-f", os.path.join(ROOT, "examples", name + ".sql")],
                       check=True, timeout=120, stdin=subprocess.DEVNULL)
    return run


def crash(server):
    server.kill()
    server.start()


def wait_for(server, stream):
    connection = server.connect()
    connection.execute(f"WAIT FOR STREAM {stream}")
    connection.close()


def make_orders(generator, first_minute, minutes):
    """Orders of some minutes, out of order by less than the watermark's delay."""
    orders = []
    for number in range(minutes * 40):
        at = START + datetime.timedelta(seconds=first_minute * 60 + number * 1.5
                                        - generator.random() * 4)
        orders.append({"id": number, "city": generator.choice(CITIES),
                       "amount": generator.randrange(1, 10000) / 100, "at": at.isoformat()})
    return orders


def windows(orders):
    """What the stream must have given for the minutes of `orders`."""
    groups = collections.defaultdict(list)
    for order in orders:
        minute = datetime.datetime.fromisoformat(order["at"]).replace(second=0, microsecond=0)
        groups[minute, order["city"]].append(round(order["amount"] * 100))
    return {key: (len(cents), sum(cents)) for key, cents in groups.items()}


def read_windows(messages):
    """The rows of topic revenue; none may come twice."""
    found = {}
    for message in messages:
        row = message.json()
        key = datetime.datetime.fromisoformat(row["window_start"]), row["city"]
        assert key not in found, f"twice: {row}"
        assert message.key.decode() == row["city"]
        found[key] = row["orders"], round(row["revenue"] * 100)
    return found


def test_kafka_windows(server, broker, run_example):
    broker.create_topic("orders", 2)
    run_example("kafka_windows")
    generator = random.Random(7)
    orders = []
    for minute in (0, 5, 10):
        fresh = make_orders(generator, minute, 5)
        orders += fresh
        broker.produce("orders", [Message(order, partition=order["id"] % 2) for order in fresh])
        crash(server)
        wait_for(server, "revenue")
    # one order in each partition, far ahead: the watermark passes all the others
    broker.produce("orders", [Message({"id": 0, "city": "Bonn", "amount": 1, "at":
                                       "2026-01-02T00:00:00Z"}, partition=p) for p in (0, 1)])
    wait_for(server, "revenue")
    right = windows(orders)
    assert read_windows(broker.consume("revenue", count=len(right))) == right


def test_kafka_to_files(server, broker, run_example):
    for name in ("clicks.shop", "clicks.blog"):
        broker.create_topic(name, 2)
    right = []

    def click(topic, count):
        broker.produce(topic, [Message({"page": f"/{number}"}, key=f"u{number % 7}",
                                       partition=number % 2) for number in range(count)])
        right.extend((topic, number % 2, f"u{number % 7}", f"/{number}") for number in range(count))

    click("clicks.shop", 100)
    broker.transaction("clicks.blog", [Message({"page": "never"}, partition=0)], commit=False)
    click("clicks.blog", 50)
    run_example("kafka_to_files")
    wait_for(server, "archive_clicks")
    crash(server)
    broker.create_topic("clicks.new", 2)
    click("clicks.new", 30)
    click("clicks.shop", 30)
    archive = os.path.join(server.work, "archive")
    connection = server.connect()
    # The new topic is found at the next look; until then it isn't waited for.
    lines = wait_lines(connection, archive, len(right))
    rows = [json.loads(line) for line in lines]
    assert sorted((r["topic"], r["partition"], r["user"], r["page"]) for r in rows) == sorted(right)
    places = [(r["topic"], r["partition"], r["offset"]) for r in rows]
    assert len(set(places)) == len(places)
    for place in {p[:2] for p in places}:
        offsets = [p[2] for p in places if p[:2] == place]
        assert offsets == sorted(offsets)
    connection.close()


def wait_lines(connection, folder, count):
    """The lines that are there after a WAIT, when there are enough."""
    for _ in range(600):
        connection.execute("WAIT FOR STREAM archive_clicks")
        lines = read_lines(visible_files(folder))
        if len(lines) >= count:
            return lines
        connection.execute("SELECT count(*) FROM generate_series(1, 1000000)")
    raise AssertionError(f"{len(lines)} lines, {count} awaited")


def test_files_to_kafka(server, broker, run_example):
    os.makedirs(os.path.join(server.work, "stock"))
    run_example("files_to_kafka")
    generator = random.Random(11)
    stock = collections.Counter()
    for turn in range(6):
        moves = [{"article": generator.choice(["nut", "bolt", "nail"]),
                  "moved": generator.randrange(-5, 10)} for _ in range(20)]
        if turn == 5:  # one article is gone at the end
            moves.append({"article": "nut", "moved": -stock["nut"] - sum(
                m["moved"] for m in moves if m["article"] == "nut")})
        for move in moves:
            stock[move["article"]] += move["moved"]
        write_file(os.path.join(server.work, "stock"), f"{turn}.json",
                   "".join(json.dumps(move) + "\n" for move in moves))
        if turn % 2:
            crash(server)
        wait_for(server, "stock")
    newest = {m.key.decode(): m for m in broker.consume("stock")}
    assert newest["nut"].value is None
    left = {key: m.json()["pieces"] for key, m in newest.items() if m.value is not None}
    assert left == {article: pieces for article, pieces in stock.items() if pieces > 0}
