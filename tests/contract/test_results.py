"""What runs tell of themselves: results that are kept with completed jobs, and progress."""

import json
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release, Retention, Settlement, Slot
from lightjobs.notes.run_notes import RESULT_BYTES, Progress, Result, progress_text, result_text

from .support import claim_one, job, push, worker

ACCEPTED = Settlement.ACCEPTED


@pytest.fixture(autouse=True)
def keeps_results(store):
    """Rows in PHP's own form have no place for them: see test_results_php.py."""
    if (store.environment or {}).get("REDIS_JOB_FORMAT") == "php":
        pytest.skip("rows in PHP's form keep neither results nor progress")


def text(value="42"):
    return result_text(value, "worker-1", 1000.5, 0.25)


def kept(value=42):
    return Result(value, True, "worker-1", 1000.5, 0.25)


def complete(engine, result=None, keep=None, **fields):
    """Push a job and complete it; returns its id."""
    (id,) = push(engine, **fields)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert claim.id == id
    assert engine.settle(name, [Done(id, claim.fence, None, result, keep)]) == [ACCEPTED]
    return id


def test_a_result_is_kept_with_the_job_for_its_time(engine):
    before = time.time() - 1
    id = complete(engine, text(), 60.0)
    found = engine.find(id)
    assert (found.status, found.worker, found.exception) == ("completed", None, None)
    assert found.result == kept()
    assert before + 60 <= found.kept_until <= time.time() + 61
    assert engine.browse(Where(status="completed")) == [found]
    assert engine.stats()["q"]["completed"] == 1
    assert engine.expire() == 0
    assert engine.find(id) == found


def test_a_result_is_dropped_with_its_job(engine):
    assert engine.find(complete(engine, text())) is None
    assert engine.stats() == {}


@pytest.mark.parametrize("age", [None, 3600.0])
def test_a_result_is_kept_as_long_as_the_retention_says_if_that_is_longer(engine, age):
    engine.retention = Retention(completed=age)
    for keep in (None, 60.0):
        found = engine.find(complete(engine, text(), keep))
        assert (found.status, found.result, found.kept_until) == ("completed", kept(), None)


def test_a_job_without_a_result_may_be_kept_too(engine):
    found = engine.find(complete(engine, None, 60.0))
    assert (found.status, found.result) == ("completed", None)


def test_the_job_goes_when_its_time_is_over(engine):
    first, second = complete(engine, text(), 0.5), complete(engine, text(), 60.0)
    assert engine.expire() == 0
    time.sleep(1.1)
    assert engine.expire() == 1
    assert engine.find(first) is None
    assert engine.find(second).result == kept()
    assert engine.stats()["q"]["completed"] == 1


def test_a_short_retention_leaves_what_is_kept_longer_on_its_own_account(engine):
    engine.retention = Retention(completed=1.0)
    stays, goes = complete(engine, text(), 60.0), complete(engine, text())
    time.sleep(2.1)
    assert engine.expire() == 1
    assert engine.find(goes) is None
    assert engine.find(stays).result == kept()


def test_many_are_forgotten_in_parts(engine):
    count = 1203
    push(engine, count)
    name = worker(engine)
    claims = []
    while len(claims) < count:
        claims += engine.claim(name, ["q"], count)
    engine.settle(name, [Done(c.id, c.fence, None, text(), 0.01) for c in claims])
    time.sleep(0.05)
    assert engine.results.forget() == count
    assert engine.stats() == {}
    assert engine.results.forget() == 0


def test_a_person_may_delete_and_run_again_what_is_kept(engine):
    gone, again = complete(engine, text(), 60.0), complete(engine, text(), 0.5)
    assert engine.purge(Where(status="completed", job_id=gone)) == 1
    assert engine.move("rerun", Where(job_id=again)) == 1
    found = engine.find(again)
    assert (found.status, found.result_text, found.kept_until) == ("new", None, None)
    time.sleep(1.1)
    assert engine.expire() == 0
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(claim.id, claim.fence, None, text("2"), 60.0)])
    assert engine.expire() == 0
    assert engine.find(again).result == kept(2)


def test_a_job_that_is_kept_no_longer_on_its_own_account_stays_as_the_others(engine):
    id = complete(engine, text(), 0.3)
    engine.retention = Retention(completed=None)
    assert engine.move("rerun", Where(job_id=id)) == 1
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(id, claim.fence)])
    time.sleep(1.1)
    assert engine.expire() == 0
    assert (engine.find(id).status, engine.find(id).result) == ("completed", None)


def test_each_job_of_a_batch_gets_its_own_result(engine):
    ids = push(engine, 6)
    name = worker(engine)
    a, b, c, d, e, f = engine.claim(name, ["q"], 6)
    batch = [
        Done(a.id, a.fence),
        Done(b.id, b.fence, None, text("1"), 60.0),
        Failed(c.id, c.fence, "E"),
        Done(d.id, d.fence, None, text("2"), 90.0),
        Done(e.id, e.fence + 1, None, text("3"), 60.0),
        Release(f.id, f.fence, time.time() + 60, 1),
    ]
    assert engine.settle(name, batch) == [*([ACCEPTED] * 4), Settlement.LOST, ACCEPTED]
    found = [engine.find(id) for id in ids]
    assert found[0] is None
    assert [job.result for job in found[1:]] == [kept(1), None, kept(2), None, None]
    assert [job.status for job in found[1:]] == [
        *("completed", "failed", "completed", "queued", "new")
    ]
    assert 28 < found[3].kept_until - found[1].kept_until < 32
    assert [claim.id for claim in engine.held(name)] == [e.id]


