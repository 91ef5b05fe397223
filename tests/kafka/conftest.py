"""Fixtures of the Kafka tests: two brokers for the whole run, a server and sessions per test."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.kafka import Broker, fetch  # noqa: E402
from harness.server import Server  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def jars():
    """Without them nothing goes; this is said once, and not tried again for each test."""
    fetch()


@pytest.fixture(scope="session")
def broker():
    """Shared: a test makes its own topics, and leaves the process alone."""
    with Broker() as running:
        yield running
        running.stop()


@pytest.fixture(scope="session")
def mortal_broker():
    with Broker() as running:
        yield running


@pytest.fixture
def own_broker(mortal_broker):
    """For tests that stop, kill or pause it: it has no other guest meanwhile, and runs again when
    the next one comes."""
    mortal_broker.revive()
    return mortal_broker


@pytest.fixture
def server():
    """A millrace server; the end of its log is shown with a test that failed."""
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as running:
        yield running
        print(running.log_tail())
        if running.is_alive():
            running.stop()
