from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightjobs.engines.control import Engine
from tests.support.stores import STORES, Store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = STORES[request.param](request)
    if made.engine.schema is not None:
        made.engine.schema.install()
    yield made
    made.engine.close()


@pytest.fixture
def engine(store: Store) -> Engine:
    return store.engine


@pytest.fixture
def environment(store: Store) -> dict[str, str]:
    if store.environment is None:
        pytest.skip("this store lives in one process")
    return store.environment
