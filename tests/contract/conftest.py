"""Every promise runs on every engine here. A new engine: one more factory in STORES."""

from typing import NamedTuple

import pytest
from servers import clean_redis, clean_valkey

from lightjobs.engines.base import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.redis.connect import client as connect
from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite

__all__ = ["clean_redis", "clean_valkey"]

NO_REDIS = {
    "url": None,
    "username": None,
    "password": None,
    "job_database": 0,
    "tls": False,
}


class Store(NamedTuple):
    engine: Engine
    environment: dict[str, str] | None
    """What makes another process use the same store; None when no other process can."""


def memory(request: pytest.FixtureRequest) -> Store:
    return Store(MemoryEngine(), None)


def sqlite(request: pytest.FixtureRequest) -> Store:
    path = str(request.getfixturevalue("tmp_path") / "jobs.sqlite")
    return Store(SqlEngine(Sqlite(path)), {"JOB_ENGINE": "database", "DB_NAME": path})


def redis(form, kind="redis"):
    def make(request):
        server = request.getfixturevalue(f"clean_{kind}")
        environment = {**server.environment, "JOB_ENGINE": kind, "REDIS_JOB_FORMAT": form}
        client = connect({**NO_REDIS, "host": server.host, "port": server.port})
        return Store(RedisEngine(client, "jobs:", form), environment)

    return make


STORES = {
    "memory": memory,
    "sqlite": sqlite,
    "redis-hash": redis("hash"),
    "redis-php": redis("php"),
    "valkey": redis("hash", "valkey"),
}


@pytest.fixture(params=STORES)
def store(request):
    made = STORES[request.param](request)
    made.engine.install()
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
