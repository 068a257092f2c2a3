import time

import pytest

from lightjobs.engines.where import Where

from .support import NO_IDS, claim_one, drain, fail, in_threads, push, worker


def test_a_paused_job_waits_and_a_resumed_one_runs(engine):
    paused, other = push(engine, 2)
    assert engine.pause(paused)
    assert engine.find(paused).status == "paused"
    assert [c.id for c in drain(engine)] == [other]
    assert not engine.wait(["q"], 0.01)
    assert engine.stats()["q"]["paused"] == 1
    assert engine.resume(paused)
    assert [c.id for c in drain(engine)] == [paused]


@pytest.mark.parametrize("priority", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("delay", [-100.25, 3600.5])
def test_pause_and_resume_keep_due_time_priority_and_attempts(engine, priority, delay):
    (id,) = push(engine, due=time.time() + delay, priority=priority, options='{"attempts":2}')
    before = engine.find(id)
    assert engine.pause(id)
    assert engine.find(id) == before._replace(status="paused")
    assert engine.resume(id)
    assert engine.find(id) == before
    assert bool(drain(engine)) == (delay < 0)


def test_a_resumed_job_is_due_to_the_fraction_of_a_second(engine):
    due = time.time() + 0.4
    (id,) = push(engine, due=due)
    engine.pause(id)
    engine.resume(id)
    asked_at = 0.0
    while not (claims := drain(engine)):
        assert asked_at < due, "a claim that began after that was refused"
        time.sleep(0.005)
        asked_at = time.time()
    assert time.time() >= due - 0.01
    assert [claim.id for claim in claims] == [id]


def test_a_resumed_job_takes_its_old_place(engine):
    a, b, c = (push(engine, due=float(n))[0] for n in (1, 2, 3))
    high = push(engine, priority=1, due=4.0)[0]
    for id in (high, a, c):
        engine.pause(id)
    for id in (c, a, high):
        engine.resume(id)
    assert [claim.id for claim in drain(engine)] == [high, a, b, c]


def test_resume_wakes_a_waiting_worker(engine):
    (id,) = push(engine)
    engine.pause(id)

    def resume():
        time.sleep(0.2)
        return engine.resume(id)

    started = time.monotonic()
    assert in_threads(lambda: engine.wait(["q"], 60), resume) == [True, True]
    assert time.monotonic() - started < 30


def test_only_waiting_jobs_are_paused_and_only_paused_ones_resumed(engine):
    (failed,) = fail(engine)
    (waiting,) = push(engine)
    (running,) = push(engine, queue="r")
    claim = claim_one(engine, queue="r")
    assert [engine.pause(id) for id in (failed, running, "777")] == [False] * 3
    assert [engine.resume(id) for id in (failed, running, waiting, "777")] == [False] * 4
    assert engine.find(running).status == "queued"
    assert claim.id == running


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_pauses_nothing(engine, text):
    (id,) = push(engine)
    assert not engine.pause(text)
    assert engine.find(id).status == "new"


def test_a_paused_queue_gives_nothing_and_others_go_on(engine):
    (before,) = push(engine, queue="a")
    assert engine.pause_queue("a")
    (after,) = push(engine, queue="a", priority=2)
    (other,) = push(engine, queue="b")
    assert [c.id for c in drain(engine, ["a", "b"])] == [other]
    assert not engine.wait(["a"], 0.05)
    assert engine.resume_queue("a")
    assert [c.id for c in drain(engine, ["a", "b"])] == [after, before]


def test_what_is_released_into_a_paused_queue_waits_too(engine):
    push(engine)
    name = worker(engine)
    claim_one(engine, name)
    engine.pause_queue("q")
    assert engine.recover(name) == 1
    assert drain(engine) == []
    engine.resume_queue("q")
    assert len(drain(engine)) == 1


def test_pausing_a_queue_twice_is_pausing_it_once(engine):
    assert engine.paused_queues() == []
    assert engine.pause_queue("b")
    assert not engine.pause_queue("b")
    assert engine.pause_queue("a")
    assert engine.paused_queues() == ["a", "b"]
    assert engine.resume_queue("b")
    assert not engine.resume_queue("b")
    assert not engine.resume_queue("unheard of")
    assert engine.paused_queues() == ["a"]


@pytest.mark.parametrize("name", ["", "x" * 56, None, 7], ids=str)
def test_what_names_no_queue_is_not_paused(engine, name):
    with pytest.raises(ValueError, match="is not a queue; allowed: 1 to 55 characters"):
        engine.pause_queue(name)
    assert engine.paused_queues() == []
    assert not engine.resume_queue(str(name))


def test_resuming_a_queue_wakes_a_waiting_worker(engine):
    push(engine)
    engine.pause_queue("q")

    def resume():
        time.sleep(0.2)
        return engine.resume_queue("q")

    started = time.monotonic()
    assert in_threads(lambda: engine.wait(["q"], 60), resume) == [True, True]
    assert time.monotonic() - started < 30


def test_a_queue_that_was_resumed_before_its_first_job_is_counted(engine):
    engine.pause_queue("q")
    assert engine.resume_queue("q")
    ids = push(engine, priority=1)
    assert engine.stats()["q"]["new"] == 1
    assert [job.id for job in engine.browse(Where(status="new"))] == ids
    assert engine.move("cancel") == 1


def test_a_queue_that_shares_its_beginning_with_a_paused_one_goes_on(engine):
    engine.pause_queue("q")
    engine.pause_queue("%")
    (id,) = push(engine, queue="q2")
    assert [c.id for c in drain(engine, ["q2"])] == [id]
