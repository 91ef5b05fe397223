"""A canary secret is searched for in everything that the server writes, and must not be found."""
import base64
import os
import subprocess
import sys

import psycopg
import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import QueryError, Server  # noqa: E402

CANARY = "cAnArY-7f3a9e51-x"
OTHER = "sEcOnD-canary-0b2d-y"
BINARY = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")
VIEWS = ("errors", "kafka_lag", "late_rows", "operators", "sessions", "settings", "sinks",
         "sources", "stream_progress", "streams", "views", "watermarks")

# Right ones and wrong ones, each with the value in it.
STATEMENTS = (
    "CREATE SECRET s AS '{}'",
    "CREATE SECRET s AS '{}'",
    "CREATE OR REPLACE SECRET s AS '{}'",
    "CREATE SECRET IF NOT EXISTS s AS '{}'",
    "ALTER SECRET s AS '{}'",
    "ALTER SECRET absent AS '{}'",
    "CREATE SECRET dollars AS $tag${}$tag$",
    "CREATE SECRET escaped AS E'{}'",
    "CREATE SECRET s '{}'",
    "CREATE SECRET AS '{}'",
    "CREATE SECRET s AS '{}' '{}'",
    "CREATE SECRET s AS '{}",
    "CREATE SECRET s AS E'{}\\",
    "CREATE SECRET s AS $${}",
    "ALTER SECRET s = '{}'",
    "CREATE SINK k WITH (connector = 'file', path = 'out/', sasl_password = '{}')",
    "CREATE SINK k WITH (connector = 'file', path = 'out/', sasl_password '{}')",
    "CREATE SINK k WITH (connector = 'blackhole',\nsasl_pssword = '{}')",
    "EXPLAIN CREATE SINK k WITH (connector = 'file', path = 'out/', sasl_pass = '{}')",
    "CREATE SOURCE k (v text) WITH (connector = 'kafka', brokers = '127.0.0.1:1', topic = 't', "
    "sasl_username = 'u', sasl_password = '{}')",
    "CREATE SOURCE k (v text) WITH (connector = 'kafka', brokers = '127.0.0.1:1', topic = 't', "
    "rdkafka.sasl.password = '{}')",
    "EXPLAIN CREATE SECRET e AS '{}'",
    "PREPARE p AS CREATE SECRET e AS '{}'",
    "SELECT 1; CREATE SECRET e AS '{}'; SELECT nonsense",
    "BEGIN; CREATE SECRET rolled_back AS '{}'; ROLLBACK",
)
# It is used, against a port where nobody is.
USES = (
    "CREATE SOURCE kept (v text) WITH (connector = 'kafka', brokers = '127.0.0.1:1', topic = 't', "
    "format = 'text', sasl_username = 'u', sasl_password = SECRET s, connect_timeout = '1s', "
    "check = false)",
    "CREATE SOURCE checked (v text) WITH (connector = 'kafka', brokers = '127.0.0.1:1', "
    "topic = 't', format = 'text', sasl_username = 'u', sasl_password = SECRET s, "
    "connect_timeout = '1s')",
    "CREATE STREAM reads AS SELECT count(*) AS n FROM kept",
    "SELECT * FROM kept",
    "EXPLAIN SELECT * FROM kept",
    "EXPLAIN (VERBOSE) SELECT * FROM kept",
    "SHOW CREATE SOURCE kept",
    "DESCRIBE kept",
    "SHOW CREATE SECRET s",
    "DESCRIBE s",
    "SHOW SECRETS",
    "SHOW ALL",
    "DROP SECRET s",
    "ALTER SECRET s AS 'sEcOnD-canary-0b2d-y'",
)


@pytest.fixture
def own_server():
    with Server(BINARY, settings=("log_level=debug",)) as running:
        yield running


def forms(value):
    """The value as it might have been written."""
    raw = value.encode()
    return (raw, raw.hex().encode(), base64.b64encode(raw)[:16], value.encode("utf-16-le"))


