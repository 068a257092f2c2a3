import threading
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import HandBack, Release

from .support import claim_one, fail, push, worker

PROMPT = 30.0
"""Half of what a wait lasts that nothing ends: prompt is being woken, on a busy machine, too."""


def waited(engine, queues=("q",), timeout=60.0):
    """What wait() answered, and when it did (unix time)."""
    return engine.wait(list(queues), timeout), time.time()


def while_waiting(act, delay=0.2):
    """Call `act` from another thread shortly; returns a list that will hold when that was."""
    done_at = []

    def run():
        time.sleep(delay)
        act()
        done_at.append(time.time())

    thread = threading.Thread(target=run)
    thread.start()
    return thread, done_at


def test_wait_returns_at_once_when_a_job_is_due(engine):
    push(engine)
    started = time.time()
    answer, at = waited(engine)
    assert answer
    assert at - started < PROMPT


def test_wait_times_out(engine):
    started = time.time()
    answer, at = waited(engine, timeout=0.2)
    assert not answer
    assert 0.19 <= at - started < 0.2 + PROMPT


def test_wait_of_no_time_answers_at_once(engine):
    started = time.time()
    assert not engine.wait(["q"], 0)
    push(engine)
    assert engine.wait(["q"], 0)
    assert time.time() - started < PROMPT


def test_wait_for_no_queue_times_out(engine):
    push(engine)
    assert not engine.wait([], 0.05)


@pytest.mark.parametrize("queues", [["q"], ["a", "q"], ["q", "b"]])
def test_wait_returns_promptly_on_a_push_from_another_thread(engine, queues):
    thread, pushed_at = while_waiting(lambda: push(engine, priority=-2))
    answer, at = waited(engine, queues)
    thread.join()
    assert answer
    assert at - pushed_at[0] < PROMPT


def test_wait_returns_when_a_delayed_job_falls_due(engine):
    due = time.time() + 0.4
    push(engine, due=due)
    answer, at = waited(engine)
    assert answer
    assert due <= at < due + PROMPT


def test_a_job_pushed_with_a_delay_meanwhile_is_waited_for(engine):
    due = time.time() + 0.5
    thread, _ = while_waiting(lambda: push(engine, due=due), 0.1)
    answer, at = waited(engine)
    thread.join()
    assert answer
    assert due <= at < due + PROMPT


def test_a_sooner_job_shortens_the_wait(engine):
    push(engine, due=time.time() + 60)
    thread, pushed_at = while_waiting(lambda: push(engine))
    answer, at = waited(engine)
    thread.join()
    assert answer
    assert at - pushed_at[0] < PROMPT


def test_wait_does_not_return_for_another_queue(engine):
    push(engine, queue="other")
    thread, _ = while_waiting(lambda: push(engine, queue="other"), 0.05)
    started = time.time()
    answer, at = waited(engine, timeout=0.3)
    thread.join()
    assert not answer
    assert at - started >= 0.29


def test_wait_does_not_return_for_a_job_that_runs(engine):
    push(engine)
    claim_one(engine)
    assert not engine.wait(["q"], 0.1)


@pytest.mark.parametrize("kind", [HandBack, Release])
def test_wait_returns_promptly_when_a_job_is_put_back(engine, kind):
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    more = (1000.0, 1) if kind is Release else ()
    thread, back_at = while_waiting(
        lambda: engine.settle(name, [kind(claim.id, claim.fence, *more)])
    )
    answer, at = waited(engine)
    thread.join()
    assert answer
    assert at - back_at[0] < PROMPT


def test_wait_returns_promptly_on_a_recovery(engine):
    push(engine)
    name = worker(engine)
    claim_one(engine, name)
    thread, back_at = while_waiting(lambda: engine.recover(name))
    answer, at = waited(engine)
    thread.join()
    assert answer
    assert at - back_at[0] < PROMPT


def test_wait_returns_promptly_on_a_retry(engine):
    (id,) = fail(engine)
    thread, back_at = while_waiting(lambda: engine.move("retry", Where(job_id=id)))
    answer, at = waited(engine)
    thread.join()
    assert answer
    assert at - back_at[0] < PROMPT


def test_waiting_costs_next_to_nothing(engine):
    before = time.thread_time()
    engine.wait(["q"], 0.5)
    assert time.thread_time() - before < 0.1
