import os
import sqlite3
import subprocess
import sys

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.where import Where
from lightjobs.errors import SchemaOutdated
from lightjobs.model import Done, Settlement
from lightjobs.settings.database_settings import DatabaseSettings

from .support import claim_one, drain, in_threads, push, worker

LIGHTPACK = """
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  handler varchar(255) NOT NULL,
  queue varchar(55) NOT NULL,
  payload text NOT NULL,
  status varchar(55) NOT NULL,
  attempts int(11) NOT NULL,
  exception longtext DEFAULT NULL,
  created_at datetime NOT NULL DEFAULT current_timestamp,
  scheduled_at datetime NOT NULL DEFAULT current_timestamp,
  failed_at datetime DEFAULT NULL
);
CREATE INDEX queue_index ON jobs (queue);
CREATE INDEX status_index ON jobs (status);
CREATE INDEX scheduled_at_index ON jobs (scheduled_at);
CREATE INDEX queue_status_scheduled_at_index ON jobs (queue, status, scheduled_at);
CREATE INDEX status_scheduled_at_index ON jobs (status, scheduled_at);
INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts)
VALUES ('App\\Jobs\\ProcessPayment', '{"payment":42}', '2024-01-01 10:00:00', 'new', 'q', 0);
INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts, exception, failed_at)
VALUES ('App\\Jobs\\SendMail', '[]', '2024-01-01 10:00:00', 'failed', 'q', 1, 'boom',
        '2024-01-01 10:00:01');
"""
PHP_INSERT = """
INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts)
VALUES ('App\\Jobs\\X', '[]', '2024-01-01 10:00:00', ?, 'q', ?)
"""
COLUMNS = (
    "id, handler, queue, payload, status, attempts, exception, created_at, scheduled_at, failed_at"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def engine(path):
    return SqlEngine(Sqlite(DatabaseSettings(name=str(path))))


@pytest.fixture
def lightpacks(path):
    connection = sqlite3.connect(path)
    connection.executescript(LIGHTPACK)
    yield connection
    connection.close()


def rows(connection):
    return connection.execute(f"SELECT {COLUMNS} FROM jobs ORDER BY id").fetchall()  # noqa: S608


def schema(path):
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT * FROM sqlite_master ORDER BY name").fetchall()


def test_a_new_file_is_made_ready(engine):
    assert all(at is None for _name, at in engine.schema.installed())
    steps = engine.schema.install()
    assert len(steps) == len(engine.schema.installed()) > 0
    assert all(at for _name, at in engine.schema.installed())
    assert engine.problems() == []
    push(engine)
    assert len(drain(engine)) == 1


def test_lightpacks_table_keeps_its_rows(engine, lightpacks):
    before = rows(lightpacks)
    engine.schema.install()
    assert rows(lightpacks) == before
    assert engine.problems() == []


def test_lightpacks_rows_can_be_claimed_retried_and_settled(engine, lightpacks):
    engine.schema.install()
    name = worker(engine)
    claim = claim_one(engine, name)
    assert claim[:8] == (
        "1",
        1,
        "App\\Jobs\\ProcessPayment",
        "q",
        '{"payment":42}',
        1,
        0,
        claim.created_at,
    )
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert engine.move("retry", Where(job_id="2")) == 1
    assert claim_one(engine, name).payload == "[]"


def test_a_job_that_lightpack_inserts_after_the_upgrade_is_claimed(engine, lightpacks):
    engine.schema.install()
    lightpacks.execute(PHP_INSERT, ["new", 0])
    lightpacks.commit()
    assert [c.id for c in drain(engine)] == ["1", "3"]


def test_a_job_that_lightpack_runs_is_counted_and_left_alone(engine, lightpacks):
    engine.schema.install()
    lightpacks.execute(PHP_INSERT, ["queued", 1])
    lightpacks.commit()
    assert [c.id for c in drain(engine)] == ["1"]
    engine.recover(worker(engine))
    assert engine.find("3").status == "queued"
    assert engine.stats()["q"]["queued"] == 2


def test_a_dry_run_makes_no_file(engine, path):
    steps = engine.schema.install(dry_run=True)
    assert "CREATE TABLE" in steps[0][1]
    assert not path.exists()
    assert list(path.parent.iterdir()) == []


def test_a_dry_run_on_lightpacks_table_changes_nothing(engine, lightpacks, path):
    before, rows_before = schema(path), rows(lightpacks)
    steps = engine.schema.install(dry_run=True)
    assert schema(path) == before
    assert rows(lightpacks) == rows_before
    assert engine.schema.install() == steps


def test_lightpacks_table_without_the_upgrade_names_the_command(engine, lightpacks):
    for call in (lambda: push(engine), lambda: drain(engine), engine.stats):
        with pytest.raises(SchemaOutdated, match="lightjobs migrate:up"):
            call()
    assert "lightjobs migrate:up" in engine.problems()[0]


def test_a_table_that_lacks_a_migration_is_not_worked(engine):
    engine.schema.install()
    engine.ensure_ready()
    engine._db.ask("DELETE FROM job_migrations WHERE name = (SELECT max(name) FROM job_migrations)")
    with pytest.raises(SchemaOutdated, match="lightjobs migrate:up"):
        engine.ensure_ready()


def test_a_migration_that_fails_changes_nothing(engine, lightpacks, path):
    lightpacks.execute("CREATE TABLE job_sweeps (mine TEXT)")
    lightpacks.commit()
    before = schema(path)
    with pytest.raises(Exception, match="job_sweeps"):
        engine.schema.install()
    assert schema(path) == before


def test_migrators_in_threads_apply_each_step_once(path):
    engines = [SqlEngine(Sqlite(DatabaseSettings(name=str(path)))) for _ in range(4)]
    steps = in_threads(*[engine.schema.install for engine in engines])
    assert sorted(map(len, steps)) == [0, 0, 0, len(engines[0].schema.installed())]


@pytest.mark.slow
def test_migrators_in_processes_apply_each_step_once(engine, path):
    script = "import lightjobs; print(len(lightjobs.engine().schema.install()))"
    environment = {**os.environ, "JOB_ENGINE": "database", "DB_NAME": str(path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    printed = sorted(int(process.communicate()[0]) for process in started)
    assert printed == [0, 0, len(engine.schema.installed())]
    assert engine.problems() == []
