"""`push_slots` and what the store keeps of the schedule."""

import time

import pytest

from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.model import Done, LastSlot, Settlement, Slot, Template
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import in_threads, job, worker

NOON = 1_700_000_000.0


def slot(due=NOON, entry="report", **fields):
    return Slot(entry, due, job(**fields))


def waiting(engine, queue="q"):
    return engine.stats().get(queue, {"new": 0})["new"]


def test_a_slot_pushes_its_job(engine):
    (job_id,) = engine.schedule.push_slots([slot(payload='{"a":1}', priority=2)])
    stored = engine.find(job_id)
    assert (stored.queue, stored.payload, stored.priority) == ("q", '{"a":1}', 2)
    assert engine.schedule.slots() == {"report": LastSlot(NOON, job_id, NOON, False)}


def test_the_same_slot_pushes_one_job_however_often_it_comes(engine):
    (first,) = engine.schedule.push_slots([slot()])
    assert engine.schedule.push_slots([slot()]) == [None]
    assert engine.schedule.push_slots([slot(), slot()]) == [None, None]
    assert waiting(engine) == 1
    assert engine.schedule.slots()["report"].job_id == first


def test_an_earlier_slot_is_refused(engine):
    engine.schedule.push_slots([slot(NOON)])
    assert engine.schedule.push_slots([slot(NOON - 0.5), slot(NOON - 3600)]) == [None, None]
    assert waiting(engine) == 1
    assert engine.schedule.slots()["report"].due == NOON


def test_later_slots_of_one_entry_are_taken_in_their_order(engine):
    ids = engine.schedule.push_slots([slot(NOON), slot(NOON + 1), slot(NOON + 1), slot(NOON + 2)])
    assert ids[2] is None
    assert len({*ids} - {None}) == 3
    assert engine.schedule.slots()["report"] == LastSlot(NOON + 2, ids[3], NOON + 2, False)


def test_entries_do_not_know_of_each_other(engine):
    names = ["a", "b", "A", "a ", "ä", "a:b", "*", "'; DROP TABLE jobs", "x" * 150, "💥"]
    ids = engine.schedule.push_slots([slot(NOON + n, name) for n, name in enumerate(names)])
    assert None not in ids
    assert {name: last.due for name, last in engine.schedule.slots().items()} == {
        name: NOON + n for n, name in enumerate(names)
    }


def test_a_slot_without_a_job_is_noted_and_keeps_the_last_jobs_moment(engine):
    (job_id,) = engine.schedule.push_slots([slot()])
    assert engine.schedule.push_slots([Slot("report", NOON + 1, None)]) == [None]
    assert engine.schedule.slots()["report"] == LastSlot(NOON + 1, job_id, NOON, False)
    assert engine.schedule.push_slots([slot(NOON + 1)]) == [None]
    assert waiting(engine) == 1


def test_no_slots_are_no_work(engine):
    assert engine.schedule.push_slots([]) == []
    assert engine.schedule.slots() == {}


def test_delayed_jobs_stay_delayed(engine):
    engine.schedule.push_slots([slot(due=NOON)._replace(job=job(due=time.time() + 60))])
    assert engine.stats()["q"]["delayed"] == 1


def test_of_many_pushing_the_same_slots_at_once_each_is_taken_once(engine):
    slots = [slot(NOON + n, entry) for n in range(5) for entry in ("a", "b", "c")]

    def push():
        return [job_id for one in slots for job_id in engine.schedule.push_slots([one])]

    ids = [job_id for taken in in_threads(*[push] * 8) for job_id in taken if job_id is not None]
    assert len(ids) == len(set(ids)) == len(slots) == waiting(engine)


def test_of_many_pushing_one_batch_at_once_each_slot_is_taken_once(engine):
    slots = [slot(NOON, f"entry {n}") for n in range(50)]
    # Half of them the other way round: stores that lock row by row must not lock each other out.
    calls = [
        lambda: engine.schedule.push_slots(slots),
        lambda: engine.schedule.push_slots(slots[::-1]),
    ] * 4
    taken = [job_id for ids in in_threads(*calls) for job_id in ids if job_id is not None]
    assert len(taken) == len(set(taken)) == len(slots) == waiting(engine)


def test_an_enrolled_entry_begins_then(engine):
    engine.schedule.enroll(["report"], NOON)
    assert engine.schedule.slots() == {"report": LastSlot(NOON, None, None, False)}
    assert engine.schedule.push_slots([slot(NOON)]) == [None]
    assert engine.schedule.push_slots([slot(NOON + 1)]) != [None]


