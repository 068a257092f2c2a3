"""Failed jobs, many at once and only what tells them apart."""

import time

import pytest

from lightjobs.engines import control
from lightjobs.engines.failures import ERROR_HEAD
from lightjobs.engines.redis import listing as redis
from lightjobs.engines.sql import listing as sql
from lightjobs.engines.where import Where

from .support import HANDLER, fail, push


def ids(engine, most=10_000):
    return [failure.id for failure in engine.failures(most)]


def test_failed_jobs_are_told_with_the_beginning_of_their_errors(engine):
    (id,) = fail(engine, exception="Error: é💥" + "💥" * 1000)
    push(engine)
    (found,) = engine.failures(10)
    stored = engine.find(id)
    assert found == (id, HANDLER, stored.failed_at, stored.exception[:ERROR_HEAD])
    assert len(found.exception) == ERROR_HEAD


def test_they_come_in_the_order_of_their_list(engine, monkeypatch):
    for module, name in ((control, "FAILURES"), (sql, "_LEAST"), (sql, "_PART"), (redis, "PART")):
        monkeypatch.setattr(module, name, 3)
    for second in range(2):
        for queue in ("a", "b", "", "c"):
            fail(engine, 5, queue=queue or "d")
        if second == 0:
            time.sleep(1.1)
    listed = [job.id for job in engine.browse(Where(status="failed"), 100)]
    moments = {job.id: job.failed_at for job in engine.browse(Where(status="failed"), 100)}
    found = ids(engine)
    assert sorted(found) == sorted(listed)
    assert len(found) == 40
    times = [moments[id] for id in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("most", [0, 1, 7, 20, 21])
def test_no_more_are_read_than_asked_for(engine, monkeypatch, most):
    for module, name in ((control, "FAILURES"), (sql, "_LEAST"), (sql, "_PART"), (redis, "PART")):
        monkeypatch.setattr(module, name, 4)
    fail(engine, 10, queue="a")
    fail(engine, 10, queue="b")
    assert len(ids(engine, most)) == min(most, 20)


def test_an_empty_error_is_none_or_empty(engine):
    fail(engine, exception="")
    (found,) = engine.failures(10)
    assert not found.exception


def test_jobs_that_are_retried_are_not_among_them(engine):
    fail(engine, 3)
    engine.move("retry")
    assert ids(engine) == []
