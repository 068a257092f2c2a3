"""A thread that has set a limit waits no longer for a store that hangs, nor for a locked row."""

import math
import time

import pytest

from lightjobs.engines import answer_limit
from lightjobs.errors import StoreUnavailable
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.servers.mysql import MYSQL

from .support import push, worker

HELD = {
    "postgres": "SELECT 1 FROM job_workers WHERE id = %(id)s FOR SHARE",
    "mysql": "SELECT 1 FROM job_workers WHERE id = %(id)s LOCK IN SHARE MODE",
}


@pytest.fixture
def limit():
    yield answer_limit.set_for_thread
    answer_limit.set_for_thread(math.inf)


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture(params=["postgres", "mariadb", *MYSQL, "redis"])
def silent(request):
    """An engine behind a network that goes silent, and the network."""
    server = request.getfixturevalue(f"clean_{request.param}")
    with Proxy(server.port) as proxy:
        port = "REDIS_PORT" if request.param == "redis" else "DB_PORT"
        engine = engine_of({**server.environment, port: str(proxy.port)})
        yield engine, proxy
        engine.close()


def test_a_silent_store_is_given_up_at_the_limit_and_a_new_connection_tried(silent, limit):
    engine, proxy = silent
    push(engine)
    name = worker(engine)
    limit(0.5)
    proxy.silence()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        engine.beat([name], 30)
    assert engine.beat([name], 30) == []
    assert time.monotonic() - began < 5


def test_a_store_that_stays_silent_raises_in_time(silent, limit):
    engine, proxy = silent
    name = worker(engine)
    limit(0.3)
    proxy.silence(also_new=True)
    for call in (lambda: engine.claim(name, ["q"], 1), lambda: engine.beat([name], 30)):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        assert time.monotonic() - began < 4  # libpq takes 2 s at least to connect


def test_a_worker_whose_row_is_locked_keeps_no_other_from_beating(server):
    engine = server.engine()
    locked, free = worker(engine), worker(engine)
    [(before,)] = server.query("SELECT expires_at FROM job_workers WHERE id = %(id)s", {"id": free})
    other = server.engine()
    with other._db.transaction():
        other._db.execute(HELD[server.dialect], {"id": locked})
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match=f"locks the lease of {locked}"):
            engine.beat([locked, free, "stranger"], 300)
        assert time.monotonic() - began < 3
    [(after,)] = server.query("SELECT expires_at FROM job_workers WHERE id = %(id)s", {"id": free})
    assert after > before + 200
    assert engine.beat([locked, free, "stranger"], 300) == ["stranger"]


def test_a_transaction_that_stands_still_is_undone_by_the_server(server, monkeypatch):
    module = {"postgres": "postgres_session", "mysql": "mysql_session"}[server.dialect]
    monkeypatch.setattr(f"lightjobs.engines.sql.{module}.IDLE_SECONDS", 1)
    engine, other = server.engine(), server.engine()
    name = worker(engine)

    def stand_still():
        with other._db.transaction():
            other._db.execute(HELD[server.dialect], {"id": name})
            time.sleep(2.5)
            assert engine.recover(name) == 0  # otherwise it would wait for the lock
            other._db.rows("registered", {"worker": name})

    with pytest.raises(StoreUnavailable):
        stand_still()
