"""`lightjobs.worker()` in a program that starts before its store does."""

from __future__ import annotations

import contextlib
import logging
import threading

import pytest

import lightjobs
from lightjobs import Job, SchemaOutdated, current
from lightjobs.engines import connect
from lightjobs.settings.settings import load
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SERVERS = {"redis": RedisServer, "postgres": PostgresServer}


class Arrives(Job):
    ran = threading.Event()

    def handle(self):
        self.ran.set()


@contextlib.contextmanager
def used(server, monkeypatch):
    """Have this process use the server."""
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    settings = load()
    current.use(connect(settings), settings)
    Arrives.ran.clear()
    try:
        yield
    finally:
        current.engine().close()
        current.use(None)


@pytest.fixture(params=SERVERS)
def server(request, monkeypatch):
    """A server that has been stopped."""
    made = SERVERS[request.param]()
    made.start()
    try:
        made.empty()
        made.stop()
        with used(made, monkeypatch):
            yield made
    finally:
        made.close()


def test_it_waits_for_a_store_that_is_away(server, caplog):
    caplog.set_level(logging.WARNING)
    with lightjobs.worker(workers=2):
        assert "the store is away, trying again until it is back" in caplog.text
        server.start()
        Arrives().dispatch()
        assert Arrives.ran.wait(30)
        wait_until(lambda: not current.engine().stats())
        assert len(current.engine().monitoring.workers()) == 2
    assert caplog.text.count("trying again until it is back") == 1


def test_it_can_be_left_while_the_store_is_away(server):
    with lightjobs.worker():
        pass


def test_tables_that_are_missing_end_it_at_once(clean_postgres, monkeypatch):
    clean_postgres.reset()
    with (
        used(clean_postgres, monkeypatch),
        pytest.raises(SchemaOutdated, match="migrate:up"),
        lightjobs.worker(),
    ):
        pass
