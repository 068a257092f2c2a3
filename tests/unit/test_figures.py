"""Numbers that are kept for a while and shared by all who look."""

import threading

import pytest

from lightjobs.errors import StoreUnavailable
from lightjobs.watching import figures as room
from lightjobs.watching.figures import KEPT, KEPT_PER_SECOND, Figures
from tests.support.waiting import wait_until


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Query:
    """Returns 1, 2, … and takes `seconds` by `clock`, or waits to be let go on."""

    def __init__(self, clock, seconds=0.0):
        self.clock, self.seconds = clock, seconds
        self.asked = 0
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self):
        self.asked += 1
        self.may_end.wait(30)
        self.clock.now += self.seconds
        return self.asked


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def figures(clock):
    return Figures(clock)


def test_a_number_is_found_once_for_all_who_look(figures, clock):
    query = Query(clock)
    assert [figures.get("a", query, 10) for _ in range(3)] == [1, 1, 1]
    clock.now += KEPT - 0.1
    assert figures.get("a", query, 10) == 1
    clock.now += 0.2
    assert figures.get("a", query, 10) == 2


def test_a_number_that_takes_long_is_kept_for_longer(figures, clock):
    query = Query(clock, seconds=3)
    assert figures.get("a", query, 10) == 1
    clock.now += 3 * KEPT_PER_SECOND - 0.1
    assert figures.get("a", query, 10) == 1
    clock.now += 0.2
    assert figures.get("a", query, 10) == 2


def test_numbers_with_other_keys_are_others(figures, clock):
    query = Query(clock)
    assert {figures.get(key, query, 10) for key in ("a", ("a",), "b")} == {1, 2, 3}


def test_nobody_waits_for_long_and_the_next_who_asks_has_it(figures, clock):
    query = Query(clock)
    query.may_end.clear()
    assert figures.get("a", query, 0.01) is None
    assert figures.get("a", query, 0.01) is None
    query.may_end.set()
    assert figures.get("a", query, 10) == 1
    assert query.asked == 1


def test_until_there_is_a_new_number_the_last_is_shown_unless_it_is_too_old(figures, clock):
    query = Query(clock)
    assert figures.get("a", query, 10) == 1
    query.may_end.clear()
    clock.now += KEPT + 0.1
    assert figures.get("a", query, 0.01) == 1
    query.may_end.set()
    assert figures.get("a", query, 10) == 2
    query.may_end.clear()
    clock.now += 2 * KEPT + 0.1
    assert figures.get("a", query, 0.01) is None
    query.may_end.set()


def test_a_slow_number_does_not_hold_up_another(figures, clock):
    slow, fast = Query(clock), Query(clock)
    slow.may_end.clear()
    assert figures.get("slow", slow, 0.01) is None
    assert figures.get("fast", fast, 10) == 1
    slow.may_end.set()


def test_a_change_makes_all_numbers_old(figures, clock):
    query = Query(clock)
    assert figures.get("a", query, 10) == 1
    figures.forget()
    assert figures.get("a", query, 10) == 2


def test_an_error_is_raised_to_all_who_ask_and_kept_like_a_number(figures, clock):
    asked = []

    def away():
        asked.append(1)
        raise StoreUnavailable("away")

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            figures.get("a", away, 10)
    assert len(asked) == 1
    clock.now += KEPT + 0.1
    assert figures.get("a", Query(clock), 10) == 1


def test_an_error_that_was_slow_to_come_is_kept_no_longer(figures, clock):
    def away():
        clock.now += 10
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        figures.get("a", away, 10)
    clock.now += KEPT + 0.1
    assert figures.get("a", Query(clock), 10) == 1


def test_no_more_than_a_thousand_numbers_are_kept(figures, clock):
    query = Query(clock)
    for key in range(1100):
        figures.get(key, query, 10)
    assert len(figures._found) == 1000
    assert figures.get(1099, query, 10) == 1100


def test_a_process_that_is_forked_finds_its_own_numbers(figures, clock, monkeypatch):
    query = Query(clock)
    assert figures.get("a", query, 10) == 1
    monkeypatch.setattr("lightjobs.watching.figures.os.getpid", lambda: -1)
    assert figures.get("a", query, 10) == 2


def test_idle_threads_end_and_close_what_they_have(monkeypatch):
    monkeypatch.setattr(room, "_IDLE", 0.01)
    closed = []
    figures = Figures(on_idle=lambda: closed.append(threading.current_thread()))
    assert figures.get("a", lambda: 1, 10) == 1
    wait_until(lambda: closed, what="closed")
    closed[0].join(10)
    assert figures.get("b", lambda: 2, 10) == 2
