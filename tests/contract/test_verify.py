"""job:verify: what does not agree in a store is found and mended, and nothing else is touched."""

import threading
import time

import pytest

from lightjobs.engines.consistency import FAULTS
from lightjobs.engines.sql import consistency as sql_consistency
from lightjobs.model import Done, Failed, NewJob, Release, Retention, Slot

from .support import drain, fail, job, push, worker
from .verifying import REDIS, SQL, change, client, found, key, look_again_soon, on, verified


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    look_again_soon(monkeypatch)


@pytest.fixture
def engine(request):
    yield from verified(request)


def everything(engine):
    """Jobs in each status, of several priorities and queues, held and let go."""
    engine.retention = Retention(completed=None, cancelled=None)
    held, other = worker(engine), worker(engine)
    for priority in (-2, 0, 2):
        push(engine, 2, "a", priority=priority)
        push(engine, 1, "b", priority=priority, due=time.time() + 3600)
    fail(engine, 2, "failed")
    push(engine, 4, "c")
    done, released, _cut, _kept = engine.claim(held, ["c"], 4)
    engine.settle(held, [Done(done.id, done.fence)])
    engine.settle(held, [Release(released.id, released.fence, time.time() + 60, 1)])
    for id in (_cut.id, *push(engine, 1, "d")):
        assert engine.cancel(id)
    (paused,) = push(engine, 1, "e", priority=1)
    assert engine.pause(paused)
    engine.pause_queue("b")
    engine.claim(other, ["a"], 2)
    engine.recover(other)
    engine.schedule.enroll(["entry"], time.time())
    engine.schedule.push_slots([Slot("entry", time.time() + 1, job())])


@on([*REDIS, *SQL])
def test_a_store_that_only_verbs_have_touched_is_consistent(engine):
    assert found(engine) == {}
    everything(engine)
    before = engine.stats()
    assert found(engine) == found(engine, fix=True) == {}
    assert engine.stats() == before


@on(["memory"])
def test_the_memory_of_a_process_needs_no_verifying(engine):
    assert engine.consistency is None


@on(["redis-hash", "redis-php", *SQL])
def test_nothing_that_living_workers_are_doing_is_a_fault(engine):
    over, errors = threading.Event(), []

    def live(number):
        try:
            while not over.is_set():
                name = worker(engine)
                push(engine, 5, f"q{number}")
                claims = engine.claim(name, [f"q{number}", "q0"], 6)
                ends = [[Done, Failed, Release, None][at % 4] for at in range(len(claims))]
                more = {Done: (), Failed: ("boom",), Release: (time.time(), 1)}
                outcomes = [
                    end(claim.id, claim.fence, *more[end])
                    for end, claim in zip(ends, claims, strict=True)
                    if end is not None
                ]
                if claims:
                    engine.cancel(claims[0].id)
                engine.settle(name, outcomes)
                engine.beat([name], 30)
                engine.recover(name)
                engine.move("retry")
        except Exception as error:
            errors.append(error)
        finally:
            engine.close()

    threads = [threading.Thread(target=live, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for fix in (False, True) * 3:
            assert found(engine, fix) == {}
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []


@on([*REDIS, *SQL])
def test_jobs_of_a_worker_that_died_alone_are_recovered(engine, monkeypatch):
    name, alive = worker(engine, lease=0.01), worker(engine)
    push(engine, 3)
    engine.claim(name, ["q"], 2)
    engine.claim(alive, ["q"], 1)
    time.sleep(0.05)
    assert found(engine) == {}, "it may come back"
    monkeypatch.setattr("lightjobs.engines.consistency.LEASE_SECONDS", 3.0)
    monkeypatch.setattr("lightjobs.engines.redis.consistency.LATE_SECONDS", 0.0)
    monkeypatch.setitem(sql_consistency._SECONDS, "dead_worker", {"late": 0.0})
    assert found(engine) == {"dead_worker": ([name], 0)}
    assert engine.stats()["q"]["queued"] == 3
    assert found(engine, fix=True) == {"dead_worker": ([name], 1)}
    assert found(engine) == {}
    assert len(drain(engine)) == 2
    assert len(engine.held(alive)) == 1


@on([*REDIS, *SQL])
def test_an_entry_whose_last_moment_lies_ahead_is_due_again(engine):
    now = time.time()
    engine.schedule.push_slots([Slot("late", now + 9e6, None), Slot("right", now, None)])
    assert found(engine) == {"slot_ahead": (["late"], 0)}
    assert found(engine, fix=True) == {"slot_ahead": (["late"], 1)}
    assert found(engine) == {}
    new = NewJob("App\\Jobs\\X", "q", "{}")
    assert engine.schedule.push_slots([Slot("late", now + 60, new)]) != [None]


@on([*REDIS, *SQL])
def test_a_search_for_dead_workers_that_is_put_off_is_due_again(engine):
    late = time.time() + 9e6
    if engine.schema is None:
        client(engine).hset(key(engine, "sweep"), mapping={"swept_at": late, "recover_from": late})
    else:
        change(engine, f"UPDATE job_sweeps SET recover_from = {late:.0f}")  # noqa: S608
    assert found(engine) == {"sweep_ahead": (["sweep"], 0)}
    assert found(engine, fix=True) == {"sweep_ahead": (["sweep"], 1)}
    assert found(engine) == {}


def test_the_kinds_have_a_sentence_each():
    assert all(wrong and mending for wrong, mending in FAULTS.values())
