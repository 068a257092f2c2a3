"""A primary that was demoted and still runs: it answers every question, and accepts no job."""

from __future__ import annotations

import re

import pytest

from lightjobs.errors import StoreUnavailable
from tests.support.servers.mysql import KINDS
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer

from .enqueue import push

DEMOTE = {
    "mysql": ["SET GLOBAL read_only = ON"],
    "postgres": ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
}
PROMOTE = {
    "mysql": ["SET GLOBAL read_only = OFF"],
    "postgres": ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
}
SAID = "read[- ]only"


@pytest.fixture(
    params=[PostgresServer, *KINDS, RedisServer],
    ids=lambda made: made.kind,
)
def server(request):
    """A server of its own: its settings are changed."""
    made = request.param()
    made.start()
    if made.kind != "redis":
        made.empty()
    yield made
    made.close()


def demote(server):
    if server.kind == "redis":
        server.client().replicaof("127.0.0.1", "1")
    for statement in DEMOTE.get(getattr(server, "dialect", ""), []):
        server.query(statement, ())


def promote(server):
    if server.kind == "redis":
        server.client().replicaof("NO", "ONE")
    for statement in PROMOTE.get(getattr(server, "dialect", ""), []):
        # PostgreSQL's own sessions are read-only, too.
        server.query(statement, ())


def noticed(ask):
    """The error of the first question that is refused: a reload takes effect after a moment."""
    for _ in range(50):
        try:
            ask()
        except StoreUnavailable as error:
            assert re.search(SAID, str(error))  # noqa: PT017 not every question is refused
            return error
    raise AssertionError("nothing was refused")


def test_an_idle_worker_notices_and_connects_anew(server, engine_on):
    engine = engine_on(server.environment)
    engine.register("w", 60)
    assert not engine.wait(["q"], 0.1)
    demote(server)
    noticed(lambda: engine.wait(["q"], 0.1))
    if server.kind != "redis":
        assert "session" not in engine._db._local.__dict__
    noticed(lambda: engine.wait(["q"], 0.1))
    promote(server)
    for _ in range(50):
        try:
            assert not engine.wait(["q"], 0.1)
        except StoreUnavailable:
            continue
        break
    assert not engine.wait(["q"], 0.1)


@pytest.mark.parametrize("count", [1, 3])
def test_a_producer_is_told_that_nothing_was_stored(server, engine_on, count):
    engine = engine_on(server.environment)
    push(engine, count)
    demote(server)
    error = noticed(lambda: push(engine, count))
    assert type(error) is StoreUnavailable
    assert "was not stored" in str(error)


def test_check_says_it(server, engine_on):
    engine = engine_on(server.environment)
    assert engine.problems() == []
    demote(server)
    for _ in range(50):
        if found := engine.problems():
            break
    (problem,) = found
    assert "read-only" in problem or "read only" in problem
