"""What a process says of its workers, for metrics and probes."""

from __future__ import annotations

import pytest

from lightjobs.notes.observed import NOTHING
from lightjobs.workers import vitals
from lightjobs.workers.vitals import ChildVitals, Totals, Vitals

DONE = Totals((1, 0, 0, 0, 0, 0), 0.5, (0, 0, 1, *NOTHING[3:]), 2.0, (1, *NOTHING[1:]))
CHILD = ChildVitals("w", 1, "idle", 1000, 4, 0, 0.0, 7.0)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "_sources", [])
    monkeypatch.setattr(vitals, "_past", Vitals())


def some() -> Vitals:
    return Vitals(
        runs={("default", "Pay"): DONE},
        exceptions={("default", "Pay", "ValueError"): 2},
        recovered=3,
        children_ended={"killed": 1},
        children=(CHILD,),
        places=4,
        store_up=True,
        beat_at=5.0,
        turned_at=6.0,
        is_ready=True,
    )


def test_without_workers_nothing_is_counted_and_no_store_is_up() -> None:
    nothing = vitals.snapshot()
    assert (nothing.runs, nothing.children, nothing.store_up) == ({}, (), False)


def test_a_snapshot_adds_up_all_that_is_offered() -> None:
    one = some()
    vitals.offer(lambda: one)
    vitals.offer(some)
    both = vitals.snapshot()
    assert both.runs[("default", "Pay")] == DONE.plus(DONE)
    assert both.runs[("default", "Pay")].ended[0] == 2
    assert both.exceptions == {("default", "Pay", "ValueError"): 4}
    assert (both.recovered, both.children_ended, both.places) == (6, {"killed": 2}, 8)
    assert both.children == (CHILD, CHILD)
    assert (both.store_up, both.beat_at, both.turned_at, both.is_ready) == (True, 5.0, 6.0, True)


def test_counts_remain_when_a_source_is_withdrawn() -> None:
    vitals.offer(some)
    vitals.withdraw(some)
    vitals.withdraw(some)
    left = vitals.snapshot()
    assert left.runs == {("default", "Pay"): DONE}
    assert (left.recovered, left.children_ended) == (3, {"killed": 1})
    assert (left.children, left.places, left.store_up) == ((), 0, False)


def test_a_difference_of_totals_is_never_negative() -> None:
    assert DONE.plus(DONE).minus(DONE) == DONE
    assert DONE.minus(DONE.plus(DONE)) == Totals()
