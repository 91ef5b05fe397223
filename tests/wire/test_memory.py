"""What clients can ask of the server's memory: one that does not read costs none, and others no
time; a query that wants too much fails alone."""
import socket
import struct
import time

import psycopg
import pytest

SLACK_BYTES = 32 << 20
GIGABYTES = (
    b"SELECT repeat('x', 1000) FROM generate_series(1, 1000000) AS t(g)",
    b"SELECT repeat('x', 1000000) FROM generate_series(1, 1000) AS t(g)",
)


def slow_reader(port, sql):
    """A session that asked for a gigabyte and reads nothing of it."""
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
    start = struct.pack("!i", 196608) + b"user\0test\0database\0millrace\0\0"
    client.sendall(struct.pack("!i", len(start) + 4) + start)
    seen = b""
    while not seen.endswith(b"Z\0\0\0\5I"):
        chunk = client.recv(4096)
        assert chunk, seen
        seen += chunk
    client.sendall(b"Q" + struct.pack("!i", len(sql) + 5) + sql + b"\0")
    assert client.recv(1)
    return client


@pytest.mark.parametrize("sql", GIGABYTES, ids=["many rows", "long rows"])
def test_a_slow_reader_costs_no_memory(connect, server, sql):
    other = connect()
    other.execute("SELECT 1")
    idle = server.resident_bytes()
    client = slow_reader(server.port, sql)
    answers = 0
    deadline = time.monotonic() + 3
    while answers < 20 or time.monotonic() < deadline:
        assert other.execute("SELECT 1").fetchone() == (1,)
        answers += 1
        assert server.resident_bytes() - idle < SLACK_BYTES
    client.close()


def test_a_batch_of_long_texts_fails_alone(connect, server):
    """Each text is short enough, all of a batch are not."""
    sql = "SELECT sum(length(repeat(g::text, 10000000))) FROM generate_series(1000, 3000) AS t(g)"
    with pytest.raises(psycopg.errors.OutOfMemory, match="more than 1024 MB"):
        connect().execute(sql)
    assert connect().execute("SELECT 1").fetchone() == (1,)
