"""When the database is away a dispatch says in time whether the job is stored."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from lightjobs.errors import LightjobsError, StoreInDoubt, StoreUnavailable
from tests.support.servers.mysql import KINDS, MYSQL
from tests.support.servers.postgres import PostgresServer

from .enqueue import TIMEOUT, push


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture(params=[PostgresServer, *KINDS], ids=lambda made: made.kind)
def own_server(request):
    server = request.param()
    server.start()
    server.empty()
    yield server
    server.close()


SOON = 4.5
"""Seconds a dispatch with TIMEOUT may take on a busy machine; the default timeout is longer."""


def refused(engine, text, kind=StoreUnavailable, count=1):
    before = time.monotonic()
    with pytest.raises(StoreUnavailable, match=text) as caught:
        push(engine, count)
    assert type(caught.value) is kind
    return time.monotonic() - before


class BrokenPipe:
    """A socket that sends half of the data and breaks."""

    def __init__(self, whole):
        self._whole = whole

    def __getattr__(self, name):
        return getattr(self._whole, name)

    def sendall(self, data):
        self._whole.sendall(data[: len(data) // 2])
        raise BrokenPipeError


class Proxy:
    """A proxy between a client and a server. It hangs up at data that holds `text`: with `hang_up`
    "before", when the client sends it; with "after", when the server answers with it. Each answer
    comes `delay` seconds late, and none of those after the first `answers`."""

    def __init__(self, server):
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.hang_up, self.text = "", b""
        self.delay, self.answers = 0.0, math.inf
        self._asked = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                try:
                    server = socket.create_connection((self._server.host, self._server.port))
                except OSError:
                    client.close()
                    raise
                for pair in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, target, asking):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.hang_up == ("before" if asking else "after") and self.text in data:
                    break
                if asking:
                    self._asked = True
                elif self._asked:  # an answer may come in several pieces
                    self._asked = False
                    time.sleep(self.delay)
                    self.answers -= 1
                if asking or self.answers >= 0:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the thread of the other way
        source.close()

    def close(self):
        self._listening.close()


@pytest.fixture
def proxied(server):
    proxy = Proxy(server)
    yield server, proxy, {**server.environment, "DB_PORT": str(proxy.port)}
    proxy.close()


def test_a_lost_answer_leaves_the_job_in_doubt(proxied, engine_on):
    server, proxy, environment = proxied
    engine = engine_on(environment)
    push(engine)
    proxy.hang_up = "after"
    refused(engine, "database: the job may or may not have been stored: ", StoreInDoubt)
    assert server.engine().stats()["default"]["new"] == 2  # sent once, and stored
    proxy.hang_up = ""
    push(engine)


def test_a_request_that_was_not_sent_whole_stores_nothing_and_is_sent_again(
    clean_mariadb, engine_on, monkeypatch
):
    engine = engine_on(clean_mariadb.environment)
    push(engine)
    connection = engine._db._session().connection
    monkeypatch.setattr(connection, "_sock", BrokenPipe(connection._sock))
    push(engine)  # on a new connection
    assert engine.stats()["default"]["new"] == 2


@pytest.mark.parametrize("text", [b"", b"jobs ("], ids=["at once", "within the transaction"])
def test_a_batch_whose_commit_was_not_sent_is_not_stored(proxied, engine_on, text):
    server, proxy, environment = proxied
    engine = engine_on(environment)
    push(engine)
    proxy.hang_up, proxy.text = "before", text
    refused(engine, "database: the batch of 7 jobs was not stored: ", count=7)
    proxy.hang_up = ""
    assert server.engine().stats()["default"]["new"] == 1


BULK = {"postgres": 8_000, "mysql": 40_000}
"""Batches that take more statements than fit into BULK_TIMEOUT at SLOW seconds each."""

BULK_TIMEOUT, SLOW = 2.0, 0.4


@pytest.mark.slow
def test_a_bulk_may_take_longer_than_its_store_may_be_silent(proxied, engine_on):
    server, proxy, environment = proxied
    # A busy server may itself take seconds for a statement of thousands of rows.
    timeout, count = 2 * BULK_TIMEOUT, BULK[server.dialect]
    engine = engine_on(environment, timeout)
    push(engine)
    proxy.delay = 2 * SLOW
    before = time.monotonic()
    assert len(set(push(engine, count))) == count
    assert time.monotonic() - before > 1.2 * timeout
    assert server.engine().stats()["default"]["new"] == 1 + count


def test_a_server_that_hangs_within_a_bulk_is_given_up_in_time(proxied, engine_on):
    server, proxy, environment = proxied
    engine, count = engine_on(environment, BULK_TIMEOUT), BULK[server.dialect]
    push(engine)
    proxy.delay, proxy.answers = SLOW, 4
    assert refused(engine, f"the batch of {count} jobs was not stored", count=count) < 6 + SOON
    assert server.engine().stats()["default"]["new"] == 1


def test_a_refused_connection_is_tried_until_the_time_is_over(own_server, engine_on):
    engine = engine_on(own_server.environment)
    push(engine)
    own_server.kill()
    for count in (1, 3):
        jobs = "the job" if count == 1 else "the batch of 3 jobs"
        text = rf"database: {jobs} (was not|may or may not have been) stored: "
        with pytest.raises(StoreUnavailable, match=text):
            push(engine, count)
        assert TIMEOUT / 3 < refused(engine, f"{jobs} was not stored", count=count) < SOON


def test_a_dispatch_waits_for_a_server_that_restarts(own_server, engine_on):
    engine = engine_on(own_server.environment, 15)
    own_server.kill()
    starts = threading.Timer(0.5, own_server.start)
    starts.start()
    push(engine)
    starts.join()
    assert own_server.engine().stats()["default"]["new"] == 1


def sessions(server):
    """The server's processes that serve lightjobs; MariaDB and MySQL have a single one."""
    if server.dialect == "mysql":
        return [server.process.pid]
    sql = "SELECT pid FROM pg_stat_activity WHERE usename = 'lightjobs'"
    return [pid for (pid,) in server.query(sql)]


