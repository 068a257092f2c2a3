"""A network between a worker and its store that the test can make go silent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

BLOCK = 65_536


class Proxy:
    """Passes on what comes to `port` to the server at `target`, a port of this machine.

    A silent connection takes everything and passes on nothing, as a network does that has lost its
    way: neither side learns that.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self._silent_until = 0
        """Connections with a lower number are silent."""
        self._count = 0
        self.round_trips = 0
        """How often the client has waited for an answer, if it uses one connection at a time."""
        self._answered = True
        self._marker: bytes | None = None
        """What is in the request whose answer is to be lost."""
        self._losing: set[int] = set()
        """Connections whose next answer is lost."""
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self, also_new: bool = False) -> None:
        """Make all connections silent; with `also_new`, those to come, too."""
        self._silent_until = 1_000_000 if also_new else self._count

    def speak(self) -> None:
        """End the silence for new connections. Those that were silent stay so."""
        self._silent_until = self._count

    def lose_answer(self, marker: bytes) -> None:
        """Pass on the next request that has `marker` in it, and break its connection when the
        answer comes: the server has done what it was asked, and the client does not know."""
        self._marker = marker

    def keep_answers(self) -> None:
        """Lose no answer any more."""
        self._marker = None

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            number, self._count = self._count, self._count + 1
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                args = (number, source, sink, source is near)
                threading.Thread(target=self._pass_on, args=args, daemon=True).start()

    def _pass_on(
        self, number: int, source: socket.socket, sink: socket.socket, is_asking: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(BLOCK):
                self.round_trips += is_asking and self._answered
                self._answered = not is_asking
                if is_asking and self._marker is not None and self._marker in block:
                    self._marker = None
                    self._losing.add(number)
                elif not is_asking and number in self._losing:
                    break
                if number >= self._silent_until:
                    sink.sendall(block)
        if number >= self._silent_until:
            for each in (source, sink):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        time.sleep(0.01)  # the threads leave their calls
        for each in (self._listener, *self._sockets):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
