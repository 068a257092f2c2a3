import time

import pytest

from lightjobs.engines import rare_looks
from lightjobs.engines.rare_looks import RareLooks
from lightjobs.model import Retention
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(rare_looks, "QUICK_SECONDS", 0.02)
    monkeypatch.setattr(rare_looks, "REST", 5)


def looker(seconds, found):
    calls = []

    def act():
        calls.append(1)
        time.sleep(seconds)
        return found

    return act, calls


def test_looks_that_are_quick_are_repeated_at_once(monkeypatch):
    monkeypatch.setattr(rare_looks, "QUICK_SECONDS", 60)
    looks = RareLooks()
    act, calls = looker(0.0, 0)
    assert [looks.look(act) for _ in range(3)] == [0, 0, 0]
    assert len(calls) == 3


def test_looks_that_find_something_are_repeated_at_once():
    looks = RareLooks()
    act, calls = looker(0.05, 3)
    assert [looks.look(act) for _ in range(3)] == [3, 3, 3]
    assert len(calls) == 3


def test_a_look_that_is_slow_and_finds_nothing_is_repeated_later():
    looks = RareLooks()
    act, calls = looker(0.05, 0)
    assert [looks.look(act) for _ in range(3)] == [0, 0, 0]
    assert len(calls) == 1
    wait_until(lambda: looks.look(act) or len(calls) == 2)


def test_completed_jobs_that_are_kept_are_not_gone_through_every_time(engine):
    purge, purged = engine.purge, []

    def slowly(where, progress=None):
        purged.append(where.status)
        time.sleep(0.05)
        return purge(where, progress)

    engine.purge = slowly
    engine.retention = Retention(0.0, 0.0, None)
    for _ in range(3):
        engine.expire()
    assert purged == ["completed", "failed", "failed", "failed"]
