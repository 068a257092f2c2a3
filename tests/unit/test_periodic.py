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
