"""The protocol itself, message by message over a plain socket: what no client library sends."""
import os
import socket
import struct

import pytest
from harness.server import Server

TIMEOUT_S = 20
BINARY = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")


class Wire:
    """A socket that speaks frames. `messages()` reads up to and with the wanted type."""

    def __init__(self, port, startup=True, **parameters):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.buffer = b""
        if startup:
            self.start(**{"user": "test", "database": "millrace", **parameters})

    def start(self, version=196608, **parameters):
        body = struct.pack("!i", version)
        for name, value in parameters.items():
            body += name.encode() + b"\0" + value.encode() + b"\0"
        body += b"\0"
        self.send(struct.pack("!i", len(body) + 4) + body)

    def send(self, data):
        self.socket.sendall(data)

    def frame(self, kind, body=b""):
        self.send(kind + struct.pack("!i", len(body) + 4) + body)

    def query(self, sql):
        self.frame(b"Q", sql.encode() + b"\0")

    def parse(self, sql, name="", oids=()):
        self.frame(b"P", name.encode() + b"\0" + sql.encode() + b"\0" +
                   struct.pack(f"!h{len(oids)}I", len(oids), *oids))

    def bind(self, portal="", statement="", values=(), formats=(), result_formats=()):
        body = portal.encode() + b"\0" + statement.encode() + b"\0"
        body += struct.pack(f"!h{len(formats)}h", len(formats), *formats)
        body += struct.pack("!h", len(values))
        for value in values:
            size = -1 if value is None else len(value)
            body += struct.pack("!i", size) + (value or b"")
        body += struct.pack(f"!h{len(result_formats)}h", len(result_formats), *result_formats)
        self.frame(b"B", body)

    def execute(self, portal="", rows_max=0):
        self.frame(b"E", portal.encode() + b"\0" + struct.pack("!i", rows_max))

    def describe(self, kind, name=""):
        self.frame(b"D", kind + name.encode() + b"\0")

    def sync(self):
        self.frame(b"S")

    def read(self, size):
        while len(self.buffer) < size:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError
            self.buffer += chunk
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def message(self):
        kind = self.read(1)
        size = struct.unpack("!i", self.read(4))[0]
        return kind.decode(), self.read(size - 4)

    def messages(self, until="Z"):
        found = []
        while not found or found[-1][0] != until:
            found.append(self.message())
        return found

    def kinds(self, until="Z"):
        return "".join(kind for kind, _ in self.messages(until))

    def is_closed(self):
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True


def fields(body):
    """The fields of an ErrorResponse or NoticeResponse."""
    parts = body.split(b"\0")
    return {part[:1].decode(): part[1:].decode() for part in parts if part}


def error_of(messages):
    return next(fields(body) for kind, body in messages if kind == "E")


def rows_of(messages):
    rows = []
    for kind, body in messages:
        if kind != "D":
            continue
        count, offset, row = struct.unpack("!h", body[:2])[0], 2, []
        for _ in range(count):
            size = struct.unpack("!i", body[offset:offset + 4])[0]
            offset += 4
            row.append(None if size < 0 else body[offset:offset + size])
            offset += max(size, 0)
        rows.append(row)
    return rows


@pytest.fixture
def wire(server):
    made = []

    def make(**options):
        made.append(Wire(server.port, **options))
        return made[-1]

    yield make
    for one in made:
        one.socket.close()


@pytest.fixture
def session(wire):
    made = wire()
    made.messages()
    return made


def test_greeting_reports_what_drivers_read(wire):
    messages = wire(application_name="app", TimeZone="Europe/Berlin").messages()
    assert messages[0] == ("R", b"\0\0\0\0")
    status = dict(body.decode().split("\0")[:2] for kind, body in messages if kind == "S")
    assert status["server_version"] == "15.5"
    assert status["application_name"] == "app"
    assert status["TimeZone"] == "Europe/Berlin"
    assert {"client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby",
            "integer_datetimes", "IntervalStyle", "is_superuser", "server_encoding",
            "session_authorization", "standard_conforming_strings"} <= set(status)
    assert [kind for kind, _ in messages][-2:] == ["K", "Z"]


def test_encryption_requests_are_refused(wire):
    one = wire(startup=False)
    for code in (80877103, 80877104):
        one.send(struct.pack("!ii", 8, code))
        assert one.read(1) == b"N"
    one.start(user="test")
    assert one.kinds().endswith("KZ")


def test_newer_minor_version_is_negotiated(wire):
    one = wire(startup=False)
    one.start(version=196610, user="test", **{"_pq_.thing": "1"})
    kind, body = one.message()
    assert (kind, body[:4]) == ("v", b"\0\0\0\0")
    assert one.kinds().endswith("Z")