def told_to_client(server):
    """Runs every statement in every way a client has; returns all that came back."""
    told = []

    def notice(diagnostic):
        told.append(str((diagnostic.message_primary, diagnostic.message_detail)))

    with psycopg.connect(host="127.0.0.1", port=server.port, user="test", dbname="millrace",
                         autocommit=True) as connection:
        connection.add_notice_handler(notice)

        def run(sql, **options):
            try:
                cursor = connection.execute(sql, **options)
                told.append(str(cursor.fetchall() if cursor.description else cursor.statusmessage))
            except psycopg.Error as error:
                diagnostic = error.diag
                told.append(str((error, diagnostic.message_detail, diagnostic.message_hint,
                                 diagnostic.context, diagnostic.statement_position)))
                connection.execute("ROLLBACK")

        for statement in STATEMENTS:
            run(statement.replace("{}", CANARY))
            run(statement.replace("{}", CANARY), prepare=True)
            run("SELECT * FROM millrace.sessions")
        for statement in USES:
            run(statement)
        for view in VIEWS:
            run(f"SELECT * FROM millrace.{view}")
    return "\n".join(told)


def told_by_psql(server):
    """What a person sees, errors with their LINE included."""
    script = "\n".join(statement.replace("{}", OTHER) + ";" for statement in STATEMENTS
                       if statement.count("'") % 2 == 0 and statement.count("$$") % 2 == 0)
    run = subprocess.run(["psql", "-X", "-h", "127.0.0.1", "-p", str(server.port), "-U", "test",
                          "-v", "VERBOSITY=verbose", "millrace"],
                         input=script, capture_output=True, text=True, timeout=60)
    return run.stdout + run.stderr


def files_below(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                yield os.path.join(path, name), file.read()


def assert_not_written(server):
    for path, content in files_below(server.root):
        for value in (CANARY, OTHER):
            for form in forms(value):
                assert form not in content, path


def test_the_canary_is_nowhere(own_server):
    told = told_to_client(own_server) + told_by_psql(own_server)
    assert CANARY not in told
    assert OTHER not in told
    assert "******" in told
    assert_not_written(own_server)
    own_server.kill()
    assert_not_written(own_server)
    own_server.start()
    own_server.stop()
    assert_not_written(own_server)


def test_a_script_does_not_tell_it(own_server):
    path = os.path.join(own_server.work, "script.sql")
    program = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", BINARY))
    told = ""
    for statement in STATEMENTS:
        with open(path, "w", encoding="utf-8") as file:
            file.write(statement.replace("{}", CANARY))
        run = subprocess.run([program, "--data", os.path.join(own_server.root, "other"), "-f",
                              path], cwd=own_server.work, capture_output=True, text=True,
                             timeout=60)
        told += run.stdout + run.stderr
    os.remove(path)
    assert "42710" in told and CANARY not in told
    assert_not_written(own_server)


def test_the_key_is_a_file_of_its_owner(own_server):
    connection = own_server.connect()
    connection.execute("CREATE SECRET s AS 'value'")
    connection.close()
    key = os.path.join(own_server.data, "secret.key")
    assert os.stat(key).st_mode & 0o777 == 0o600
    with open(key, encoding="ascii") as file:
        assert len(file.read()) == 65


def test_the_key_may_be_elsewhere():
    with Server(BINARY, settings=("secret_key_file=../keys.hex",)) as server:
        with open(os.path.join(server.root, "keys.hex"), "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("ab" * 32 + "\n")
        connection = server.connect()
        connection.execute("CREATE SECRET s AS 'value'")
        assert not os.path.exists(os.path.join(server.data, "secret.key"))
        connection.close()


def test_a_lost_key_is_told_and_not_replaced(own_server):
    connection = own_server.connect()
    connection.execute("CREATE SECRET s AS 'value'")
    os.remove(os.path.join(own_server.data, "secret.key"))
    with pytest.raises(QueryError) as refused:
        connection.execute("CREATE SECRET t AS 'value'")
    assert refused.value.sqlstate == "58P01"
    connection.execute("DROP SECRET s")
    connection.execute("CREATE SECRET t AS 'value'")
    connection.close()
