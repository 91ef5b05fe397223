"""Whatever bytes a client sends, the server lives, says an error or closes, and serves others."""
import random
import socket
import struct

STARTUP = struct.pack("!i", 196608) + b"user\0test\0database\0millrace\0\0"
HELLO = struct.pack("!i", len(STARTUP) + 4) + STARTUP
CASES = 200


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


SESSION = [
    message(b"Q", b"SELECT 1; SELECT 'two'\0"),
    message(b"P", b"s\0SELECT $1::int4 + 1\0" + struct.pack("!hi", 1, 23)),
    message(b"B", b"p\0s\0" + struct.pack("!hhhi", 1, 0, 1, 2) + b"41" + struct.pack("!hh", 1, 1)),
    message(b"D", b"Pp\0"), message(b"E", b"p\0" + struct.pack("!i", 1)), message(b"S", b""),
    message(b"C", b"Ss\0"), message(b"H", b""), message(b"F", b"\0" * 12), message(b"d", b"x"),
    message(b"c", b""), message(b"f", b"no\0"), message(b"p", b"secret\0"),
]


def send(port, data):
    """Sends, half-closes, and reads until the server closes or has no more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := client.recv(65536):
                answer += chunk
        except (ConnectionError, BrokenPipeError):
            return b""
    return answer


def damage(data, chance):
    data = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        kind = chance.randrange(4)
        at = chance.randrange(len(data))
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randrange(1, 9)]
        elif kind == 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        else:
            data[at:at + 4] = struct.pack("!i", chance.choice([-1, 0, 3, 4, 1 << 30, 2**31 - 1]))
        if not data:
            break
    return bytes(data)


def test_damaged_sessions(connect, server):
    chance = random.Random(1)
    for _ in range(CASES):
        pieces = chance.sample(SESSION, chance.randrange(1, 8))
        send(server.port, HELLO + damage(b"".join(pieces), chance))
        assert server.is_alive(), server.log_tail()
    assert connect().execute("SELECT 1").fetchone() == (1,)


def test_damaged_startup(connect, server):
    chance = random.Random(2)
    for _ in range(CASES):
        send(server.port, damage(HELLO, chance))
        assert server.is_alive(), server.log_tail()
    assert connect().execute("SELECT 1").fetchone() == (1,)


def test_http_request_at_the_sql_port(connect, server):
    send(server.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connect().execute("SELECT 1").fetchone() == (1,)


def test_a_huge_frame_is_refused_not_awaited(server):
    answer = send(server.port, HELLO + b"Q" + struct.pack("!i", 2**31 - 1) + b"x" * 1000)
    assert b"ERROR" in answer or b"FATAL" in answer


def test_many_clients_that_say_nothing(connect, server):
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    assert connect().execute("SELECT 1").fetchone() == (1,)
    for client in silent:
        client.close()
