"""SASL, TLS and ACLs: a secret opens the door, and an error says whose fault it is."""
import os
import shutil

import pytest

from harness.kafka import Broker, Message
from harness.server import QueryError, Server


@pytest.fixture(scope="module")
def secure():
    with Broker(is_secure=True) as broker:
        yield broker
        broker.stop()


@pytest.fixture
def session(secure):
    """A server that may read the broker's certificate, and knows the users' passwords."""
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as server:
        shutil.copy(secure.authority, os.path.join(server.work, "ca.pem"))
        connection = server.connect()
        connection.server = server
        for user in ("alice", "carol", "dave"):
            connection.execute(f"CREATE SECRET {user} AS '{user}-secret'")
        connection.execute("CREATE SECRET wrong AS 'cAnArY-wrong-password'")
        yield connection
        connection.close()
        assert b"cAnArY" not in open(server.log_path, "rb").read()


def create(session, brokers, topic, options):
    session.execute(f"CREATE SOURCE s (v text) WITH (connector = 'kafka', brokers = "
                    f"'{brokers}', topic = '{topic}', format = 'text', {options})")


USERS = (("alice", "PLAIN"), ("carol", "SCRAM-SHA-256"), ("dave", "SCRAM-SHA-512"))


@pytest.mark.parametrize("user, mechanism", USERS)
@pytest.mark.parametrize("is_tls", (False, True))
def test_a_user_reads(secure, session, user, mechanism, is_tls):
    topic = secure.topic(partitions=1)
    secure.produce(topic, [Message("one"), Message("two")])
    address = secure.sasl_tls_address if is_tls else secure.sasl_address
    tls = "security_protocol = 'sasl_ssl', ssl_ca = 'ca.pem'," if is_tls else ""
    create(session, address, topic, f"{tls} sasl_mechanism = '{mechanism}', "
                                    f"sasl_username = '{user}', sasl_password = SECRET {user}")
    assert session.rows("SELECT v FROM s ORDER BY v") == [["one"], ["two"]]


def refused(session, *arguments):
    with pytest.raises(QueryError) as error:
        create(session, *arguments)
    return error.value


@pytest.mark.parametrize("user, mechanism", USERS)
def test_a_wrong_password_is_28000(secure, session, user, mechanism):
    error = refused(session, secure.sasl_address, "t", f"sasl_mechanism = '{mechanism}', "
                    f"sasl_username = '{user}', sasl_password = SECRET wrong")
    assert error.sqlstate == "28000", error
    assert secure.sasl_address in error.fields["message"]
    assert "uthentication failed" in error.fields["message"]


def test_an_authority_that_is_not_trusted_is_08001(secure, session):
    error = refused(session, secure.tls_address, "t", "security_protocol = 'ssl'")
    assert error.sqlstate == "08001", error
    assert "certificate verify failed" in error.fields["message"]


def test_a_topic_that_is_denied_is_42501(secure, session):
    topic = secure.topic(partitions=1)
    secure.tool("acls", "--add", "--deny-principal", "User:dave", "--operation", "all",
                "--topic", topic)
    error = refused(session, secure.sasl_address, topic,
                    "sasl_username = 'dave', sasl_password = SECRET dave")
    assert error.sqlstate in ("42501", "42P01"), error


def test_a_new_password_reaches_a_source_that_is_there(secure, session):
    topic = secure.topic(partitions=1)
    secure.produce(topic, [Message("one")])
    create(session, secure.sasl_address, topic, "sasl_username = 'dave', "
           "sasl_password = SECRET wrong, connect_timeout = '5s', check = false")
    with pytest.raises(QueryError):
        session.rows("SELECT v FROM s")
    session.execute("ALTER SECRET wrong AS 'dave-secret'")
    assert session.rows("SELECT v FROM s") == [["one"]]
