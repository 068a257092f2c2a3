import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import STATUSES

from .support import NO_IDS, claim_one, fail, push

NONE = dict.fromkeys((*STATUSES, "delayed"), 0)


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_finds_nothing(engine, text):
    push(engine)
    assert engine.find(text) is None


def test_browse_lists_jobs_of_a_status(engine):
    failed = fail(engine, 2, "f")
    running = push(engine, queue="r")
    claim_one(engine, queue="r")
    new = push(engine, 2)
    assert [j.id for j in engine.browse(Where(status="new"))] == new
    assert [j.id for j in engine.browse(Where(status="queued"))] == running
    assert {j.id for j in engine.browse(Where(status="failed"))} == set(failed)
    assert engine.browse(Where(status="paused")) == []
    assert engine.browse(Where(status="unheard of")) == []


def test_browse_returns_what_find_returns(engine):
    (id,) = fail(engine, payload='{"a":1}', options='{"attempts":2}')
    assert engine.browse(Where(status="failed")) == [engine.find(id)]


def test_browse_shows_waiting_jobs_oldest_first(engine):
    late, early = push(engine, due=5000.0)[0], push(engine, due=1000.0)[0]
    assert [j.id for j in engine.browse(Where(status="new"))] == [early, late]


def test_browse_shows_the_latest_failure_first(engine):
    first = fail(engine)
    second = fail(engine)
    assert [j.id for j in engine.browse(Where(status="failed"))] == second + first


def test_browse_of_a_queue_shows_only_that(engine):
    a, b = fail(engine, 2, "a"), push(engine, queue="b")
    assert {j.id for j in engine.browse(Where(status="failed", queue="a"))} == set(a)
    assert engine.browse(Where(status="failed", queue="b")) == []
    assert [j.id for j in engine.browse(Where(status="new", queue="b"))] == b
    assert engine.browse(Where(status="new", queue="' OR ''='")) == []


def test_browse_of_a_handler_or_an_age_shows_only_that(engine):
    mine, _other = fail(engine, 3, handler="Mine"), fail(engine, 3, handler="Other")
    waiting = push(engine, handler="Mine", queue="w")
    now = time.time()
    assert {j.id for j in engine.browse(Where(status="failed", handler="Mine"))} == set(mine)
    assert len(engine.browse(Where(status="failed", handler="Mine"), 2)) == 2
    assert [
        j.id for j in engine.browse(Where(status="new", handler="Mine", before=now + 60))
    ] == waiting
    assert engine.browse(Where(status="failed", handler="' OR ''='")) == []
    assert (
        engine.browse(Where(status="failed", before=now - 60))
        == engine.browse(Where(status="new", before=now - 60))
        == []
    )
    assert (
        len(engine.browse(Where(status="failed", queue="q", handler="Mine", before=now + 60), 50))
        == 3
    )
    assert (
        engine.browse(Where(status="failed", queue="w", handler="Mine", before=now + 60), 50) == []
    )


def test_browse_shows_at_most_limit(engine):
    push(engine, 60)
    fail(engine, 60, "f")
    assert (
        len(engine.browse(Where(status="new"))) == len(engine.browse(Where(status="failed"))) == 50
    )
    assert (
        len(engine.browse(Where(status="new"), 7))
        == len(engine.browse(Where(status="failed"), 7))
        == 7
    )


def test_stats_of_an_empty_store_are_empty(engine):
    assert engine.stats() == {}


def test_stats_count_each_queue_by_status(engine):
    fail(engine, 2, "a")
    push(engine, 3, "a")
    push(engine, 4, "a", due=time.time() + 60)
    push(engine, queue="b")
    claim_one(engine, queue="b")
    assert engine.stats() == {
        "a": {**NONE, "new": 7, "delayed": 4, "failed": 2},
        "b": {**NONE, "queued": 1},
    }


def test_a_delay_of_less_than_a_second_counts_as_delayed_until_it_is_over(engine):
    due = time.time() + 0.3
    push(engine, due=due)
    assert engine.stats()["q"]["delayed"] == 1
    time.sleep(max(0, due - time.time()) + 0.01)
    assert engine.stats()["q"] == {**NONE, "new": 1}


def test_looking_changes_nothing(engine):
    (id,) = push(engine)
    before = engine.find(id)
    engine.stats(), engine.browse(Where(status="new")), engine.held("stranger")
    assert engine.find(id) == before


def test_problems_of_a_ready_store_are_none(engine):
    assert engine.problems() == []
