"""REDIS_URL, as hosting services set it, taken apart into the names of `config/redis.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

from .server_url import split

_SCHEMES = {
    "redis": False,
    "valkey": False,
    "rediss": True,
    "valkeys": True,
    "unix": False,
}
"""Whether each scheme means TLS."""

_OPTIONS = {"db": "database", "protocol": "protocol"}
_TLS_OPTIONS = {"ssl_ca_certs": "tls_ca", "ssl_cert_reqs": "tls_verify"}
_CERTIFICATES = {"none": False, "optional": True, "required": True}
"""Whether each value of ssl_cert_reqs means that the server's certificate is verified. To a client,
"optional" means the same as "required". Celery's users write CERT_NONE, after the constants in
Python's ssl."""


def parse(url: str) -> dict[str, Any]:
    """The values that `url` sets, and no others. The path of a socket is the host.

    Raises ValueError for anything it does not understand; the message never quotes the URL.
    """
    parts = split(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"it must begin with one of {', '.join(_SCHEMES)} and ://")
    return {"tls": _SCHEMES[parts.scheme], **_login(parts), **_address(parts), **_options(parts)}


def _login(parts: SplitResult) -> dict[str, str | None]:
    username = unquote(parts.username or "") or None
    if parts.password:
        # A URL with a password but no user name sets both: REDIS_USERNAME may belong to another
        # server.
        return {"username": username, "password": unquote(parts.password)}
    return {"username": username} if username else {}


def _address(parts: SplitResult) -> dict[str, Any]:
    if parts.scheme == "unix":
        if parts.hostname or not parts.path:
            raise ValueError("a socket's path begins with a slash: unix:///run/redis.sock")
        return {"host": unquote(parts.path)}
    found: dict[str, Any] = {}
    if parts.hostname:
        found |= {"host": unquote(parts.hostname), "port": parts.port}
    if database := parts.path.strip("/"):
        found["database"] = _database(database)
    return found


def _options(parts: SplitResult) -> dict[str, Any]:
    allowed = {**_OPTIONS, **(_TLS_OPTIONS if _SCHEMES[parts.scheme] else {})}
    found: dict[str, Any] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
            raise ValueError(
                f"unknown option {name!r}; {parts.scheme}:// allows {', '.join(allowed)}"
            )
        if name == "db":
            found["database"] = _database(text)
        elif name == "ssl_cert_reqs":
            word = text.lower().removeprefix("cert_")
            if word not in _CERTIFICATES:
                raise ValueError(f"{name} is {text!r}; allowed: {', '.join(_CERTIFICATES)}")
            found["tls_verify"] = _CERTIFICATES[word]
        else:
            found[allowed[name]] = text
    return found


def _database(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("the database after the address must be a number")
    return int(text)
