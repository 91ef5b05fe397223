"""Fixtures of the wire tests: one server a module, sessions by psycopg 3, psql and pgbench."""
import os
import subprocess
import sys

import psycopg
import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import Server  # noqa: E402

PROGRAM_TIMEOUT_S = 60


@pytest.fixture(scope="module")
def server():
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as running:
        yield running
        running.stop()


@pytest.fixture
def connect(server):
    """Makes psycopg connections, autocommit, and closes them at the end."""
    made = []

    def make(**options):
        connection = psycopg.connect(host="127.0.0.1", port=server.port, user="test",
                                     dbname="millrace", connect_timeout=20,
                                     **{"autocommit": True, **options})
        made.append(connection)
        return connection

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def program(server):
    """Runs psql or pgbench against the server; returns the finished process."""
    def run(name, *arguments, stdin=""):
        return subprocess.run([name, "-h", "127.0.0.1", "-p", str(server.port), "-U", "test",
                               *arguments, *(() if name == "pgbench" else ("millrace",))],
                              input=stdin, capture_output=True, text=True,
                              timeout=PROGRAM_TIMEOUT_S, env={**os.environ, "PGTZ": "UTC"})
    return run
