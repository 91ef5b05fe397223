"""The broker is away: the stream waits and says so, others don't notice, all comes exactly once.

Protects: `waiting` with the cause in millrace.streams, recovery without anybody's help, and that no
message is lost or doubled when the outcome of a commit was lost with the broker."""
import os

from harness.kafka import await_true
from harness.pipe import Pipe, await_state, stream_row
from harness.server import write_file

# How often the broker is killed; 20 by hand.
KILLS = int(os.environ.get("MILLRACE_BROKER_KILLS", "5"))


class Neighbour:
    """Another stream of the same server, which has nothing to do with a broker."""

    def __init__(self, server, connection):
        self.folder = os.path.join(server.work, "in")
        os.makedirs(self.folder)
        self.connection = connection
        self.count = 0
        for statement in ("CREATE SOURCE near (n int8) WITH (connector = 'file', path = 'in/', "
                          "format = 'json')",
                          "CREATE STREAM beside AS SELECT count(*) AS n FROM near"):
            connection.execute(statement)

    def check(self):
        self.count += 1
        write_file(self.folder, f"{self.count}.json", f'{{"n": {self.count}}}\n')
        self.connection.execute("WAIT FOR STREAM beside TIMEOUT '20 seconds'")
        assert self.connection.value("SELECT n FROM beside") == str(self.count)
        assert stream_row(self.connection, "beside")[0] == "running"


def begin(broker, server, sink_options=""):
    """A pipe that has run, with its neighbour."""
    pipe = Pipe(broker, sink_options=sink_options)
    connection = server.connect()
    neighbour = Neighbour(server, connection)
    pipe.create(connection)
    pipe.put()
    connection.execute("WAIT FOR STREAM q")
    return pipe, neighbour, connection


def test_killed_and_started_under_load(own_broker, server):
    pipe, neighbour, connection = begin(own_broker, server)
    for kill in range(KILLS):
        pipe.put(3000)  # the stream is busy with them
        await_true("work", lambda before=int(stream_row(connection)[1]):
                   int(stream_row(connection)[1]) > before or
                   stream_row(connection)[0] != "running" or kill)
        own_broker.kill()
        neighbour.check()
        own_broker.start()
        pipe.put(100)
    connection.execute("WAIT FOR STREAM q TIMEOUT '2 minutes'", timeout_s=150)
    assert stream_row(connection)[0] == "running"
    pipe.check()


def test_away_for_longer(own_broker, server):
    pipe, neighbour, connection = begin(own_broker, server)
    own_broker.kill()
    state = await_state(connection, "waiting")
    assert state[2][:2] == "08", state
    assert f"127.0.0.1:{own_broker.port}" in state[3], state
    neighbour.check()
    own_broker.start()
    assert await_state(connection, "running")[2:] == [None, None]
    pipe.put()
    connection.execute("WAIT FOR STREAM q TIMEOUT '1 minute'")
    pipe.check()


def test_away_when_the_server_starts(own_broker, server):
    pipe, neighbour, connection = begin(own_broker, server)
    server.kill()
    pipe.put()
    own_broker.kill()
    server.start()
    neighbour.connection = connection = server.connect()
    state = await_state(connection, "waiting")
    assert state[2][:2] == "08" and f"127.0.0.1:{own_broker.port}" in state[3], state
    neighbour.check()
    own_broker.start()
    await_state(connection, "running")
    connection.execute("WAIT FOR STREAM q TIMEOUT '1 minute'")
    pipe.check()


def test_silent_for_a_while(own_broker, server):
    """It keeps its connections and answers nothing."""
    pipe, neighbour, connection = begin(own_broker, server, ", delivery_timeout = '3s'")
    for _ in range(3):
        pipe.put(2000)
        own_broker.pause()
        for _ in range(5):
            neighbour.check()
        own_broker.resume()
        pipe.put(100)
        connection.execute("WAIT FOR STREAM q TIMEOUT '1 minute'")
        pipe.check()


def test_a_server_stops_while_the_broker_is_away(own_broker, server):
    """SIGTERM is answered soon, and nothing is lost."""
    pipe = Pipe(own_broker)
    connection = server.connect()
    pipe.create(connection)
    pipe.put(5000)
    own_broker.kill()
    server.stop()
    own_broker.start()
    server.start()
    server.connect().execute("WAIT FOR STREAM q TIMEOUT '1 minute'")
    pipe.check()
