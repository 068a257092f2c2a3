"""REDIS_URL, as hosting services set it, taken apart into the names of `config/redis.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

from .server_url import split, split_hosts

SCHEMES = {
    "redis": False,
    "valkey": False,
    "rediss": True,
    "valkeys": True,
    "unix": False,
    "redis+sentinel": False,
    "valkey+sentinel": False,
    "rediss+sentinel": True,
    "valkeys+sentinel": True,
}
"""Whether each scheme means TLS."""

_OPTIONS = {"db": "database", "protocol": "protocol"}
_SENTINEL_OPTIONS = {name: name for name in ("sentinel_username", "sentinel_password")}
_SENTINEL_PORT = 26379
_TLS_OPTIONS = {"ssl_ca_certs": "tls_ca", "ssl_cert_reqs": "tls_verify"}
_CERTIFICATES = {"none": False, "optional": True, "required": True}
"""Whether each value of ssl_cert_reqs means that the server's certificate is verified. To a client,
"optional" means the same as "required". Celery's users write CERT_NONE, after the constants in
Python's ssl."""


def parse(url: str) -> dict[str, Any]:
    """The values that `url` sets, and no others. The path of a socket is the host.

    Raises ValueError for anything it does not understand; the message never quotes the URL.
    """
    url, hosts = split_hosts(url)
    parts = split(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"it must begin with one of {', '.join(SCHEMES)} and ://")
    if _is_sentinel(parts):
        address = _sentinels(parts, hosts)
    elif hosts:
        raise ValueError("several hosts are allowed only for sentinels: redis+sentinel://")
    else:
        address = _address(parts)
    return {"tls": SCHEMES[parts.scheme], **_login(parts), **address, **_options(parts)}


def _is_sentinel(parts: SplitResult) -> bool:
    return parts.scheme.endswith("+sentinel")


def _sentinels(parts: SplitResult, hosts: list[tuple[str, int | None]]) -> dict[str, Any]:
    """Where the sentinels are, and what they call the master."""
    if not parts.hostname:
        raise ValueError("a sentinel's host is missing: redis+sentinel://host:26379/master/0")
    hosts = hosts or [(unquote(parts.hostname), parts.port)]
    master, _, database = parts.path[1:].partition("/")
    if not master:
        raise ValueError("the master's name is missing: redis+sentinel://host:26379/master/0")
    found: dict[str, Any] = {
        "sentinels": tuple((host, port or _SENTINEL_PORT) for host, port in hosts),
        "master": unquote(master),
    }
    if database := database.strip("/"):
        found["database"] = _database(database)
    return found


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
    allowed = {
        **_OPTIONS,
        **(_TLS_OPTIONS if SCHEMES[parts.scheme] else {}),
        **(_SENTINEL_OPTIONS if _is_sentinel(parts) else {}),
    }
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
