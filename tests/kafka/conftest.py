"""Fixtures of the Kafka tests: one broker for the whole run, a server and sessions per test."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.kafka import Broker  # noqa: E402
from harness.server import Server  # noqa: E402


@pytest.fixture(scope="session")
def broker():
    """Shared: a test makes its own topics, and leaves the process alone."""
    with Broker() as running:
        yield running
        running.stop()


@pytest.fixture
def own_broker():
    """For tests that stop, kill or pause it."""
    with Broker() as running:
        yield running


@pytest.fixture
def server():
    """A millrace server; what a test expects of its log it asks before it ends."""
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as running:
        yield running
        if running.is_alive():
            running.stop()
