"""limit: how often something may happen, over all workers."""

import threading
import time


def test_as_many_as_allowed_pass_and_the_next_must_wait(engine):
    assert [engine.hit("mail", 3, 30) for _ in range(3)] == [0.0, 0.0, 0.0]
    wait = engine.hit("mail", 3, 30)
    assert 29 < wait <= 30


def test_waiting_does_not_lengthen_the_window(engine):
    engine.hit("mail", 1, 0.3)
    waits = [engine.hit("mail", 1, 0.3) for _ in range(5)]
    assert waits == sorted(waits, reverse=True)
    assert 0 < waits[-1] <= 0.3


def test_a_limit_of_0_allows_nothing_and_asks_for_a_wait_that_is_worth_it(engine):
    for _ in range(2):
        assert 29 < engine.hit("mail", 0, 30) <= 30
    engine.hit("sms", 1, 30)
    assert 29 < engine.hit("sms", 0, 30) <= 30
    short = [engine.hit("short", 0, 0.05) for _ in range(100)]
    assert 0 < min(short) <= max(short) <= 0.05


def test_a_new_window_begins_when_the_old_one_is_over(engine):
    assert engine.hit("mail", 1, 0.2) == 0.0
    assert engine.hit("mail", 1, 0.2) > 0
    time.sleep(0.25)
    assert engine.hit("mail", 1, 0.2) == 0.0
    assert engine.hit("mail", 1, 0.2) > 0


def test_keys_are_counted_apart_whatever_they_hold(engine):
    keys = ["mail", "mail ", "'; DROP TABLE jobs; --", "ü" * 300, "a:b{c}"]
    assert [engine.hit(key, 1, 30) for key in keys] == [0.0] * len(keys)
    assert all(engine.hit(key, 1, 30) > 0 for key in keys)


def test_threads_together_pass_no_more_than_allowed(engine):
    passed = []

    def hit():
        for _ in range(50):
            if engine.hit("mail", 40, 60) == 0.0:
                passed.append(1)

    threads = [threading.Thread(target=hit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 40


def test_a_sweep_forgets_only_windows_that_are_over(engine):
    engine.hit("short", 1, 0.05)
    engine.hit("long", 1, 60)
    time.sleep(0.1)
    engine.recover(lease=30)
    assert engine.hit("long", 1, 60) > 0
    assert engine.hit("short", 1, 60) == 0.0
