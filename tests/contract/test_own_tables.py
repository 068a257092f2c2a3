"""DB_SCHEMA and DB_TABLE_PREFIX: where the tables are, and that nothing looks elsewhere."""

import time

import pytest

from lightjobs.engines.sql.dialect import HELPERS
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.mysql import Mysql
from lightjobs.engines.sql.postgres import Postgres
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, SchemaOutdated
from lightjobs.model import STATUSES, Done, Failed, HandBack, Release, Settlement, Slot
from lightjobs.notes.observed import Rate
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.servers.mysql import MYSQL
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.servers.sql import USER

from .flows import unique_job
from .support import drain, job, push, worker
from .test_push_slots import template

SCHEMA, PREFIX = "shop", "p_"
PLACES = ["postgres", "pgbouncer", "mariadb", *MYSQL, "sqlite"]


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    """The settings of an empty database with a schema, where there are schemas, and a prefix."""
    if request.param == "sqlite":
        yield DatabaseSettings(name=str(tmp_path / "jobs.sqlite"), table_prefix=PREFIX)
        return
    server = request.getfixturevalue(f"clean_{request.param}")
    server.reset()
    schema = None if server.dialect == "mysql" else SCHEMA
    yield server.settings._replace(driver=server.driver, schema=schema, table_prefix=PREFIX)
    if schema:
        server.query(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    server.reset()


def opened(settings):
    kinds = {"sqlite": Sqlite, "mariadb": Mysql, "mysql": Mysql, "pgsql": Postgres}
    return SqlEngine(kinds[settings.driver](settings))


@pytest.fixture
def engine(place):
    made = opened(place)
    yield made
    made.close()


def tables(engine):
    """All tables that are not the database's own, with their schemas."""
    system = "('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys')"
    if engine._db.dialect.name == "sqlite":
        sql = "SELECT '', name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    else:
        sql = (
            "SELECT table_schema, table_name FROM information_schema.tables "  # noqa: S608
            f"WHERE table_schema NOT IN {system}"
        )
    return {(schema, name) for schema, name in engine._db.ask(sql)}


def use(engine):
    """Every verb that has a statement of its own."""
    use_jobs(engine)
    use_what_is_beside_them(engine)
    engine.maintain()
    assert engine.problems() == []


def use_jobs(engine):
    for _ in range(8):
        push(engine)
    push(engine, 3, due=time.time() + 100)
    name = worker(engine)
    assert not engine.wait(["other"], 0.15)
    assert engine.wait(["q"], 1)
    claims = engine.claim(name, ["q"], 4)
    assert [claim.id for claim in engine.held(name)] == [claim.id for claim in claims]
    outcomes = [
        Done(claims[0].id, claims[0].fence),
        Failed(claims[1].id, claims[1].fence, "boom"),
        Release(claims[2].id, claims[2].fence, 0.0, 1, "again"),
        HandBack(claims[3].id, claims[3].fence),
    ]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 4
    engine.retention = engine.retention._replace(completed=None)
    (claim,) = engine.claim(name, ["q"], 1)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    engine.pause_queue("q")
    assert engine.paused_queues() == ["q"]
    assert engine.claim(name, ["q"], 1) == []
    engine.resume_queue("q")
    for status in STATUSES:
        assert len(engine.browse(Where(status=status), 5)) == min(5, count(engine, status))
    assert engine.move("pause", Where(queue="q")) > 0
    assert engine.move("resume") > 0
    assert engine.move("retry") == 1
    assert engine.latency().keys() == {"q"}
    engine.claim(name, ["q"], 2)
    engine.beat([name], 0.001)
    assert [each.name for each in engine.workers()] == [name]
    time.sleep(0.01)
    assert engine.recover(name) == 2
    assert engine.move("cancel", Where(queue="q")) > 0
    assert engine.purge(Where(status="cancelled")) > 0
    engine.stats()


def count(engine, status):
    return engine.count(Where(status=status))


def use_what_is_beside_them(engine):
    for _ in range(2):
        engine.hit("key", 1, 10)
        assert engine.coordination.acquire("lock", "me", 10)
        engine.metadata.set("key", 1)
        engine.monitoring.note_rates([Rate(60, 120, "q", "h", 1, depth=2)])
    assert engine.coordination.hits("key")[0] == 2
    assert engine.coordination.extend("lock", "me", 10)
    assert engine.coordination.is_locked("lock")
    assert engine.coordination.release("lock", "me")
    assert engine.metadata.get("key") == 1
    assert engine.metadata.delete("key")
    assert [rate.done for rate in engine.rates(60, 0)] == [2]
    assert engine.monitoring.begin_sample(180)
    engine.schedule.enroll(["entry"], 0.0)
    engine.schedule.describe({"entry": template()}, {"entry": 1.0})
    assert engine.schedule.push_slots([Slot("entry", 1.0, job("q"))]) != [None]
    assert engine.schedule.pause_entry("entry")
    assert engine.schedule.resume_entry("entry", 2.0)
    assert engine.schedule.slots(templates=True).keys() == {"entry"}
    assert engine.schedule.forget_entry("entry", 3.0)
    assert engine.consistency.verify(fix=True) == []


def test_every_table_is_in_its_schema_under_its_name(engine, place):
    before = set() if place.driver == "sqlite" else tables(engine)
    assert len(engine.schema.install()) == len(engine.schema.installed())
    use(engine)
    made = tables(engine) - before
    where = {schema for schema, _name in made}
    assert len(where) == 1
    if place.schema:
        assert where == {SCHEMA}
    assert {name for _schema, name in made} == {"jobs", *(f"{PREFIX}{name}" for name in HELPERS)}


def test_unique_jobs_find_their_keys_there(engine):
    engine.schema.install()
    for turn in range(5):
        a, b, c = (f"{key}{turn}" for key in "abc")
        (first,) = engine.push([unique_job(a)])
        second, third = engine.push([unique_job(b), unique_job(c)])
        assert engine.push([unique_job(a)]) == [first]
        assert engine.push([unique_job(c), unique_job(b)]) == [third, second]


def test_migrations_go_down_and_up_again(engine):
    engine.schema.install()
    push(engine)
    while engine.schema.uninstall():
        pass
    left = {name for _schema, name in tables(engine)}
    assert left == {"jobs", f"{PREFIX}job_migrations"}
    engine.schema.install()
    assert len(drain(engine)) == 1


@pytest.mark.parametrize("place", ["postgres", "pgbouncer"], indirect=True)
def test_two_schemas_know_nothing_of_each_other(place):
    first, second = opened(place), opened(place._replace(schema=None, table_prefix=""))
    first.schema.install()
    with pytest.raises(SchemaOutdated):
        push(second)
    second.schema.install()
    push(first, 2)
    push(second)
    assert (len(drain(first)), len(drain(second))) == (2, 1)
    first.close()
    second.close()


def test_a_prefix_that_comes_later_is_refused(place):
    before = opened(place._replace(table_prefix=""))
    before.schema.install()
    later = opened(place)
    with pytest.raises(LightjobsError, match=f"no table {PREFIX}job_migrations; DB_TABLE_PREFIX"):
        later.schema.install()
    push(before)
    assert len(drain(before)) == 1
    before.close()
    later.close()


def test_a_transaction_of_the_callers_finds_the_tables_whatever_its_search_path(clean_postgres):
    settings = clean_postgres.settings._replace(driver="pgsql", schema=SCHEMA, table_prefix=PREFIX)
    engine = opened(settings)
    engine.schema.install()
    try:
        with pgbouncer(clean_postgres) as pooler:
            for connection in (pooler.connect(), pooler.connect()):
                with connection, connection.transaction():
                    connection.execute("SET LOCAL search_path = pg_catalog")
                    push(engine.join(connection))
                    push(engine.join(connection), 3)
        assert engine.stats()["q"]["new"] == 8
    finally:
        engine.close()
        clean_postgres.query(f"DROP SCHEMA {SCHEMA} CASCADE")


def test_a_schema_that_is_not_there_is_named_before_migrate_up(clean_postgres):
    engine = opened(clean_postgres.settings._replace(driver="pgsql", schema="nowhere"))
    for count in (1, 3):
        with pytest.raises(SchemaOutdated, match="migrate:up"):
            push(engine, count)
    (_name, sql), *_others = engine.schema.install(dry_run=True)
    assert sql.startswith('CREATE SCHEMA IF NOT EXISTS "nowhere";\n')
    engine.close()


def test_who_may_not_create_a_schema_may_use_one(clean_postgres):
    server = clean_postgres
    server.query("ALTER DATABASE jobs OWNER TO postgres")
    engine = opened(server.settings._replace(driver="pgsql", schema=SCHEMA))
    try:
        with pytest.raises(LightjobsError, match=f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"'):
            engine.schema.install()
        server.query(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {USER}")
        engine.schema.install()
        push(engine)
        assert len(drain(engine)) == 1
    finally:
        engine.close()
        server.query(f"ALTER DATABASE jobs OWNER TO {USER}; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
