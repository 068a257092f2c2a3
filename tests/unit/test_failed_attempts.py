"""Which runs add a line to the errors of their job, and what the line says."""

from __future__ import annotations

import time

import pytest

from lightjobs import Job
from lightjobs.engines.store import MAX_RECOVERIES
from lightjobs.errors import LightjobsError
from lightjobs.model import Done, Failed, Release, Settlement, Status
from lightjobs.notes.attempt_errors import LOST, errors_of
from lightjobs.workers import refused
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.reclaim import overdue, reclaim
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.tally import Tally, read_counts
from lightjobs.workers.vitals import OUTCOMES
from tests.support.engines import Wrapped, failing

from .working import Worker


class Fragile(Job):
    attempts = 3
    retryAfter = "now"

    def handle(self):
        match self.payload.get("how"):
            case "error":
                raise ValueError(f"boom {self.context.attempt}")
            case "release":
                self.release("+1 hour")
            case "permanent":
                self.failPermanently("no use")
            case "sleep":
                time.sleep(5)


class Timed(Fragile):
    timeout = 0.05


class Limited(Fragile):
    def rateLimit(self):
        return {"limit": 1, "minutes": 1}


def errors(engine, job_id):
    return engine.find(job_id).errors


def test_each_failed_attempt_adds_a_line(engine, concurrency):
    job_id = Fragile().dispatch({"how": "error"})
    before = time.time()
    worker = Worker(engine, concurrency=concurrency).run()
    found = errors(engine, job_id)
    assert [error.attempt for error in found] == [3, 2, 1]
    assert [error.text.splitlines()[0] for error in found] == [
        f"ValueError: boom {attempt}" for attempt in (3, 2, 1)
    ]
    assert {error.kind for error in found} == {"error"}
    assert {error.worker for error in found} == {worker.name}
    assert all(before - 1 <= error.at <= time.time() and error.seconds < 5 for error in found)


def test_a_timeout_is_told_apart(engine):
    job_id = Timed().dispatch({"how": "sleep"})
    Worker(engine).run()
    assert {error.kind for error in errors(engine, job_id)} == {"timeout"}
    assert errors(engine, job_id)[0].text.startswith("timed out after 0.05 s")


def test_a_job_that_fails_itself_for_good_has_a_line(engine):
    job_id = Fragile().dispatch({"how": "permanent"})
    Worker(engine).run()
    (error,) = errors(engine, job_id)
    assert (error.kind, error.text.splitlines()[0]) == ("error", "no use")


def test_a_release_that_the_job_asks_for_adds_none(engine):
    job_id = Fragile().dispatch({"how": "release"})
    Worker(engine).run()
    assert engine.find(job_id).status == Status.NEW
    assert errors(engine, job_id) == ()


def test_a_rate_limit_adds_none(engine):
    first, second = Limited().dispatch(), Limited().dispatch()
    Worker(engine).run()
    assert engine.find(first) is None
    assert errors(engine, second) == ()


def test_a_line_is_made_once_though_the_store_is_asked_twice(engine):
    job_id = Fragile().dispatch({"how": "permanent"})
    Worker(Wrapped(engine, settle=failing(engine.settle, 1, after=True))).run()
    Worker(Wrapped(engine, settle=failing(engine.settle, 1))).run()
    assert len(errors(engine, job_id)) == 1


def test_a_line_that_the_store_cannot_encode_is_reduced_like_the_text():
    class Ascii:
        def settle(self, worker, outcomes):
            self.outcome = outcomes[0]
            if not (self.outcome.exception.isascii() and (self.outcome.error or "").isascii()):
                raise LightjobsError("cannot be encoded")
            return [Settlement.ACCEPTED]

    engine = Ascii()
    line = '{"a":1,"at":2,"s":3,"w":"w","k":"error","e":"sn☃w"}'
    refused.settle(engine, "w", [Release("1", 1, 0.0, 1, "sn☃w", line)])
    (error,) = errors_of(engine.outcome.error)
    assert error.text == "sn\\u2603w"
    refused.settle(engine, "w", [Failed("1", 1, "sn☃w", line)])
    assert errors_of(engine.outcome.error) == (error,)


def held_by_the_dead(engine, *payloads, job=Fragile):
    """A journal in which claimed jobs have started, and their slots."""
    engine.register("dead", 30)
    ids = [job().dispatch(payload) for payload in payloads]
    journal = Journal()
    in_flight = InFlight(journal)
    in_flight.add(engine.claim("dead", ["default"], len(ids)))
    return ids, journal, [in_flight.start() for _ in ids]


def outcomes(tally):
    (totals,) = read_counts(tally.text()).runs.values()
    return {name: n for name, n in zip(OUTCOMES, totals.ended, strict=True) if n}


def test_a_job_that_ignored_its_timeout_has_a_line(engine):
    (job_id,), journal, (run,) = held_by_the_dead(engine, {})
    journal.timed(run.slot, time.monotonic() - 1, 9.0, Release(job_id, 1, time.time(), 1))
    timed_out = overdue(journal, "it is ended")
    tally = Tally()
    done = reclaim(engine, "dead", journal, False, timed_out, "signal 9", tally)
    assert done.timed_out == list(timed_out.values())
    (error,) = errors(engine, job_id)
    assert (error.attempt, error.kind, error.seconds, error.worker) == (1, "timeout", None, "dead")
    assert error.text.startswith("timed out after 9 s, and went on")
    assert outcomes(tally) == {"retried": 1}


def test_what_had_failed_when_the_process_died_has_its_line(engine):
    ids, journal, runs = held_by_the_dead(engine, {}, {}, {}, {})
    for run, outcome in zip(
        runs,
        [
            Failed(ids[0], 1, "ValueError: x\nTraceback"),
            Release(ids[1], 1, time.time(), 1, "ValueError: y\nTraceback"),
            Release(ids[2], 1, time.time(), 0),
            Done(ids[3], 1),
        ],
        strict=True,
    ):
        journal.finished(run.slot, outcome)
    tally = Tally()
    reclaim(engine, "dead", journal, False, {}, "signal 9", tally)
    assert errors(engine, ids[0])[0].text == "ValueError: x\nTraceback"
    assert errors(engine, ids[1])[0].text == "ValueError: y"
    assert errors(engine, ids[2]) == ()
    assert engine.find(ids[3]) is None
    assert outcomes(tally) == {"done": 1, "retried": 1, "failed": 1, "released": 1}


@pytest.mark.parametrize("recoveries", [0, MAX_RECOVERIES])
def test_a_job_that_ran_when_its_process_died_has_a_line(engine, recoveries):
    (job_id,), journal, _runs = held_by_the_dead(engine, {})
    engine._jobs[int(job_id)].recoveries = recoveries
    tally = Tally()
    done = reclaim(engine, "dead", journal, False, {}, "signal 9", tally)
    assert done.recovered == (0 if recoveries else 1)
    (error,) = errors(engine, job_id)
    assert (error.attempt, error.kind, error.text, error.worker) == (1, "lost", LOST, "dead")
    assert outcomes(tally) == {"lost": 1}


def test_nothing_is_asked_about_jobs_that_go_back_at_no_cost(engine, monkeypatch):
    job_id = Fragile().dispatch()
    engine.register("dead", 30)
    journal = Journal()
    InFlight(journal).add(engine.claim("dead", ["default"], 1))
    monkeypatch.delattr(type(engine), "held")
    tally = Tally()
    assert reclaim(engine, "dead", journal, False, {}, "signal 9", tally).handed_back == 1
    assert errors(engine, job_id) == ()
    assert tally.changes == 0