def stands(pid):
    """Whether each thread of the process is stopped."""
    try:
        states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):  # one has just ended
        return False
    return all(state.rpartition(")")[2].split()[0] == "T" for state in states)


@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    # kill() returns before the last thread has stopped, which may still answer a dispatch.
    while not all(map(stands, pids)):
        time.sleep(0.001)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("count", [1, 3])
def test_a_server_that_hangs_is_given_up_in_time(own_server, engine_on, count):
    engine = engine_on(own_server.environment)
    push(engine)
    jobs = "the job" if count == 1 else "the batch of 3 jobs"
    with stopped(sessions(own_server)):
        before = time.monotonic()
        with pytest.raises(StoreUnavailable, match=rf"database: {jobs} ") as caught:
            push(engine, count)
        assert TIMEOUT * 0.9 < time.monotonic() - before < SOON
    # Within a transaction nothing is stored before the last answer.
    assert type(caught.value) is (StoreInDoubt if count == 1 else StoreUnavailable)
    push(engine)


def test_a_server_that_hangs_during_connecting_is_given_up_in_time(own_server, engine_on):
    engine = engine_on(own_server.environment, 2)
    with stopped([own_server.process.pid]):
        assert refused(engine, "the job was not stored") < SOON
    push(engine)


def test_a_dispatch_with_little_time_leaves_statements_after_it_their_own(server, engine_on):
    engine = engine_on(server.environment)
    push(engine)
    sleep = {"postgres": "SELECT pg_sleep(1)", "mysql": "SELECT SLEEP(1)"}[server.dialect]
    assert engine._db.ask(sleep)


@pytest.mark.parametrize(("key", "value"), [("DB_PSWD", "wrong"), ("DB_NAME", "missing")])
def test_a_refused_login_is_reported_at_once(server, engine_on, key, value):
    engine = engine_on({**server.environment, key: value}, 60)
    before = time.monotonic()
    with pytest.raises(LightjobsError, match=r"the job was not stored: |Access denied"):
        push(engine)
    assert time.monotonic() - before < 30
