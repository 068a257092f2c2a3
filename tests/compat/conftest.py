from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightjobs import env
from tests.support.servers.mariadb import MariaServer
from tests.support.servers.redis import RedisServer

from .shared_redis import Shared
from .shared_table import SharedTable

LIGHTPACK = os.environ.get("LIGHTPACK_PATH", "")
"""A checkout of Lightpack; with one, its own classes are a second kind of PHP application."""


@pytest.fixture(
    params=["", LIGHTPACK] if LIGHTPACK else [""],
    ids=lambda path: "lightpack" if path else "scripts",
)
def lightpack(request: pytest.FixtureRequest) -> str:
    """The checkout whose classes are the PHP side; "": our scripts are."""
    path: str = request.param
    return path


@pytest.fixture
def shared(
    clean_redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lightpack: str
) -> Iterator[Shared]:
    shared = Shared(clean_redis, tmp_path, monkeypatch, lightpack)
    yield shared
    shared.close()
    env.forget()


@pytest.fixture
def table(clean_mariadb: MariaServer, tmp_path: Path, lightpack: str) -> Iterator[SharedTable]:
    table = SharedTable(clean_mariadb, tmp_path, lightpack)
    yield table
    table.close()
