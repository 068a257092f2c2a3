"""The scheduler on the memory engine, with a clock that the test moves."""

import random

import pytest

from lightjobs import StoreUnavailable
from lightjobs.engines.where import Where
from lightjobs.execution import middleware_chain
from lightjobs.middleware import Middleware
from lightjobs.model import Done, Failed, Retention
from lightjobs.schedule.scheduler import (
    BATCH,
    FORGET_SECONDS,
    LOOK_SECONDS,
    Scheduler,
)
from tests.support.engines import Wrapped

from .running import NOON, count


def payloads(engine):
    return [job.payload for job in engine.browse(Where(status="new"), 10000)]


def finish_all(engine):
    engine.register("w", 30)
    claims = engine.claim("w", ["reports"], 1000)
    engine.settle("w", [Done(claim.id, claim.fence) for claim in claims])


class Flaky(Wrapped):
    """An engine whose push_slots fails, before or after it has done its work."""

    def __init__(self, engine, fails):
        super().__init__(engine)
        self.fails = fails

    @property
    def schedule(self):
        return self

    def __getattr__(self, name):
        schedule = self.original.schedule
        return getattr(schedule if hasattr(schedule, name) else self.original, name)

    def push_slots(self, slots):
        fail = next(self.fails, None)
        if fail == "before":
            raise StoreUnavailable("gone")
        ids = self.original.schedule.push_slots(slots)
        if fail == "after":
            raise StoreUnavailable("the reply was lost")
        return ids


def test_a_due_moment_pushes_the_entrys_job(engine, recurring):
    scheduler = Scheduler(engine, [recurring(more=lambda e: e.payload({"a": 1}).queue("early"))])
    scheduler.tick(NOON)
    assert engine.stats() == {}
    scheduler.tick(NOON + 60)
    (job,) = engine.browse(Where(status="new"))
    assert (job.handler, job.queue, job.payload) == ("App\\Jobs\\SendReport", "early", '{"a":1}')
    assert engine.schedule.slots()["report"][:2] == (NOON + 60, job.id)


def test_it_looks_again_at_the_next_moment_or_after_a_second(engine, recurring):
    scheduler = Scheduler(engine, [recurring(60)])
    assert scheduler.tick(NOON + 10.25) == NOON + 10.25 + LOOK_SECONDS
    assert scheduler.tick(NOON + 59.5) == NOON + 60
    assert Scheduler(engine, []).tick(NOON) == NOON + LOOK_SECONDS


def test_of_many_schedulers_one_dispatches_each_moment(engine, recurring):
    entries = [recurring(seconds, f"every {seconds}") for seconds in (1, 2, 7)]
    schedulers = [Scheduler(engine, entries) for _ in range(5)]
    for scheduler in schedulers:
        scheduler.tick(NOON)
    chance = random.Random(1)
    for now in range(NOON + 1, NOON + 71):
        for scheduler in chance.sample(schedulers, 5):
            scheduler.tick(now + chance.random() / 2)
    assert count(engine) == 70 + 35 + 10


def test_schedulers_that_come_and_go_dispatch_each_moment_once(engine, recurring):
    entries = [recurring(n, f"every {n}", lambda e: e.accuracy("all")) for n in (1, 3)]
    chance = random.Random(2)
    Scheduler(engine, entries).tick(NOON)
    alive = []
    for now in range(NOON + 1, NOON + 301):
        if chance.random() < 0.3:
            alive = [Scheduler(engine, entries) for _ in range(chance.randrange(3))]
        for scheduler in alive:
            scheduler.tick(now)
    Scheduler(engine, entries).tick(NOON + 300)
    while Scheduler(engine, entries).tick(NOON + 300) <= NOON + 300:
        pass
    assert count(engine) == 300 + 100


def test_middleware_is_told_of_what_is_dispatched(engine, recurring, monkeypatch):
    told = []

    class Watcher(Middleware):
        def on_push(self, job_id, job):
            told.append((job_id, job.queue))

    monkeypatch.setattr(middleware_chain, "current", middleware_chain.load([Watcher]))
    entries = [recurring(60, "a"), recurring(60, "no", lambda e: e.when(lambda: False))]
    schedulers = [Scheduler(engine, entries) for _ in range(2)]
    for now in (NOON, NOON + 60):
        for scheduler in schedulers:
            scheduler.tick(now)
    assert told == [(engine.schedule.slots()["a"].job_id, "reports")]


def test_what_fell_due_while_no_scheduler_ran_is_made_up_for_once(engine, recurring):
    entry = recurring(60)
    Scheduler(engine, [entry]).tick(NOON)
    for _ in range(3):
        Scheduler(engine, [entry]).tick(NOON + 600 + 5)
    assert count(engine) == 1
    assert engine.schedule.slots()["report"].due == NOON + 600


