"""In PHP's own form of rows there is no place for results and progress: nothing of them is kept,
and nothing is added to what PHP reads."""

import pytest

from lightjobs.model import Done, Retention, Settlement
from lightjobs.notes.run_notes import Progress, progress_text, result_text
from tests.support.stores import STORES

from .support import claim_one, push, worker


@pytest.fixture
def store(request):
    made = STORES["redis-php"](request)
    yield made
    made.engine.close()


def raw(engine, id):
    return engine._execute("GET", f"{engine._prefix}job:{id}")


def test_a_job_goes_as_if_it_had_no_result(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    done = Done(id, claim.fence, None, result_text("1", name, 1.0, 1.0), 60.0)
    assert engine.settle(name, [done]) == [Settlement.ACCEPTED]
    assert engine.find(id) is None
    assert engine._execute("ZCARD", f"{engine._prefix}kept") == 0


def test_a_job_that_the_retention_keeps_has_no_result(engine):
    engine.retention = Retention(completed=None)
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(id, claim.fence, None, result_text("1", name, 1.0, 1.0), 60.0)])
    found = engine.find(id)
    assert (found.status, found.result, found.kept_until) == ("completed", None, None)
    assert engine.move("rerun") == 1
    assert b"result" not in raw(engine, id)
    assert b"kept_until" not in raw(engine, id)


def test_no_progress_is_kept(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    before = raw(engine, id)
    engine.results.note_progress(name, {claim[:2]: progress_text(Progress(1))})
    assert raw(engine, id) == before
    assert engine.find(id).progress is None
    assert engine.results.status(id) == "queued"
