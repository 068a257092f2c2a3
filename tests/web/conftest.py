from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import Client

from lightjobs.engines.control import Engine
from lightjobs.web.access import Everybody, Level
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.store import Store
from tests.support.stores import migrated

from .observed import patient

Visit = Callable[..., Client]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages leave out what a store tells too late: here, a busy machine must not look like that."""
    patient(monkeypatch, 30.0)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine without jobs."""
    made = migrated(request.param, request).engine
    yield made
    made.close()


@pytest.fixture
def visit(engine: Engine) -> Visit:
    """Makes a client of a page that shows `engine` to everybody."""

    def client(level: Level = "write", options: Options | None = None) -> Client:
        return Client(WebApp(Store(engine), Everybody(level), options or Options()))

    return client
