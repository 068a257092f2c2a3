from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lightjobs.engines.control import Engine
from tests.compat.conftest import lightpack, shared
from tests.support.environment import engine_of
from tests.support.project import migrated, project

from .enqueue import TIMEOUT

__all__ = ["lightpack", "migrated", "project", "shared"]


@pytest.fixture
def engine_on() -> Iterator[Callable[..., Engine]]:
    """Makes the engine of a project with these variables, which stops trying to enqueue after
    `timeout` seconds."""
    made = []

    def make(environment: dict[str, str], timeout: float = TIMEOUT) -> Engine:
        made.append(engine_of({**environment, "JOB_ENQUEUE_TIMEOUT": str(timeout)}))
        return made[-1]

    yield make
    for engine in made:
        engine.close()
