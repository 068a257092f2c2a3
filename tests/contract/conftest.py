from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightjobs.engines.control import Engine
from tests.support.stores import STORES, Store, migrated

VARIANTS = {"valkey", "cluster", "pgbouncer"}
"""Stores that run the same scripts or statements as another, at another server."""

CORE = {"test_claim", "test_push", "test_push_slots", "test_recover", "test_settle"}
"""What `make test` proves on the variants too, in full. Of every other module it runs one test on
each, and `make test-long` runs the rest."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of variants that `make test` leaves out."""
    seen = set()
    for item in items:
        found = item.callspec.params.get("store") if hasattr(item, "callspec") else None
        module = item.path.stem
        if item.path.parent.name == "contract" and found in VARIANTS and module not in CORE:
            if (module, found) in seen:
                item.add_marker(pytest.mark.long)
            seen.add((module, found))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = migrated(request.param, request)
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
