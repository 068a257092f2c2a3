"""REDIS_URL, as hosting services set it, read into the single keys of `config/redis.py`."""

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
"""Whether each means TLS."""

_OPTIONS = {"db": "database", "protocol": "protocol"}
_TLS_OPTIONS = {"ssl_ca_certs": "tls_ca", "ssl_cert_reqs": "tls_verify"}
_PROOFS = {"none": False, "required": True}


def parse(url: str) -> dict[str, Any]:
    """The keys that `url` sets, and no others; a socket's path is its host.

    Raises ValueError for anything it does not understand; the text never quotes the URL.
    """
    parts = split(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"it must begin with one of {', '.join(_SCHEMES)} and ://")
    found: dict[str, Any] = {"tls": _SCHEMES[parts.scheme]}
    if parts.username:
        found["username"] = unquote(parts.username)
    if parts.password:
        # Some name no user: then REDIS_USERNAME is another's.
        found |= {"username": found.get("username"), "password": unquote(parts.password)}
    if parts.scheme == "unix":
        if parts.hostname or not parts.path:
            raise ValueError("a socket's path begins with a slash: unix:///run/redis.sock")
        found["host"] = unquote(parts.path)
    else:
        if parts.hostname:
            found |= {"host": unquote(parts.hostname), "port": parts.port}
        if number := parts.path.strip("/"):
            found["database"] = _number(number)
    return found | _options(parts)


def _options(parts: SplitResult) -> dict[str, Any]:
    allowed = {**_OPTIONS, **(_TLS_OPTIONS if _SCHEMES[parts.scheme] else {})}
    found: dict[str, Any] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
            raise ValueError(
                f"unknown option {name!r}; {parts.scheme}:// allows {', '.join(allowed)}"
            )
        found[allowed[name]] = text
        if name == "db":
            found["database"] = _number(text)
        elif name == "ssl_cert_reqs":
            if text not in _PROOFS:
                raise ValueError(f"{name} is {text!r}; allowed: {', '.join(_PROOFS)}")
            found["tls_verify"] = _PROOFS[text]
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("the database behind the address must be a number")
    return int(text)
