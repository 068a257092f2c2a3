"""Why earlier attempts of a job failed."""

import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release
from lightjobs.notes.attempt_errors import ERRORS_LENGTH, LOST, AttemptError, error_line

from .support import claim_one, push, worker


@pytest.fixture(autouse=True)
def keeps_errors(store):
    """Rows in PHP's own form have no place for them."""
    if (store.environment or {}).get("REDIS_JOB_FORMAT") == "php":
        pytest.skip("rows in PHP's form keep the last exception alone")


def failure(attempt=1, text="ValueError: boom", **fields):
    made = AttemptError(attempt, 1000.5, 0.25, "worker-1", "error", text)
    return made._replace(**fields)


def release(claim, error, due=None):
    moment = time.time() - 5 if due is None else due
    return Release(claim.id, claim.fence, moment, claim.attempts, error.text, error_line(error))


def test_each_failed_attempt_is_kept_the_latest_first(engine):
    (id,) = push(engine)
    name = worker(engine)
    assert engine.find(id).errors == ()
    for attempt in (1, 2):
        error = failure(attempt, f"ValueError: {attempt}")
        engine.settle(name, [release(claim_one(engine, name), error)])
    claim = claim_one(engine, name)
    last = failure(3, "ValueError: 3", kind="timeout", seconds=None)
    engine.settle(name, [Failed(claim.id, claim.fence, last.text, error_line(last))])
    found = engine.find(id)
    assert found.errors == (last, failure(2, "ValueError: 2"), failure(1, "ValueError: 1"))
    assert (found.status, found.exception) == ("failed", "ValueError: 3")
    assert engine.browse(Where(status="failed")) == [found]


def test_outcomes_without_an_error_leave_the_errors_as_they_are(engine):
    (id,) = push(engine)
    name = worker(engine)
    engine.settle(name, [release(claim_one(engine, name), failure())])
    claim = claim_one(engine, name)
    engine.settle(name, [HandBack(claim.id, claim.fence)])
    assert engine.find(id).errors == (failure(),)
    claim = claim_one(engine, name)
    engine.settle(name, [Release(claim.id, claim.fence, time.time() - 5, 1)])
    assert engine.find(id).errors == (failure(),)


def test_a_job_that_is_kept_as_completed_keeps_why_it_failed_before(engine):
    engine.retention = engine.retention._replace(completed=None)
    (id,) = push(engine)
    name = worker(engine)
    engine.settle(name, [release(claim_one(engine, name), failure())])
    claim = claim_one(engine, name)
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert engine.find(id).errors == (failure(),)


def test_each_job_of_a_batch_gets_its_own_line(engine):
    ids = push(engine, 4)
    name = worker(engine)
    claims = {claim.id: claim for claim in engine.claim(name, ["q"], 10)}
    errors = {id: failure(text=f"E: {id}") for id in ids[:3]}
    first, second, third, fourth = (claims[id] for id in ids)
    engine.settle(
        name,
        [
            release(first, errors[ids[0]]),
            Failed(second.id, second.fence, "E", error_line(errors[ids[1]])),
            release(third, errors[ids[2]]),
            Failed(fourth.id, fourth.fence, "plain"),
        ],
    )
    assert [engine.find(id).errors for id in ids] == [*((errors[id],) for id in ids[:3]), ()]


def test_a_settlement_that_is_repeated_adds_no_line(engine):
    (id,) = push(engine)
    name = worker(engine)
    outcome = release(claim_one(engine, name), failure())
    engine.settle(name, [outcome])
    engine.settle(name, [outcome])
    assert engine.find(id).errors == (failure(),)


def test_a_stale_outcome_adds_no_line(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [release(claim._replace(fence=claim.fence + 1), failure())])
    assert engine.find(id).errors == ()


@pytest.mark.parametrize(
    "text", ["", "é💥" * 10_000, "\n\r\t\x00\x1b\"\\'", "a" * 5000, "%s {0} :a"]
)
def test_any_text_comes_back_perhaps_cut(engine, text):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    line = error_line(failure(text=text))
    engine.settle(name, [Failed(claim.id, claim.fence, "E", line)])
    (found,) = engine.find(id).errors
    assert text.startswith(found.text)
    assert found.text == text or len(found.text) > 500


def test_old_lines_fall_off_in_whole(engine):
    (id,) = push(engine)
    name = worker(engine)
    count = ERRORS_LENGTH // 3000 + 5
    for attempt in range(1, count + 1):
        error = failure(attempt, f"E{attempt}: " + "é" * 3000)
        engine.settle(name, [release(claim_one(engine, name), error)])
    found = engine.find(id).errors
    assert [each.attempt for each in found] == list(range(count, count - len(found), -1))
    assert ERRORS_LENGTH // 3000 - 1 <= len(found) <= ERRORS_LENGTH // 3000
    assert all(each.text.endswith("é" * 3000) for each in found)


def test_a_run_whose_worker_died_is_noted_as_lost(engine):
    (id,) = push(engine)
    name = worker(engine)
    engine.settle(name, [release(claim_one(engine, name), failure())])
    claim_one(engine, name)
    before = int(time.time()) - 1
    engine.recover(name)
    lost, first = engine.find(id).errors
    assert first == failure()
    assert lost[:1] + lost[2:] == (2, None, name, "lost", LOST)
    assert before <= lost.at < before + 60


def test_a_job_whose_workers_died_too_often_has_a_line_for_each(engine):
    (id,) = push(engine)
    names = [worker(engine) for _ in range(MAX_RECOVERIES + 1)]
    for name in names:
        claim_one(engine, name)
        engine.recover(name)
    found = engine.find(id)
    assert found.status == "failed"
    assert [each.worker for each in found.errors] == names[::-1]
    assert {each.kind for each in found.errors} == {"lost"}


def test_a_cancelled_run_whose_worker_died_is_not_lost(engine):
    engine.retention = engine.retention._replace(cancelled=None)
    (id,) = push(engine)
    name = worker(engine)
    claim_one(engine, name)
    engine.cancel(id)
    engine.recover(name)
    assert engine.find(id).errors == ()


def test_a_job_retried_by_hand_keeps_its_errors(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Failed(claim.id, claim.fence, "E", error_line(failure()))])
    assert engine.move("retry") == 1
    found = engine.find(id)
    assert (found.status, found.attempts, found.errors) == ("new", 0, (failure(),))
