"""Jobs on their way to another store: taken once, stored once, whatever is done twice."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.transfer_store import MOVABLE, Departure, TransferEnded, TransferStore
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Done, Failed, Release, Retention, Status

from .support import claim_one, drain, fail, job, push, worker

numbers = itertools.count()


@pytest.fixture
def source(engine: Engine) -> TransferStore:
    assert engine.transfers is not None
    return engine.transfers


@pytest.fixture
def transfer(source: TransferStore) -> Iterator[str]:
    name = f"transfer-{next(numbers)}"
    assert source.begin(name, "elsewhere").id == name
    yield name
    _left, jobs = source.taken(name)
    source.leave(name, [each.job.id for each in jobs])
    source.end(name)


def sample(count: int = 1, start: int = 0, **fields: object) -> list[Departure]:
    """Jobs as they come from another store."""
    memory = MemoryEngine()
    for number in range(start, start + count):
        memory.push([job(payload=f'{{"n": {number}}}', due=1_700_000_000.25)])
    memory.transfers.begin("t", "here")
    assert memory.transfers.take("t", "new", None, count) == count
    _left, jobs = memory.transfers.taken("t")
    return [each._replace(job=each.job._replace(**fields)) for each in jobs]


def payloads(engine: Engine, status: str = "new") -> list[str]:
    return [each.payload for each in engine.browse(Where(status=status), 1000)]


def test_a_second_transfer_is_told_of_the_first(source, transfer):
    assert source.begin("another", "to another place") == (transfer, "elsewhere")


def test_taken_jobs_are_on_their_way_and_nobody_else_gets_them(engine, source, transfer):
    ids = push(engine, 3)
    assert source.take(transfer, "new", None, 10) == 3
    left, jobs = source.taken(transfer)
    assert left == 0
    assert [each.job.id for each in jobs] == ids
    assert {each.job.status for each in jobs} == {"new"}
    assert drain(engine) == []
    assert not any(map(engine.cancel, ids))
    assert not any(map(engine.pause, ids))
    assert sum(engine.stats().get("q", {}).values()) == 0
    for status in Status:
        assert engine.browse(Where(status=status)) == []
    if engine.consistency is not None:
        assert engine.consistency.verify(True) == []
    assert source.taken(transfer)[1] == jobs


def test_no_more_are_taken_than_asked_for_and_the_earliest_first(engine, source, transfer):
    now = time.time()
    late, early, middle = engine.push([job(due=now - age) for age in (10, 30, 20)])
    assert source.take(transfer, "new", "q", 2) == 2
    assert {each.job.id for each in source.taken(transfer)[1]} == {early, middle}
    assert [claim.id for claim in drain(engine)] == [late]


def test_only_the_queue_and_the_status_asked_for_are_taken(engine, source, transfer):
    push(engine, 2, "a")
    push(engine, 2, "b")
    paused = push(engine, 1, "b")[0]
    engine.pause(paused)
    fail(engine, 2, "c")
    assert source.take(transfer, "new", "b", 10) == 2
    assert source.take(transfer, "failed", "a", 10) == 0
    assert source.take(transfer, "failed", None, 10) == 2
    assert source.take(transfer, "paused", "b", 10) == 1
    assert {name: row["new"] for name, row in engine.stats().items() if row["new"]} == {"a": 2}


def test_running_jobs_are_not_taken(engine, source, transfer):
    push(engine)
    claim = claim_one(engine)
    assert [source.take(transfer, status, None, 10) for status in MOVABLE] == [0] * 5
    assert engine.find(claim.id).status == "queued"


def test_a_cancelled_job_that_still_runs_is_not_taken(engine, source, transfer):
    engine.retention = Retention(cancelled=None)
    push(engine)
    name = worker(engine)
    (claim,) = engine.claim(name, ["q"], 1)
    engine.cancel(claim.id)
    assert source.take(transfer, "cancelled", None, 10) == 0
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert source.take(transfer, "cancelled", None, 10) == 1


def test_jobs_on_their_way_are_not_deleted_because_their_time_is_over(engine, source, transfer):
    push(engine)
    name = worker(engine)
    (claim,) = engine.claim(name, ["q"], 1)
    engine.settle(name, [Done(claim.id, claim.fence, None, '{"value": 7}', 0.2)])
    taken = source.take(transfer, "completed", None, 10)
    time.sleep(0.4)
    assert engine.maintain() == 0
    assert len(source.taken(transfer)[1]) == taken


def test_what_has_left_is_gone_and_counted(engine, source, transfer):
    push(engine, 3)
    source.take(transfer, "new", None, 3)
    ids = [each.job.id for each in source.taken(transfer)[1]]
    for _ in range(2):
        source.leave(transfer, ids[:2])
    left, jobs = source.taken(transfer)
    assert left == 2
    assert [each.job.id for each in jobs] == ids[2:]
    assert engine.find(ids[0]) is None


def test_only_jobs_on_their_way_can_leave(engine, source, transfer):
    (waiting,) = push(engine)
    source.leave(transfer, [waiting])
    assert engine.find(waiting).status == "new"
    assert source.taken(transfer) == (0, [])


@pytest.mark.parametrize("status", MOVABLE)
def test_what_stays_is_put_back_at_the_end_as_it_was(engine, source, transfer, status):
    engine.retention = Retention(None, None, None)
    due = time.time() + 3600.5
    (kept,) = engine.push([job(due=due if status in ("new", "paused") else None, priority=1)])
    bring_to(engine, kept, status)
    before = engine.find(kept)
    assert source.take(transfer, status, None, 10) == 1
    for _ in range(2):
        source.stay(transfer, [kept])
    assert source.taken(transfer) == (0, [])
    assert source.take(transfer, status, None, 10) == 0
    assert source.end(transfer) == 1
    assert engine.find(kept) == before
    assert engine.stats()["q"][status] == 1
    if engine.consistency is not None:
        assert engine.consistency.verify(True) == []


def bring_to(engine: Engine, job_id: str, status: str) -> None:
    """Give a job that waits another status."""
    if status == "paused":
        assert engine.pause(job_id)
    elif status == "cancelled":
        assert engine.cancel(job_id)
    elif status in ("failed", "completed"):
        name = worker(engine)
        (claim,) = engine.claim(name, ["q"], 1)
        end = (
            Failed(claim.id, claim.fence, "boom", "a line")
            if status == "failed"
            else Done(claim.id, claim.fence, None, '{"value": 7}', 500.0)
        )
        engine.settle(name, [end])


def test_a_closed_transfer_takes_no_more(engine, source, transfer):
    push(engine, 2)
    source.take(transfer, "new", None, 1)
    source.close(transfer)
    with pytest.raises(TransferEnded):
        source.take(transfer, "new", None, 1)
    assert len(source.taken(transfer)[1]) == 1


def test_a_transfer_that_has_ended_takes_and_shows_nothing(engine, source):
    push(engine)
    source.begin("gone", "elsewhere")
    source.end("gone")
    assert source.end("gone") == 0
    with pytest.raises(TransferEnded):
        source.take("gone", "new", None, 1)
    assert source.taken("gone") == (0, [])
    assert source.begin("next", "elsewhere").id == "next"
    source.end("next")


def test_a_job_arrives_once_however_often_it_is_sent(engine, source):
    jobs = sample(4)
    source.expect("t")
    assert source.arrive("t", 0, jobs[:2])
    assert source.arrive("t", 0, jobs[:2])
    assert source.arrive("t", 1, jobs[1:3])
    source.expect("t")
    assert source.arrive("t", 0, jobs)
    assert sorted(payloads(engine)) == sorted(each.job.payload for each in jobs)
    assert source.forget("t")
    assert not source.forget("t")


def test_a_transfer_that_is_not_expected_is_refused(engine, source):
    assert not source.arrive("unheard of", 0, sample())
    source.expect("t")
    source.forget("t")
    assert not source.arrive("t", 0, sample())
    assert engine.stats() == {}


def test_no_job_is_passed_over(engine, source):
    source.expect("t")
    with pytest.raises(LightjobsError, match="job 1 of a transfer was sent after job -1"):
        source.arrive("t", 1, sample())
    assert engine.stats() == {}
    source.forget("t")


def test_a_waiting_job_arrives_with_its_place_and_its_past(engine, source):
    (sent,) = sample(
        priority=2,
        options='{"attempts":5}',
        attempts=2,
        recoveries=1,
        created_at="2025-01-02 03:04:05",
        exception="ValueError: once",
    )
    source.expect("t")
    source.arrive("t", 0, [sent])
    (found,) = engine.browse(Where(status="new"))
    for field in ("handler", "queue", "payload", "options", "attempts", "recoveries", "priority"):
        assert getattr(found, field) == getattr(sent.job, field)
    assert found.created_at == "2025-01-02 03:04:05"
    assert found.scheduled_at == "2023-11-14 22:13:20"
    assert found.exception == "ValueError: once"
    claim = claim_one(engine)
    assert (claim.id, claim.attempts, claim.options) == (found.id, 3, '{"attempts":5}')
    source.forget("t")


def test_arrived_jobs_wait_for_their_time_and_wake_idle_workers(engine, source):
    (sent,) = sample()
    now = time.time()
    source.expect("t")
    source.arrive("t", 0, [sent._replace(due=now + 1.25), sent._replace(due=now + 3600)])
    assert drain(engine) == []
    assert engine.stats()["q"]["delayed"] == 2
    assert engine.wait(["q"], 5.0)
    assert 1.2 <= time.time() - now < 3
    assert len(drain(engine)) == 1
    source.forget("t")


@pytest.mark.parametrize("status", ["paused", "failed", "completed", "cancelled"])
def test_other_jobs_arrive_as_they_are(engine, source, store, status):
    ended = None if status == "paused" else "2025-01-02 03:04:06"
    (sent,) = sample(
        status=status,
        failed_at=ended,
        exception="ValueError: boom" if status == "failed" else None,
        error_lines='{"a": 1}' if status == "failed" else None,
        result_text='{"value": 7}' if status == "completed" else None,
        kept_until=4_000_000_000.5 if status == "completed" else None,
    )
    source.expect("t")
    source.arrive("t", 0, [sent])
    (found,) = engine.browse(Where(status=status))
    assert (found.status, found.failed_at, found.exception) == (
        status,
        ended,
        sent.job.exception,
    )
    if (store.environment or {}).get("REDIS_JOB_FORMAT") != "php":
        assert found.error_lines == sent.job.error_lines
        assert found.result_text == sent.job.result_text
        assert found.kept_until == sent.job.kept_until
    assert engine.stats()["q"][status] == 1
    assert drain(engine) == []
    if engine.consistency is not None:
        assert engine.consistency.verify(True) == []
    moves = {"paused": "resume", "failed": "retry"}
    assert engine.move(moves.get(status, "rerun"), Where(job_id=found.id)) == 1
    assert len(drain(engine)) == 1
    source.forget("t")


def test_what_is_taken_has_all_that_the_store_knows(engine, source, transfer, store):
    engine.retention = Retention(None, None, None)
    due = 1_700_000_000.25
    (waits,) = engine.push([job(due=due, priority=-1, options='{"attempts":3}')])
    name = worker(engine)
    (claim,) = engine.claim(name, ["q"], 1)
    engine.settle(name, [Release(claim.id, claim.fence, due, 1, "ValueError: x", '{"a":1}')])
    before = engine.find(waits)
    source.take(transfer, "new", None, 10)
    (departure,) = source.taken(transfer)[1]
    assert departure.job == before
    assert departure.due == due
    assert departure.unknown == ()