def test_a_store_that_was_away_costs_no_moment_and_no_slot_is_taken_twice(engine, recurring):
    entries = [recurring(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(3)]
    chance = random.Random(3)
    flaky = Flaky(engine, (chance.choice(["before", "after", None]) for _ in range(100)))
    scheduler = Scheduler(flaky, entries)
    scheduler.begin(NOON)
    for now in range(NOON + 1, NOON + 61):
        scheduler.tick(now)
    flaky.fails = iter([])
    scheduler.tick(NOON + 61)
    assert count(engine) == 3 * 61


def test_a_clock_set_back_or_forward_an_hour_dispatches_nothing_twice(engine, recurring):
    scheduler = Scheduler(engine, [recurring(600)])
    scheduler.tick(NOON)
    for now in [600, -3000, 0, 599, 601, 1200, 4800, 1300, 1800, 4801, 5400]:
        scheduler.tick(NOON + now)
        Scheduler(engine, [recurring(600)]).tick(NOON + now)
    # 600, 1200, then the jump to 4800 (1800 to 4200 were jumped over), 5400
    assert count(engine) == 4


def test_more_slots_than_a_batch_holds_are_all_dispatched(engine, recurring):
    entries = [recurring(1, f"entry {n}") for n in range(BATCH + 1)]
    scheduler = Scheduler(engine, entries)
    scheduler.tick(NOON)
    scheduler.tick(NOON + 1)
    assert count(engine) == BATCH + 1


def test_when_passes_a_moment_over_for_good(engine, recurring):
    answers = iter([False, True])
    entry = recurring(60, more=lambda e: e.when(lambda: next(answers)))
    scheduler = Scheduler(engine, [entry])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    Scheduler(engine, [entry]).tick(NOON + 90)  # nor is it missed
    assert count(engine) == 0
    scheduler.tick(NOON + 120)
    assert count(engine) == 1


def test_a_when_that_raises_passes_the_moment_over_and_stops_no_scheduler(
    engine, recurring, caplog
):
    bad = recurring(60, "bad", lambda e: e.when(lambda: 1 / 0))
    scheduler = Scheduler(engine, [bad, recurring(60, "good")])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert count(engine) == 1
    assert "ZeroDivisionError" in caplog.text
    assert "bad" in caplog.text


def test_a_when_that_returns_an_awaitable_passes_the_moment_over(engine, recurring, caplog):
    class Answer:
        def __await__(self):
            yield

    scheduler = Scheduler(engine, [recurring(60, "later", lambda e: e.when(lambda: Answer()))])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert count(engine) == 0
    assert "passed over later" in caplog.text
    assert "is awaitable" in caplog.text


@pytest.mark.parametrize("status", ["waiting", "running", "failed", "done"])
def test_without_overlapping_waits_for_the_last_job_to_end(engine, recurring, status):
    scheduler = Scheduler(engine, [recurring(60, more=lambda e: e.withoutOverlapping())])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    first = engine.schedule.slots()["report"].job_id
    if status == "running":
        engine.register("r", 30)
        engine.claim("r", ["reports"], 1)
    elif status == "done":
        finish_all(engine)
    elif status == "failed":
        engine.register("f", 30)
        (claim,) = engine.claim("f", ["reports"], 1)
        engine.settle("f", [Failed(claim.id, claim.fence, "boom")])
    scheduler.tick(NOON + 120)
    ended = status not in ("waiting", "running")
    assert (engine.schedule.slots()["report"].job_id != first) is ended
    assert (
        engine.schedule.slots()["report"].due == NOON + 120
    )  # dispatched, or passed over for good


def test_without_overlapping_waits_for_a_cancelled_job_that_runs_on(engine, recurring):
    engine.retention = Retention(cancelled=None)
    scheduler = Scheduler(engine, [recurring(60, more=lambda e: e.withoutOverlapping())])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    first = engine.schedule.slots()["report"].job_id
    engine.register("r", 30)
    (claim,) = engine.claim("r", ["reports"], 1)
    engine.cancel(first)
    scheduler.tick(NOON + 120)
    assert engine.schedule.slots()["report"].job_id == first, "its worker has not noticed yet"
    engine.settle("r", [Done(claim.id, claim.fence)])
    scheduler.tick(NOON + 180)
    assert engine.schedule.slots()["report"].job_id != first


def test_without_overlapping_makes_up_for_one_of_many_moments(engine, recurring):
    entry = recurring(60, more=lambda e: e.withoutOverlapping().accuracy("all"))
    Scheduler(engine, [entry]).tick(NOON)
    Scheduler(engine, [entry]).tick(NOON + 600)
    assert count(engine) == 1


def test_a_paused_entry_dispatches_nothing_and_misses_nothing(engine, recurring):
    scheduler = Scheduler(engine, [recurring(60)])
    scheduler.tick(NOON)
    engine.schedule.pause_entry("report")
    scheduler.tick(NOON + 60)
    scheduler.tick(NOON + 120)
    engine.schedule.resume_entry("report", NOON + 130)
    scheduler.tick(NOON + 131)
    Scheduler(engine, [recurring(60)]).tick(NOON + 131)
    assert count(engine) == 0
    scheduler.tick(NOON + 180)
    assert count(engine) == 1


def test_an_entry_added_later_begins_then(engine, recurring):
    Scheduler(engine, [recurring(60, "old")]).tick(NOON)
    both = [recurring(60, "old"), recurring(60, "new")]
    Scheduler(engine, both).tick(NOON + 90)
    assert count(engine) == 1
    assert engine.schedule.slots()["new"].due == NOON + 90


def test_an_entry_that_was_removed_is_forgotten_after_more_than_a_year(engine, recurring):
    Scheduler(
        engine, [recurring(60, "kept"), recurring(60, "removed"), recurring(60, "paused")]
    ).tick(NOON)
    engine.schedule.pause_entry("paused")
    Scheduler(engine, [recurring(60, "kept")]).begin(NOON + 366 * 86_400)
    assert engine.schedule.slots().keys() == {"kept", "removed", "paused"}
    Scheduler(engine, [recurring(60, "kept")]).begin(NOON + FORGET_SECONDS + 1)
    assert engine.schedule.slots().keys() == {"kept", "paused"}
