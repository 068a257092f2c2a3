"""The dispatcher on the memory engine, by a clock that the test moves."""

import heapq
import random

import pytest

from lightjobs import StoreUnavailable
from lightjobs.execution import middleware_chain
from lightjobs.middleware import Middleware
from lightjobs.model import Done, Failed, Retention
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import (
    BATCH,
    FORGET_SECONDS,
    LOOK_SECONDS,
    READ_SECONDS,
    Scheduler,
)

NOON = 1_700_000_000 // 86_400 * 86_400 + 43_200


@pytest.fixture
def write(report):
    """An entry due every so many seconds, with what `more` adds."""

    def make(seconds=60, name="report", more=lambda event: event):
        event = Schedule().job(report).everySeconds(seconds).name(name)
        return more(event).entry()

    return make


def payloads(engine):
    return [job.payload for job in engine.browse("new", limit=10_000)]


def count(engine):
    return engine.stats().get("reports", {"new": 0})["new"]


def finish_all(engine):
    engine.register("w", 30)
    claims = engine.claim("w", ["reports"], 1000)
    engine.settle("w", [Done(claim.id, claim.fence) for claim in claims])


class Flaky:
    """An engine whose push_slots fails, before or after it has done its work."""

    def __init__(self, engine, fails):
        self._engine = engine
        self.fails = fails

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def push_slots(self, slots):
        fail = next(self.fails, None)
        if fail == "before":
            raise StoreUnavailable("gone")
        ids = self._engine.push_slots(slots)
        if fail == "after":
            raise StoreUnavailable("the reply was lost")
        return ids


class Counted:
    """An engine that notes what is asked of it: when, and which slots were pushed and taken."""

    def __init__(self, engine):
        self._engine = engine
        self.now = 0.0
        self.pushed, self.taken = [], []

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def push_slots(self, slots):
        ids = self._engine.push_slots(slots)
        self.pushed += [self.now for _slot in slots]
        self.taken += [self.now - slot.due for slot, job in zip(slots, ids, strict=True) if job]
        return ids


def live(engine, schedulers, begin, seconds, on_tick=lambda now: None):
    """Let each scheduler tick whenever it asked to."""
    asked = [(begin + n / 100, n, scheduler) for n, scheduler in enumerate(schedulers)]
    while asked[0][0] < begin + seconds:
        now, n, scheduler = heapq.heappop(asked)
        engine.now = now
        on_tick(now)
        heapq.heappush(asked, (max(scheduler.tick(now), now + 0.001), n, scheduler))


def test_a_due_moment_pushes_the_entrys_job(engine, write):
    scheduler = Scheduler(engine, [write(more=lambda e: e.payload({"a": 1}).queue("early"))])
    scheduler.tick(NOON)
    assert engine.stats() == {}
    scheduler.tick(NOON + 60)
    (job,) = engine.browse("new")
    assert (job.handler, job.queue, job.payload) == ("App\\Jobs\\SendReport", "early", '{"a":1}')
    assert engine.slots()["report"][:2] == (NOON + 60, job.id)


def test_it_looks_again_at_the_next_moment_or_after_a_second(engine, write):
    scheduler = Scheduler(engine, [write(60)])
    assert scheduler.tick(NOON + 10.25) == NOON + 10.25 + LOOK_SECONDS
    assert scheduler.tick(NOON + 59.5) == NOON + 60
    assert Scheduler(engine, []).tick(NOON) == NOON + LOOK_SECONDS


def test_of_many_schedulers_one_dispatches_each_moment(engine, write):
    entries = [write(seconds, f"every {seconds}") for seconds in (1, 2, 7)]
    schedulers = [Scheduler(engine, entries) for _ in range(5)]
    for scheduler in schedulers:
        scheduler.tick(NOON)
    chance = random.Random(1)
    for now in range(NOON + 1, NOON + 71):
        for scheduler in chance.sample(schedulers, 5):
            scheduler.tick(now + chance.random() / 2)
    assert count(engine) == 70 + 35 + 10


