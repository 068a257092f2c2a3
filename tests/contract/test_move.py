import time
from calendar import timegm

import pytest

from lightjobs.engines.redis import bulk
from lightjobs.engines.sql import bulk as sql
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Done, Failed, Settlement

from .support import NO_IDS, claim_one, drain, fail, push, worker


def test_retry_makes_a_failed_job_as_new_and_due(engine):
    (id,) = fail(engine, options='{"attempts":3}', priority=1)
    before = engine.find(id)
    assert engine.move("retry", Where(job_id=id)) == 1
    stored = engine.find(id)
    assert stored == before._replace(
        status="new",
        attempts=0,
        recoveries=0,
        exception=None,
        failed_at=None,
        scheduled_at=stored.scheduled_at,
    )
    assert stored.scheduled_at >= before.scheduled_at
    claim = claim_one(engine)
    assert (claim.id, claim.attempts, claim.fence) == (id, 1, 2)


def test_retry_makes_a_once_delayed_job_due_now(engine):
    (id,) = push(engine, due=1000.75)

    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Failed(id, claim.fence, "x")])
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 1))
    engine.move("retry", Where(job_id=id))
    assert engine.find(id).scheduled_at >= now
    assert [c.id for c in drain(engine)] == [id]


def test_retry_without_an_id_takes_all(engine):
    ids = fail(engine, 3, "a") + fail(engine, 2, "b")
    assert engine.move("retry") == 5
    assert {c.id for c in drain(engine, ["a", "b"])} == set(ids)
    assert engine.move("retry") == 0


@pytest.mark.parametrize("named", [False, True])
def test_retried_jobs_may_be_spread_over_some_time(engine, monkeypatch, named):
    monkeypatch.setattr(bulk, "PART", 20)
    monkeypatch.setattr(sql, "PART", 20)
    ids = fail(engine, 120)
    began = time.time() // 1
    where = Where(ids=tuple(ids)) if named else Where()
    assert engine.move("retry", where, spread=600) == 120
    ended = time.time()
    texts = [engine.find(id).scheduled_at for id in ids]
    dues = sorted(timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")) for text in texts)
    assert began <= dues[0]
    assert dues[-1] <= ended + 600
    thirds = [sum(began + n * 200 <= due < began + (n + 1) * 200 for due in dues) for n in range(3)]
    assert min(thirds) > 15
    assert len(set(dues)) > 60
    assert len(drain(engine)) == sum(due <= time.time() for due in dues)


def test_jobs_that_run_again_may_be_spread_too(engine):
    ids = push(engine, 50)
    engine.retention = engine.retention._replace(cancelled=None)
    engine.move("cancel")
    assert engine.move("rerun", spread=86_400) == 50
    assert {engine.find(id).status for id in ids} == {"new"}
    assert len(drain(engine)) < 10


@pytest.mark.parametrize(
    ("name", "spread", "allowed"),
    [
        ("retry", -1, "0 to 86400"),
        ("rerun", 86_401, "0 to 86400"),
        ("resume", 1, "0, because it keeps the due time"),
    ],
)
def test_a_spread_that_cannot_be_is_refused(engine, name, spread, allowed):
    message = f"spread of the move '{name}' is {spread}; allowed: {allowed}"
    with pytest.raises(LightjobsError, match=message):
        engine.move(name, spread=spread)


def test_retry_of_a_queue_takes_only_that_queue(engine):
    a, b = fail(engine, 3, "a"), fail(engine, 2, "b")
    assert engine.move("retry", Where(queue="a")) == 3
    assert engine.move("retry", Where(queue="unheard of")) == 0
    assert [engine.find(id).status for id in a + b] == ["new"] * 3 + ["failed"] * 2


def test_retry_of_a_job_in_another_queue_changes_nothing(engine):
    (id,) = fail(engine, queue="a")
    assert engine.move("retry", Where(job_id=id, queue="b")) == 0
    assert engine.find(id).status == "failed"
    assert engine.move("retry", Where(job_id=id, queue="a")) == 1


def test_retry_takes_more_than_a_part(engine):
    fail(engine, 12_000)
    assert engine.move("retry") == 12_000
    assert engine.stats()["q"]["new"] == 12_000


def test_retrying_what_fails_again_at_once_ends_and_leaves_none_out(engine, monkeypatch):
    monkeypatch.setattr(sql, "PART", 40)
    monkeypatch.setattr(bulk, "PART", 40)
    ids = fail(engine, 100, queue="a") + fail(engine, 100, queue="b")
    name = worker(engine)
    retried, told = [], []

    def fail_again(touched):
        told.append(touched)
        claims = engine.claim(name, ["a", "b"], 200)
        retried.extend(claim.id for claim in claims)
        engine.settle(name, [Failed(claim.id, claim.fence, "again") for claim in claims])

    time.sleep(1.1)  # the time of a failure is kept in whole seconds
    assert engine.move("retry", Where(), fail_again) == sum(told) == 200
    if len(told) == 1:  # the memory engine tells once it is done
        retried += [claim.id for claim in engine.claim(name, ["a", "b"], 200)]
    assert sorted(retried) == sorted(ids)


def test_retry_of_a_waiting_or_running_job_changes_nothing(engine):
    waiting, running = push(engine, queue="w") + push(engine, queue="r")
    (delayed,) = push(engine, queue="w", due=time.time() + 60)
    claim_one(engine, queue="r")
    before = [engine.find(id) for id in (waiting, running, delayed)]
    assert [engine.move("retry", Where(job_id=id)) for id in (waiting, running, delayed)] == [
        0,
        0,
        0,
    ]
    assert engine.move("retry") == 0
    assert [engine.find(id) for id in (waiting, running, delayed)] == before


@pytest.mark.parametrize("name", ["", "unheard of", "RETRY", "retry; --", "../claim", "claim"])
def test_an_unknown_move_is_refused(engine, name):
    (id,) = fail(engine)
    with pytest.raises(LightjobsError, match="retry"):
        engine.move(name, Where(job_id=id))
    assert engine.find(id).status == "failed"


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_moves_nothing(engine, text):
    (id,) = fail(engine)
    assert engine.move("retry", Where(job_id=text)) == 0
    assert engine.find(id).status == "failed"


def test_an_outcome_from_before_the_retry_is_stale(engine):

    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Failed(claim.id, claim.fence, "x")])
    engine.move("retry", Where(job_id=claim.id))
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.LOST]
    assert engine.find(claim.id).status == "new"
