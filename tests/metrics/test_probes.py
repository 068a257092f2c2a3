"""What /live and /ready answer."""

import time
from dataclasses import replace

import pytest

from lightjobs.metrics.probes import live, ready

from .samples import some_vitals

LONG_AGO = -31.0


def ago(seconds):
    return time.monotonic() + seconds


def test_workers_that_turn_are_live_and_ready():
    vitals = some_vitals()
    assert live(vitals, 30.0) == (200, "live\n", "text/plain; charset=utf-8")
    assert ready(vitals, 30.0) == (200, "ready\n", "text/plain; charset=utf-8")


def test_a_supervisor_that_does_not_turn_is_not_live():
    answer = live(some_vitals(turned_at=ago(LONG_AGO)), 30.0)
    assert answer[:2] == (503, "the supervisor has not turned for 31 seconds\n")


def test_a_child_that_does_not_turn_is_not_live():
    first, second = some_vitals().children
    stuck = replace(second, turned_at=ago(LONG_AGO))
    answer = live(some_vitals(children=(first, stuck)), 30.0)
    assert answer[:2] == (503, "child 12 has not turned for 31 seconds\n")


@pytest.mark.parametrize(
    "changes", [{"store_up": False, "beat_at": 0.0}, {"is_ready": False}, {"is_stopping": True}]
)
def test_a_store_that_is_away_and_a_stop_leave_workers_live(changes):
    assert live(some_vitals(**changes), 30.0).status == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_stopping": True}, "stopping\n"),
        ({"is_ready": False}, "starting: not all children are ready\n"),
        ({"beat_at": -16.0}, "the store has taken no beat for 16 seconds\n"),
    ],
)
def test_workers_that_take_no_jobs_are_not_ready(changes, reason):
    if "beat_at" in changes:
        changes = {"beat_at": ago(changes["beat_at"])}
    assert ready(some_vitals(**changes), 30.0)[:2] == (503, reason)


def test_one_beat_that_was_not_taken_is_no_reason():
    assert ready(some_vitals(store_up=False, beat_at=ago(-11.0)), 30.0).status == 200
