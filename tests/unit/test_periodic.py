"""Periodic work runs when it is due, by a clock that the test sets."""

from types import SimpleNamespace

import pytest

from lightjobs.workers import periodic
from lightjobs.workers.periodic import Periodic, Task


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(periodic, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def noting(ran, *intervals, **options):
    tasks = [Task(seconds, lambda seconds=seconds: ran.append(seconds)) for seconds in intervals]
    return Periodic(tasks, **options)


def run(task):
    task()
    return True


def test_each_task_runs_at_its_own_interval(clock):
    ran = []
    periodic = noting(ran, 2, 5)
    for _ in range(10):
        clock.now += 1
        periodic.run_due(run)
    assert ran == [2, 2, 5, 2, 2, 2, 5]


def test_a_task_runs_first_after_one_interval(clock):
    ran = []
    periodic = noting(ran, 2)
    periodic.run_due(run)
    clock.now += 1.9
    periodic.run_due(run)
    assert ran == []


def test_a_task_runs_at_once_if_asked(clock):
    ran = []
    periodic = noting(ran, 2, 5, at_once=True)
    periodic.run_due(run)
    assert ran == [2, 5]
    periodic.run_due(run)
    assert ran == [2, 5]


def test_a_task_that_was_missed_runs_once_not_as_often_as_it_was_due(clock):
    ran = []
    periodic = noting(ran, 2)
    clock.now += 60
    periodic.run_due(run)
    periodic.run_due(run)
    assert ran == [2]
    assert periodic.next_at == clock.now + 2


def test_it_says_when_the_next_task_is_due(clock):
    periodic = noting([], 2, 5)
    assert periodic.next_at == 1002
    clock.now = 1004
    periodic.run_due(run)
    assert periodic.next_at == 1005


def test_the_error_of_a_task_is_left_to_attempt_and_stops_no_other(clock):
    ran, errors = [], []

    def fails():
        raise ValueError("first")

    def attempt(task):
        try:
            task()
        except ValueError as error:
            errors.append(str(error))
            return False
        return True

    periodic = Periodic([Task(2, fails), Task(2, lambda: ran.append("second"))])
    for _ in range(2):
        clock.now += 2
        periodic.run_due(attempt)
    assert errors == ["first"] * 2
    assert ran == ["second"] * 2


def test_a_task_that_raised_is_due_again_only_after_its_interval(clock):
    def fails():
        raise ValueError

    periodic = Periodic([Task(2, fails)], at_once=True)
    with pytest.raises(ValueError):
        periodic.run_due(run)
    periodic.run_due(run)
    assert periodic.next_at == clock.now + 2


def test_a_task_that_failed_is_tried_again_soon_with_backoff_up_to_its_interval(clock):
    began = []
    periodic = Periodic([Task(3, lambda: began.append(clock.now))], at_once=True)

    def until(now, succeeds):
        def attempt(task):
            task()
            return succeeds

        while clock.now < now:
            periodic.run_due(attempt)
            clock.now += 0.25

    until(1009.75, succeeds=False)
    assert began == [1000, 1000.5, 1001.5, 1003.5, 1006.5, 1009.5]
    began.clear()
    until(1016, succeeds=True)
    assert began == [1012.5, 1015.5]
    began.clear()
    until(1020, succeeds=False)
    assert began == [1018.5, 1019]


def test_the_pause_after_a_failure_begins_at_its_end(clock):
    def hangs(task):
        clock.now += 5
        return False

    periodic = Periodic([Task(10, print)], at_once=True)
    periodic.run_due(hangs)
    assert periodic.next_at == clock.now + 0.5
