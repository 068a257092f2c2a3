"""What systemd is told of a process that it has started with `Type=notify`: sd_notify(3)."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import time
from typing import Self


class ServiceManager:
    """Tells the service manager how this process is. Without an `address` it tells nothing.

    `beat` must be called by the loop that does the work: a thread of its own would beat for a
    process that hangs.
    """

    def __init__(self, address: str = "", watchdog: float = math.inf) -> None:
        """`address` is that of a Unix socket, "@…" for an abstract one. `watchdog` is the number
        of seconds within which the manager expects a beat."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every = watchdog / 2
        self._beat_at = 0.0
        self._is_stopping = False

    @classmethod
    def of_environment(cls) -> Self:
        """The manager that the environment names. The variables are removed from it, so that no
        child process speaks in the name of this one."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        is_ours = os.environ.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        is_set = is_ours and microseconds.isdecimal() and int(microseconds) > 0
        return cls(address, int(microseconds) / 1e6 if is_set else math.inf)

    @property
    def is_there(self) -> bool:
        """Whether anybody is told."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """The process does its work; `status` is a line for people."""
        self._tell(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        """What the process does, in a line for people."""
        self._tell(f"STATUS={_line(status)}")

    def stopping(self, status: str) -> None:
        """The process has begun to stop. Further calls tell nothing."""
        if not self._is_stopping:
            self._is_stopping = True
            self._tell(f"STOPPING=1\nSTATUS={_line(status)}")

    def beat(self) -> float:
        """Beat if half the time within which the manager expects it has passed. Returns the seconds
        until the next beat, which are infinite if it expects none."""
        now = time.monotonic()
        if self.is_there and now >= self._beat_at and self._every < math.inf:
            self._beat_at = now + self._every
            self._tell("WATCHDOG=1")
        return self._beat_at - now if self._beat_at else math.inf

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # A manager that is gone or does not listen must not stop the work.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending,
        ):
            sending.setblocking(False)
            sending.sendto(message.encode(), self._address)


def _line(text: str) -> str:
    """`text` as one line: another line would be read as another field."""
    return " ".join(text.split())
