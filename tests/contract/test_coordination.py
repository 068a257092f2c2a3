"""coordination: locks of programs, and reading what has been counted."""

import threading
import time

NAMES = ["report", "Report", "report ", "'; DROP TABLE jobs; --", "ü" * 300, "a:b{c}", "💥"]


def test_a_lock_has_one_owner_at_a_time(engine):
    locks = engine.coordination
    assert locks.acquire("report", "a", 30)
    assert not locks.acquire("report", "b", 30)
    assert not locks.extend("report", "b", 30)
    assert locks.is_locked("report")
    assert not locks.release("report", "b")
    assert locks.release("report", "a")
    assert not locks.is_locked("report")
    assert locks.acquire("report", "b", 30)
    assert not locks.release("report", "a")


def test_an_acquisition_can_be_repeated_when_its_answer_was_lost(engine):
    locks = engine.coordination
    assert locks.acquire("report", "a", 0.3)
    assert locks.acquire("report", "a", 30)
    time.sleep(0.4)
    assert not locks.acquire("report", "b", 30)


def test_a_lock_ends_by_itself_and_then_its_owner_has_it_no_longer(engine):
    locks = engine.coordination
    assert locks.acquire("report", "a", 0.2)
    assert not locks.acquire("report", "b", 30)
    time.sleep(0.25)
    assert not locks.is_locked("report")
    assert not locks.extend("report", "a", 30)
    assert not locks.release("report", "a")
    assert locks.acquire("report", "b", 30)
    assert not locks.extend("report", "a", 30)
    assert locks.is_locked("report")


def test_extending_counts_from_now(engine):
    locks = engine.coordination
    assert locks.acquire("long", "a", 0.3)
    assert locks.acquire("short", "a", 30)
    assert locks.extend("long", "a", 30)
    assert locks.extend("short", "a", 0.2)
    assert not locks.extend("long", "b", 30)
    assert not locks.extend("nothing", "a", 30)
    time.sleep(0.4)
    assert locks.is_locked("long")
    assert not locks.is_locked("short")


def test_names_are_told_apart_whatever_they_hold(engine):
    locks = engine.coordination
    assert [locks.acquire(name, "a", 30) for name in NAMES] == [True] * len(NAMES)
    assert [locks.acquire(name, "A", 30) for name in NAMES] == [False] * len(NAMES)
    assert [locks.release(name, "a") for name in NAMES] == [True] * len(NAMES)


def test_of_many_threads_one_gets_the_lock(engine):
    got = []

    def acquire(owner):
        for _ in range(20):
            if engine.coordination.acquire("report", owner, 60):
                got.append(owner)

    threads = [threading.Thread(target=acquire, args=(f"owner {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1


def test_locks_and_limits_of_one_name_are_apart(engine):
    assert engine.coordination.acquire("mail", "a", 30)
    assert engine.hit("mail", 1, 30) == 0.0
    assert engine.coordination.release("mail", "a")
    assert engine.hit("mail", 1, 30) > 0


def test_upkeep_forgets_only_locks_that_are_over(engine):
    assert engine.coordination.acquire("short", "a", 0.05)
    assert engine.coordination.acquire("long", "a", 30)
    time.sleep(0.1)
    engine.maintain()
    assert not engine.coordination.is_locked("short")
    assert engine.coordination.is_locked("long")


def test_the_hits_of_a_window_can_be_read(engine):
    coordination = engine.coordination
    assert coordination.hits("mail") == (0, 0.0)
    engine.hit("mail", 5, 30)
    engine.hit("mail", 5, 30)
    hits, left = coordination.hits("mail")
    assert hits == 2
    assert 29 < left <= 30
    assert coordination.hits("other") == (0, 0.0)


def test_hits_of_a_window_that_is_over_count_no_longer(engine):
    engine.hit("mail", 1, 0.1)
    engine.hit("mail", 1, 0.1)
    assert engine.coordination.hits("mail")[0] in (1, 2)
    time.sleep(0.15)
    assert engine.coordination.hits("mail") == (0, 0.0)
