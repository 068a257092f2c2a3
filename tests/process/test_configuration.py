"""A wrong configuration is reported in one line, with its own exit status."""

from __future__ import annotations

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def refusal(project: Project, *options: str, status: int, **env: str) -> str:
    """The one line that job:work prints when it refuses to start."""
    done = project.cli("job:work", *options, **env)
    assert done.returncode == status, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "READY" not in done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("workers", "source", "line", "what"),
    [
        (0, "import os\n\nimport no_such_module\n", 3, "ModuleNotFoundError"),
        (1, "import os\n\nimport no_such_module\n", 3, "ModuleNotFoundError"),
        (2, "x = 1\ndef broken(:\n", 2, "SyntaxError"),
        (1, "\n\n\nraise SystemExit(0)\n", 4, "SystemExit"),
    ],
)
def test_an_import_error_names_file_and_line_and_exits_2(
    project: Project, workers: int, source: str, line: int, what: str
) -> None:
    path = project.module("broken", source)
    said = refusal(project, f"--workers={workers}", status=2)
    assert f"{path.name}:{line}" in said
    assert what in said
    assert "PROCESSING" not in said


def test_an_unmigrated_database_exits_4_and_names_the_command(project: Project) -> None:
    said = refusal(project, status=4, DB_NAME="other.sqlite")
    assert "lightjobs migrate:up" in said
    assert len(said.strip().splitlines()) == 1
    assert not (project.root / "other.sqlite").exists()


def test_a_half_migrated_database_exits_4_and_names_the_command(project: Project) -> None:
    with project.connection() as connection:
        connection.execute("DROP TABLE job_workers")
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%migrations'"
        ).fetchone()
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    assert "lightjobs migrate:up" in refusal(project, status=4)


@pytest.mark.parametrize("engine", ["sync", "null"])
def test_engines_without_a_store_are_refused_in_one_sentence(project: Project, engine: str) -> None:
    said = refusal(project, status=2, JOB_ENGINE=engine)
    assert engine in said
    assert len(said.strip().splitlines()) == 1


def test_without_a_setting_the_engine_is_sync_as_in_lightpack(project: Project) -> None:
    (project.root / ".env").unlink()
    assert "sync" in refusal(project, status=2)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("JOB_ENGINE", "rabbit", "sync"),
        ("DB_DRIVER", "oracle", "sqlite"),
        ("JOB_LEASE", "0", "at least 1"),
        ("JOB_LEASE", "soon", "at least 1"),
        ("JOB_MAX_PAYLOAD", "big", "whole number"),
        ("JOB_WORKERS", "two", "integer"),
        ("JOB_CONCURRENCY", "0", "1"),
        ("JOB_LOG_FORMAT", "xml", "json"),
        ("JOB_MAX_MEMORY", "lots", "256M"),
        ("JOB_SLEEP", "-1", "x>=0"),
    ],
)
def test_a_wrong_value_names_its_key_and_what_is_allowed(
    project: Project, key: str, value: str, allowed: str
) -> None:
    said = refusal(project, status=2, **{key: value})
    assert key in said
    assert value in said
    assert allowed in said


def test_a_wrong_value_in_dotenv_names_its_key_too(project: Project) -> None:
    with (project.root / ".env").open("a") as dotenv:
        dotenv.write("JOB_WORKERS=many\n")
    assert "JOB_WORKERS" in refusal(project, status=2)


def test_an_error_never_shows_a_secret(project: Project) -> None:
    secrets = {"DB_PSWD": "hunter2", "REDIS_PASSWORD": "hunter2"}
    said = refusal(project, status=2, DB_DRIVER="pgsql", DB_PORT="x", **secrets)
    assert "DB_PORT" in said
    assert "hunter2" not in said


def test_an_unknown_option_exits_2(project: Project) -> None:
    assert "--wrokers" in refusal(project, "--wrokers=2", status=2)


def test_options_have_environment_variables_and_flags_win(project: Project) -> None:
    env = {"JOB_WORKERS": "2", "JOB_QUEUE": "mine", "JOB_STOP_WHEN_EMPTY": "1"}
    project.push("Work", {"n": 1}, queue="mine")
    project.push("Work", {"n": 2}, queue="flagged")
    worker = project.work(**env)
    assert worker.wait() == 0
    assert "queues mine, 2 workers" in worker.out
    worker = project.work("--queue=flagged", "--workers=1", **env)
    assert worker.wait() == 0
    assert "queues flagged, 1 worker;" in worker.out
    assert project.empty()


def test_dotenv_sets_options_and_the_real_environment_wins_over_it(project: Project) -> None:
    with (project.root / ".env").open("a") as dotenv:
        dotenv.write("JOB_WORKERS=3\nJOB_QUEUE=from_file\n")
    worker = project.work(JOB_QUEUE="from_environment").ready()
    assert "queues from_environment, 3 workers" in worker.out
    assert len(worker.children()) == 3


def test_a_value_in_dotenv_reaches_the_handler(project: Project) -> None:
    with (project.root / ".env").open("a") as dotenv:
        dotenv.write("GREETING=hello\n")
    project.jobs(
        "class Greets(Job):\n    def handle(self):\n        record(os.environ['GREETING'], 1)\n"
    )
    project.push("Greets", {})
    project.drain()
    assert project.runs("hello") == {"1": 1}


def test_every_option_is_in_the_help_with_its_environment_variable(project: Project) -> None:
    shown = project.cli("job:work", "--help").stdout
    for name in [
        "queue",
        "workers",
        "concurrency",
        "sleep",
        "cooldown",
        "max-jobs",
        "max-memory",
        "stop-when-empty",
        "grace",
        "log-format",
        "quiet",
    ]:
        assert f"--{name}" in shown
        assert "JOB_" + name.replace("-", "_").upper() in shown.replace("\n", "")


def test_jobs_are_found_in_the_packages_that_job_modules_names(project: Project) -> None:
    folder = project.root / "elsewhere"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "tasks.py").write_text(
        "from app_jobs.book import record\nfrom lightjobs import Job\n\n"
        "class There(Job):\n    def handle(self):\n        record('there', 1)\n"
    )
    project.insert("elsewhere.tasks.There", "{}")
    worker = project.work(JOB_MODULES="app_jobs,elsewhere").ready()
    wait_until(project.empty)
    assert project.runs("there") == {"1": 1}
    assert worker.stop() == 0


def test_workers_run_the_jobs_of_an_engine_of_the_projects_own(project: Project) -> None:
    (project.root / "shop_engine.py").write_text(
        "from lightjobs import current\n"
        "from lightjobs.engines.sql.engine import SqlEngine\n"
        "from lightjobs.engines.sql.sqlite import Sqlite\n\n"
        "class Shop(SqlEngine):\n"
        "    def __init__(self):\n"
        "        super().__init__(Sqlite(current.settings().database))\n"
    )
    project.push_work(3)
    for workers in ("0", "2"):
        worker = project.drain(f"--workers={workers}", JOB_ENGINE="shop_engine:Shop")
        assert "engine shop_engine:Shop\n" in worker.out
    assert project.runs() == {"0": 1, "1": 1, "2": 1}
