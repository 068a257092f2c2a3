"""DATABASE_URL, as hosting services set it, taken apart into the names of `config/database.py`."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, unquote

from .server_url import split
from .stores import DRIVERS

_DRIVERS = {scheme: driver for driver, schemes in DRIVERS.items() for scheme in schemes}

TLS_MODES = ("off", "on", "verify-ca", "verify")
"""What DB_TLS allows."""

_TLS = {
    "disable": "off",
    "disabled": "off",
    "require": "on",
    "required": "on",
    "verify-ca": "verify-ca",
    "verify-full": "verify",
    "verify-identity": "verify",
}
"""What PostgreSQL's and MySQL's modes mean, each as one of TLS_MODES."""

_UNDECIDED = ("allow", "prefer", "preferred")
"""Modes that leave the choice to the server, which is the default. They do not weaken DB_TLS."""

_MODE = ("sslmode", "ssl-mode")
_OPTIONS = {
    "host": "host",
    "unix-socket": "host",
    "sslrootcert": "tls_ca",
    "sslcert": "tls_cert",
    "sslkey": "tls_key",
    "ssl-ca": "tls_ca",
    "ssl-cert": "tls_cert",
    "ssl-key": "tls_key",
}
_ENCODING = ("charset", "client-encoding")
_IGNORED = ("application-name", "connect-timeout")
"""Options without any risk for which lightjobs has values of its own."""


def parse(url: str) -> dict[str, str | int | None]:
    """The values that `url` sets, and no others.

    Raises ValueError for anything it does not understand; the message never quotes the URL.
    """
    parts = split(url)
    driver = _DRIVERS.get(parts.scheme.partition("+")[0])
    if driver is None:
        raise ValueError(f"it must begin with one of {', '.join(_DRIVERS)} and ://")
    name = unquote(parts.path[1:])
    if driver == "sqlite":
        # The usual convention: three slashes before a relative path, four for an absolute one.
        return _without_empty(driver=driver, name=name)
    found = _without_empty(
        driver=driver,
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if parts.hostname:
        # Host and port go together: DB_PORT may belong to another server.
        found |= {"host": unquote(parts.hostname), "port": parts.port}
    return found | _options(parts)


def _without_empty(**texts: str) -> dict[str, str | int | None]:
    return {name: text for name, text in texts.items() if text}


def _options(parts: SplitResult) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        option, word = (each.lower().replace("_", "-") for each in (name, text))
        if option in _MODE:
            if word not in _UNDECIDED:
                found["tls"] = _tls(name, word)
        elif option in _OPTIONS:
            found[_OPTIONS[option]] = text
        elif option in _ENCODING:
            if not word.replace("-", "").startswith("utf8"):
                raise ValueError(f"{name} is {text!r}; allowed: utf8mb4, UTF8")
        elif option not in _IGNORED:
            known = (*_MODE, *_OPTIONS, *_ENCODING, *_IGNORED)
            raise ValueError(f"unknown option {name!r}; allowed: {', '.join(known)}")
    return found


def _tls(name: str, word: str) -> str:
    if word not in _TLS:
        raise ValueError(f"{name} is {word!r}; allowed: {', '.join((*_UNDECIDED, *_TLS))}")
    return _TLS[word]
