"""Migrations on servers: Lightpack's own table, its rows and its access stay intact."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.statements import statements
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, SchemaOutdated
from lightjobs.model import Done, Settlement
from tests.support.servers.mysql import MYSQL
from tests.support.servers.sql import NAME, PASSWORD

from .support import claim_one, drain, in_threads, push, worker

LIGHTPACKS = {
    "postgres": """
CREATE TABLE jobs (
  id bigserial PRIMARY KEY, handler varchar(255) NOT NULL, queue varchar(55) NOT NULL,
  payload text NOT NULL, status varchar(55) NOT NULL, attempts int NOT NULL, exception text,
  created_at timestamp NOT NULL DEFAULT current_timestamp,
  scheduled_at timestamp NOT NULL DEFAULT current_timestamp, failed_at timestamp
)
""",
    "mysql": (Path(__file__).parent / "lightpack-jobs-table.sql").read_text(),
}
COLUMNS = (
    "id, handler, queue, payload, status, attempts, exception, created_at, scheduled_at, failed_at"
)
INSERT = """
INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts)
VALUES (%s, %s, '2024-01-01 10:00:00', %s, 'q', %s)
"""


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def server(request):
    """A server whose database is empty."""
    found = request.getfixturevalue(f"clean_{request.param}")
    found.reset()
    yield found
    found.reset()


@pytest.fixture
def engine(server):
    made = server.engine()
    yield made
    made.close()


@pytest.fixture
def lightpacks(server):
    """The same, with Lightpack's table and two rows that PHP inserted."""
    server.query(LIGHTPACKS[server.dialect])
    if server.kind == "postgres":
        server.query("ALTER TABLE jobs OWNER TO lightjobs")
    server.query(INSERT, ["App\\Jobs\\ProcessPayment", '{"payment":42}', "new", 0])
    server.query(INSERT, ["App\\Jobs\\SendMail", "[]", "failed", 1])
    return server


def rows(server):
    return server.query(f"SELECT {COLUMNS} FROM jobs ORDER BY id")  # noqa: S608


def columns(server):
    return server.query(
        "SELECT table_name, column_name, data_type, column_default, is_nullable"
        " FROM information_schema.columns WHERE table_schema IN (%s, 'public') ORDER BY 1, 2",
        [NAME],
    )


def test_an_empty_database_is_made_ready(engine):
    assert all(at is None for _name, at in engine.schema.installed())
    assert len(engine.schema.install()) == len(engine.schema.installed())
    assert all(at for _name, at in engine.schema.installed())
    assert engine.problems() == []
    push(engine)
    assert len(drain(engine)) == 1


def test_lightpacks_rows_are_kept_claimed_retried_and_settled(engine, lightpacks):
    before = rows(lightpacks)
    engine.schema.install()
    assert rows(lightpacks) == before
    name = worker(engine)
    claim = claim_one(engine, name)
    assert (claim.id, claim.handler, claim.payload) == (
        "1",
        "App\\Jobs\\ProcessPayment",
        '{"payment":42}',
    )
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert engine.move("retry", Where(job_id="2")) == 1
    assert claim_one(engine, name).payload == "[]"


def test_a_job_that_lightpack_inserts_after_the_upgrade_is_claimed(engine, lightpacks):
    engine.schema.install()
    lightpacks.query(INSERT, ["App\\Jobs\\X", "[]", "new", 0])
    lightpacks.query(INSERT, ["App\\Jobs\\X", "[]", "queued", 1])  # PHP runs it
    assert [claim.id for claim in drain(engine)] == ["1", "3"]
    assert engine.find("4").status == "queued"


def test_a_payload_longer_than_lightpacks_column_comes_back_whole(engine, lightpacks):
    engine.schema.install()
    (id,) = push(engine, payload="x" * 100_000)
    assert engine.find(id).payload == "x" * 100_000


def test_a_dry_run_changes_nothing_and_its_sql_can_be_run_by_hand(engine, lightpacks):
    before = columns(lightpacks)
    steps = engine.schema.install(dry_run=True)
    assert columns(lightpacks) == before
    for _name, sql in steps:
        for statement in sql.split(";\n"):
            if statement.strip():
                lightpacks.query(statement.replace("%", "%%"))
    if lightpacks.kind == "postgres":
        lightpacks.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
    assert engine.schema.install() == []
    assert len(drain(engine)) == 1


