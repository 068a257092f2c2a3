"""When Redis is away a dispatch says in time whether the job is stored."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading
import time

import pytest
import redis

from lightjobs.engines.redis import staging
from lightjobs.errors import LoginRefused, StoreInDoubt, StoreUnavailable
from tests.support.servers.redis import redis_server

from .enqueue import TIMEOUT, push

NOT_STORED = "redis: the job was not stored: "


@contextlib.contextmanager
def within(least, most):
    before = time.monotonic()
    yield
    assert least <= time.monotonic() - before < most


SOON = 4.5
"""Seconds a dispatch with TIMEOUT may take on a busy machine; the default timeout is longer."""


def refused(engine, text, kind=StoreUnavailable, count=1):
    with pytest.raises(StoreUnavailable, match=text) as caught:
        push(engine, count)
    assert type(caught.value) is kind


class Proxy:
    """A proxy between a client and a server. With `swallow` it drops the replies to scripts, all
    or those after the first `replies`; with `close_then` it closes the connection instead,
    otherwise that stays open. Each reply comes `delay` seconds late."""

    def __init__(self, server):
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.swallow = self.close_then = False
        self.delay, self.replies = 0.0, 0
        self._over = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._over:
            with contextlib.suppress(OSError):
                client = self._listening.accept()[0]
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        server = socket.create_connection((self._server.host, self._server.port))
        script = False
        with client, server, contextlib.suppress(OSError), selectors.DefaultSelector() as ends:
            # Not select.select(), which knows only the first 1,024 descriptors.
            ends.register(client, selectors.EVENT_READ)
            ends.register(server, selectors.EVENT_READ)
            while not self._over:
                for key, _ in ends.select(0.1):
                    end = key.fileobj
                    data = end.recv(65536)
                    if not data:
                        return
                    if end is client:
                        script = script or b"EVALSHA" in data
                        server.sendall(data)
                    elif not (self.swallow and script) or self.replies > 0:
                        time.sleep(self.delay)
                        client.sendall(data)
                        self.replies -= 1
                    elif self.close_then:
                        return

    def close(self):
        self._over = True
        self._listening.close()


@pytest.fixture
def proxied():
    with redis_server() as server:
        proxy = Proxy(server)
        yield server, proxy, {**server.environment, "REDIS_PORT": str(proxy.port)}
        proxy.close()


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("close_then", [True, False])
def test_a_lost_reply_leaves_the_job_in_doubt(proxied, engine_on, close_then, count):
    server, proxy, environment = proxied
    engine = engine_on(environment)
    push(engine)
    proxy.swallow, proxy.close_then = True, close_then
    jobs = "the job" if count == 1 else "the batch of 7 jobs"
    least = 0 if close_then else TIMEOUT * 0.9
    with within(least, SOON):
        refused(engine, f"redis: {jobs} may or may not have been stored: ", StoreInDoubt, count)
    assert server.client().zcard("jobs:queue:default") == 1 + count  # sent once, and stored
    proxy.swallow = False
    push(engine)
    assert server.client().zcard("jobs:queue:default") == 2 + count


BULK = 20_000
"""A batch that takes more scripts than fit into BULK_TIMEOUT at SLOW seconds each."""

BULK_TIMEOUT, SLOW = 2.0, 0.3


def test_a_bulk_may_take_longer_than_its_store_may_be_silent(proxied, engine_on):
    server, proxy, environment = proxied
    engine = engine_on(environment, BULK_TIMEOUT)
    push(engine)
    proxy.delay = SLOW
    with within(1.2 * BULK_TIMEOUT, 30):
        ids = push(engine, BULK)
    assert server.client().zrange("jobs:queue:default", 1, -1) == ids
    proxy.delay = 0
    assert engine.stats()["default"]["new"] == 1 + BULK
    assert not server.client().keys("jobs:staged*")


def test_a_server_that_hangs_within_a_bulk_is_given_up_in_time(proxied, engine_on, monkeypatch):
    server, proxy, environment = proxied
    engine = engine_on(environment)
    push(engine)
    proxy.swallow, proxy.replies = True, 3
    with within(TIMEOUT, 6 + SOON):
        refused(engine, f"the batch of {BULK} jobs was not stored", count=BULK)
    proxy.swallow = False
    assert server.client().zcard("jobs:queue:default") == 1
    engine.tidy()
    assert server.client().keys("jobs:staged:*")  # its producer may still be at work
    monkeypatch.setattr(staging, "GIVEN_UP_SECONDS", -1)
    engine.tidy()
    assert not server.client().keys("jobs:staged*")
    assert len(server.client().keys("jobs:job:*")) == 1


def test_a_bulk_of_which_a_part_is_gone_is_not_queued(engine_on, monkeypatch):
    with redis_server() as server:
        engine, tidier = engine_on(server.environment, 10.0), engine_on(server.environment)
        send = engine._producer.send

        def send_and_give_up(*arguments):
            reply = send(*arguments)
            tidier.tidy()
            return reply

        monkeypatch.setattr(staging, "GIVEN_UP_SECONDS", -1)
        monkeypatch.setattr(engine._producer, "send", send_and_give_up)
        refused(engine, "the server has lost a part of the batch", count=BULK)
        tidier.tidy()
        assert not server.client().keys("*:*:*")


def test_a_bulk_that_does_not_fit_leaves_nothing_behind(engine_on):
    with redis_server(maxmemory="6mb") as server:
        engine = engine_on(server.environment)
        refused(engine, "the batch of 20000 jobs was not stored: the server is full", count=BULK)
        assert not server.client().keys("*")


def test_a_refused_connection_is_tried_until_the_time_is_over(engine_on):
    with redis_server() as server:
        engine = engine_on(server.environment)
        push(engine)
        server.kill()
        with within(TIMEOUT / 2, SOON):
            refused(engine, f"{NOT_STORED}.*refused")


def test_a_dispatch_waits_for_a_server_that_restarts(engine_on):
    with redis_server(persistent=True) as server:
        engine = engine_on(server.environment, 30)
        push(engine)
        server.kill()
        threading.Timer(0.5, server.start).start()
        with within(0.4, 30):
            push(engine)
        assert server.client().zcard("jobs:queue:default") == 2


@pytest.mark.parametrize("known", [True, False], ids=["connected", "not connected"])
def test_a_server_that_hangs_is_given_up_in_time(engine_on, known):
    with redis_server() as server:
        engine = engine_on(server.environment)
        if known:
            push(engine)
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            with within(TIMEOUT * 0.9, SOON):
                if known:
                    refused(engine, "may or may not have been stored", StoreInDoubt)
                else:
                    refused(engine, NOT_STORED)
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        push(engine)


@pytest.mark.slow
def test_a_server_that_loads_its_data_is_waited_for(engine_on):
    with redis_server(config=["loading-process-events-interval-bytes 1024"]) as server:
        client = server.client()
        client.execute_command("EVAL", "for n = 1, 15000 do redis.call('SET', n, n) end", 0)
        client.save()
        server.kill()
        server.config.append("key-load-delay 20")  # microseconds a key, at least
        engine = engine_on(server.environment)
        starting = threading.Thread(target=server.start)
        starting.start()
        text = ""
        while "loading" not in text and starting.is_alive():
            try:
                push(engine)
            except StoreUnavailable as error:
                text = str(error)
        assert text.startswith(NOT_STORED)
        assert "loading" in text
        patient = engine_on(server.environment, 10)
        push(patient)
        starting.join()


@pytest.mark.parametrize(
    ("options", "environment", "text"),
    [
        ({"password": "x"}, {"REDIS_PASSWORD": "y"}, "invalid username-password pair"),
        ({"password": "x"}, {"REDIS_PASSWORD": ""}, "Authentication required"),
        ({"username": "u", "password": "x", "acl": "~* -@all +hello"}, {}, "permissions"),
        ({"username": "u", "password": "x", "acl": "~other:* +@all"}, {}, "key"),
        ({"config": ["databases 2"]}, {"REDIS_JOB_DB": "2"}, "out of range"),
    ],
)
def test_an_error_reply_is_reported_at_once_to_have_stored_nothing(
    engine_on, options, environment, text
):
    with redis_server(**options) as server, within(0, 30):
        engine = engine_on({**server.environment, **environment}, 60)
        kind = LoginRefused if "REDIS_PASSWORD" in environment else StoreUnavailable
        refused(engine, f"{NOT_STORED}.*{text}", kind)


def test_a_server_with_too_many_clients_is_known_not_to_have_stored(engine_on):
    with redis_server(config=["maxclients 1"]) as server:
        taken = server.client()
        taken.ping()
        engine = engine_on(server.environment)
        refused(engine, f"{NOT_STORED}.*max number of clients")
        taken.close()
        push(engine)


def test_a_server_busy_with_a_script_is_known_not_to_have_stored(engine_on):
    with redis_server(config=["busy-reply-threshold 50"]) as server:
        engine = engine_on(server.environment, 0.3)
        push(engine)

        def run():
            with contextlib.suppress(redis.ResponseError):
                server.client().eval("while true do end", 0)

        hog = threading.Thread(target=run)
        hog.start()
        time.sleep(0.2)
        refused(engine, f"{NOT_STORED}.*[Bb]usy")
        server.client().execute_command("SCRIPT", "KILL")
        hog.join()
        push(engine)


def test_a_server_busy_with_a_script_is_waited_for(engine_on):
    with redis_server(config=["busy-reply-threshold 50"]) as server:
        engine = engine_on(server.environment, 30)
        push(engine)
        hog = threading.Thread(
            target=server.client().eval,
            args=(
                "local e = redis.call('TIME')[1] + 2\n"
                "while tonumber(redis.call('TIME')[1]) < e do end",
                0,
            ),
        )
        hog.start()
        time.sleep(0.2)
        with within(0.3, 30):
            push(engine)
        hog.join()


def test_a_fork_leaves_its_parents_connections_alone(engine_on):
    with redis_server() as server:
        engine = engine_on(server.environment)
        push(engine)
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                for _ in range(50):
                    push(engine)
            os._exit(0)
        for _ in range(50):
            push(engine)
        assert os.waitpid(child, 0)[1] == 0
        assert server.client().zcard("jobs:queue:default") == 101


def test_many_threads_share_few_connections(engine_on):
    with redis_server() as server:
        engine = engine_on(server.environment)
        threads = [
            threading.Thread(target=lambda: [push(engine) for _ in range(20)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client = server.client()
        assert client.zcard("jobs:queue:default") == 160
        assert client.info("stats")["total_connections_received"] < 20
