"""Lightpack may drop its table and make it anew: what is noted of the old one counts no more."""

import pytest

from lightjobs.engines.sql.statements import statements
from lightjobs.errors import SchemaOutdated
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import drain, push

SQL = ["sqlite", "postgresql", "mariadb", *MYSQL]
LIGHTPACKS = """
CREATE TABLE jobs (
  id {id} PRIMARY KEY, handler varchar(255) NOT NULL, queue varchar(55) NOT NULL,
  payload text NOT NULL, status varchar(55) NOT NULL, attempts int NOT NULL, exception text,
  created_at {moment} NOT NULL DEFAULT current_timestamp,
  scheduled_at {moment} NOT NULL DEFAULT current_timestamp, failed_at {moment} NULL
)
"""
TYPES = {
    "sqlite": {"id": "INTEGER", "moment": "datetime"},
    "postgres": {"id": "bigserial", "moment": "timestamp"},
    "mysql": {"id": "bigint unsigned AUTO_INCREMENT", "moment": "datetime"},
}


@pytest.fixture(params=SQL)
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    yield made
    made._db.apply(["DROP TABLE IF EXISTS jobs"])
    made.schema.install()
    made.close()


@pytest.fixture(params=["gone", "anew"])
def broken(request, engine):
    """The engine after its table was dropped, and perhaps made anew without our columns."""
    database = engine._db
    statements = ["DROP TABLE jobs"]
    if request.param == "anew":
        statements.append(LIGHTPACKS.format(**TYPES[database.dialect.name]))
    database.apply(statements)
    return engine


def test_without_its_columns_a_migration_counts_as_pending(broken):
    assert "migration(s) are pending: run `lightjobs migrate:up`" in broken.problems()[0]
    assert broken.schema.installed()[-1][1] is None
    assert broken.schema.install(dry_run=True)
    with pytest.raises(SchemaOutdated, match="lightjobs migrate:up"):
        push(broken)


def test_migrating_again_makes_the_table_ready_again(broken):
    dry = broken.schema.install(dry_run=True)
    assert broken.schema.install() == dry
    assert broken.problems() == []
    assert all(at for _name, at in broken.schema.installed())
    assert broken.schema.install() == []
    push(broken, 2)
    assert len(drain(broken)) == 2


def test_the_printed_sql_is_all_that_is_needed(broken):
    for _name, sql in broken.schema.install(dry_run=True):
        broken._db.apply(statements(sql))
    assert broken.schema.install(dry_run=True) == []
    push(broken)
    assert len(drain(broken)) == 1


def test_there_is_nothing_to_take_back_of_a_table_that_is_gone(engine):
    engine._db.apply(["DROP TABLE jobs"])
    assert engine.schema.uninstall() == []
