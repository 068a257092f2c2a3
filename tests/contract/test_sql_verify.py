"""job:verify on SQL: rows that no verb would write are found and mended."""

import time

import pytest

from lightjobs.model import Retention
from tests.support.servers.mysql import MYSQL

from .support import drain, push, worker
from .verifying import SQL, change, found, look_again_soon, on, verified


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    look_again_soon(monkeypatch)


@pytest.fixture
def engine(request):
    yield from verified(request)


@on(SQL)
def test_rows_of_a_worker_that_does_not_exist_are_recovered(engine):
    name = worker(engine)
    push(engine, 2)
    first, second = engine.claim(name, ["q"], 2)
    engine.retention = Retention(cancelled=None)
    engine.cancel(second.id)
    assert found(engine) == {}
    change(engine, "DELETE FROM job_workers")
    assert found(engine) == {"unknown_worker": ([first.id, second.id], 0)}
    assert found(engine, fix=True) == {"unknown_worker": ([first.id, second.id], 2)}
    assert found(engine) == {}
    assert [claim.id for claim in drain(engine)] == [first.id]
    assert engine.find(second.id).worker is None


@on(["sqlite", "postgresql"])
def test_a_row_that_is_claimed_by_nobody_is_put_back(engine):
    (id,) = push(engine)
    change(engine, "UPDATE jobs SET status = 'queued', attempts = 1")
    assert found(engine) == {"workerless": ([id], 0)}
    found(engine, fix=True)
    assert found(engine) == {}
    (claim,) = drain(engine)
    assert (claim.id, claim.attempts) == (id, 1)


@on(["mariadb", *MYSQL])
def test_a_row_that_a_php_worker_has_claimed_is_no_fault(engine):
    push(engine)
    change(engine, "UPDATE jobs SET status = 'queued', attempts = 1")
    assert found(engine, fix=True) == {}
    assert engine.stats()["q"]["queued"] == 1


@on(SQL)
@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("unknown_status", "UPDATE jobs SET status = 'strange'"),
        ("unknown_priority", "UPDATE jobs SET priority = 7"),
        ("endless", "UPDATE jobs SET status = 'failed', failed_at = NULL"),
    ],
)
def test_rows_that_no_verb_would_write_are_mended(engine, kind, sql):
    ids = push(engine, 2)
    change(engine, sql)
    assert found(engine) == {kind: (ids, 0)}
    assert found(engine, fix=True) == {kind: (ids, 2)}
    assert found(engine) == {}
    engine.move("retry")
    assert [claim.id for claim in drain(engine)] == ids


@on(SQL)
def test_a_table_without_the_row_for_searches_gets_it(engine):
    change(engine, "DELETE FROM job_sweeps")
    assert found(engine, fix=True) == {"sweep_ahead": (["sweep"], 1)}
    assert found(engine) == {}
    push(engine)
    name = worker(engine, lease=0.01)
    engine.claim(name, ["q"], 1)
    time.sleep(0.05)
    assert engine.recover(lease=30.0) == 1
