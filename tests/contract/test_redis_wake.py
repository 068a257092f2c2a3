"""Who wakes when, counted by what the server is asked."""

from __future__ import annotations

import threading
import time

import pytest

from tests.support.environment import engine_of
from tests.support.waiting import wait_until

from .support import claim_one, push, worker

IDLE = 6


class Idle:
    """Idle workers: each waits in a thread of its own, and claims one job when it is woken."""

    def __init__(self, engine, seconds):
        self._engine = engine
        self._over_at = time.monotonic() + seconds
        self.woken = 0
        self.claimed = []
        self._names = [worker(engine) for _ in range(IDLE)]
        self._threads = [threading.Thread(target=self._wait, args=(n,)) for n in self._names]
        for thread in self._threads:
            thread.start()

    def _wait(self, name):
        while (left := self._over_at - time.monotonic()) > 0:
            if self._engine.wait(["q"], left):
                self.woken += 1
                self.claimed += self._engine.claim(name, ["q"], 1)

    def join(self):
        for thread in self._threads:
            thread.join()


@pytest.fixture(params=["redis", "valkey"])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


def asked(server):
    """How many scripts the server has run since its statistics were reset."""
    found = server.client().info("commandstats")
    return sum(entry["calls"] for name, entry in found.items() if name.startswith("cmdstat_eval"))


def blocked(server):
    return server.client().info("clients")["blocked_clients"]


def test_one_dispatch_wakes_one_worker_and_the_others_sleep_on(server):
    engine = engine_of(server.environment)
    push(engine)
    claim_one(engine)  # the server knows the scripts now
    idle = Idle(engine, 1.5)
    wait_until(lambda: blocked(server) == IDLE)
    for dispatched in range(1, 4):
        server.client().config_resetstat()
        push(engine)
        wait_until(lambda n=dispatched: len(idle.claimed) == n)
        wait_until(lambda: blocked(server) == IDLE)
        # The push, the woken one's claim, and its look when it waits again.
        assert asked(server) == 3
    idle.join()
    assert idle.woken == 3
    engine.close()


def test_dispatches_at_one_moment_wake_a_worker_each(server):
    engine = engine_of(server.environment)
    idle = Idle(engine, 1.0)
    wait_until(lambda: blocked(server) == IDLE)
    ids = [push(engine)[0] for _ in range(IDLE)]
    wait_until(lambda: len(idle.claimed) == IDLE)
    idle.join()
    assert sorted(claim.id for claim in idle.claimed) == ids
    engine.close()
