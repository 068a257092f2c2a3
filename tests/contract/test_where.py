"""The filters that the bulk verbs share."""

import time

import pytest

from lightjobs.engines.where import Where

from .support import claim_one, fail, push

OTHER = "App\\Jobs\\SendReport"


def some(engine, status):
    """Three jobs of the status: two of queue a, one of them with another handler, one of b."""
    if status == "failed":
        made = fail(engine, queue="a") + fail(engine, queue="a", handler=OTHER)
        return made + fail(engine, queue="b")
    made = (
        push(engine, queue="a") + push(engine, queue="a", handler=OTHER) + push(engine, queue="b")
    )
    if status == "delayed":
        engine.purge(Where(status="new"))
        due = time.time() + 3600
        made = [
            *push(engine, queue="a", due=due),
            *push(engine, queue="a", handler=OTHER, due=due, priority=1),
            *push(engine, queue="b", due=due),
        ]
    if status == "paused":
        assert engine.move("pause") == 3
    if status == "cancelled":
        assert engine.move("cancel") == 3
    if status == "queued":
        for queue in "aab":
            claim_one(engine, queue=queue)
    return made


STATUSES = ["new", "delayed", "paused", "cancelled", "queued", "failed"]
FILTERS = {
    "all": (Where(), {0, 1, 2}),
    "a queue": (Where(queue="a"), {0, 1}),
    "a handler": (Where(handler=OTHER), {1}),
    "a queue and a handler": (Where(queue="b", handler=OTHER), set()),
    "another queue": (Where(queue="' OR ''='"), set()),
    "another handler": (Where(handler="App\\Jobs\\%"), set()),
    "old": (Where(before=time.time() - 60), set()),
    "not so old": (Where(before=time.time() + 3600), {0, 1, 2}),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("status", STATUSES)
def test_count_counts_what_fits(engine, status, name):
    where, fitting = FILTERS[name]
    some(engine, status)
    assert engine.count(where.of(status="new" if status == "delayed" else status)) == len(fitting)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("status", ["new", "delayed", "paused", "queued"])
def test_cancel_takes_only_what_fits(engine, status, name):
    where, fitting = FILTERS[name]
    ids = some(engine, status)
    told = []
    assert engine.move("cancel", where, told.append) == len(fitting) == sum(told)
    found = [engine.find(id).status for id in ids]
    assert {n for n, status in enumerate(found) if status == "cancelled"} == fitting


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("status", ["new", "delayed", "paused", "cancelled", "failed"])
def test_purge_takes_only_what_fits(engine, status, name):
    where, fitting = FILTERS[name]
    ids = some(engine, status)
    told = []
    stored = "new" if status == "delayed" else status
    assert engine.purge(where.of(status=stored), told.append) == len(fitting) == sum(told)
    assert {n for n, id in enumerate(ids) if engine.find(id) is None} == fitting


@pytest.mark.parametrize("id", ["one", "none"])
def test_an_id_is_one_more_filter(engine, id):
    ids = some(engine, "new")
    where = Where(job_id=ids[1] if id == "one" else "777777", queue="a", handler=OTHER)
    assert engine.count(where.of(status="new")) == engine.move("pause", where) == (id == "one")
    assert engine.count(Where(status="new", job_id=ids[0], handler=OTHER)) == 0


def test_a_move_with_several_sources_can_be_told_to_take_one(engine):
    some(engine, "paused")
    push(engine, 2)
    assert engine.move("cancel", Where(status="paused")) == 3
    assert engine.move("cancel", Where(status="failed")) == 0
    assert engine.count(Where(status="new")) == 2


def test_progress_is_told_a_part_at_a_time(engine):
    push(engine, 12_000)
    told = []
    assert engine.move("pause", Where(), told.append) == 12_000 == sum(told)
    assert engine.count(Where(status="paused")) == 12_000
    assert engine.move("resume") == 12_000
    assert engine.move("cancel") == 12_000
    assert engine.purge(Where(status="cancelled"), told.append) == 12_000
    assert sum(told) == 24_000
    assert engine.stats() == {}


def test_a_bulk_move_among_jobs_that_do_not_fit_ends(engine):
    push(engine, 3000)
    ids = push(engine, 2, handler=OTHER)
    push(engine, 3000)
    assert engine.move("pause", Where(handler=OTHER)) == 2
    assert [engine.find(id).status for id in ids] == ["paused", "paused"]