def test_an_administrators_migration_is_dated_in_utc(server, engine):
    """Although an administrator's session is in the server's zone: +05:30 in these tests."""
    for _name, sql in engine.schema.install(dry_run=True):
        for statement in statements(sql):
            server.query(statement.replace("%", "%%"), ())
    now = datetime.now(UTC).replace(tzinfo=None)
    for (applied_at,) in server.query("SELECT applied_at FROM job_migrations"):
        assert abs(now - applied_at) < timedelta(minutes=1)


def test_tables_without_the_upgrade_name_the_command(engine, lightpacks):
    for call in (lambda: push(engine), lambda: drain(engine), lambda: engine.claim("w", ["q"], 1)):
        with pytest.raises(SchemaOutdated, match="lightjobs migrate:up"):
            call()
    assert "lightjobs migrate:up" in engine.problems()[0]


def test_undoing_migrations_leaves_lightpacks_table_with_all_jobs(engine, server):
    engine.schema.install()
    before = columns(server)
    push(engine, 3)
    claim_one(engine)
    (step,) = engine.schema.uninstall(dry_run=True)
    assert columns(server) == before
    assert engine.schema.uninstall() == [step]
    while engine.schema.uninstall():
        pass
    assert [row[4] for row in rows(server)] == ["new"] * 3
    assert {c[1] for c in columns(server) if c[0] == "jobs"} == set(COLUMNS.split(", "))
    assert engine.schema.uninstall() == []
    engine.schema.install()
    assert columns(server) == before
    assert len(drain(engine)) == 3


def test_migrators_at_the_same_time_apply_each_step_once(server):
    engines = [server.engine() for _ in range(4)]
    steps = in_threads(*[engine.schema.install for engine in engines])
    assert sorted(map(len, steps)) == [0, 0, 0, len(engines[0].schema.installed())]


def test_the_error_for_a_missing_right_holds_the_sql_for_an_administrator(server):
    create = {
        "postgres": [
            "DROP ROLE IF EXISTS humble",
            f"CREATE ROLE humble LOGIN PASSWORD '{PASSWORD}'",
        ],
        "mysql": [
            "DROP USER IF EXISTS humble@'%%'",
            f"CREATE USER humble@'%%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {NAME}.* TO humble@'%%'",
        ],
    }[server.dialect]
    if server.kind == "postgres":
        server.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for statement in create:
        server.query(statement, ())
    made = type(server.database())(server.settings._replace(user="humble"))
    with pytest.raises(LightjobsError, match="administrator") as caught:
        SqlEngine(made).schema.install()
    assert "ALTER TABLE jobs" in str(caught.value)
    assert "INSERT INTO job_migrations" in str(caught.value)


@pytest.mark.parametrize("kind", ["mariadb", *MYSQL])
def test_a_migration_that_was_applied_but_not_noted_can_be_run_again(request, kind):
    server = request.getfixturevalue(f"clean_{kind}")
    server.query("DELETE FROM job_migrations WHERE name LIKE '0002%%'", ())
    engine = server.engine()
    assert len(engine.schema.install()) == 1
    assert engine.problems() == []


def test_text_that_is_too_long_is_refused_and_not_cut(engine):
    engine.schema.install()
    for field in ("handler", "queue"):
        with pytest.raises(LightjobsError):
            push(engine, **{field: "x" * 300})
    assert engine.stats() == {}


@pytest.mark.parametrize("text", ["half a \ud800 pair"])
def test_text_that_cannot_be_encoded_is_refused_and_the_connection_stays(engine, text):
    engine.schema.install()
    for count in (1, 5):
        with pytest.raises(LightjobsError):
            push(engine, count, payload=text)
    assert engine.stats() == {}
    assert len(push(engine, 5)) == 5


def test_a_nul_is_stored_or_refused_and_changes_nothing_else(engine):
    engine.schema.install()
    for count in (1, 5):
        try:
            push(engine, count, payload="a\x00b")
        except LightjobsError as error:
            assert type(error) is LightjobsError  # noqa: PT017 MariaDB can store it
    assert len(push(engine, 5, queue="next")) == 5
    assert engine.stats()["next"]["new"] == 5
