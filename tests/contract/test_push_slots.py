"""`push_slots` and what the store keeps of the schedule."""

import time

import pytest

from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.model import LastSlot, Slot

from .support import in_threads, job

NOON = 1_700_000_000.0


def slot(due=NOON, entry="report", **fields):
    return Slot(entry, due, job(**fields))


def waiting(engine, queue="q"):
    return engine.stats().get(queue, {"new": 0})["new"]


def test_a_slot_pushes_its_job(engine):
    (job_id,) = engine.push_slots([slot(payload='{"a":1}', priority=2)])
    stored = engine.find(job_id)
    assert (stored.queue, stored.payload, stored.priority) == ("q", '{"a":1}', 2)
    assert engine.slots() == {"report": LastSlot(NOON, job_id, NOON, False)}


def test_the_same_slot_pushes_one_job_however_often_it_comes(engine):
    (first,) = engine.push_slots([slot()])
    assert engine.push_slots([slot()]) == [None]
    assert engine.push_slots([slot(), slot()]) == [None, None]
    assert waiting(engine) == 1
    assert engine.slots()["report"].job_id == first


def test_an_earlier_slot_is_refused(engine):
    engine.push_slots([slot(NOON)])
    assert engine.push_slots([slot(NOON - 0.5), slot(NOON - 3600)]) == [None, None]
    assert waiting(engine) == 1
    assert engine.slots()["report"].due == NOON


def test_later_slots_of_one_entry_are_taken_in_their_order(engine):
    ids = engine.push_slots([slot(NOON), slot(NOON + 1), slot(NOON + 1), slot(NOON + 2)])
    assert ids[2] is None
    assert len({*ids} - {None}) == 3
    assert engine.slots()["report"] == LastSlot(NOON + 2, ids[3], NOON + 2, False)


def test_entries_do_not_know_of_each_other(engine):
    names = ["a", "b", "A", "a ", "ä", "a:b", "*", "'; DROP TABLE jobs", "x" * 150, "💥"]
    ids = engine.push_slots([slot(NOON + n, name) for n, name in enumerate(names)])
    assert None not in ids
    assert {name: last.due for name, last in engine.slots().items()} == {
        name: NOON + n for n, name in enumerate(names)
    }


def test_a_slot_without_a_job_is_noted_and_keeps_the_last_jobs_moment(engine):
    (job_id,) = engine.push_slots([slot()])
    assert engine.push_slots([Slot("report", NOON + 1, None)]) == [None]
    assert engine.slots()["report"] == LastSlot(NOON + 1, job_id, NOON, False)
    assert engine.push_slots([slot(NOON + 1)]) == [None]
    assert waiting(engine) == 1


def test_no_slots_are_no_work(engine):
    assert engine.push_slots([]) == []
    assert engine.slots() == {}


def test_delayed_jobs_stay_delayed(engine):
    engine.push_slots([slot(due=NOON)._replace(job=job(due=time.time() + 60))])
    assert engine.stats()["q"]["delayed"] == 1


def test_of_many_pushing_the_same_slots_at_once_each_is_taken_once(engine):
    slots = [slot(NOON + n, entry) for n in range(5) for entry in ("a", "b", "c")]

    def push():
        return [job_id for one in slots for job_id in engine.push_slots([one])]

    ids = [job_id for taken in in_threads(*[push] * 8) for job_id in taken if job_id is not None]
    assert len(ids) == len(set(ids)) == len(slots) == waiting(engine)


def test_of_many_pushing_one_batch_at_once_each_slot_is_taken_once(engine):
    slots = [slot(NOON, f"entry {n}") for n in range(50)]
    # Half of them the other way round: stores that lock row by row must not lock each other out.
    calls = [lambda: engine.push_slots(slots), lambda: engine.push_slots(slots[::-1])] * 4
    taken = [job_id for ids in in_threads(*calls) for job_id in ids if job_id is not None]
    assert len(taken) == len(set(taken)) == len(slots) == waiting(engine)


def test_an_enrolled_entry_begins_then(engine):
    engine.enroll(["report"], NOON)
    assert engine.slots() == {"report": LastSlot(NOON, None, None, False)}
    assert engine.push_slots([slot(NOON)]) == [None]
    assert engine.push_slots([slot(NOON + 1)]) != [None]


