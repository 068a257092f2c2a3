"""Moving jobs that are tied to others: by a key, a group or a batch."""

from __future__ import annotations

import itertools
import time

import pytest

from lightjobs.engines import transfer
from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.transfer import Moved, move_jobs
from lightjobs.engines.where import Where
from lightjobs.model import UNIQUE_SCOPES, Group
from tests.support.waiting import wait_until

from .flows import claims, counts, done, failed, grouped, is_php, push_batch, settle, unique_job
from .support import drain, job, push, worker
from .test_move_jobs import killed_at

FUTURE = 4_000_000_000.25


@pytest.fixture(params=["from", "to"])
def sides(request: pytest.FixtureRequest, engine: Engine) -> tuple[Engine, Engine]:
    memory = MemoryEngine()
    return (engine, memory) if request.param == "from" else (memory, engine)


@pytest.fixture
def has_groups(store) -> None:
    if is_php(store):
        pytest.skip("PHP's form has no place for groups and batches")


def test_jobs_of_a_batch_stay_and_are_counted_on(sides, has_groups) -> None:
    source, target = sides
    batch = push_batch(source, 3)
    push(source, 2)
    moved = move_jobs(source, target, "there")
    assert moved.counts == {"new": 2}
    assert len(moved.stayed) == 3
    assert set(moved.stayed.values()) == {"it is part of a batch, and batches are not moved"}
    assert counts(source, batch) == {"total": 3, "waiting": 3}
    assert {claim.id for claim in drain(source)} == set(moved.stayed)
    assert len(drain(target)) == 2


def test_only_jobs_of_batches_in_the_queue_are_named(sides, has_groups) -> None:
    source, target = sides
    push_batch(source, 2, "a")
    push_batch(source, 1, "b")
    assert len(move_jobs(source, target, "there", "b").stayed) == 1


def test_jobs_arrive_in_their_groups(sides, has_groups) -> None:
    source, target = sides
    source.push([*grouped("a", 3, 1, priority=1), *grouped("b", 2, priority=1), job(priority=1)])
    source.push(grouped("b", due=FUTURE))
    source.push([job(queue="plain")])
    moved = move_jobs(source, target, "there")
    assert moved == Moved({"new": 8}, {}, False)
    assert source.stats() == {}
    assert source.groups("q") == []
    assert target.groups("q") == [Group(None, 1, 0), Group("a", 3, 0), Group("b", 3, 0)]
    assert {claim.queue for claim in drain(target, ("q", "plain"))} == {"q", "plain"}
    running = {group.name: group.running for group in target.groups("q")}
    assert running == {None: 1, "a": 1, "b": 2}, "the limit went along"
    if target.consistency is not None:
        assert target.consistency.verify(True) == []


def test_jobs_with_groups_stay_where_php_reads_them(engine, store) -> None:
    if not is_php(store):
        pytest.skip("only PHP's form has no place for groups")
    memory = MemoryEngine()
    ids = memory.push([job(), *grouped("a"), unique_job(), job()])
    moved = move_jobs(memory, engine, "there")
    assert moved.counts == {"new": 3}
    assert set(moved.stayed) == {ids[1]}
    assert "has a group, for which jobs in PHP's form have no place" in moved.stayed[ids[1]]
    assert [claim.id for claim in drain(memory)] == [ids[1]]


@pytest.mark.parametrize("scope", UNIQUE_SCOPES)
def test_a_waiting_job_takes_its_key_along(sides, scope) -> None:
    source, target = sides
    source.push([job(), unique_job("k", scope, seconds=100.0), job()])
    until = source.unique.holder("k").until
    move_jobs(source, target, "there")
    (found,) = [each for each in target.browse(Where(status="new")) if each.unique_key]
    holder = target.unique.holder("k")
    assert holder == ("k", found.id, scope, pytest.approx(until, abs=2))
    assert target.push([unique_job("k", scope)]) == [found.id]
    assert source.unique.holder("k") is None
    assert source.push([unique_job("k", scope)]) != [found.id]
    assert len(drain(source)) == 1
    assert len(drain(target)) == 3
    assert (target.unique.holder("k") is None) == (scope == "waiting")


def test_a_job_that_comes_back_takes_its_key_for_its_whole_time(sides) -> None:
    source, target = sides
    source.push([unique_job("k", "waiting", seconds=500.0)])
    fail_all(source)
    move_jobs(source, target, "there")
    assert target.unique.holder("k") is None
    assert target.move("retry", Where(status="failed")) == 1
    assert target.unique.holder("k").until == pytest.approx(time.time() + 500, abs=5)
    assert target.unique.holder("k").scope == "waiting"


