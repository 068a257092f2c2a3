"""Stores whose parts do not agree, for the tests of job:verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lightjobs.engines.control import Engine
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

REDIS = [name for name in STORES if name.startswith(("redis", "valkey", "cluster"))]
SQL = ["sqlite", "postgresql", "mariadb", *MYSQL]


def look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for store in ("redis", "sql"):
        monkeypatch.setattr(f"lightjobs.engines.{store}.consistency.LOOK_AGAIN_SECONDS", 0.05)


def verified(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine of the store that the test is marked with, see `on`."""
    made = STORES[request.param](request).engine
    if made.schema is not None:
        made.schema.install()
    yield made
    made.close()


def on(stores: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("engine", stores, indirect=True)


def found(engine: Any, fix: bool = False) -> dict[str, tuple[list[str], int]]:
    return {each.kind: (each.names, each.mended) for each in engine.consistency.verify(fix)}


def client(engine: Any) -> Any:
    engine.paused_queues()  # in a cluster, this finds the node
    return engine._node.client


def key(engine: Any, name: str) -> str:
    return f"{engine._prefix}{name}"


def change(engine: Any, sql: str) -> None:
    """Run SQL that only somebody beside lightjobs would."""
    database = engine._db
    if database.dialect.name == "sqlite":
        database.ask(sql, ())
    else:
        database.execute(sql, {})
        engine.close()
