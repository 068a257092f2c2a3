"""What systemd is told, over a socket of a test."""

import math
import os
import socket

import pytest

from lightjobs.process.service_manager import ServiceManager
from lightjobs.workers.service_status import STATUS_SECONDS, ServiceStatus
from lightjobs.workers.vitals import Totals, Vitals
from tests.support.manager import Manager, manager

__all__ = ["manager"]


def service(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ServiceManager:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return ServiceManager.of_environment()


def test_states_are_told_at_an_abstract_address(monkeypatch, manager: Manager) -> None:
    told = service(monkeypatch, **manager.environment())
    told.ready("queues a\nWATCHDOG=trigger")
    told.status("4 children")
    told.stopping("SIGTERM")
    told.stopping("later")
    assert manager.waiting() == [
        {"READY": "1", "STATUS": "queues a WATCHDOG=trigger"},
        {"STATUS": "4 children"},
        {"STOPPING": "1", "STATUS": "SIGTERM"},
    ]
    assert "NOTIFY_SOCKET" not in os.environ


def test_a_path_is_an_address(monkeypatch, tmp_path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind(str(tmp_path / "notify"))
        service(monkeypatch, NOTIFY_SOCKET=str(tmp_path / "notify")).ready("well")
        assert receiving.recv(1000) == b"READY=1\nSTATUS=well"


@pytest.mark.parametrize("address", [{}, {"NOTIFY_SOCKET": "/none"}, {"NOTIFY_SOCKET": "@none"}])
def test_nobody_who_listens_is_no_error(monkeypatch, address) -> None:
    told = service(monkeypatch, **address, WATCHDOG_USEC="1000000")
    told.ready("well")
    told.beat()


def test_beats_come_at_half_the_time(monkeypatch, manager: Manager) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    told = service(monkeypatch, **manager.environment(watchdog=60))
    assert told.beat() == 30
    now += 29
    assert told.beat() == 1
    assert manager.waiting() == [{"WATCHDOG": "1"}]
    now += 1
    assert told.beat() == 30
    assert manager.waiting() == [{"WATCHDOG": "1"}]


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}]
)
def test_there_are_no_beats_where_none_are_expected_of_this_process(
    monkeypatch, manager: Manager, environment
) -> None:
    told = service(monkeypatch, **manager.environment(), **environment)
    assert told.beat() == math.inf
    assert manager.waiting() == []
    assert "WATCHDOG_USEC" not in os.environ


def test_the_status_says_how_many_jobs_run_in_a_second(monkeypatch, manager: Manager) -> None:
    now, ended, ready = 1000.0, 0, False
    monkeypatch.setattr("time.monotonic", lambda: now)

    def vitals() -> Vitals:
        runs = {("a", "A"): Totals((ended, 0, 1, 0, 0, 0))}
        return Vitals(runs=runs, children=(None,) * 4, is_ready=ready)

    status = ServiceStatus(service(monkeypatch, **manager.environment()), vitals)
    now += STATUS_SECONDS
    status.turn()
    assert manager.waiting() == []
    ready = True
    now, ended = now + STATUS_SECONDS, 120
    status.turn()
    status.turn()
    now, ended = now + STATUS_SECONDS, 135
    status.turn()
    assert manager.waiting() == [
        {"STATUS": "4 children, 12 jobs/s"},
        {"STATUS": "4 children, 1.5 jobs/s"},
    ]