def test_an_entry_that_is_known_is_not_enrolled_again(engine):
    (job_id,) = engine.schedule.push_slots([slot(NOON)])
    engine.schedule.enroll(["report", "other"], NOON + 60)
    assert engine.schedule.slots() == {
        "report": LastSlot(NOON, job_id, NOON, False),
        "other": LastSlot(NOON + 60, None, None, False),
    }


def test_a_paused_entrys_slots_are_refused_until_it_is_resumed(engine):
    engine.schedule.enroll(["report", "other"], NOON)
    assert engine.schedule.pause_entry("report") is True
    assert engine.schedule.push_slots([slot(NOON + 1), slot(NOON + 1, "other")])[0] is None
    assert waiting(engine) == 1
    assert engine.schedule.slots()["report"] == LastSlot(NOON, None, None, True)
    assert engine.schedule.resume_entry("report", NOON + 10) is True
    assert engine.schedule.push_slots([slot(NOON + 10)]) == [None]  # passed over, not missed
    assert engine.schedule.push_slots([slot(NOON + 11)]) != [None]


def test_resuming_never_takes_the_last_moment_back(engine):
    engine.schedule.push_slots([slot(NOON)])
    engine.schedule.pause_entry("report")
    engine.schedule.resume_entry("report", NOON - 3600)
    assert engine.schedule.slots()["report"].due == NOON


def test_resuming_keeps_the_last_jobs_moment(engine):
    (job_id,) = engine.schedule.push_slots([slot(NOON)])
    engine.schedule.pause_entry("report")
    assert engine.schedule.slots()["report"] == LastSlot(NOON, job_id, NOON, True)
    engine.schedule.resume_entry("report", NOON + 3600)
    assert engine.schedule.slots()["report"] == LastSlot(NOON + 3600, job_id, NOON, False)


def run(engine, name, entry):
    """Claim the next job and settle it as done for `entry`."""
    (claim,) = engine.claim(name, ["q"], 1)
    return engine.settle(name, [Done(claim.id, claim.fence, entry)])


def test_the_last_job_of_an_entry_is_known_to_have_completed_until_the_next(engine):
    name = worker(engine)
    (first,) = engine.schedule.push_slots([slot(NOON)])
    assert run(engine, name, "report") == [Settlement.ACCEPTED]
    done = LastSlot(NOON, first, NOON, False, True)
    assert engine.schedule.slots()["report"] == done
    engine.schedule.pause_entry("report")
    engine.schedule.resume_entry("report", NOON + 1)
    engine.schedule.push_slots([Slot("report", NOON + 2, None)])
    assert engine.schedule.slots()["report"] == done._replace(due=NOON + 2)
    (second,) = engine.schedule.push_slots([slot(NOON + 3)])
    assert engine.schedule.slots()["report"] == LastSlot(NOON + 3, second, NOON + 3, False, False)


def test_only_the_last_job_of_an_entry_tells_that_it_completed(engine):
    name = worker(engine)
    engine.schedule.push_slots([slot(NOON)])
    (second,) = engine.schedule.push_slots([slot(NOON + 1)])
    last = LastSlot(NOON + 1, second, NOON + 1, False, False)
    assert run(engine, name, "report") == [Settlement.ACCEPTED]  # the first one
    assert engine.schedule.slots()["report"] == last
    assert run(engine, name, "unheard of") == [Settlement.ACCEPTED]
    assert engine.schedule.slots() == {"report": last}


def test_an_outcome_that_is_refused_tells_nothing_of_the_entry(engine):
    name = worker(engine)
    (job_id,) = engine.schedule.push_slots([slot(NOON)])
    (claim,) = engine.claim(name, ["q"], 1)
    stale = Done(claim.id, claim.fence + 1, "report")
    assert engine.settle(name, [stale]) == [Settlement.LOST]
    assert engine.schedule.slots()["report"] == LastSlot(NOON, job_id, NOON, False, False)
    # Among others, as in a worker's batch.
    other = Done("987654321", 1)
    done = Done(claim.id, claim.fence, "report")
    assert engine.settle(name, [other, done]) == [Settlement.ACCEPTED] * 2
    assert engine.schedule.slots()["report"].completed


def test_pausing_and_resuming_say_whether_they_did_anything(engine):
    assert engine.schedule.pause_entry("report") is False
    assert engine.schedule.resume_entry("report", NOON) is False
    assert engine.schedule.slots() == {}
    engine.schedule.enroll(["report"], NOON)
    assert engine.schedule.resume_entry("report", NOON + 5) is False
    assert engine.schedule.pause_entry("report") is True
    assert engine.schedule.pause_entry("report") is False
    assert engine.schedule.slots()["report"] == LastSlot(NOON, None, None, True)


