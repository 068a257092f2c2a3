"""Locks and limits as programs use them. What stores promise is in the contract tests."""

import asyncio
import logging
import threading
import time

import pytest

import lightjobs
from lightjobs import Job, LockTaken, StoreUnavailable, current, limiter, lock
from lightjobs.engines.sync import SyncEngine
from lightjobs.execution import registry
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Done, Release
from tests.support.waiting import wait_until

from .support import claim

pytestmark = pytest.mark.usefixtures("engine")


def test_a_lock_is_held_within_its_block_and_refused_meanwhile():
    with lock("report", 30) as held:
        assert held.is_locked()
        assert not lock("report", 30).acquire()
        with pytest.raises(LockTaken, match="the lock 'report' is taken"), lock("report"):
            raise AssertionError
        assert lock("other", 30).acquire()
    assert not lock("report").is_locked()


def test_an_error_in_the_block_releases_the_lock_and_passes():
    with pytest.raises(KeyError), lock("report"):
        raise KeyError
    assert lock("report").acquire()


def test_acquire_and_release_say_whether_they_succeeded():
    first, second = lock("report", 30), lock("report", 30)
    assert not first.release()
    assert first.acquire()
    assert not first.acquire()  # not reentrant
    assert not second.release()
    assert first.release()
    assert not first.release()
    assert second.acquire()


def test_a_lock_that_was_over_is_not_taken_from_the_next_holder():
    first, second = lock("report", 0.05), lock("report", 30)
    assert first.acquire()
    time.sleep(0.1)
    assert second.acquire()
    assert not first.extend(30)
    assert not first.release()
    assert second.is_locked()
    assert second.release()


def test_extend_keeps_the_lock(engine):
    held = lock("report", 0.2)
    assert not held.extend()
    assert held.acquire()
    assert held.extend(30)
    time.sleep(0.25)
    assert held.is_locked()
    assert held.extend()  # the seconds that it was made with
    time.sleep(0.25)
    assert not held.is_locked()


def test_a_block_that_took_longer_than_its_lock_is_logged(caplog):
    with caplog.at_level(logging.WARNING, "lightjobs.lock"), lock("report", 0.02):
        time.sleep(0.05)
    assert "'report'" in caplog.text
    assert "was over before the block" in caplog.text


def test_a_store_that_is_away_at_the_end_of_the_block_leaves_its_outcome(engine, caplog):
    def away(name, owner):
        raise StoreUnavailable("gone")

    with lock("report", 30):
        engine.coordination.release = away
    assert "could not be released: gone" in caplog.text
    with pytest.raises(KeyError), lock("other", 30):
        raise KeyError


def test_wait_gets_the_lock_when_it_is_released():
    held = lock("report", 30)
    assert held.acquire()
    threading.Timer(0.1, held.release).start()
    started = time.monotonic()
    with lock("report", 30, wait=5):
        assert 0.05 < time.monotonic() - started < 3


def test_wait_is_over_at_its_end():
    assert lock("report", 30).acquire()
    started = time.monotonic()
    assert not lock("report", 30, wait=0.2).acquire()
    assert 0.15 < time.monotonic() - started < 2


@pytest.mark.parametrize("wrong", ["", None, 7, b"x", "\ud800"])
def test_a_name_is_text(wrong):
    for made in (lambda: lock(wrong), lambda: limiter(wrong, 1, 1)):
        with pytest.raises(ValueError, match="allowed: text"):
            made()


@pytest.mark.parametrize("wrong", [0, -1, True, None, "30", float("nan"), float("inf"), 10**9])
def test_seconds_are_a_number_above_0(wrong):
    held = lock("report", 30)
    made = [lambda: lock("x", wrong), lambda: limiter("x", 1, wrong)]
    for each in made if wrong is None else [*made, lambda: held.extend(wrong)]:
        with pytest.raises(ValueError, match="allowed: above 0"):
            each()


@pytest.mark.parametrize("wrong", [-1, True, None, "5", float("nan"), float("inf")])
def test_a_wait_is_a_number_from_0(wrong):
    with pytest.raises(ValueError, match=r"has the wait .*; allowed: 0 to"):
        lock("x", 1, wait=wrong)


def test_the_event_loop_goes_on_while_a_lock_is_waited_for():
    async def holding(seconds):
        async with lock("report", 30):
            await asyncio.sleep(seconds)

    async def both():
        turns = 0
        first = asyncio.create_task(holding(0.2))
        await asyncio.sleep(0.05)
        with pytest.raises(LockTaken):
            async with lock("report"):
                raise AssertionError
        waiting = lock("report", 30, wait=5)
        second = asyncio.create_task(waiting.acquire_async())
        while not second.done():
            turns += 1
            await asyncio.sleep(0.01)
        await first
        assert second.result()
        assert await waiting.extend_async(5)
        assert await waiting.release_async()
        return turns

    assert asyncio.run(both()) > 5


def test_a_cancelled_acquisition_leaves_no_lock(engine):
    store = engine.coordination
    started, acquire = threading.Event(), store.acquire

    def slow(name, owner, seconds):
        started.set()
        time.sleep(0.2)
        return acquire(name, owner, seconds)

    store.acquire = slow

    async def cancelled():
        task = asyncio.create_task(lock("report", 30).acquire_async())
        while not started.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.4)

    asyncio.run(cancelled())
    wait_until(lambda: not store.is_locked("report"))


def test_a_limiter_allows_so_many_in_a_window():
    login = limiter("login", 2, 0.2)
    assert (login.hits(), login.remaining(), login.seconds_left()) == (0, 2, 0.0)
    assert [login.attempt() for _ in range(4)] == [True, True, False, False]
    assert (login.hits(), login.remaining()) == (2, 0)
    assert 0 < login.seconds_left() <= 0.2
    assert limiter("other", 1, 30).attempt()
    time.sleep(0.25)
    assert login.attempt()


def test_a_limiter_of_none_allows_nothing():
    assert not limiter("login", 0, 30).attempt()
    assert limiter("login", 0, 30).remaining() == 0
    for wrong in (-1, 1.5, True, "3", None, 2**31):
        with pytest.raises(ValueError, match="allowed: a whole number"):
            limiter("login", wrong, 30)


def test_a_jobs_rate_and_a_limiter_of_one_key_count_together(engine):
    class Sends(Job):
        def rateLimit(self):
            return {"limit": 2, "seconds": 30, "key": "mail"}

        def handle(self):
            pass

    mail = limiter("mail", 2, 30)
    assert mail.attempt()
    made = claim(registry.handler_of(Sends))
    outcomes = [type(drive(execute(Run(made, store=engine))).outcome) for _ in range(2)]
    assert outcomes == [Done, Release]
    assert not mail.attempt()


def test_where_jobs_run_at_dispatch_locks_and_limits_hold_in_the_process(configured):
    current.use(SyncEngine(), configured)
    assert lock("report").acquire()
    assert not lock("report").acquire()
    assert [limiter("x", 1, 30).attempt() for _ in range(2)] == [True, False]


def test_they_are_imported_at_first_use():
    for name in ("lock", "limiter", "Lock", "Limiter", "worker"):
        assert name in lightjobs.__all__
        assert getattr(lightjobs, name).__name__ == name
    with pytest.raises(AttributeError):
        lightjobs.nothing  # noqa: B018
