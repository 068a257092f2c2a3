"""How long claims waited, and how long queues have waited."""

import time

from .support import HOSTILE, claim_one, drain, push


def test_a_claim_tells_how_long_its_job_was_due(engine):
    push(engine, due=time.time() - 100)
    assert 99 < claim_one(engine).waited < 160


def test_the_wait_of_each_job_of_a_batch_is_its_own(engine):
    for age in (100, 10_000, 1000):
        push(engine, due=time.time() - age)
    waits = [claim.waited for claim in drain(engine)]
    assert [round(wait, -2) for wait in waits] == [10_000, 1000, 100]


def test_a_wait_is_never_negative_and_without_the_delay_that_was_asked_for(engine):
    push(engine)
    push(engine, due=time.time() + 0.3)
    assert 0 <= claim_one(engine).waited < 30
    time.sleep(0.4)
    assert 0 <= claim_one(engine).waited < 30


def test_latency_is_the_age_of_the_oldest_due_job_of_each_queue(engine):
    now = time.time()
    push(engine, due=now - 100, queue="a")
    push(engine, due=now - 1000, queue="a", priority=-2)
    push(engine, due=now - 10, queue="a", priority=2)
    push(engine, due=now - 50, queue="b")
    push(engine, due=now + 500, queue="later")
    found = engine.latency()
    assert sorted(found) == ["a", "b"]
    assert 999 < found["a"] < 1060
    assert 49 < found["b"] < 110


def test_latency_counts_paused_queues_but_no_paused_running_or_ended_jobs(engine):
    now = time.time()
    push(engine, due=now - 100, queue="stopped")
    engine.pause_queue("stopped")
    (paused,) = push(engine, due=now - 100, queue="p")
    engine.pause(paused)
    push(engine, due=now - 100, queue="r")
    claim_one(engine, queue="r")
    assert list(engine.latency()) == ["stopped"]


def test_latency_of_an_empty_store_is_empty(engine):
    assert engine.latency() == {}


def test_latency_copes_with_odd_names_of_queues(engine):
    push(engine, queue=HOSTILE, due=time.time() - 100)
    push(engine, queue="a'b")
    assert sorted(engine.latency()) == sorted([HOSTILE, "a'b"])
