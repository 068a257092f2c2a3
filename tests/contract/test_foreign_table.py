"""A database in which another program has a table `jobs`."""

from __future__ import annotations

import pytest

from lightjobs.errors import SchemaOutdated
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import drain, push
from .test_migrators import drop_all

LARAVELS = """
CREATE TABLE jobs (
  id bigint PRIMARY KEY, queue varchar(255) NOT NULL, payload text NOT NULL,
  attempts smallint NOT NULL, reserved_at int NULL, available_at int NOT NULL,
  created_at int NOT NULL
)
"""
SAID = (
    "belongs to another program: its columns are attempts, available_at, created_at, id, payload, "
    "queue, reserved_at, and exception, failed_at, handler, scheduled_at, status are missing"
)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    drop_all(made)
    made._db.apply([LARAVELS])
    yield made
    made._db.apply(["DROP TABLE jobs"])
    made.schema.install()
    made.close()


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.schema.install(),
        lambda engine: engine.schema.install(dry_run=True),
        lambda engine: engine.schema.installed(),
        lambda engine: engine.schema.uninstall(),
        lambda engine: engine.schema.ensure_current(),
        push,
        lambda engine: push(engine, 3),
        drain,
        lambda engine: engine.stats(),
    ],
)
def test_every_verb_says_what_was_found_and_what_to_set(engine, ask):
    with pytest.raises(SchemaOutdated) as caught:
        ask(engine)
    assert SAID in str(caught.value)
    assert "set DB_NAME or DATABASE_URL" in str(caught.value)


def test_check_says_it_and_nothing_is_changed(engine):
    (problem,) = engine.problems()
    assert SAID in problem
    with pytest.raises(SchemaOutdated):
        engine.schema.install()
    assert len(engine._db.columns_apart()) == 7
    engine._db.ask("SELECT available_at FROM jobs")
    assert engine._db.applied() == {}
