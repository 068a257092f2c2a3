"""Several `migrate:up` at the same moment, as when all machines of a deployment start."""

from __future__ import annotations

import threading

import pytest

from lightjobs.model import Done
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import processes, push, worker

SIX = 6
INSTALL = "print(len(engine.schema.install()))"


TABLES = ("s", "_workers", "_sweeps", "_limits", "_paused", "_slots", "_migrations")


def drop_all(engine):
    engine._db.apply([f"DROP TABLE job{name}" for name in TABLES])


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def store(request):
    """A store whose tables are missing at first."""
    made = STORES[request.param](request)
    made.engine.schema.install()
    drop_all(made.engine)
    yield made
    made.engine.schema.install()
    made.engine.close()


@pytest.mark.parametrize("before", ["engine", "engine.schema.installed()"])
def test_all_end_well_on_an_empty_database(store, before):
    """Also those that have looked at the tables before they wait for their turn."""
    for _ in range(3 if store.engine._db.dialect.name == "sqlite" else 1):
        steps = processes(store.environment, INSTALL, SIX, before)
        count = len(store.engine.schema.installed())
        assert sorted(steps) == ["0\n"] * (SIX - 1) + [f"{count}\n"]
        assert store.engine.problems() == []
        drop_all(store.engine)


def test_all_end_well_while_workers_run(store):
    engine = store.engine
    engine.schema.install()
    engine.schema.uninstall()  # the latest migration, without which workers can work
    over = threading.Event()
    done = []

    def work():
        name = worker(engine)
        while not over.is_set():
            push(engine, 20)
            claims = engine.claim(name, ["q"], 20)
            engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
            done.extend(claims)
        engine.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in workers:
        thread.start()
    try:
        steps = processes(store.environment, INSTALL, SIX, "engine.schema.installed()")
    finally:
        over.set()
        for thread in workers:
            thread.join()
    assert sorted(steps) == ["0\n"] * (SIX - 1) + ["1\n"]
    assert engine.problems() == []
    assert done
