"""Every promise runs on every engine here. A new engine: one more factory in STORES."""

from typing import NamedTuple

import pytest
from servers import clean_cluster, clean_redis, clean_valkey
from sql_servers import clean_mariadb, clean_postgres

from lightjobs import engines, env
from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.settings import settings
from lightjobs.settings.database import DatabaseSettings

__all__ = ["clean_cluster", "clean_mariadb", "clean_postgres", "clean_redis", "clean_valkey"]


class Store(NamedTuple):
    engine: Engine
    environment: dict[str, str] | None
    """What makes another process use the same store; None when no other process can."""


def memory(request: pytest.FixtureRequest) -> Store:
    return Store(MemoryEngine(), None)


def sqlite(request: pytest.FixtureRequest) -> Store:
    path = str(request.getfixturevalue("tmp_path") / "jobs.sqlite")
    return Store(
        SqlEngine(Sqlite(DatabaseSettings(name=path))), {"JOB_ENGINE": "database", "DB_NAME": path}
    )


def redis(form, kind="redis", server="redis", **environment):
    def make(request):
        found = request.getfixturevalue(f"clean_{server}")
        ours = {**found.environment, "JOB_ENGINE": kind, "REDIS_JOB_FORMAT": form, **environment}
        return Store(configured(ours), ours)

    return make


def configured(environment):
    """The engine that a project with this environment gets."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in environment.items():
            patch.setenv(key, value)
        env.forget()
        return engines.connect(settings.load())


def server(kind):
    def make(request):
        found = request.getfixturevalue(f"clean_{kind}")
        return Store(found.engine(), found.environment)

    return make


STORES = {
    "memory": memory,
    "sqlite": sqlite,
    "redis-hash": redis("hash"),
    "redis-php": redis("php"),
    "valkey": redis("hash", "valkey", "valkey", REDIS_PROTOCOL="3", REDIS_JOB_PREFIX="ü*[a-z]{}?:"),
    "cluster": redis("hash", server="cluster", REDIS_JOB_PREFIX="{jobs}:"),
    "postgresql": server("postgres"),
    "mariadb": server("mariadb"),
}


@pytest.fixture(params=STORES)
def store(request):
    made = STORES[request.param](request)
    if made.engine.schema is not None:
        made.engine.schema.install()
    yield made
    made.engine.close()


@pytest.fixture
def engine(store):
    return store.engine


@pytest.fixture
def environment(store):
    if store.environment is None:
        pytest.skip("this store lives in one process")
    return store.environment
