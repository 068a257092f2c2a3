"""A store that is away is mentioned once, once a minute, and once when it is back."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from lightjobs.engines import outage
from lightjobs.engines.outage import Outage
from lightjobs.errors import LoginRefused, StoreUnavailable
from lightjobs.workers.shared.shared_file import shared_file

LOG = logging.getLogger("lightjobs.worker")
ERROR = StoreUnavailable("redis: connection refused")


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    moments = [1000.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: moments[0])

    def move(seconds):
        moments[0] += seconds

    return move


def test_an_hour_takes_a_line_a_minute_and_one_at_each_end(clock, caplog):
    store = Outage()
    for _ in range(7200):
        store.away(LOG, ERROR)
        clock(0.5)
    clock(2)
    for _ in range(3):
        store.back(LOG)
    lines = caplog.messages
    assert lines[0] == "the store is away, trying again until it is back: redis: connection refused"
    assert lines[1] == "the store has been away for 60 s: redis: connection refused"
    assert len(lines) == 61
    assert lines[-1] == "the store is back after 3602 s"
    store.away(LOG, ERROR)
    assert caplog.messages[-1].startswith("the store is away")


def test_a_store_is_not_back_while_another_connection_fails(clock, caplog):
    store = Outage()
    for _ in range(20):
        store.away(LOG, ERROR)
        clock(0.5)
        store.back(LOG)
    assert len(caplog.messages) == 1


def test_a_refused_login_is_mentioned_although_the_store_was_away(clock, caplog):
    store = Outage()
    for _ in range(20):
        store.away(LOG, ERROR)
        store.away(LOG, LoginRefused("redis: authentication failed"))
        clock(0.5)
    assert [line.partition(",")[0] for line in caplog.messages] == [
        "the store is away",
        "the store refuses the login",
    ]


def test_a_store_that_is_there_is_not_mentioned(caplog):
    Outage().back(LOG)
    assert caplog.messages == []


def test_processes_and_threads_that_share_the_memory_mention_it_once(tmp_path):
    descriptor = shared_file(outage.SIZE)
    path = tmp_path / "log"

    def notice():
        handler = logging.FileHandler(path)
        log = logging.getLogger(f"{__name__}.{os.getpid()}.{threading.get_ident()}")
        log.addHandler(handler)
        log.propagate = False
        store = Outage(descriptor)
        for _ in range(100):
            store.away(log, ERROR)
        handler.close()

    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            notice()
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    os.close(descriptor)
    assert len(path.read_text().splitlines()) == 1
