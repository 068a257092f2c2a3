"""A test that runs into its timeout reports what its servers were doing at that moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest

from . import base


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item) -> Generator[None, bool, bool]:
    """Look at the servers before pytest-timeout ends the test: once it has raised, the test's own
    blocks close their servers and roll back what was waiting."""
    done = yield
    end = signal.getsignal(signal.SIGALRM)
    if callable(end) and threading.current_thread() is threading.main_thread():

        def look_and_end(number: int, frame: FrameType | None) -> Any:
            __tracebackhide__ = True
            if found := report():
                item.add_report_section("call", "servers", found)
            return end(number, frame)

        signal.signal(signal.SIGALRM, look_and_end)
    return done


def report() -> str:
    """What the clients of all running servers are doing, server by server."""
    return "\n\n".join(filter(None, map(_told, list(base.running))))


def _told(server: base.Server) -> str:
    try:
        activity = server.activity()
    except Exception as error:  # a server that hangs or has died is told, too
        activity = f"does not say what it is doing: {error}"
    return activity and f"{server.kind} at port {server.port}: {activity}"
