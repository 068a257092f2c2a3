"""Of many schedulers one leads and the others stand by."""

import pytest

from lightjobs.schedule.scheduler import (
    READ_SECONDS,
    Scheduler,
)

from .running import NOON, Counted, count, live


def test_of_many_schedulers_one_leads_and_the_others_push_next_to_nothing(engine, recurring):
    entries = [recurring(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(20)]
    counted = Counted(engine)
    live(counted, [Scheduler(counted, entries) for _ in range(20)], NOON + 0.5, 60)
    assert count(engine) == 20 * 60
    # In the first second all of them push all.
    assert len(counted.pushed) <= 20 * 60 + 20 * 20
    assert max(counted.taken) < 0.01


def test_a_leader_that_is_gone_is_replaced_within_seconds(engine, recurring):
    entries = [recurring(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(5)]
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


def test_a_leader_that_has_much_to_do_is_not_overrun(engine, recurring):
    entries = [recurring(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(400)]
    counted = Counted(engine)
    leader, others = Scheduler(engine, entries), [Scheduler(counted, entries) for _ in range(3)]
    leader.tick(NOON)
    for other in others:
        other.begin(NOON, among_others=True)
    live(counted, [leader, *others], NOON, 2)
    live(counted, [Late(leader, 0.2), *others], NOON + 2, 20)
    assert counted.pushed == []
    assert count(engine) >= 400 * 20


def test_a_scheduler_whose_entries_are_all_new_does_not_wait(engine, recurring):
    counted = Counted(engine)
    first, second = schedulers = [Scheduler(counted, [recurring(1)]) for _ in range(2)]
    for scheduler in schedulers:
        scheduler.begin(NOON, among_others=True)
    assert (first._leads, second._leads) == (True, False)
    live(counted, schedulers, NOON, 10)
    assert max(counted.taken) == 0
    assert len(counted.pushed) == 9


def test_a_scheduler_that_dies_in_the_middle_of_a_batch_is_replaced(engine, recurring):
    entries = [recurring(1, f"entry {n}", lambda e: e.accuracy("all")) for n in range(20)]
    half, other = Scheduler(engine, entries[:10]), Scheduler(engine, entries)
    Scheduler(engine, entries).tick(NOON)
    other.begin(NOON + 0.5, among_others=True)
    half.tick(NOON + 0.9)
    half.tick(NOON + 1)
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON + 1, 10)
    assert count(engine) == 20 * 10
    assert max(counted.taken) < 0.5


@pytest.mark.parametrize("kind", ["paused", "unwanted"])
def test_entries_that_dispatch_nothing_make_no_scheduler_stand_by(engine, recurring, kind):
    first = recurring(
        1, "first", (lambda e: e.when(lambda: False)) if kind == "unwanted" else as_it_is
    )
    counted = Counted(engine)
    scheduler = Scheduler(counted, [first, recurring(1, "second")])
    scheduler.begin(NOON)
    if kind == "paused":
        engine.schedule.pause_entry("first")
    live(counted, [scheduler], NOON + 0.5, 10)
    assert (count(engine), max(counted.taken)) == (10, 0)
    if kind == "paused":
        engine.schedule.pause_entry("second")
        live(counted, [scheduler], NOON + 10.5, 5)
        engine.schedule.resume_entry("second", NOON + 15)
        live(counted, [scheduler], NOON + 15.5, 5)
        assert (count(engine), max(counted.taken)) == (15, 0)


def as_it_is(event):
    return event


def test_a_scheduler_that_starts_among_others_leaves_their_slots_to_them(engine, recurring):
    entries = [recurring(60, more=lambda e: e.accuracy("all"))]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    leader.tick(NOON)
    other.begin(NOON + 60, among_others=True)
    other.tick(NOON + 60)
    assert count(engine) == 0
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON + 60, 4)
    assert count(engine) == 1  # no other scheduler was at work
    assert counted.taken[0] < 0.2


@pytest.mark.parametrize("hindrance", ["none", "overdue", "paused", "missed for good"])
def test_a_scheduler_that_starts_alone_is_late_for_no_future_moment(engine, recurring, hindrance):
    more = {"missed for good": lambda e: e.accuracy("none")}.get(hindrance, as_it_is)
    hindering = recurring(7000, "hindering", more)
    entries = [hindering, recurring(15, "other")]
    counted = Counted(engine)
    Scheduler(engine, entries).tick(NOON)
    if hindrance == "paused":
        engine.schedule.pause_entry("hindering")
    restart = NOON + (7301 if hindrance != "none" else 1)
    new = Scheduler(counted, entries)
    new.begin(restart, among_others=True)
    live(counted, [new], restart, 60)
    on_time = [late for late in counted.taken if late < 2]
    assert len(on_time) >= 4
    assert max(on_time) < 0.1
    made_up_for = engine.schedule.slots()["hindering"].job_id is not None
    assert made_up_for is (hindrance == "overdue")


def test_a_leader_that_died_long_before_hardly_delays_the_next_moment(engine, recurring):
    entries = [recurring(3600)]
    counted = Counted(engine)
    _leader, other = schedulers = [Scheduler(counted, entries) for _ in range(2)]
    other.begin(NOON, among_others=True)
    live(counted, schedulers, NOON, 4000)
    assert (count(engine), counted.taken) == (1, [0])
    live(counted, [other], NOON + 4000, 10_000)
    assert count(engine) == 3
    assert counted.taken[1] < 0.1
    assert counted.taken[2] == 0, "it leads now"


def test_a_scheduler_that_stands_by_takes_over_after_the_clock_was_set_back(engine, recurring):
    entries = [recurring(1, "often"), recurring(3600, "hourly")]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    leader.tick(NOON)
    leader.tick(NOON + 1)  # and dies
    other.begin(NOON + 1.5, among_others=True)
    engine.schedule._slots["hourly"] = engine.schedule._slots["hourly"]._replace(due=NOON - 3600)
    counted = Counted(engine)
    other._engine = counted
    live(counted, [other], NOON - 1800, 1900)
    assert engine.schedule.slots()["hourly"].due == NOON
    assert counted.taken[0] < 0.2


def test_moments_that_accuracy_none_missed_keep_no_scheduler_waiting(engine, recurring):
    entries = [recurring(3600, f"entry {n}", lambda e: e.accuracy("none")) for n in range(1000)]
    entries.append(recurring(300, "other"))
    counted = Counted(engine)
    leader, other = schedulers = [Scheduler(counted, entries) for _ in range(2)]
    leader.tick(NOON)
    other.begin(NOON + 1, among_others=True)
    slept_until = NOON + 3800  # the machine, with both
    live(counted, schedulers, slept_until, 150)
    assert not other._leads
    counted.taken.clear()
    live(counted, [other], slept_until + 150, 300)
    assert len(counted.taken) == 1
    assert counted.taken[0] < 0.1


def test_a_scheduler_that_stands_by_seldom_asks_the_store_when_little_is_due(engine, recurring):
    class Asked(Counted):
        asked = 0

        def slots(self, templates=False):
            self.asked += 1
            return self._engine.schedule.slots(templates)

    asked = Asked(engine)
    leader, other = Scheduler(engine, [recurring(60)]), Scheduler(asked, [recurring(60)])
    leader.tick(NOON)
    other.begin(NOON, among_others=True)
    live(asked, [leader, other], NOON, 600)
    assert asked.asked <= 600 / READ_SECONDS + 600 / 60 + 2


def test_what_was_missed_before_the_start_is_not_made_up_for_with_accuracy_none(engine, recurring):
    entries = [recurring(10, more=lambda e: e.accuracy("none"))]
    Scheduler(engine, entries).tick(NOON)
    late = Scheduler(engine, entries)
    late.begin(NOON + 22, among_others=True)
    live(Counted(engine), [late], NOON + 22, 7)
    assert count(engine) == 0
    live(Counted(engine), [late], NOON + 29, 2)
    assert count(engine) == 1
    once = Scheduler(engine, entries)  # schedule:events, called by cron each minute
    once.tick(NOON + 55)
    assert count(engine) == 2


def test_a_scheduler_that_stands_by_notices_that_the_store_was_emptied(engine, recurring):
    entries = [recurring(1, more=lambda e: e.accuracy("all"))]
    leader, other = Scheduler(engine, entries), Scheduler(engine, entries)
    for now in (NOON, NOON + 1):
        leader.tick(now)
        other.tick(now)
    assert not other._leads
    engine.schedule._slots.clear()
    live(Counted(engine), [other], NOON + 2, 10)
    assert count(engine) >= 1 + 6
