"""The Chromium that Debian brings, driven by Playwright, and `lightjobs web` as a process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lightjobs.engines.control import Engine
from tests.support.environment import engine_of
from tests.support.servers.programs import need
from tests.support.site import Site
from tests.support.stores import Store

from . import plenty
from .addresses import Values
from .watching import tab

Tab = Callable[..., AbstractContextManager[Page]]


# Of the package, not of the session: while it is there, this thread has a running event loop, in
# which tests of other folders could start none.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser."""
    path = need("chromium")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root it would not start
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def tabs(chromium: Browser) -> Tab:
    """Opens a tab; see `tab`."""

    def opened(**options: Any) -> AbstractContextManager[Page]:
        return tab(chromium, **options)

    return opened


class Shown(NamedTuple):
    """A store, and the page that shows it."""

    engine: Engine
    base: str
    """The address of the page, without a slash at its end."""
    values: Values
    """What stands for the values in the paths of pages."""


Fill = Callable[[Engine], Values]


@contextmanager
def show(store: Store, folder: Path, fill: Fill, *options: str) -> Iterator[Shown]:
    """Serve the page of `store` to everybody."""
    if store.engine.schema is not None:
        store.engine.schema.install()
    values = fill(store.engine)
    assert store.environment is not None
    site = Site(folder, "--no-auth", *options, **store.environment)
    try:
        yield Shown(store.engine, f"http://{site.address}", values)
    finally:
        site.stop()
        store.engine.close()


@contextmanager
def show_in(folder: Path, fill: Fill, *options: str) -> Iterator[Shown]:
    """The same of a new SQLite file in `folder`."""
    environment = {"JOB_ENGINE": "database", "DB_NAME": str(folder / "jobs.sqlite")}
    with show(Store(engine_of(environment), environment), folder, fill, *options) as shown:
        yield shown


@pytest.fixture(scope="package")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The page of a store with something of everything, for tests that change nothing."""
    with show_in(tmp_path_factory.mktemp("looked-at"), plenty.fill, "--write") as shown:
        yield shown


@pytest.fixture(scope="package")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The same for those who may only look."""
    with show_in(tmp_path_factory.mktemp("read-only"), plenty.fill) as shown:
        yield shown


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Shown]:
    """The same for a test that changes something."""
    with show_in(tmp_path, plenty.fill, "--write") as shown:
        yield shown
