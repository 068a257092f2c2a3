"""A server of any kind: started, stopped and killed as often as a test likes."""

from __future__ import annotations

import atexit
import contextlib
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from . import programs

running: list[Server] = []
"""The servers of this process that run, in the order in which they were started."""


class Server(ABC):
    """One server. Port, folder and configuration stay the same from one start to the next."""

    kind: str
    stop_signal: signal.Signals = signal.SIGTERM
    patience = 10.0
    """Seconds that it has to answer after its start, and to end."""

    def __init__(self) -> None:
        self._binary = self._find()
        self.host, self.port = "127.0.0.1", 0
        self.process: subprocess.Popen[bytes] | None = None
        # Not pytest's tmp_path: a socket's path may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix=f"{self.kind}-")
        self.folder = Path(self._folder.name)

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What makes lightjobs use this server."""

    def start(self) -> None:
        """Start, on the port of last time, and return when it answers."""
        assert self.process is None, "it runs"
        for _ in range(1 if self.port else 5):  # another process may take a port that was free
            self.port = self.port or programs.free_port()
            self.process = programs.launch([*self._head(), *self._command()], self.folder)
            running.append(self)
            if self._answers(self.process):
                return
            self.kill()
            self._forget_ports()
        pytest.fail(f"{self.kind} does not start:\n{self.log[-3000:]}")

    def stop(self) -> None:
        """Stop as an administrator would who does not wait for clients."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Stop as a crash or a power cut would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Kill, and remove what is on the disk."""
        self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        """What the server has printed since it was made."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="backslashreplace")
        return ""

    def activity(self) -> str:
        """What its clients are doing, for the report of a test that took too long; "" where the
        server is of a kind that is not asked."""
        return ""

    @abstractmethod
    def _find(self) -> str:
        """The path of the server's program."""

    def _head(self) -> list[str]:
        """What stands before the command: a program that starts it in the right way."""
        return [*programs.tied()]

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs the server in the foreground at `port`."""

    @abstractmethod
    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the server's first answer; False when it has ended or takes too long."""

    def _forget_ports(self) -> None:
        self.port = 0

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            running.remove(self)
            process.send_signal(number)
            process.wait(self.patience)


class Startable(Protocol):
    """A server, or several that are started together."""

    def start(self) -> None: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Startable)
_shared: dict[Callable[[], Any], Any] = {}


def shared(make: Callable[[], S]) -> S:
    """The one server that all tests of this process share. Leave it running and with the
    configuration it has."""
    if make not in _shared:
        server = make()
        atexit.register(server.close)
        server.start()
        _shared[make] = server
    found: S = _shared[make]
    return found


@contextlib.contextmanager
def started(server: S) -> Iterator[S]:
    """The server, running, until the block is over."""
    try:
        server.start()
        yield server
    finally:
        server.close()
