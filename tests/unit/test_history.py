"""What is told to the store of the runs of workers, and when."""

from __future__ import annotations

import pytest

from lightjobs.engines.version_changes import version_changes
from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.model import Failed, NewJob, Release
from lightjobs.notes.observed import NOTHING, SAMPLE, SPANS, part_of
from lightjobs.workers import history as room
from lightjobs.workers.history import History
from lightjobs.workers.observer import Observer
from tests.support.engines import Wrapped, failing
from tests.web.observed import add_worker

from .test_observer import OPTIONS, Child
from .test_tally import ended

MINUTE = 1_800_000_000 // 3600 * 3600


class Clock:
    def __init__(self):
        self.now = float(MINUTE)

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(room, "time", made)
    return made


@pytest.fixture
def observer():
    return Observer(OPTIONS, parent=1)


@pytest.fixture
def child(observer):
    return Child(observer)


def rates(engine, span=60):
    """The rates of runs."""
    return [rate for rate in engine.rates(span, 0) if rate.handler != SAMPLE]


def samples(engine, span=60):
    return [rate for rate in engine.rates(span, 0) if rate.handler == SAMPLE]


def test_runs_are_noted_in_each_span(engine, observer, child, clock):
    child.ran(ended(seconds=0.3, waited=2.0), ended(Failed, ValueError("x"), seconds=0.001))
    History(engine, observer).send()
    for span in SPANS:
        (rate,) = rates(engine, span)
        assert rate[:4] == (span, MINUTE, "default", "Pay")
        assert (rate.done, rate.failed, rate.retried, rate.released) == (1, 1, 0, 0)
        assert rate.milliseconds == 301
        assert rate.durations[part_of(0.3)] == rate.durations[0] == 1
        assert rate.waits[part_of(2.0)] == rate.waits[0] == 1


def test_only_what_is_new_is_sent(engine, observer, child, clock):
    history = History(engine, observer)
    for _ in range(3):
        child.ran(ended())
        history.send()
        history.send()
    (rate,) = rates(engine)
    assert (rate.done, rate.durations) == (3, (3, *NOTHING[1:]))


def test_runs_are_noted_in_the_bucket_of_their_time(engine, observer, child, clock):
    history = History(engine, observer)
    for number in range(3):
        clock.now = MINUTE + 45.0 * number
        child.ran(ended(), ended(Release, ValueError("x")))
        history.send()
    assert [(rate.bucket - MINUTE, rate.done, rate.retried) for rate in rates(engine)] == [
        (0, 2, 2),
        (60, 1, 1),
    ]
    assert [(rate.bucket, rate.done) for rate in rates(engine, 600)] == [(MINUTE, 3)]


def test_short_runs_add_up_to_whole_milliseconds(engine, observer, child, clock):
    history = History(engine, observer)
    for _ in range(30):
        child.ran(ended(seconds=0.0004))
        history.send()
    (rate,) = rates(engine)
    assert rate.milliseconds in (11, 12)


def test_the_runs_of_a_worker_that_has_ended_are_sent_once(engine, observer, child, clock):
    history = History(engine, observer)
    child.ran(ended())
    history.send()
    child.ran(ended())
    observer.forget("w")
    child.journal.close()
    history.send()
    history.send()
    (rate,) = rates(engine)
    assert rate.done == 2


def test_what_a_store_that_is_away_does_not_take_is_sent_later(engine, observer, child, clock):
    away = Wrapped(
        engine,
        monitoring=Wrapped(engine.monitoring, note_rates=failing(engine.monitoring.note_rates, 2)),
    )
    history = History(away, observer)
    for number in range(3):
        clock.now = MINUTE + 60.0 * number
        child.ran(ended())
        if number < 2:
            with pytest.raises(StoreUnavailable):
                history.send()
        else:
            history.send()
    assert [rate.bucket - MINUTE for rate in rates(engine)] == [0, 60, 120]
    assert [rate.done for rate in rates(engine)] == [1, 1, 1]


def test_what_is_kept_for_a_store_that_is_away_is_bounded(
    engine, observer, child, clock, monkeypatch
):
    monkeypatch.setattr(room, "MOST_UNSENT", 10)
    away = Wrapped(
        engine,
        monitoring=Wrapped(engine.monitoring, note_rates=failing(engine.monitoring.note_rates, 20)),
    )
    history = History(away, observer)
    for number in range(20):
        clock.now = MINUTE + 60.0 * number
        child.ran(ended())
        with pytest.raises(StoreUnavailable):
            history.send()
    history.send()
    assert [rate.bucket - MINUTE for rate in rates(engine)] == [60 * n for n in range(13, 20)]
    assert [rate.done for rate in rates(engine, 600)] == [10, 10]
    assert [rate.done for rate in rates(engine, 3600)] == [20]


def test_a_store_that_refuses_the_history_ends_no_worker(engine, observer, child, clock, caplog):
    def refuses(rates):
        raise LightjobsError("no table job_rates")

    odd = Wrapped(engine, monitoring=Wrapped(engine.monitoring, note_rates=refuses))
    history = History(odd, observer)
    for _ in range(3):
        child.ran(ended())
        history.send()
    assert caplog.text.count("no table job_rates") == 1


def test_queues_are_sampled_once_a_minute_by_one_process(engine, observer, clock, monkeypatch):
    engine.push([NewJob("Pay", "mail", "{}")] * 3)
    engine.push([NewJob("Pay", "mail", "{}", due=4e9)])
    first, second = History(engine, observer), History(engine, observer)
    for seconds in (0, 10, 50, 65, 70):
        clock.now = MINUTE + float(seconds)
        first.send()
        second.send()
    found = samples(engine)
    assert [(rate.bucket - MINUTE, rate.queue, rate.depth) for rate in found] == [
        (0, "mail", 3),
        (60, "mail", 3),
    ]
    assert all(rate.latency >= 0 and rate.runs == 0 for rate in found)
    assert [rate.depth for rate in samples(engine, 3600)] == [3]


def test_the_version_of_most_workers_is_noted_with_the_samples(engine, observer, clock):
    history = History(engine, observer)
    add_worker(engine, "old", version="1.0")
    history.send()
    engine.recover("old")
    add_worker(engine, "new", version="1.1")
    for seconds in (30, 120, 180):
        clock.now = MINUTE + float(seconds)
        history.send()
    assert version_changes(engine) == [(MINUTE + 120.0, "1.1")]


def test_a_process_that_ends_takes_no_more_samples(engine, observer, child, clock):
    engine.push([NewJob("Pay", "mail", "{}")])
    child.ran(ended())
    History(engine, observer).send_rest()
    assert (len(rates(engine)), samples(engine)) == (1, [])


def test_nothing_is_asked_of_the_store_when_nothing_is_new(engine, observer, child, clock):
    history = History(engine, observer)
    child.ran(ended())
    history.send()
    history._engine = None
    history.send()


def test_what_was_only_lost_or_cancelled_is_no_run_of_the_history(engine, observer, clock):
    observer.tally.reclaimed("default", "Pay", None)
    History(engine, observer).send()
    assert rates(engine) == []