def test_an_entry_that_is_known_is_not_enrolled_again(engine):
    (job_id,) = engine.push_slots([slot(NOON)])
    engine.enroll(["report", "other"], NOON + 60)
    assert engine.slots() == {
        "report": LastSlot(NOON, job_id, NOON, False),
        "other": LastSlot(NOON + 60, None, None, False),
    }


def test_a_paused_entrys_slots_are_refused_until_it_is_resumed(engine):
    engine.enroll(["report", "other"], NOON)
    assert engine.pause_entry("report") is True
    assert engine.push_slots([slot(NOON + 1), slot(NOON + 1, "other")])[0] is None
    assert waiting(engine) == 1
    assert engine.slots()["report"] == LastSlot(NOON, None, None, True)
    assert engine.resume_entry("report", NOON + 10) is True
    assert engine.push_slots([slot(NOON + 10)]) == [None]  # passed over, not missed
    assert engine.push_slots([slot(NOON + 11)]) != [None]


def test_resuming_never_takes_the_last_moment_back(engine):
    engine.push_slots([slot(NOON)])
    engine.pause_entry("report")
    engine.resume_entry("report", NOON - 3600)
    assert engine.slots()["report"].due == NOON


def test_resuming_keeps_the_last_jobs_moment(engine):
    (job_id,) = engine.push_slots([slot(NOON)])
    engine.pause_entry("report")
    assert engine.slots()["report"] == LastSlot(NOON, job_id, NOON, True)
    engine.resume_entry("report", NOON + 3600)
    assert engine.slots()["report"] == LastSlot(NOON + 3600, job_id, NOON, False)


def test_the_last_job_of_an_entry_is_known_to_have_completed_until_the_next(engine):
    (first,) = engine.push_slots([slot(NOON)])
    assert engine.complete_entry("report", first) is True
    assert engine.complete_entry("other", first) is False
    done = LastSlot(NOON, first, NOON, False, True)
    assert engine.slots()["report"] == done
    engine.pause_entry("report")
    engine.resume_entry("report", NOON + 1)
    engine.push_slots([Slot("report", NOON + 2, None)])
    assert engine.slots()["report"] == done._replace(due=NOON + 2)
    (second,) = engine.push_slots([slot(NOON + 3)])
    assert engine.complete_entry("report", first) is False
    assert engine.slots()["report"] == LastSlot(NOON + 3, second, NOON + 3, False, False)


def test_pausing_and_resuming_say_whether_they_did_anything(engine):
    assert engine.pause_entry("report") is False
    assert engine.resume_entry("report", NOON) is False
    assert engine.slots() == {}
    engine.enroll(["report"], NOON)
    assert engine.resume_entry("report", NOON + 5) is False
    assert engine.pause_entry("report") is True
    assert engine.pause_entry("report") is False
    assert engine.slots()["report"] == LastSlot(NOON, None, None, True)


def test_only_an_entry_that_has_not_been_due_for_long_is_forgotten(engine):
    assert engine.forget_entry("report", NOON) is False
    engine.enroll(["report", "paused", "other"], NOON)
    engine.pause_entry("paused")
    assert engine.forget_entry("report", NOON) is False
    assert engine.forget_entry("paused", NOON + 1) is False
    assert engine.slots().keys() == {"report", "paused", "other"}
    assert engine.forget_entry("report", NOON + 1) is True
    assert engine.forget_entry("report", NOON + 1) is False
    assert engine.slots().keys() == {"paused", "other"}


def test_what_was_noted_before_moments_of_jobs_were_is_kept(engine):
    engine.enroll(["report"], NOON)
    if isinstance(engine, RedisEngine):
        old = f"{NOON:.6f} 0 job_6b0248b2884c72.73476817"
        engine._node.client.hset(f"{engine._prefix}slots", "report", old)
        job_id = "job_6b0248b2884c72.73476817"
    elif isinstance(engine, SqlEngine):
        engine.uninstall()
        engine._db.apply(["UPDATE job_slots SET job_id = 7"])
        engine.install()
        job_id = "7"
    else:
        pytest.skip("nothing is kept there")
    assert engine.slots() == {"report": LastSlot(NOON, job_id, None, False)}
    (new_id,) = engine.push_slots([slot(NOON + 1)])
    assert engine.slots() == {"report": LastSlot(NOON + 1, new_id, NOON + 1, False)}
