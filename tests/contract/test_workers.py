"""What people see of the workers of a store: their leases and their notes."""

import time

from lightjobs.notes.observed import Running, WorkerNote
from lightjobs.notes.worker_notes import note_text

from .support import HOSTILE, worker


def note(**changes):
    made = WorkerNote(
        host="box",
        pid=7,
        parent=6,
        version="1.2",
        python="3.11.2",
        since=1000.5,
        lease=30.0,
        queues=("mail", "default"),
        concurrency=4,
        state="working",
        memory=50_000_000,
        busy=1,
        ended={"done": 3, "failed": 1},
        running=(Running("9", "App\\Jobs\\Slow", "mail", 2, 1001.25),),
    )
    return made._replace(**changes)


def test_registered_workers_are_listed_by_name_with_the_rest_of_their_lease(engine):
    names = [worker(engine, 100.0), worker(engine, 300.0)]
    found = engine.workers()
    assert [each.name for each in found] == sorted(names)
    left = {each.name: each.lease_left for each in found}
    assert 40 < left[names[0]] <= 100
    assert 240 < left[names[1]] <= 300
    assert all(each.note is None for each in found)


def test_a_beat_brings_the_workers_note(engine):
    first, second = worker(engine), worker(engine)
    assert engine.beat([first, second], 30.0, {first: note_text(note())}) == []
    notes = {each.name: each.note for each in engine.workers()}
    assert notes == {first: note(), second: None}


def test_a_note_stays_until_there_is_another(engine):
    name = worker(engine)
    engine.beat([name], 30.0, {name: note_text(note())})
    engine.beat([name], 30.0)
    engine.beat([name], 30.0, {})
    assert engine.workers()[0].note == note()
    engine.beat([name], 30.0, {name: note_text(note(state="idle", running=()))})
    assert engine.workers()[0].note == note(state="idle", running=())


def test_a_note_with_odd_text_comes_back_as_it_was(engine):
    name = worker(engine)
    odd = note(host=HOSTILE, queues=(HOSTILE,), running=(Running("1", HOSTILE, HOSTILE, 1, 2.0),))
    engine.beat([name], 30.0, {name: note_text(odd)})
    assert engine.workers()[0].note == odd


def test_a_note_that_cannot_be_read_is_no_note(engine):
    name = worker(engine)
    for text in ("", "{", "[]", "null", '{"v": 99}', "💥", '{"host":1}'):
        engine.beat([name], 30.0, {name: text})
        assert engine.workers()[0].note is None


def test_a_worker_that_was_recovered_is_forgotten_with_its_note(engine):
    name, other = worker(engine), worker(engine)
    engine.beat([name, other], 30.0, {name: note_text(note()), other: note_text(note(pid=8))})
    engine.recover(name)
    assert [(each.name, each.note) for each in engine.workers()] == [(other, note(pid=8))]
    # A beat of a forgotten worker brings nothing back.
    assert engine.beat([name], 30.0, {name: note_text(note())}) == [name]
    assert [each.name for each in engine.workers()] == [other]


def test_a_worker_whose_lease_ended_is_listed_as_overdue(engine):
    name = worker(engine, 0.05)
    time.sleep(0.2)
    (found,) = engine.workers()
    assert (found.name, found.is_silent) == (name, True)
    assert -60 < found.lease_left < 0


def test_a_silent_worker_is_told_from_one_that_beats(engine):
    name = worker(engine)
    engine.beat([name], 30.0, {name: note_text(note(lease=30.0))})
    (beating,) = engine.workers()
    assert not beating.is_silent
    assert beating.silent_for < 10
    assert beating._replace(lease_left=9.0).is_silent