def test_a_window_goes_along_with_its_job(sides) -> None:
    source, target = sides
    source.push([unique_job("k", "window")])
    fail_all(source)
    assert move_jobs(source, target, "there").counts == {"failed": 1}
    assert source.unique.holder("k") is None
    (found,) = target.browse(Where(status="failed"))
    assert target.unique.holder("k").job_id == found.id


def test_a_window_whose_job_is_gone_stays(sides) -> None:
    source, target = sides
    (first,) = source.push([unique_job("k", "window")])
    settle_all(source)
    push(source)
    move_jobs(source, target, "there")
    assert source.unique.holder("k").job_id == first
    assert target.unique.holder("k") is None


def test_a_job_whose_key_another_one_holds_there_stays(sides) -> None:
    source, target = sides
    ids = source.push([unique_job(str(number)) for number in range(20)])
    taken = target.push([unique_job("7"), unique_job("8")])
    moved = move_jobs(source, target, "there")
    assert moved.counts == {"new": 18}
    assert moved.stayed == {
        ids[7]: f"its key 7 is held by job {taken[0]} there",
        ids[8]: f"its key 8 is held by job {taken[1]} there",
    }
    assert source.unique.holder("7").job_id == ids[7]
    settle_all(target)
    assert move_jobs(source, target, "there").counts == {"new": 2}


def test_a_job_that_has_lost_its_key_goes_without(sides) -> None:
    source, target = sides
    source.push([unique_job("k", "waiting")])
    fail_all(source)
    source.push([unique_job("k", "waiting"), unique_job("l")])
    source.unique.unlock("l")
    (taken,) = target.push([unique_job("l")])
    assert move_jobs(source, target, "there").counts == {"new": 2, "failed": 1}
    (waits,) = [each for each in target.browse(Where(status="new")) if each.unique_key == "k"]
    assert target.unique.holder("k").job_id == waits.id
    assert target.unique.holder("l").job_id == taken


def test_a_key_is_held_no_longer_than_where_it_came_from(sides) -> None:
    source, target = sides
    source.push([unique_job("k", seconds=1.5)])
    begun = time.time()
    move_jobs(source, target, "there")
    assert target.unique.holder("k").until <= begun + 1.7
    wait_until(lambda: target.unique.holder("k") is None, 5)


def fail_all(engine: Engine) -> None:
    name = worker(engine)
    for claim in claims(engine, name):
        settle(engine, name, failed(claim))


def settle_all(engine: Engine) -> None:
    """Run all jobs that are due."""
    name = worker(engine)
    for claim in claims(engine, name):
        settle(engine, name, done(claim))


def test_killed_at_any_step_each_key_and_place_arrives_once(sides, store, monkeypatch) -> None:
    source, target = sides
    monkeypatch.setattr(transfer, "MOST", 20)  # the first part has two jobs
    expected = 0
    for step in itertools.count():
        keys = [f"{step}-{number}" for number in range(3)]
        source.push([unique_job(key, "window") for key in keys])
        groups = [] if is_php(store) else grouped(f"g{step}", 3, 1)
        source.push(groups)
        expected += len(keys) + len(groups)
        was_killed = killed_at(sides, step)
        for key in keys:
            waits = [e for e in target.browse(Where(status="new"), 1000) if e.unique_key == key]
            assert len(waits) <= 1
            holder = target.unique.holder(key)
            assert (holder is not None) == bool(waits), "with its job"
            assert waits or source.unique.holder(key) is not None
        killed_at(sides, step // 2)
        moved = move_jobs(source, target, "there")
        assert moved.stayed == {}
        assert all(source.unique.holder(key) is None for key in keys)
        if not was_killed:
            break
    assert step > 30
    found = target.browse(Where(status="new"), 1000)
    assert len(found) == expected
    for each in found:
        if each.unique_key is not None:
            assert target.unique.holder(each.unique_key).job_id == each.id
    assert source.stats() == {}


def test_a_job_on_its_way_keeps_its_key(engine: Engine) -> None:
    (first,) = engine.push([unique_job()])
    assert engine.transfers is not None
    engine.transfers.begin("t", "elsewhere")
    assert engine.transfers.take("t", "new", None, 5) == 1
    assert engine.push([unique_job()]) == [first]
    assert engine.push([unique_job(when_taken="replace", payload='{"new": 1}')]) == [first]
    engine.unique.forget()
    engine.transfers.stay("t", [first])
    assert engine.push([unique_job()]) == [first]
    engine.transfers.end("t")
    assert engine.unique.holder("k").job_id == first
    assert [(claim.id, claim.payload) for claim in drain(engine)] == [(first, "{}")]
