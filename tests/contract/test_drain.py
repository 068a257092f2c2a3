"""Pausing all queues until nothing runs, on every store."""

import threading

from lightjobs.cli.drain import all_queues, pause_all, resume_all, still_running
from lightjobs.model import Done, NewJob


def push(engine, *queues):
    engine.push([NewJob("App\\Jobs\\Work", queue, "{}") for queue in queues])


def claim(engine, worker="w", queue="mail"):
    engine.register(worker, 30)
    (claim,) = engine.claim(worker, [queue], 1)
    return claim


def done(engine, claim, worker="w"):
    engine.settle(worker, [Done(claim.id, claim.fence)])


def test_all_queues_are_those_with_jobs_and_those_that_are_paused(engine):
    push(engine, "mail", "reports")
    engine.pause_queue("empty")
    assert all_queues(engine) == ["empty", "mail", "reports"]
    assert pause_all(engine) == {"empty": False, "mail": True, "reports": True}
    assert engine.paused_queues() == ["empty", "mail", "reports"]
    assert resume_all(engine) == {"empty": True, "mail": True, "reports": True}
    assert engine.paused_queues() == []


def test_what_a_worker_holds_is_counted_until_it_is_done(engine):
    push(engine, "mail", "mail", "reports")
    mail, reports = claim(engine), claim(engine, "v", "reports")
    pause_all(engine)
    assert still_running(engine, None, 0) == {"mail": 1, "reports": 1}
    assert still_running(engine, "mail", 0) == {"mail": 1}
    done(engine, mail)
    assert still_running(engine, "mail", 30) == {}
    done(engine, reports, "v")
    assert still_running(engine, None, 30) == {}
    assert engine.stats()["mail"]["new"] == 1


def test_a_queue_that_comes_up_meanwhile_is_paused_too(engine, monkeypatch):
    push(engine, "mail")
    held = claim(engine)
    looked = threading.Event()

    def sleep(_seconds):
        if not looked.is_set():
            looked.set()
            push(engine, "late")
            done(engine, held)

    monkeypatch.setattr("time.sleep", sleep)
    pause_all(engine)
    assert still_running(engine, None, 60) == {}
    assert "late" in engine.paused_queues()
