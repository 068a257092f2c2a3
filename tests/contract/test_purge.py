import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError

from .support import NO_IDS, claim_one, fail, push, worker


def test_purge_deletes_failed_jobs(engine):
    fail(engine, 3)
    assert engine.purge(Where(status="failed")) == 3
    assert engine.stats() == {}
    assert engine.purge(Where(status="failed")) == 0


def test_purge_by_id_deletes_that_one(engine):
    ids = fail(engine, 3)
    assert engine.purge(Where(status="failed", job_id=ids[1])) == 1
    assert [engine.find(id) is None for id in ids] == [False, True, False]


def test_purge_by_queue_deletes_only_there(engine):
    a, b = fail(engine, 2, "a"), fail(engine, 2, "b")
    assert engine.purge(Where(status="failed", queue="a")) == 2
    assert [engine.find(id) is None for id in a + b] == [True, True, False, False]
    assert engine.purge(Where(status="failed", job_id=b[0], queue="a")) == 0


def test_purge_before_keeps_what_failed_later(engine):
    ids = fail(engine, 2)
    assert engine.purge(Where(status="failed", before=time.time() - 60)) == 0
    assert engine.purge(Where(status="failed", job_id=ids[0], before=time.time() - 60)) == 0
    assert engine.purge(Where(status="failed", before=time.time() + 60)) == 2


def test_purge_takes_more_than_a_part(engine):
    fail(engine, 12_000)
    assert engine.purge(Where(status="failed")) == 12_000
    assert engine.stats() == {}


def test_purge_leaves_waiting_and_running_jobs_alone(engine):
    (waiting,) = push(engine, queue="w")
    (running,) = push(engine, queue="r")
    claim_one(engine, queue="r")
    assert engine.purge(Where(status="failed")) == 0
    assert (
        engine.purge(Where(status="failed", job_id=waiting))
        == engine.purge(Where(status="failed", job_id=running))
        == 0
    )
    assert engine.purge(Where(status="failed", before=time.time() + 60)) == 0
    assert engine.find(waiting)
    assert engine.find(running)


@pytest.mark.parametrize("status", ["queued", "", "unheard of", "failed' OR '1"])
def test_jobs_in_a_workers_hands_cannot_be_purged(engine, status):
    (id,) = push(engine)
    with pytest.raises(LightjobsError, match="failed"):
        engine.purge(Where(status=status))
    assert engine.find(id)


def test_waiting_and_delayed_jobs_can_be_purged(engine):
    push(engine, 2)
    push(engine, due=time.time() + 60)
    (high,) = push(engine, priority=2)
    (running,) = push(engine, queue="r")
    claim_one(engine, queue="r")
    assert engine.purge(Where(status="new", job_id=high)) == 1
    assert engine.purge(Where(status="new")) == 3
    assert engine.claim(worker(engine), ["q"], 9) == []
    assert engine.find(running)
    assert set(engine.stats()) == {"r"}


def test_paused_jobs_can_be_purged(engine):
    a, b = push(engine, 2)
    engine.pause(a)
    assert engine.purge(Where(status="paused")) == 1
    assert engine.find(a) is None
    assert engine.find(b).status == "new"


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_purges_nothing(engine, text):
    (id,) = fail(engine)
    assert engine.purge(Where(status="failed", job_id=text)) == 0
    assert engine.find(id)


def test_the_id_of_a_purged_job_is_not_given_out_again(engine):
    ids = fail(engine, 3)
    engine.purge(Where(status="failed"))
    assert not set(push(engine, 3)) & set(ids)
