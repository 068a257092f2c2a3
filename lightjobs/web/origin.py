"""Which hosts and which pages a request may come from."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden, HTTPException
from werkzeug.wrappers import Request

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""What a browser on the same machine calls it."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class MisdirectedRequest(HTTPException):
    """The request is for another host than this one."""

    code = 421
    description = "This host is not known here. Name it with --allowed-host if it is meant."


class Hosts:
    """The hosts that requests may name. Against DNS rebinding: a web site may let its own name lead
    to 127.0.0.1, and would then be the same site as this page."""

    def __init__(self, allowed: Sequence[str], *, is_loopback: bool) -> None:
        """With `is_loopback` the names of this machine are allowed besides; otherwise all hosts if
        none is named."""
        named = {name.lower() for name in allowed}
        self._named = frozenset(named)
        self._allowed = frozenset(named | set(LOOPBACK_HOSTS)) if is_loopback else self._named

    def check(self, request: Request) -> None:
        """Raises MisdirectedRequest."""
        if self._allowed and not self._has(request.host, self._allowed):
            raise MisdirectedRequest

    def has_named(self, host: str) -> bool:
        """Whether `host` was allowed by name."""
        return self._has(host, self._named)

    @staticmethod
    def _has(host: str, names: frozenset[str]) -> bool:
        host = host.lower()
        return host in names or _without_port(host) in names


def check_origin(request: Request, hosts: Hosts) -> None:
    """Raise Forbidden unless `request` comes from this page or from a program.

    Browsers send Sec-Fetch-Site only with https and on localhost, so the Origin decides where it is
    missing. No browser sends a bearer token by itself.
    """
    if request.method in _SAFE_METHODS or has_bearer(request):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site == "same-origin":
            return
        raise Forbidden("This was sent by another site.")
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    if not origin or not (origin.lower() == request.host.lower() or hosts.has_named(origin)):
        raise Forbidden("It does not show that this was sent by this page.")


def has_bearer(request: Request) -> bool:
    """Whether the request has a bearer token."""
    return request.authorization is not None and request.authorization.type == "bearer"


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
