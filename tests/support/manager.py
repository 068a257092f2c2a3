"""A service manager such as systemd, as far as its socket goes."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator

import pytest


class Manager:
    """Receives what services send to its abstract address."""

    def __init__(self) -> None:
        self._name = f"lightjobs-test-{secrets.token_hex(8)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self._name)

    def environment(self, watchdog: float | None = None) -> dict[str, str]:
        """What the manager starts a service with; `watchdog` is in seconds."""
        given = {"NOTIFY_SOCKET": "@" + self._name}
        return given if watchdog is None else {**given, "WATCHDOG_USEC": f"{watchdog * 1e6:.0f}"}

    def next(self, seconds: float = 30.0) -> dict[str, str]:
        """The fields of the next message, which may take so many seconds."""
        self._socket.settimeout(seconds)
        lines = self._socket.recv(65_536).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def wait_for(self, field: str) -> dict[str, str]:
        """The next message with that field; those before it are dropped."""
        while field not in (message := self.next()):
            pass
        return message

    def waiting(self) -> list[dict[str, str]]:
        """The messages that have come."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self.next(0))
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager() -> Iterator[Manager]:
    manager = Manager()
    yield manager
    manager.close()