def test_a_settlement_that_is_repeated_changes_nothing(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    done = Done(id, claim.fence, None, text(), 60.0)
    assert engine.settle(name, [done]) == [ACCEPTED]
    before = engine.find(id)
    assert engine.settle(name, [done._replace(result=text("2"))]) == [ACCEPTED]
    assert engine.settle(name, [HandBack(id, claim.fence)]) == [Settlement.LOST]
    assert engine.find(id) == before


def test_a_run_that_was_cancelled_leaves_no_result(engine):
    engine.retention = Retention(cancelled=None)
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.cancel(id)
    answer = engine.settle(name, [Done(id, claim.fence, None, text(), 60.0)])
    assert answer == [Settlement.CANCELLED]
    assert (engine.find(id).status, engine.find(id).result_text) == ("cancelled", None)


def test_a_worker_that_was_given_up_leaves_no_result(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.recover(name)
    done = Done(id, claim.fence, None, text(), 60.0)
    assert engine.settle(name, [done]) == [Settlement.LOST]
    assert (engine.find(id).status, engine.find(id).result_text) == ("new", None)


@pytest.mark.parametrize(
    "value",
    [None, "", "é💥\x00\n\"'\\", "null", [1, {"a": [None]}], {}, 0, -1.5, True, "%s {now} :id"],
)
def test_any_value_comes_back_as_it_is(engine, value):
    id = complete(engine, text(json.dumps(value)), 60.0)
    assert engine.find(id).result == kept(value)


def test_a_batch_of_long_results_comes_back_whole(engine):
    ids = push(engine, 12)
    name = worker(engine)
    values = [str(number) * (RESULT_BYTES // 2) for number in range(10, 22)]
    claims = engine.claim(name, ["q"], 12)
    batch = [
        Done(claim.id, claim.fence, None, text(json.dumps(value)), 60.0)
        for claim, value in zip(claims, values, strict=True)
    ]
    assert engine.settle(name, batch) == [ACCEPTED] * 12
    assert [engine.find(id).result.value for id in ids] == values


def test_an_entry_of_the_schedule_notes_a_job_with_a_result(engine):
    engine.schedule.enroll(["nightly"], 1000.0)
    (id,) = engine.schedule.push_slots([Slot("nightly", 2000.0, job())])
    name = worker(engine)
    claim = claim_one(engine, name)
    done = Done(id, claim.fence, "nightly", text(), 60.0)
    assert engine.settle(name, [done]) == [ACCEPTED]
    assert engine.schedule.slots()["nightly"].completed
    assert engine.find(id).result == kept()


def test_progress_is_kept_while_the_job_runs_and_after_it(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.find(id).progress is None
    for progress in (Progress(1), Progress(5, 10, "é half"), Progress(7.5, 10)):
        engine.results.note_progress(name, {claim[:2]: progress_text(progress)})
        assert engine.find(id).progress == progress
    assert engine.browse(Where(status="queued")) == [engine.find(id)]
    engine.settle(name, [Failed(id, claim.fence, "E")])
    assert engine.find(id).progress == Progress(7.5, 10)
    assert engine.move("retry", Where(job_id=id)) == 1
    assert engine.find(id).progress is None


def test_only_the_worker_that_runs_a_job_tells_of_its_progress(engine):
    (id,) = push(engine)
    old, note = worker(engine), progress_text(Progress(1))
    stale = claim_one(engine, old)
    engine.recover(old)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.results.note_progress(old, {stale[:2]: note})
    engine.results.note_progress(old, {claim[:2]: note})
    engine.results.note_progress(name, {stale[:2]: note})
    engine.results.note_progress(name, {("999999", 1): note, ("no id", 1): note})
    assert engine.find(id).progress is None
    assert engine.find("999999") is None
    engine.cancel(id)
    engine.results.note_progress(name, {claim[:2]: note})
    assert engine.find(id).progress is None


def test_several_jobs_tell_of_their_progress_at_once(engine):
    ids = push(engine, 3)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 3)
    notes = {c[:2]: progress_text(Progress(number)) for number, c in enumerate(claims[:2])}
    engine.results.note_progress(name, notes)
    assert [engine.find(id).progress for id in ids] == [Progress(0), Progress(1), None]
    engine.results.note_progress(name, {})


def test_the_status_of_a_job_is_found(engine):
    (id,) = push(engine)
    assert engine.results.status(id) == "new"
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.results.status(id) == "queued"
    engine.settle(name, [Done(id, claim.fence, None, text(), 60.0)])
    assert engine.results.status(id) == "completed"
    assert engine.results.status("999999") is None
    assert engine.results.status("no id") is None


def test_a_wait_for_a_job_ends_in_time(engine):
    (id,) = push(engine)
    for job_id in (id, "999999"):
        began = time.monotonic()
        engine.results.wait(job_id, 0.1)
        assert time.monotonic() - began < 1.0
