"""`lightjobs.configure`, in a program without `.env` and `config/`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lightjobs
from lightjobs import Job, configuration, current
from lightjobs.errors import LightjobsError, SettingsError
from lightjobs.settings import config_files
from lightjobs.testing import Jobs
from tests.support.environment import outside


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(config_files, "_elsewhere", {})
    monkeypatch.setattr(configuration, "_configured", None)


class Configured(Job):
    def handle(self):
        pass


def test_a_dispatch_goes_where_the_program_says(tmp_path):
    path = tmp_path / "own.sqlite"
    lightjobs.configure(url=f"sqlite:///{path}", attempts=3, lease=60)
    engine = lightjobs.engine()
    engine.schema.install()
    Configured().dispatch({})
    assert path.is_file()
    assert engine.stats()["default"]["new"] == 1
    assert current.settings().lease == 60
    assert Configured.attempts == 3


@pytest.mark.parametrize(
    ("url", "engine", "store"),
    [
        ("redis://:s3@h:1/2", "redis", {"host": "h", "port": 1, "database": 2}),
        ("valkeys://h", "valkey", {"host": "h", "tls": True}),
        ("unix:///run/redis.sock", "redis", {"host": "/run/redis.sock"}),
        ("postgresql+asyncpg://u:p@h/n", "database", {"driver": "pgsql", "user": "u"}),
        ("mysql://u@h/n", "database", {"driver": "mysql", "name": "n"}),
        ("mariadb://u@h/n", "database", {"driver": "mariadb"}),
        ("sqlite:///jobs.db", "database", {"driver": "sqlite", "name": "jobs.db"}),
        ("sqlite:////var/jobs.db", "database", {"name": "/var/jobs.db"}),
    ],
)
def test_a_url_names_the_engine_and_the_store(url, engine, store):
    lightjobs.configure(url=url)
    found = current.settings()
    assert found.engine == engine
    described = found.database if engine == "database" else found.redis
    assert {name: getattr(described, name) for name in store} == store


def test_nothing_of_the_environment_is_mixed_with_the_store_of_a_url(monkeypatch):
    monkeypatch.setenv("DB_PSWD", "of another database")
    monkeypatch.setenv("DB_TLS", "verify")
    monkeypatch.setenv("JOB_ENGINE", "redis")
    monkeypatch.setenv("JOB_LEASE", "45")
    lightjobs.configure(url="postgresql://u@h/n")
    found = current.settings()
    assert (found.database.password, found.database.tls) == (None, None)
    assert found.engine == "database"
    assert found.lease == 45  # what is not about a store is completed


def test_a_store_may_be_described_in_the_words_of_config(monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "s3cret")
    lightjobs.configure(engine="redis", redis={"jobs": {"prefix": "shop:"}})
    assert current.settings().redis.prefix == "shop:"
    assert current.settings().redis.password == "s3cret"
    current.use(None)
    lightjobs.configure(url="redis://h", redis={"jobs": {"prefix": "shop:"}})
    assert current.settings().redis.prefix == "shop:"
    assert current.settings().redis.password is None


def test_the_files_in_config_are_not_read(project):
    project({"config/jobs.py": "jobs = {'engine': 'memory', 'lease': 99}"})
    lightjobs.configure(engine="null")
    assert (current.settings().engine, current.settings().lease) == ("null", 30)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"leese": 5},
            r"configure\(\) is given 'leese', did you mean lease\? allowed: engine, url",
        ),
        ({"zone": 5}, r"configure\(\) is given 'zone'; allowed: engine, url, modules"),
        ({"engine": "rabbit"}, r"configure\(\): JOB_ENGINE is 'rabbit'; allowed: redis, "),
        ({"lease": 0}, r"configure\(\): JOB_LEASE is 0; allowed: "),
        ({"url": "amqp://u:s3cret@h"}, r"configure\(\): url must begin with one of redis, "),
        ({"url": None}, r"configure\(\): url must begin"),
        ({"url": "mysql://u:s3cret@h"}, r"configure\(\): DB_NAME is not set"),
        (
            {"url": "redis://h", "engine": "memory"},
            "engine is 'memory', but url is that of 'redis'",
        ),
        ({"database": "jobs"}, r"configure\(\): database is 'jobs'; allowed: a dict"),
        ({"database": {"hots": "h"}}, r"configure\(\): unknown key 'hots'; did you mean 'host'\?"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(values, message):
    with pytest.raises(SettingsError, match=message) as caught:
        lightjobs.configure(**values)
    assert "s3cret" not in str(caught.value)
    assert current.settings().engine == "sync"


@pytest.mark.parametrize("use", [lambda: Configured().dispatch({}), lightjobs.worker])
def test_it_is_refused_once_the_settings_have_been_used(use):
    lightjobs.configure(engine="null")
    use()
    lightjobs.configure(engine="null")  # a module that is imported twice, or an app factory
    with pytest.raises(
        LightjobsError, match=r"configure\(\) is called after this process has used"
    ):
        lightjobs.configure(engine="memory")
    assert current.settings().engine == "null"


def test_a_test_may_make_the_program_while_it_keeps_the_jobs():
    with Jobs() as jobs:
        lightjobs.configure(url="redis://h", attempts=7)
        Configured().dispatch({})
        jobs.assert_dispatched(Configured)
        assert Configured.attempts == 7
        lightjobs.configure(engine="null", attempts=8)
        assert Configured.attempts == 8
    assert current.settings().engine == "null"


def test_an_engine_that_was_made_before_the_test_counts():
    Configured().dispatch({})
    with Jobs(), pytest.raises(LightjobsError, match="is called after"):
        lightjobs.configure(engine="memory")


def test_commands_and_their_processes_are_configured_by_the_module_that_is_named(tmp_path):
    (tmp_path / "shop.py").write_text(
        "import lightjobs\n"
        "lightjobs.configure(url='sqlite:///shop.sqlite', modules=['shop_jobs'])\n"
    )
    (tmp_path / "shop_jobs.py").write_text(
        "import lightjobs\n"
        "class Note(lightjobs.Job):\n"
        "    def handle(self):\n"
        "        open('ran', 'w').close()\n"
    )

    def lightjobs_command(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "lightjobs", *arguments],
            cwd=tmp_path,
            env={**outside(), "LIGHTJOBS_PRELUDE": "shop"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    lightjobs_command("migrate:up")
    lightjobs_command("job:dispatch", "Note", "{}")
    lightjobs_command("job:work", "--stop-when-empty")
    assert (tmp_path / "shop.sqlite").is_file()
    assert (tmp_path / "ran").is_file()
