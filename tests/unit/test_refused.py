"""An outcome that the store refuses concerns its own job alone."""

import logging

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, SchemaOutdated, StoreUnavailable
from lightjobs.model import Done, Failed, HandBack, Release, Settlement
from lightjobs.workers.refused import PLAIN, REDUCED_CHARS, settle
from tests.support.engines import Wrapped

from .working import Worker

WORKER = "worker"


class Picky(Wrapped):
    """An engine that refuses some outcomes, and with each of them the whole batch."""

    def __init__(self, original, refuses, error=LightjobsError):
        super().__init__(original)
        self.refuses, self.error = refuses, error
        self.batches = []

    def settle(self, worker, outcomes):
        self.batches.append(list(outcomes))
        if any(map(self.refuses, outcomes)):
            raise self.error("data error: no such character")
        return self.original.settle(worker, outcomes)


def is_odd(outcome):
    return type(outcome) is Failed and not outcome.exception.isascii()


@pytest.fixture
def claims(engine):
    """Three claimed jobs of the memory engine."""
    engine.register(WORKER, 30)
    for _ in range(3):
        Plain().dispatch({})
    return engine.claim(WORKER, ["default"], 3)


class Plain(Job):
    attempts = 1

    def handle(self):
        if text := self.payload.get("raise"):
            raise ValueError(text)

    def onFailure(self):
        told.append(("failure", str(self.exception)))

    def onSuccess(self):
        told.append(("success", self.payload))


told = []


@pytest.fixture(autouse=True)
def _nothing_told():
    told.clear()


def test_one_refused_text_is_reduced_and_its_neighbors_are_settled(engine, claims, caplog):
    first, second, third = claims
    outcomes = [
        Done(first.id, first.fence),
        Failed(second.id, second.fence, "don“t 💥\nline"),
        Failed(third.id, third.fence, "plain"),
    ]
    settled = settle(Picky(engine, is_odd), WORKER, outcomes)
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 3
    assert engine.find(first.id) is None
    assert engine.find(second.id).exception == "don\\u201ct \\U0001f4a5\nline"
    assert engine.find(third.id).exception == "plain"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.job_id == second.id
    assert "no such character" in record.getMessage()


def test_a_text_that_is_too_long_is_cut_and_then_replaced(engine, claims):
    first, second, _third = claims

    def is_long(most):
        return lambda outcome: type(outcome) is Failed and len(outcome.exception) > most

    text = "x" * 5000
    settle(Picky(engine, is_long(4000)), WORKER, [Failed(first.id, first.fence, text)])
    assert engine.find(first.id).exception == text[:REDUCED_CHARS]
    settle(Picky(engine, is_long(len(PLAIN))), WORKER, [Failed(second.id, second.fence, text)])
    assert engine.find(second.id).exception == PLAIN


@pytest.mark.parametrize("kind", [Done, Release])
def test_a_refused_success_or_release_counts_as_failed(engine, claims, kind):
    claim = claims[0]
    more = () if kind is Done else (0.0, 1)
    picky = Picky(engine, lambda outcome: type(outcome) is kind)
    ((outcome, settlement),) = settle(picky, WORKER, [kind(claim.id, claim.fence, *more)])
    assert (type(outcome), settlement) == (Failed, Settlement.ACCEPTED)
    stored = engine.find(claim.id)
    assert stored.status == "failed"
    assert kind.__name__ in stored.exception
    assert "no such character" in stored.exception


@pytest.mark.parametrize("holds_text", [True, False])
def test_a_job_whose_exception_is_refused_is_still_retried(engine, claims, caplog, holds_text):
    claim = claims[0]
    text = "“boom”" + "x" * 5000

    def refuses(outcome):
        kept = getattr(outcome, "exception", None) or ""
        return not kept.isascii() or (bool(kept) and not holds_text)

    released = Release(claim.id, claim.fence, 0.0, 1, text)
    ((outcome, settlement),) = settle(Picky(engine, refuses), WORKER, [released])
    assert (outcome[:4], settlement) == (released[:4], Settlement.ACCEPTED)
    stored = engine.find(claim.id)
    assert (stored.status, stored.attempts) == ("new", 1)
    if holds_text:
        assert stored.exception.startswith("\\u201cboom\\u201dxxx")
        assert len(stored.exception) == REDUCED_CHARS
    else:
        assert stored.exception is None
    assert "kept in short" in caplog.text


