"""What a process observes of its workers, whatever becomes of them."""

from __future__ import annotations

import time

import pytest

from lightjobs.errors import StoreUnavailable
from lightjobs.model import Done, Settlement
from lightjobs.notes.observed import MOST_PAIRS, OTHER
from lightjobs.notes.worker_notes import note_text, read_note
from lightjobs.workers.observer import Observer
from lightjobs.workers.options import Options
from lightjobs.workers.self_note import first_note
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.tally import Tally
from tests.support.engines import Wrapped, failing

from .test_tally import ended

OPTIONS = Options(workers=2, concurrency=3, lease=30.0)


class Child:
    """A child that an observer follows: its journal and what it counts."""

    def __init__(self, observer, name="w", pid=7):
        self.name, self.journal, self.tally = name, Journal(), Tally()
        observer.follow(name, pid, self.journal.observed)

    def ran(self, *runs):
        self.tally.settled(runs, [(run.outcome, Settlement.ACCEPTED) for run in runs])
        self.journal.observed.write_counts(self.tally.text().encode())

    def notes(self, **fields):
        note = first_note(OPTIONS, 7, 1, 1.0)._replace(**fields)
        self.journal.observed.write_note(note_text(note).encode())


@pytest.fixture
def observer():
    return Observer(OPTIONS, parent=1)


def done(observer, pair=("default", "Pay")):
    return observer.counts().runs[pair].ended[0]


def test_what_workers_count_is_added_up(observer):
    first, second = Child(observer, "a"), Child(observer, "b")
    first.ran(ended(), ended())
    second.ran(ended())
    second.ran(ended(handler="Mail"))
    assert done(observer) == 3
    assert done(observer, ("default", "Mail")) == 1


def test_counts_remain_when_a_worker_has_ended(observer):
    child = Child(observer)
    child.ran(ended())
    assert done(observer) == 1
    child.ran(ended())
    observer.forget("w", "killed")
    child.journal.close()
    assert done(observer) == 2
    assert observer.vitals().children_ended == {"killed": 1}
    assert observer.vitals().children == ()
    observer.forget("w", "killed")
    assert observer.vitals().children_ended == {"killed": 1}


def test_counts_do_not_fall_when_they_cannot_be_read(observer):
    child = Child(observer)
    child.ran(ended())
    assert done(observer) == 1
    child.journal.observed.write_counts(b"")
    assert done(observer) == 1


def test_runs_that_were_settled_for_a_dead_worker_are_counted(observer):
    observer.tally.reclaimed("default", "Pay", Done("1", 1))
    assert done(observer) == 1


def test_beyond_most_pairs_of_all_workers_the_handler_is_other(observer):
    children = [Child(observer, name) for name in "ab"]
    for number in range(MOST_PAIRS):
        children[number % 2].ran(ended(handler=f"Job{number}"))
    assert len(observer.counts().runs) == MOST_PAIRS
    children[0].ran(ended(handler="One too many"))
    children[1].ran(ended(handler="Two"), ended(handler="Job1"))
    runs = observer.counts().runs
    assert len(runs) == MOST_PAIRS + 1
    assert runs[("default", OTHER)].ended[0] == 2
    assert runs[("default", "Job1")].ended[0] == 2


def test_notes_go_to_the_store_with_the_beat(observer, engine):
    engine.register("w", 30)
    child = Child(observer)
    observer.beat(engine, ["w"])
    (worker,) = engine.workers()
    assert (worker.note.state, worker.note.pid, worker.note.parent) == ("starting", 7, 1)
    assert worker.note.concurrency == 3
    child.notes(state="working", busy=2)
    observer.beat(engine, ["w"])
    (worker,) = engine.workers()
    assert (worker.note.state, worker.note.busy) == ("working", 2)


def test_a_beat_says_which_workers_the_store_does_not_know(observer, engine):
    engine.register("w", 30)
    Child(observer)
    assert observer.beat(engine, ["w", "gone"]) == ["gone"]


def test_the_store_is_up_when_it_took_the_last_beat(observer, engine):
    assert not observer.vitals().store_up
    before = time.monotonic()
    observer.beat(engine, [])
    assert observer.vitals().store_up
    beat_at = observer.vitals().beat_at
    assert before <= beat_at <= time.monotonic()
    with pytest.raises(StoreUnavailable):
        observer.beat(Wrapped(engine, beat=failing(engine.beat, 1)), [])
    assert not observer.vitals().store_up
    assert observer.vitals().beat_at == beat_at


def test_vitals_tell_of_each_child(observer):
    child, other = Child(observer, "a"), Child(observer, "b", 8)
    now = time.time()
    note = read_note(note_text(first_note(OPTIONS, 8, 1, now)))
    other.journal.observed.write_note(note_text(note).encode())
    running = [{"id": "1", "handler": "Pay", "queue": "q", "attempt": 1, "since": now - 60}]
    text = note_text(first_note(OPTIONS, 7, 1, now)._replace(state="working", busy=1, memory=99))
    import json

    child.journal.observed.write_note(json.dumps({**json.loads(text), "running": running}).encode())
    vitals = observer.vitals()
    assert [(each.worker, each.pid, each.state) for each in vitals.children] == [
        ("a", 7, "working"),
        ("b", 8, "starting"),
    ]
    assert (vitals.busy, vitals.memory, vitals.places) == (1, 99, 6)
    assert 60 <= vitals.longest_run < 90
    assert all(time.monotonic() - each.turned_at < 10 for each in vitals.children)
