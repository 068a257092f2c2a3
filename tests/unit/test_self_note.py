"""What a worker notes of itself."""

from __future__ import annotations

import os
import threading
import time

import pytest

from lightjobs import Job
from lightjobs.notes.observed import NOTHING
from lightjobs.notes.worker_notes import read_note
from lightjobs.version import __version__
from lightjobs.workers import self_note
from lightjobs.workers.tally import read_counts
from tests.support.waiting import wait_until

from .working import Worker

gates: list[threading.Event] = []


class Waits(Job):
    def handle(self):
        gates[self.payload["gate"]].wait(10)


class Fails(Job):
    def handle(self):
        raise ValueError


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(self_note, "NOTE_SECONDS", 0.05)
    gates[:] = [threading.Event() for _ in range(3)]
    yield
    for gate in gates:
        gate.set()


def note_of(worker):
    written = worker.journal.observed.note()
    return None if written is None else read_note(written.text)


def counts_of(worker):
    written = worker.journal.observed.counts()
    return read_counts(written and written.text)


def test_a_worker_says_who_it_is(engine):
    worker = Worker(engine, queues=("a", "b"), concurrency=2, lease=40.0)
    worker.loop.begin()
    note = note_of(worker)
    assert note.state == "starting"
    worker.run()
    note = note_of(worker)
    assert (note.pid, note.parent, note.version) == (os.getpid(), 0, __version__)
    assert (note.queues, note.concurrency, note.lease) == (("a", "b"), 2, 40.0)
    assert note.memory > 1_000_000
    assert abs(note.since - time.time()) < 60
    assert note.state == "stopping"


def test_a_worker_says_what_it_runs_longest_first(engine):
    ids = [Waits().dispatch({"gate": gate}) for gate in range(3)]
    worker = Worker(engine, stop_when_empty=False, concurrency=2)
    thread = worker.start()
    try:
        wait_until(lambda: (note := note_of(worker)) and len(note.running) == 2)
        note = note_of(worker)
        assert (note.state, note.busy) == ("working", 2)
        assert {run.id for run in note.running} == set(ids[:2])
        assert note.running[0].since <= note.running[1].since
        first = note.running[0]
        assert (first.handler, first.queue, first.attempt) == (
            f"{__name__}.Waits",
            "default",
            1,
        )
        assert 0.5 <= time.time() - first.since < 30
        for gate in gates:
            gate.set()
        wait_until(lambda: note_of(worker).ended.get("done") == 3)
        wait_until(lambda: note_of(worker).state == "idle")
        assert (note_of(worker).busy, note_of(worker).running) == (0, ())
    finally:
        worker.stop(thread)


def test_a_job_that_has_just_begun_is_not_named(engine, monkeypatch):
    monkeypatch.setattr(self_note, "LONG_SECONDS", 60)
    Waits().dispatch({"gate": 0})
    worker = Worker(engine, stop_when_empty=False)
    thread = worker.start()
    try:
        wait_until(lambda: (note := note_of(worker)) and note.busy == 1)
        assert note_of(worker).running == ()
        gates[0].set()
    finally:
        worker.stop(thread)


def test_counts_are_there_while_it_works_and_when_it_has_ended(engine):
    Waits().dispatch({"gate": 0})
    Fails().dispatch()
    worker = Worker(engine, stop_when_empty=False)
    gates[0].set()
    thread = worker.start()
    try:
        wait_until(lambda: len(counts_of(worker).runs) == 2)
    finally:
        worker.stop(thread)
    totals = counts_of(worker).runs[("default", f"{__name__}.Waits")]
    assert totals.ended == (1, 0, 0, 0, 0, 0)
    assert sum(totals.durations) == sum(totals.waits) == 1
    assert totals.durations != NOTHING
    assert counts_of(worker).exceptions == {("default", f"{__name__}.Fails", "ValueError"): 1}


def test_what_ended_in_the_last_moment_is_counted_too(engine, monkeypatch):
    monkeypatch.setattr(self_note, "NOTE_SECONDS", 3600)
    Fails().dispatch()
    worker = Worker(engine).run()
    assert note_of(worker).ended == {"done": 0, "retried": 0, "failed": 1, "released": 0}
    assert len(counts_of(worker).runs) == 1