def test_a_job_all_of_whose_outcomes_are_refused_holds_up_no_other(engine, claims, caplog):
    first, second, _third = claims
    picky = Picky(engine, lambda outcome: outcome.id == first.id)
    settled = settle(picky, WORKER, [Done(first.id, first.fence), Done(second.id, second.fence)])
    assert [settlement for _outcome, settlement in settled] == [None, Settlement.ACCEPTED]
    assert engine.find(first.id).status == "queued"
    (record,) = caplog.records
    assert (record.levelno, record.job_id) == (logging.ERROR, first.id)


def test_a_job_that_has_not_run_is_not_failed_for_it(engine, claims):
    claim = claims[0]
    picky = Picky(engine, lambda outcome: type(outcome) is HandBack)
    ((_outcome, settlement),) = settle(picky, WORKER, [HandBack(claim.id, claim.fence)])
    assert settlement is None
    assert engine.find(claim.id).status == "queued"


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_store_that_is_away_is_waited_for_as_ever(engine, claims, when):
    first, second, _third = claims
    picky = Picky(engine, is_odd)
    away = [when]
    real = picky.settle

    def failing(worker, outcomes):
        away[0] -= 1
        if away[0] == 0:
            raise StoreUnavailable("away")
        return real(worker, outcomes)

    picky.settle = failing
    outcomes = [Failed(first.id, first.fence, "“"), Done(second.id, second.fence)]
    with pytest.raises(StoreUnavailable):
        settle(picky, WORKER, outcomes)
    settled = settle(picky, WORKER, outcomes)
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 2
    assert engine.find(first.id).exception == "\\u201c"


def test_missing_tables_are_not_blamed_on_the_outcomes(engine, claims):
    class Outdated(Picky):
        def ensure_ready(self):
            raise SchemaOutdated("run migrate:up")

    picky = Outdated(engine, lambda outcome: True, SchemaOutdated)
    with pytest.raises(SchemaOutdated, match="migrate:up"):
        settle(picky, WORKER, [Done(claim.id, claim.fence) for claim in claims])
    assert len(picky.batches) == 1


def test_a_table_that_a_trigger_lacks_is(engine, claims):
    picky = Picky(engine, lambda outcome: outcome.id == claims[0].id, SchemaOutdated)
    settled = settle(picky, WORKER, [Done(claim.id, claim.fence) for claim in claims])
    accepted = Settlement.ACCEPTED
    assert [settlement for _outcome, settlement in settled] == [None, accepted, accepted]


def test_a_worker_goes_on_and_each_job_runs_once(engine):
    for n in range(5):
        Plain().dispatch({"raise": "it“s" if n == 2 else "", "n": n})
    worker = Worker(Picky(engine, is_odd)).run()
    assert len(worker.lines.started_ids) == 5
    assert worker.lines.lost_ids == []
    (failed,) = engine.browse(Where(status="failed"))
    assert "it\\u201cs" in failed.exception
    assert sorted(kind for kind, _what in told) == ["failure"] + ["success"] * 4
    assert ("failure", "it“s") in told  # the hook has the exception as it was raised


def test_a_job_all_of_whose_outcomes_are_refused_does_not_run_again(engine):
    """Its worker holds it, but knows it: it is no claim that came late."""
    Plain().dispatch({})
    worker = Worker(Picky(engine, lambda outcome: True))
    worker.run()
    ((id, fence),) = worker.loop._in_flight.known()
    assert [id] == worker.lines.started_ids
    assert [claim[:2] for claim in engine.held(worker.name)] == [(id, fence)]


def test_a_refused_success_calls_the_hook_of_a_failure(engine):
    Plain().dispatch({})
    worker = Worker(Picky(engine, lambda outcome: type(outcome) is Done)).run()
    assert [kind for kind, _what in told] == ["failure"]
    (id,) = worker.lines.started_ids
    assert worker.lines.ended_ids == [id, id]  # as processed, and then as failed