@pytest.mark.parametrize("packet", [
    b"\0\0\0\x04",
    b"\x7f\xff\xff\xff\0\3\0\0",
    b"\0\0\0\x09\0\3\0\0x",
    b"\0\0\0\x08\0\2\0\0",
    b"GET / HTTP/1.1\r\n\r\n",
])
def test_bad_startup_packets_are_answered_and_closed(wire, packet):
    one = wire(startup=False)
    one.send(packet)
    kind, body = one.message()
    assert kind == "E" and fields(body)["S"] == "FATAL"
    assert one.is_closed()


def test_unknown_startup_setting_is_fatal(wire):
    one = wire(nonsense="1")
    assert fields(one.messages("E")[-1][1])["C"] == "42704"
    assert one.is_closed()


@pytest.mark.parametrize("data,state", [
    (b"Q\0\0\0\3", "08P01"),
    (b"Q\xff\xff\xff\xff", "08P01"),
    (b"Q\x7f\xff\xff\xff", "54000"),
    (b"S\0\x20\0\0", "54000"),
    (b"!\0\0\0\4", "08P01"),
])
def test_lying_lengths_close_the_connection(session, data, state):
    session.send(data)
    found = session.messages("E")[-1][1]
    assert fields(found)["C"] == state
    assert session.is_closed()


def test_a_frame_may_come_byte_by_byte(session):
    for byte in b"Q\0\0\0\x0dselect 1\0":
        session.send(bytes([byte]))
    assert rows_of(session.messages()) == [[b"1"]]


def test_query_without_its_nul(session):
    session.frame(b"Q", b"select 1")
    assert error_of(session.messages())["C"] == "08P01"


def test_empty_queries(session):
    for text in ("", ";", " -- nothing\n"):
        session.query(text)
        assert session.kinds() == "IZ"


def test_several_statements_are_one_transaction(session):
    session.query("SET application_name = 'kept'; SELECT 1/0; SELECT 2")
    messages = session.messages()
    assert [kind for kind, _ in messages if kind not in "STN"] == ["C", "E", "Z"]
    assert error_of(messages)["C"] == "22012"
    session.query("SHOW application_name")
    assert rows_of(session.messages()) == [[b""]]


def test_error_position_counts_characters_of_the_whole_text(session):
    session.query("SELECT 'ü'; SELECT nonsense")
    assert error_of(session.messages())["P"] == "20"


def test_status_byte_follows_the_transaction(session):
    for sql, status in (("BEGIN", b"T"), ("SELECT 1/0", b"E"), ("SELECT 1", b"E"),
                        ("ROLLBACK", b"I"), ("BEGIN", b"T"), ("COMMIT", b"I")):
        session.query(sql)
        assert session.messages()[-1] == ("Z", status)


def test_changed_setting_is_reported(session):
    session.query("SET timezone = 'Asia/Tokyo'")
    assert ("S", b"TimeZone\0Asia/Tokyo\0") in session.messages()


def test_rollback_brings_settings_back(session):
    session.query("BEGIN; SET timezone = 'Asia/Tokyo'; ROLLBACK")
    assert ("S", b"TimeZone\0UTC\0") in session.messages()


def test_parse_bind_describe_execute(session):
    session.parse("SELECT $1::int4 + 1 AS n, $2::text AS t", "s1")
    session.describe(b"S", "s1")
    session.bind("p1", "s1", [struct.pack("!i", 41), b"x"], formats=[1, 0], result_formats=[1, 0])
    session.describe(b"P", "p1")
    session.execute("p1")
    session.sync()
    messages = session.messages()
    assert "".join(kind for kind, _ in messages) == "1tT2TDCZ"
    assert messages[1][1] == struct.pack("!hII", 2, 23, 25)
    assert rows_of(messages) == [[struct.pack("!i", 42), b"x"]]
    assert messages[-2][1] == b"SELECT 1\0"


def test_row_limit_suspends_the_portal(session):
    session.query("BEGIN")
    session.messages()
    session.parse("VALUES (1), (2), (3)")
    session.bind()
    for _ in range(3):
        session.execute(rows_max=2)
    session.sync()
    messages = session.messages()
    assert "".join(kind for kind, _ in messages) == "12DDsDCCZ"
    assert [body for kind, body in messages if kind == "C"] == [b"SELECT 1\0", b"SELECT 0\0"]


