"""A worker of hundreds of queues looks less often, but notices in time what it knows of."""

from __future__ import annotations

import math
import time

from lightjobs.engines.looks import CHEAP, Looks


class Store:
    """A store that counts its looks."""

    def __init__(self, due_in=math.inf, places=400):
        self.answer = due_in, places
        self.looks = 0

    def look(self):
        self.looks += 1
        return self.answer


def looked(store, times=3, at="queues", looks=None):
    looks = looks or Looks()
    found = [looks.due_at(at, store.look) for _ in range(times)]
    return store.looks, found


def test_a_look_at_few_places_is_never_put_off():
    assert looked(Store(places=CHEAP))[0] == 3


def test_a_look_at_many_places_is_put_off_for_up_to_a_second():
    store, looks = Store(places=CHEAP + 20), Looks()
    assert looked(store, looks=looks)[0] == 1
    time.sleep(0.05)
    assert looked(store, looks=looks)[0] == 2


def test_a_change_or_other_queues_are_looked_at_at_once():
    store, looks = Store(), Looks()
    for number, at in enumerate(["queues", "other queues", ("queues", 1)], 1):
        assert looked(store, at=at, looks=looks)[0] == number
    looks.forget()
    assert looked(store, at=("queues", 1), looks=looks)[0] == 4


def test_a_job_that_has_become_due_is_looked_at_at_once():
    store, looks = Store(due_in=0.02), Looks()
    before = time.monotonic()
    (due_at,) = looked(store, 1, looks=looks)[1]
    assert before + 0.02 <= due_at < time.monotonic() + 0.02
    time.sleep(0.03)
    assert looked(store, looks=looks)[0] >= 2
