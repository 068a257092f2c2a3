"""A network between processes and their store that fails when it is told to.

It runs on an event loop in a thread of its own. All its methods may be called from other threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

BLOCK = 65_536

SETTLED = 4
"""A connection whose server has answered so often has logged in: only then a reply is dropped."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""


class Proxy:
    """Passes on what comes to `port` to the server at `host` and `target`."""

    def __init__(self, host: str, target: int) -> None:
        self.server = (host, target)
        self.port = 0
        self.dropped = 0
        """How many replies were dropped."""
        self.pause = 0.0
        """How long each block waits until `paused_until`, a monotonic time."""
        self.paused_until = 0.0
        self.silent_until = 0.0
        """Until when everything is swallowed, a monotonic time."""
        self.drop_after: int | None = None
        """How many replies pass before one is dropped; None: none is dropped."""
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def close_all(self) -> None:
        """Close all connections, as a server does that stops."""
        self._loop.call_soon_threadsafe(self._end_all, False)

    def reset_all(self) -> None:
        """Break off all connections, as a host does that has lost its memory of them."""
        self._loop.call_soon_threadsafe(self._end_all, True)

    def delay(self, pause: float, seconds: float) -> None:
        """For so many `seconds`, have each block wait for `pause` seconds."""
        self.pause, self.paused_until = pause, time.monotonic() + seconds

    def swallow(self, seconds: float) -> None:
        """For so many seconds take everything and pass on nothing. Neither side learns that before
        it is over; then the connections that have lost something are broken off."""
        self.silent_until = time.monotonic() + seconds
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._end_silent)

    def drop_reply(self, after: int) -> None:
        """Let the replies to so many requests pass, then drop one that the server has sent, and
        close its connection."""
        self.drop_after = after

    def heal(self) -> None:
        """End all faults."""
        self.paused_until = self.silent_until = 0.0
        self.drop_after = None
        self._loop.call_soon_threadsafe(self._end_silent)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=BLOCK)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._over.wait()
        server.close()
        self._end_all(reset=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)

    def _end_all(self, reset: bool) -> None:
        for link in list(self._links):
            link.end(reset)

    def _end_silent(self) -> None:
        for link in list(self._links):
            if link.has_lost and time.monotonic() >= self.silent_until:
                link.end(reset=True)


class _Link:
    """One client's connection, and the one to the server that belongs to it."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._near = (reader, writer)
        self._writers = [writer]
        self._answers = 0
        self._asked = False
        self._task = asyncio.current_task()
        self.has_lost = False
        """Whether something was swallowed here."""

    async def run(self) -> None:
        """Pass on in both directions until one side closes, or `end` is called."""
        try:
            far = await asyncio.open_connection(*self._proxy.server, limit=BLOCK)
            self._writers.append(far[1])
            for writer in self._writers:
                writer.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
                )
            asking = asyncio.ensure_future(self._pass_on(self._near[0], far[1], is_asking=True))
            answering = asyncio.ensure_future(self._pass_on(far[0], self._near[1]))
            try:
                await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in (asking, answering):
                    each.cancel()
                await asyncio.gather(asking, answering, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._close()

    def end(self, reset: bool) -> None:
        """Close both connections, with an RST or in order."""
        if reset:
            for writer in self._writers:
                with contextlib.suppress(OSError):
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, _RESET
                    )
        self._close(abort=reset)
        if self._task is not None:
            self._task.cancel()

    def _close(self, abort: bool = False) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError, RuntimeError):
                if abort:
                    writer.transport.abort()
                else:
                    writer.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_asking: bool = False
    ) -> None:
        proxy = self._proxy
        with contextlib.suppress(OSError):
            while block := await reader.read(BLOCK):
                if time.monotonic() < proxy.paused_until:
                    await asyncio.sleep(proxy.pause)
                if self.has_lost or time.monotonic() < proxy.silent_until:
                    self.has_lost = True
                    continue
                if is_asking:
                    self._asked = True
                elif self._drops():
                    return
                writer.write(block)
                await writer.drain()

    def _drops(self) -> bool:
        """Whether what the server has just sent is the reply to drop."""
        proxy = self._proxy
        was_asked, self._asked = self._asked, False
        self._answers += was_asked
        if proxy.drop_after is None or not was_asked or self._answers < SETTLED:
            return False
        if proxy.drop_after > 0:
            proxy.drop_after -= 1
            return False
        proxy.drop_after = None
        proxy.dropped += 1
        return True
