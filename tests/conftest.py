import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from lightjobs import configuration
from lightjobs.engines import outage
from lightjobs.settings import config_files
from lightjobs.watching import figures

from .support.callers import caller, served
from .support.servers.fixtures import (
    clean_cluster,
    clean_mariadb,
    clean_mysql,
    clean_pgbouncer,
    clean_postgres,
    clean_redis,
    clean_valkey,
)
from .support.servers.mysql import MYSQL
from .support.servers.timeouts import pytest_timeout_set_timer

__all__ = [
    "caller",
    "clean_cluster",
    "clean_mariadb",
    "clean_mysql",
    "clean_pgbouncer",
    "clean_postgres",
    "clean_redis",
    "clean_valkey",
    "pytest_timeout_set_timer",
    "served",
]

settings.register_profile("lightjobs", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("lightjobs")

# A shell has what it starts in the background ignore Ctrl-C, and so would all our processes.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that have few and long tests, or one process runs them at the end while
    the others have nothing left to do."""
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/faults/", "tests/testing/")))


def pytest_collection_finish() -> None:
    """Have the collector look only at what the tests make: with all imported modules in its count
    it looks too seldom to close the files and connections that they have left."""
    gc.freeze()
    gc.collect()  # counts what is left, by which the next one is due


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests are missing because their server is."""
    if not MYSQL:
        terminalreporter.write_line("no MySQL, so none of its tests; `make test-newest` brings one")


@pytest.fixture(autouse=True)
def no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget a store that was away when the previous test ended: the next worker of this process
    would log that it is back."""
    monkeypatch.setattr(outage, "_outage", outage.Outage())


@pytest.fixture(autouse=True)
def no_idle_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the threads that find the numbers of pages end soon, and their connections with them:
    a process would keep hundreds of them for a minute."""
    monkeypatch.setattr(figures, "_IDLE", 0.1)


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what a program configures in a test: the next test has settings of its own."""
    monkeypatch.setattr(configuration, "_configured", None)
    before = config_files.elsewhere()
    yield
    config_files.restore_elsewhere(before)