def test_schedulers_that_come_and_go_dispatch_each_moment_once(engine, write):
    entries = [write(n, f"every {n}", lambda e: e.accuracy("all")) for n in (1, 3)]
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


def test_of_many_schedulers_one_leads_and_the_others_push_next_to_nothing(engine, write):
    entries = [write(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(20)]
    counted = Counted(engine)
    live(counted, [Scheduler(counted, entries) for _ in range(20)], NOON + 0.5, 60)
    assert count(engine) == 20 * 60
    # In the first second all of them push all.
    assert len(counted.pushed) <= 20 * 60 + 20 * 20
    assert max(counted.taken) < 0.01


def test_a_leader_that_is_gone_is_replaced_within_seconds(engine, write):
    entries = [write(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(5)]
    counted = Counted(engine)
    leader, other = schedulers = [Scheduler(counted, entries) for _ in range(2)]
    live(counted, schedulers, NOON, 10)
    counted.taken.clear()
    live(counted, [other], NOON + 10, 20)
    assert count(engine) == 5 * 29
    assert max(counted.taken) < 0.12
    assert len([late for late in counted.taken if late < 0.01]) >= 5 * 16
    # Back again it finds another leading, and pushes what it held ready for nothing.
    counted.pushed.clear()
    live(counted, [leader, other], NOON + 30, 10)
    assert count(engine) == 5 * 39
    assert len(counted.pushed) <= 5 * 10 + 5 * 21


class Late:
    """A scheduler that comes to each second so much too late."""

    def __init__(self, scheduler, by):
        self._scheduler, self._by = scheduler, by

    def tick(self, now):
        self._scheduler.tick(now)
        return int(now) + 1 + self._by


def test_a_leader_that_has_much_to_do_is_not_overrun(engine, write):
    entries = [write(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(400)]
    counted = Counted(engine)
    leader, others = Scheduler(engine, entries), [Scheduler(counted, entries) for _ in range(3)]
    leader.tick(NOON)
    for other in others:
        other.begin(NOON, beside_others=True)
    live(counted, [leader, *others], NOON, 2)
    live(counted, [Late(leader, 0.2), *others], NOON + 2, 20)
    assert counted.pushed == []
    assert count(engine) >= 400 * 20


def test_whose_entries_are_all_new_waits_for_nobody(engine, write):
    counted = Counted(engine)
    first, second = schedulers = [Scheduler(counted, [write(1)]) for _ in range(2)]
    for scheduler in schedulers:
        scheduler.begin(NOON, beside_others=True)
    assert (first._leads, second._leads) == (True, False)
    live(counted, schedulers, NOON, 10)
    assert max(counted.taken) == 0
    assert len(counted.pushed) == 9


def test_whoever_dies_in_the_middle_of_a_batch_is_replaced(engine, write):
    entries = [write(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(20)]
    half, other = Scheduler(engine, entries[:10]), Scheduler(engine, entries)
    Scheduler(engine, entries).tick(NOON)
    other.begin(NOON + 0.5, beside_others=True)
    half.tick(NOON + 0.9)
    half.tick(NOON + 1)
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON + 1, 10)
    assert count(engine) == 20 * 10
    assert max(counted.taken) < 0.5


@pytest.mark.parametrize("kind", ["paused", "unwanted"])
def test_what_nobody_can_take_makes_nobody_stand_by(engine, write, kind):
    first = write(1, "first", (lambda e: e.when(lambda: False)) if kind == "unwanted" else as_it_is)
    counted = Counted(engine)
    scheduler = Scheduler(counted, [first, write(1, "second")])
    scheduler.begin(NOON)
    if kind == "paused":
        engine.pause_entry("first")
    live(counted, [scheduler], NOON + 0.5, 10)
    assert (count(engine), max(counted.taken)) == (10, 0)
    if kind == "paused":
        engine.pause_entry("second")
        live(counted, [scheduler], NOON + 10.5, 5)
        engine.resume_entry("second", NOON + 15)
        live(counted, [scheduler], NOON + 15.5, 5)
        assert (count(engine), max(counted.taken)) == (15, 0)


def as_it_is(event):
    return event


def test_middleware_is_told_of_what_is_dispatched(engine, write, monkeypatch):
    told = []

    class Watcher(Middleware):
        def on_push(self, job_id, job):
            told.append((job_id, job.queue))

    monkeypatch.setattr(middleware_chain, "current", middleware_chain.load([Watcher]))
    entries = [write(60, "a"), write(60, "no", lambda e: e.when(lambda: False))]
    schedulers = [Scheduler(engine, entries) for _ in range(2)]
    for now in (NOON, NOON + 60):
        for scheduler in schedulers:
            scheduler.tick(now)
    assert told == [(engine.slots()["a"].job_id, "reports")]


def test_what_fell_due_while_no_scheduler_ran_is_made_up_for_once(engine, write):
    entry = write(60)
    Scheduler(engine, [entry]).tick(NOON)
    for _ in range(3):
        Scheduler(engine, [entry]).tick(NOON + 600 + 5)
    assert count(engine) == 1
    assert engine.slots()["report"].due == NOON + 600


def test_a_store_that_was_away_costs_no_moment_and_doubles_none(engine, write):
    entries = [write(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(3)]
    chance = random.Random(3)
    flaky = Flaky(engine, (chance.choice(["before", "after", None]) for _ in range(100)))
    scheduler = Scheduler(flaky, entries)
    scheduler.begin(NOON)
    for now in range(NOON + 1, NOON + 61):
        scheduler.tick(now)
    flaky.fails = iter([])
    scheduler.tick(NOON + 61)
    assert count(engine) == 3 * 61


def test_a_clock_set_an_hour_back_or_forth_doubles_nothing(engine, write):
    scheduler = Scheduler(engine, [write(600)])
    scheduler.tick(NOON)
    for now in [600, -3000, 0, 599, 601, 1200, 4800, 1300, 1800, 4801, 5400]:
        scheduler.tick(NOON + now)
        Scheduler(engine, [write(600)]).tick(NOON + now)
    # 600, 1200, then the jump to 4800 (1800 to 4200 were jumped over), 5400
    assert count(engine) == 4


def test_more_slots_than_a_batch_holds_are_all_dispatched(engine, write):
    entries = [write(1, f"entry {n}") for n in range(BATCH + 1)]
    scheduler = Scheduler(engine, entries)
    scheduler.tick(NOON)
    scheduler.tick(NOON + 1)
    assert count(engine) == BATCH + 1


def test_when_passes_a_moment_over_for_good(engine, write):
    answers = iter([False, True])
    entry = write(60, more=lambda e: e.when(lambda: next(answers)))
    scheduler = Scheduler(engine, [entry])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    Scheduler(engine, [entry]).tick(NOON + 90)  # nor is it missed
    assert count(engine) == 0
    scheduler.tick(NOON + 120)
    assert count(engine) == 1


def test_a_when_that_raises_passes_the_moment_over_and_stops_nobody(engine, write, caplog):
    bad = write(60, "bad", lambda e: e.when(lambda: 1 / 0))
    scheduler = Scheduler(engine, [bad, write(60, "good")])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert count(engine) == 1
    assert "ZeroDivisionError" in caplog.text
    assert "bad" in caplog.text


def test_a_when_that_answers_with_something_to_await_passes_the_moment_over(engine, write, caplog):
    class Answer:
        def __await__(self):
            yield

    scheduler = Scheduler(engine, [write(60, "later", lambda e: e.when(lambda: Answer()))])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert count(engine) == 0
    assert "passed over later" in caplog.text
    assert "is awaitable" in caplog.text


@pytest.mark.parametrize("status", ["waiting", "running", "failed", "done"])
def test_without_overlapping_waits_for_the_last_job_to_end(engine, write, status):
    scheduler = Scheduler(engine, [write(60, more=lambda e: e.withoutOverlapping())])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    first = engine.slots()["report"].job_id
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
    assert (engine.slots()["report"].job_id != first) is ended
    assert engine.slots()["report"].due == NOON + 120  # dispatched, or passed over for good


def test_without_overlapping_waits_for_a_cancelled_job_that_runs_on(engine, write):
    engine.retention = Retention(cancelled=None)
    scheduler = Scheduler(engine, [write(60, more=lambda e: e.withoutOverlapping())])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    first = engine.slots()["report"].job_id
    engine.register("r", 30)
    (claim,) = engine.claim("r", ["reports"], 1)
    engine.cancel(first)
    scheduler.tick(NOON + 120)
    assert engine.slots()["report"].job_id == first, "its worker has not let go of it"
    engine.settle("r", [Done(claim.id, claim.fence)])
    scheduler.tick(NOON + 180)
    assert engine.slots()["report"].job_id != first


def test_without_overlapping_makes_up_for_one_of_many_moments(engine, write):
    entry = write(60, more=lambda e: e.withoutOverlapping().accuracy("all"))
    Scheduler(engine, [entry]).tick(NOON)
    Scheduler(engine, [entry]).tick(NOON + 600)
    assert count(engine) == 1


def test_a_paused_entry_dispatches_nothing_and_misses_nothing(engine, write):
    scheduler = Scheduler(engine, [write(60)])
    scheduler.tick(NOON)
    engine.pause_entry("report")
    scheduler.tick(NOON + 60)
    scheduler.tick(NOON + 120)
    engine.resume_entry("report", NOON + 130)
    scheduler.tick(NOON + 131)
    Scheduler(engine, [write(60)]).tick(NOON + 131)
    assert count(engine) == 0
    scheduler.tick(NOON + 180)
    assert count(engine) == 1


def test_an_entry_added_later_begins_then(engine, write):
    Scheduler(engine, [write(60, "old")]).tick(NOON)
    both = [write(60, "old"), write(60, "new")]
    Scheduler(engine, both).tick(NOON + 90)
    assert count(engine) == 1
    assert engine.slots()["new"].due == NOON + 90


def test_who_starts_beside_others_leaves_them_what_they_are_at(engine, write):
    entries = [write(60, more=lambda e: e.accuracy("all"))]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    leader.tick(NOON)
    other.begin(NOON + 60, beside_others=True)
    other.tick(NOON + 60)
    assert count(engine) == 0
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON + 60, 4)
    assert count(engine) == 1  # nobody was at it
    assert counted.taken[0] < 0.2


@pytest.mark.parametrize("hindrance", ["none", "overdue", "paused", "missed for good"])
def test_who_starts_alone_is_late_for_no_moment_that_is_still_to_come(engine, write, hindrance):
    more = {"missed for good": lambda e: e.accuracy("none")}.get(hindrance, as_it_is)
    hindering = write(7000, "hindering", more)
    entries = [hindering, write(15, "other")]
    counted = Counted(engine)
    Scheduler(engine, entries).tick(NOON)
    if hindrance == "paused":
        engine.pause_entry("hindering")
    restart = NOON + (7301 if hindrance != "none" else 1)
    new = Scheduler(counted, entries)
    new.begin(restart, beside_others=True)
    live(counted, [new], restart, 60)
    on_time = [late for late in counted.taken if late < 2]
    assert len(on_time) >= 4
    assert max(on_time) < 0.1
    made_up_for = engine.slots()["hindering"].job_id is not None
    assert made_up_for is (hindrance == "overdue")


def test_a_leader_dead_long_before_makes_the_next_moment_hardly_late(engine, write):
    entries = [write(3600)]
    counted = Counted(engine)
    _leader, other = schedulers = [Scheduler(counted, entries) for _ in range(2)]
    other.begin(NOON, beside_others=True)
    live(counted, schedulers, NOON, 4000)
    assert (count(engine), counted.taken) == (1, [0])
    live(counted, [other], NOON + 4000, 10_000)
    assert count(engine) == 3
    assert counted.taken[1] < 0.1
    assert counted.taken[2] == 0, "it leads now"


def test_who_stands_by_takes_over_though_the_clock_was_set_back(engine, write):
    entries = [write(1, "often"), write(3600, "hourly")]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    leader.tick(NOON)
    leader.tick(NOON + 1)  # and dies
    other.begin(NOON + 1.5, beside_others=True)
    engine._slots["hourly"] = engine._slots["hourly"]._replace(due=NOON - 3600)
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON - 1800, 1900)
    assert engine.slots()["hourly"].due == NOON
    assert counted.taken[0] < 0.2


def test_what_accuracy_none_missed_keeps_nobody_who_stands_by_waiting(engine, write):
    entries = [write(3600, f"entry {n}", lambda e: e.accuracy("none")) for n in range(1000)]
    entries.append(write(300, "other"))
    counted = Counted(engine)
    leader, other = schedulers = [Scheduler(counted, entries) for _ in range(2)]
    leader.tick(NOON)
    other.begin(NOON + 1, beside_others=True)
    slept_until = NOON + 3800  # the machine, with both
    live(counted, schedulers, slept_until, 150)
    assert not other._leads
    counted.taken.clear()
    live(counted, [other], slept_until + 150, 300)
    assert len(counted.taken) == 1
    assert counted.taken[0] < 0.1


def test_who_stands_by_asks_the_store_seldom_when_little_is_due(engine, write):
    class Asked(Counted):
        asked = 0

        def slots(self):
            self.asked += 1
            return self._engine.slots()

    asked = Asked(engine)
    leader, other = Scheduler(engine, [write(60)]), Scheduler(asked, [write(60)])
    leader.tick(NOON)
    other.begin(NOON, beside_others=True)
    live(asked, [leader, other], NOON, 600)
    assert asked.asked <= 600 / READ_SECONDS + 600 / 60 + 2


def test_what_was_missed_before_the_start_is_not_made_up_for_with_accuracy_none(engine, write):
    entries = [write(10, more=lambda e: e.accuracy("none"))]
    Scheduler(engine, entries).tick(NOON)
    late = Scheduler(engine, entries)
    late.begin(NOON + 22, beside_others=True)
    live(Counted(engine), [late], NOON + 22, 7)
    assert count(engine) == 0
    live(Counted(engine), [late], NOON + 29, 2)
    assert count(engine) == 1
    once = Scheduler(engine, entries)  # schedule:events, called by cron each minute
    once.tick(NOON + 55)
    assert count(engine) == 2


def test_who_stands_by_notices_that_the_store_was_emptied(engine, write):
    entries = [write(1, more=lambda e: e.accuracy("all"))]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    for now in (NOON, NOON + 1):
        leader.tick(now)
        other.tick(now)
    assert not other._leads
    engine._slots.clear()
    live(Counted(engine), [other], NOON + 2, 10)
    assert count(engine) >= 1 + 6


def test_an_entry_that_was_removed_is_forgotten_after_more_than_a_year(engine, write):
    Scheduler(engine, [write(60, "kept"), write(60, "removed"), write(60, "paused")]).tick(NOON)
    engine.pause_entry("paused")
    Scheduler(engine, [write(60, "kept")]).begin(NOON + 366 * 86_400)
    assert engine.slots().keys() == {"kept", "removed", "paused"}
    Scheduler(engine, [write(60, "kept")]).begin(NOON + FORGET_SECONDS + 1)
    assert engine.slots().keys() == {"kept", "paused"}
