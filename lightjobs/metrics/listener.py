"""A small HTTP server for probes and scrapes: GET and HEAD, one answer at a time, in one thread.

Requests are read side by side, so connections that stay silent hold up nobody: a browser opens some
in advance, and a probe has one second.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, parse_headers
from typing import NamedTuple

from ..errors import SettingsError

PATIENCE_SECONDS = 2.0
"""How long a request may take to arrive, and the answer to be taken."""

_MOST_BYTES = 16_384
"""The longest request."""

_MOST_CONNECTIONS = 64
"""How many are read at a time; others wait to be accepted."""

_PHRASES = {
    **{200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"},
    **{500: "Internal Server Error", 503: "Service Unavailable"},
}

_log = logging.getLogger("lightjobs.metrics")


class Answer(NamedTuple):
    """What a page answers."""

    status: int
    text: str
    content_type: str = "text/plain; charset=utf-8"


Page = Callable[[str], Answer]
"""Answers a GET, given the request's header Accept."""


class Listener:
    """A bound port, and what it serves. Making it takes the port, before anybody is served."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Page]) -> None:
        """`pages` are what is served, by path. Raises SettingsError if the port cannot be had."""
        self._pages = pages
        self._socket = _bound(host, port)
        self._end, self._told = os.pipe()
        self.port: int = self._socket.getsockname()[1]

    def serve(self) -> None:
        """Serve until `end` is called. A request that has been read by then is answered."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._end, selectors.EVENT_READ)
            selector.register(self._socket, selectors.EVENT_READ)
            reading: dict[socket.socket, _Request] = {}
            while self._turn(selector, reading):
                pass
            for connection in reading:
                connection.close()
        os.read(self._end, 1024)

    def end(self) -> None:
        """Have `serve` return. Callers then wait in the socket's backlog until it is called again.
        To be called by another thread, or by the handler of a signal."""
        os.write(self._told, b"\0")

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
        os.close(self._end)
        os.close(self._told)

    def _turn(
        self, selector: selectors.BaseSelector, reading: dict[socket.socket, _Request]
    ) -> bool:
        """Wait for something to happen and react to it; False when it is the end."""
        until = min((request.until for request in reading.values()), default=None)
        pause = None if until is None else max(0.0, until - time.monotonic())
        ready = [key.fileobj for key, _ in selector.select(pause)]
        for connection in [each for each in reading if each in ready]:
            if reading[connection].read():
                selector.unregister(connection)
                self._answer(connection, reading.pop(connection))
        if self._socket in ready:
            self._accept(selector, reading)
        now = time.monotonic()
        for connection in [each for each, request in reading.items() if request.until <= now]:
            selector.unregister(connection)
            del reading[connection]
            connection.close()
        return self._end not in ready

    def _accept(
        self, selector: selectors.BaseSelector, reading: dict[socket.socket, _Request]
    ) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # it has gone again, or no descriptor is free
            time.sleep(0.01)
            return
        connection.setblocking(False)
        if len(reading) >= _MOST_CONNECTIONS:
            oldest = next(iter(reading))
            selector.unregister(oldest)
            del reading[oldest]
            oldest.close()
        reading[connection] = _Request(connection)
        selector.register(connection, selectors.EVENT_READ)

    def _answer(self, connection: socket.socket, request: _Request) -> None:
        with connection, contextlib.suppress(OSError):
            if not request.bytes:  # opened and closed again, as a check of the port does
                return
            answer, with_body = self._answer_to(request.bytes)
            connection.settimeout(PATIENCE_SECONDS)
            connection.sendall(_encoded(answer, with_body))
            connection.shutdown(socket.SHUT_WR)

    def _answer_to(self, request: bytes) -> tuple[Answer, bool]:
        """The answer, and whether its body is wanted."""
        try:
            line, _, rest = request.partition(b"\r\n")
            method, target, version = line.decode("latin-1").split(" ")
            headers = parse_headers(io.BytesIO(rest))
        except (ValueError, HTTPException):
            return Answer(400, "this is no HTTP request\n"), True
        if not version.startswith("HTTP/1."):
            return Answer(400, "allowed: HTTP/1.0 and HTTP/1.1\n"), True
        if method not in ("GET", "HEAD"):
            return Answer(405, "allowed: GET and HEAD\n"), True
        page = self._pages.get(target.partition("?")[0])
        if page is None:
            return Answer(404, f"allowed: {', '.join(self._pages)}\n"), method == "GET"
        try:
            return page(headers.get("Accept", "")), method == "GET"
        except Exception:
            _log.exception("%s could not be answered", target.partition("?")[0])
            return Answer(500, "this cannot be answered; see the log\n"), method == "GET"


class _Request:
    """A request that is being read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.bytes = b""
        self.until = time.monotonic() + PATIENCE_SECONDS

    def read(self) -> bool:
        """Read what has come; return whether that is all. What is too long or broken off is taken
        for all."""
        try:
            more = self._connection.recv(_MOST_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            self.bytes, more = b"", b""
        self.bytes += more
        return not more or b"\r\n\r\n" in self.bytes or len(self.bytes) >= _MOST_BYTES


def _encoded(answer: Answer, with_body: bool) -> bytes:
    body = answer.text.encode("utf-8", "replace")
    allow = "Allow: GET, HEAD\r\n" if answer.status == 405 else ""
    head = (
        f"HTTP/1.1 {answer.status} {_PHRASES[answer.status]}\r\n"
        f"Content-Type: {answer.content_type}\r\nContent-Length: {len(body)}\r\n{allow}"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if with_body else b"")


def _bound(host: str, port: int) -> socket.socket:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    bound: socket.socket | None = None
    try:
        (family, kind, *_, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        bound = socket.socket(family, kind)
        # A port whose last connections are still winding down is free, and one in use is not.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except (OSError, UnicodeError) as error:
        if bound is not None:
            bound.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"cannot listen at {where}: {reason}") from None
    bound.setblocking(False)
    return bound