def test_only_an_entry_that_has_not_been_due_for_long_is_forgotten(engine):
    assert engine.schedule.forget_entry("report", NOON) is False
    engine.schedule.enroll(["report", "paused", "other"], NOON)
    engine.schedule.pause_entry("paused")
    assert engine.schedule.forget_entry("report", NOON) is False
    assert engine.schedule.forget_entry("paused", NOON + 1) is False
    assert engine.schedule.slots().keys() == {"report", "paused", "other"}
    assert engine.schedule.forget_entry("report", NOON + 1) is True
    assert engine.schedule.forget_entry("report", NOON + 1) is False
    assert engine.schedule.slots().keys() == {"paused", "other"}


def test_what_was_noted_before_moments_of_jobs_were_is_kept(engine):
    engine.schedule.enroll(["report"], NOON)
    if isinstance(engine, RedisEngine):
        old = f"{NOON:.6f} 0 job_6b0248b2884c72.73476817"
        engine._node.client.hset(f"{engine._prefix}slots", "report", old)
        job_id = "job_6b0248b2884c72.73476817"
    elif isinstance(engine, SqlEngine):
        engine.schema.uninstall()
        engine._db.apply(["UPDATE job_slots SET job_id = 7"])
        engine.schema.install()
        job_id = "7"
    else:
        pytest.skip("nothing is kept there")
    assert engine.schedule.slots() == {"report": LastSlot(NOON, job_id, None, False)}
    (new_id,) = engine.schedule.push_slots([slot(NOON + 1)])
    assert engine.schedule.slots() == {"report": LastSlot(NOON + 1, new_id, NOON + 1, False)}


# What programs without the project's code are told.


def template(**fields):
    return Template(
        job("mail", '{"é":"💥"}', options='{"attempts":2}'), "0 6 * * *", "UTC", **fields
    )


def test_an_entry_keeps_what_it_dispatches(engine):
    engine.schedule.enroll(["report", "other"], NOON)
    described = {"report": template(), "unknown": template()}
    engine.schedule.describe(described, {"report": NOON + 60})
    slots = engine.schedule.slots(templates=True)
    assert sorted(slots) == ["other", "report"]
    assert slots["report"].template == template()
    assert slots["report"].next == NOON + 60
    assert (slots["other"].template, slots["other"].next) == (None, None)
    assert {last.template for last in engine.schedule.slots().values()} == {None}


def test_a_new_template_takes_the_place_of_the_former(engine):
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    engine.schedule.describe({"report": template(conditional=True)}, {"report": None})
    last = engine.schedule.slots(templates=True)["report"]
    assert (last.template, last.next) == (template(conditional=True), None)


def test_a_slot_notes_the_moment_that_follows_and_leaves_the_template(engine):
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    engine.schedule.push_slots([slot(NOON + 60)._replace(next=NOON + 120)])
    last = engine.schedule.slots(templates=True)["report"]
    assert (last.due, last.next, last.template) == (NOON + 60, NOON + 120, template())
    engine.schedule.push_slots([Slot("report", NOON + 120, None, NOON + 180)])
    assert engine.schedule.slots()["report"].next == NOON + 180
    # A slot that is refused notes nothing.
    engine.schedule.push_slots([slot(NOON)._replace(next=NOON + 1)])
    assert engine.schedule.slots()["report"].next == NOON + 180


def test_an_entry_that_is_forgotten_is_forgotten_with_its_template(engine):
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    assert engine.schedule.forget_entry("report", NOON + 1)
    assert engine.schedule.slots(templates=True) == {}
    engine.schedule.enroll(["report"], NOON)
    assert engine.schedule.slots(templates=True)["report"].template is None


def test_a_paused_entry_keeps_its_template(engine):
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    engine.schedule.pause_entry("report")
    engine.schedule.resume_entry("report", NOON + 3600)
    assert engine.schedule.slots(templates=True)["report"].template == template()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb", *MYSQL])
def test_a_template_that_cannot_be_read_is_none(request, kind):
    engine = STORES[kind](request).engine
    engine.schema.install()
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({}, {})
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    sql = "UPDATE job_slots SET template = '{\"v\":99}'"
    getattr(engine._db, "execute", engine._db.ask)(sql)
    last = engine.schedule.slots(templates=True)["report"]
    assert (last.template, last.next) == (None, NOON + 60)
    engine.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb", *MYSQL])
def test_a_next_moment_that_an_older_version_left_is_none(request, kind):
    engine = STORES[kind](request).engine
    engine.schema.install()
    engine.schedule.enroll(["report"], NOON)
    engine.schedule.describe({"report": template()}, {"report": NOON + 60})
    sql = f"UPDATE job_slots SET due = {NOON + 60}"  # noqa: S608
    getattr(engine._db, "execute", engine._db.ask)(sql)
    assert engine.schedule.slots()["report"].next is None
    engine.close()