def test_portals_interleave_with_sql_cursors(session):
    session.query("BEGIN; DECLARE c CURSOR FOR VALUES (1), (2), (3)")
    session.messages()
    session.parse("VALUES ('a'), ('b')", "s")
    session.bind("p", "s")
    session.execute("p", 1)
    session.execute("c", 1)
    session.execute("p", 1)
    session.sync()
    assert rows_of(session.messages()) == [[b"a"], [b"1"], [b"b"]]
    session.query("FETCH ALL FROM c; CLOSE c; COMMIT")
    assert rows_of(session.messages()) == [[b"2"], [b"3"]]


def test_after_an_error_everything_is_skipped_to_sync(session):
    session.parse("SELECT nonsense")
    session.bind()
    session.execute()
    session.parse("SELECT 1")
    session.sync()
    session.parse("SELECT 2")
    session.bind()
    session.execute()
    session.sync()
    assert session.kinds() == "EZ"
    assert rows_of(session.messages()) == [[b"2"]]


def test_flush_sends_without_sync(session):
    session.parse("SELECT 1")
    session.describe(b"S")
    session.frame(b"H")
    assert session.kinds("T") == "1tT"
    session.sync()
    assert session.kinds() == "Z"


def test_statements_without_rows_describe_as_no_data(session):
    session.parse("BEGIN")
    session.describe(b"S")
    session.sync()
    assert session.kinds() == "1tnZ"


@pytest.mark.parametrize("send,state", [
    (lambda s: s.bind(statement="nothing"), "26000"),
    (lambda s: s.execute("nothing"), "34000"),
    (lambda s: s.describe(b"P", "nothing"), "34000"),
    (lambda s: s.describe(b"X"), "08P01"),
    (lambda s: s.parse("SELECT 1; SELECT 2"), "42601"),
    (lambda s: s.parse("SELECT $1", oids=[999999]), "42704"),
    (lambda s: s.frame(b"B", b"portal"), "08P01"),
    (lambda s: s.frame(b"E", b"no nul"), "08P01"),
    (lambda s: s.frame(b"C", b"S"), "08P01"),
])
def test_extended_protocol_errors(session, send, state):
    send(session)
    session.sync()
    messages = session.messages()
    assert error_of(messages)["C"] == state
    assert [kind for kind, _ in messages] == ["E", "Z"]


def test_bind_counts_its_parameters(session):
    session.parse("SELECT $1::int4, $2::int4", "two")
    session.bind(statement="two", values=[b"1"])
    session.sync()
    assert error_of(session.messages())["C"] == "08P01"


def test_bind_refuses_wrong_bytes(session):
    session.parse("SELECT $1::int4", "one")
    session.bind(statement="one", values=[b"\0\0\0\0\1"], formats=[1])
    session.sync()
    assert error_of(session.messages())["C"] == "22P03"
    session.bind(statement="one", values=[b"x"])
    session.sync()
    assert error_of(session.messages())["C"] == "22P02"


def test_named_statement_is_prepared_once(session):
    session.parse("SELECT 1", "twice")
    session.parse("SELECT 2", "twice")
    session.sync()
    assert error_of(session.messages())["C"] == "42P05"
    session.frame(b"C", b"Stwice\0")
    session.parse("SELECT 2", "twice")
    session.sync()
    assert session.kinds() == "31Z"


def test_function_call_is_refused(session):
    session.frame(b"F", struct.pack("!ihhh", 1, 0, 0, 0))
    assert error_of(session.messages())["C"] == "0A000"


def test_cancel_with_a_wrong_key_does_nothing(session, wire):
    one = wire(startup=False)
    one.send(struct.pack("!iiii", 16, 80877102, 1, 12345))
    assert one.is_closed()
    session.query("SELECT 1")
    assert rows_of(session.messages()) == [[b"1"]]


def test_terminate_closes(session):
    session.frame(b"X")
    assert session.is_closed()


def test_many_pipelined_queries(session):
    count = 2000
    for i in range(count):
        session.query(f"SELECT {i}")
    for i in range(count):
        assert rows_of(session.messages()) == [[str(i).encode()]]


def test_connections_are_limited():
    with Server(BINARY, settings=["max_connections=2"]) as small:
        held = [Wire(small.port) for _ in range(2)]
        for one in held:
            one.messages()
        third = Wire(small.port)
        found = fields(third.messages("E")[-1][1])
        assert (found["S"], found["C"]) == ("FATAL", "53300")
        held[0].frame(b"X")
        assert held[0].is_closed()
        assert Wire(small.port).kinds().endswith("Z")
        assert small.stop() == 0  # fails when the server does not end; how fast is bench's affair


def test_shutdown_tells_the_clients():
    with Server(BINARY) as one:
        wire = Wire(one.port)
        wire.messages()
        one.stop()
        assert fields(wire.messages("E")[-1][1])["C"] == "57P01"
