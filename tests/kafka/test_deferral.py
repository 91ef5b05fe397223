"""Kills while the sink is ahead of the checkpoint.

Protects: a stream without state tells its checkpoint of several epochs at once (stream/deferral.h),
so that a restart begins before what the sink has. Rows come steadily, as nothing is deferred any
more once WAIT FOR STREAM is answered. At given points here; at random, with the broker, too, by
tests/recover/torture_kafka.py."""
import itertools
import os
import sys
import time

import pytest

from harness.kafka import DEADLINE_S, await_true
from harness.pipe import Pipe, epochs_behind, points_passed
from harness.server import ROOT, ServerError

sys.path.insert(0, os.path.join(ROOT, "tests", "recover"))
import torture_kafka  # noqa: E402

OPENING = {"at_least_once": ("recovered",), "exactly_once": ("sink_fenced", "recovered")}
EPOCH = {"at_least_once": ("epoch_chosen", "epoch_executed", "sink_wrote", "sink_prepared",
                           "before_decide", "after_decide", "after_publish")}
EPOCH["exactly_once"] = (*EPOCH["at_least_once"], "sink_marked", "sink_decided")
LATER = 3  # passes: more epochs than the checkpoint hears of


class Dying:
    """A server that is killed at points while rows come."""

    def __init__(self, server):
        self.server = server
        self.names = (os.path.join(server.root, f"crash-{n}.log") for n in itertools.count())

    def die(self, pipe, point, turn):
        """Returns how many epochs the checkpoint was behind."""
        log = next(self.names)
        try:
            self.server.start({"MILLRACE_CRASH_POINT": f"{point}:{turn}",
                               "MILLRACE_CRASH_LOG": log})
        except ServerError:  # it was quick to die
            pass
        await_true("recovery", lambda: not self.server.is_alive() or
                   "recovered" in points_passed(log))
        end = time.monotonic() + DEADLINE_S
        while self.server.is_alive():
            pipe.put(3)
            assert time.monotonic() < end, f"{point} is not passed {turn} times"
        passed = points_passed(log)
        assert (passed[-1], passed.count(point)) == (point, turn)
        return epochs_behind(passed)


@pytest.mark.parametrize("delivery", OPENING)
def test_killed_twice_in_a_row(broker, server, delivery):
    """At each point of an epoch: twice before the first checkpoint is written, twice later."""
    behind, dying = [], Dying(server)
    for point in OPENING[delivery] + EPOCH[delivery]:
        pipe = Pipe(broker, "", f", delivery = '{delivery}'", delivery == "at_least_once")
        pipe.create(server.connect())
        server.kill()
        turns = (1, 1) if point in OPENING[delivery] else (1, 1, LATER, LATER)
        behind += [dying.die(pipe, point, turn) for turn in turns]
        server.start()
        connection = server.connect()
        pipe.put()
        connection.execute("WAIT FOR STREAM q")
        pipe.check()
        connection.execute("DROP STREAM q; DROP SOURCE q_in; DROP SINK q_out")
    assert max(behind) > 1, behind


def run_kind(broker, kind, cycles):
    seed = int(os.environ.get("MILLRACE_SEED", "0")) or int.from_bytes(os.urandom(3), "big")
    counts, facts = torture_kafka.run_kind(
        broker, kind, cycles, seed, os.environ.get("MILLRACE_TEST_SERVER", "build/millrace"))
    print(f"{kind}, seed {seed}: {facts}")
    return counts


def test_killed_at_random_at_least_once(broker):
    """Exactly once: test_exactly_once.py."""
    run_kind(broker, "kafka-loose", 10)


@pytest.mark.parametrize("kind", ["kafka-outage", "kafka-loose-outage"])
def test_killed_with_the_broker(own_broker, kind):
    """Which of the two dies first, and whether the one sees the other come back, is by chance."""
    assert run_kind(own_broker, kind, 3)["outages"] == 3
