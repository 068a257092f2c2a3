"""Workers of older versions, before the monitoring and before the results, on today's tables."""

import pytest

from lightjobs.engines.sql import statements
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Release
from lightjobs.notes.attempt_errors import AttemptError, error_line
from lightjobs.notes.run_notes import Progress, Result, progress_text, result_text
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import claim_one, push, worker

BEFORE = {
    "beat": "UPDATE job_workers SET expires_at = {unix} + :lease WHERE id = :worker",
    "recover": """
UPDATE jobs
SET status = 'new', worker = NULL, recoveries = recoveries + 1,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE worker = :worker AND status = 'queued'
""",
    "recover_fail": """
UPDATE jobs
SET status = 'failed', worker = NULL, recoveries = 0, exception = :exception, failed_at = {now}
WHERE worker = :worker AND status = 'queued' AND recoveries >= :limit
""",
    "fresh": """
UPDATE jobs
SET status = 'new', worker = NULL, attempts = 0, recoveries = 0, exception = NULL, failed_at = NULL,
    scheduled_at = {now}, scheduled_us = 0
WHERE {oldest}
""",
}
"""The statements of those versions which write to rows that have columns they do not know. Those of
their settlements are the ones that settle outcomes without an error or a result."""

NOTE = '{"v":1}'
ERROR = AttemptError(1, 1000.0, 0.5, "w", "error", "ValueError: boom")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    yield made
    made.close()


@pytest.fixture
def older(engine, monkeypatch):
    """Has the engine run the older statements from when it is called on."""

    def run():
        files = statements.files(engine._db.dialect.name)
        for name, text in BEFORE.items():
            monkeypatch.setitem(files, name, text)
        forget()

    def forget():
        statements.query.cache_clear()
        statements.pyformat.cache_clear()

    yield run
    monkeypatch.undo()
    forget()


def test_what_a_newer_worker_has_written_stays(engine, older):
    (id,) = push(engine)
    name = worker(engine)
    engine.beat([name], 30.0, {name: NOTE})
    claim = claim_one(engine, name)
    engine.settle(name, [Release(claim.id, claim.fence, 0.0, 1, "E", error_line(ERROR))])
    older()
    assert engine.beat([name], 60.0) == []
    assert [row[2] for row in engine._db.rows("workers", {})] == [NOTE]
    claim_one(engine, name)
    assert engine.recover(name) == 1
    claim = claim_one(engine)
    engine.settle(engine.find(id).worker, [Failed(claim.id, claim.fence, "E")])
    assert engine.find(id).errors == (ERROR,)
    assert engine.find(id).exception == "E"


def complete(engine, *more):
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(claim.id, claim.fence, None, *more)])
    return engine.find(claim.id)


def test_older_workers_run_again_and_complete_what_has_a_result(engine, older):
    (id,) = push(engine)
    assert complete(engine, result_text("1", "w", 1.0, 1.0), 60.0).result
    older()
    assert engine.move("rerun", Where(job_id=id)) == 1
    found = engine.find(id)
    assert (found.status, found.result) == ("new", None), "it shows no result until it is done"
    found = complete(engine, result_text("2", "w", 1.0, 1.0), 60.0)
    assert found.result == Result(2, True, "w", 1.0, 1.0)
    assert engine.move("rerun", Where(job_id=id)) == 1
    assert complete(engine) is None, "an older worker drops the job, as it would any"


def test_progress_outlasts_an_older_recovery(engine, older):
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.results.note_progress(name, {claim[:2]: progress_text(Progress(1, 2))})
    older()
    assert engine.recover(name) == 1
    assert engine.find(id).progress == Progress(1, 2)
