"""Every promise runs on every engine here. A new engine: one more factory in STORES."""

from pathlib import Path
from typing import NamedTuple

import pytest

from lightjobs.engines.base import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite


class Store(NamedTuple):
    engine: Engine
    environment: dict[str, str] | None
    """What makes another process use the same store; None when no other process can."""


def memory(tmp_path: Path) -> Store:
    return Store(MemoryEngine(), None)


def sqlite(tmp_path: Path) -> Store:
    path = str(tmp_path / "jobs.sqlite")
    return Store(SqlEngine(Sqlite(path)), {"JOB_ENGINE": "database", "DB_NAME": path})


STORES = {"memory": memory, "sqlite": sqlite}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    made = STORES[request.param](tmp_path)
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
