"""DATABASE_URL, as hosting services set it, read into the single keys of `config/database.py`."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, unquote

from .server_url import split

_DRIVERS = {
    "postgres": "pgsql",
    "postgresql": "pgsql",
    "pgsql": "pgsql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
}
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
_MODES = ("sslmode", "ssl-mode")
_TLS = {
    "disable": "off",
    "disabled": "off",
    "require": "on",
    "required": "on",
    "verify-ca": "verify-ca",
    "verify-full": "verify",
    "verify-identity": "verify",
}
_UNDECIDED = ("allow", "prefer", "preferred")
"""Modes that leave it to the server, as drivers do by themselves: they take nothing back that
DB_TLS demands."""

_ENCODINGS = ("charset", "client-encoding")
_OURS = ("application-name", "connect-timeout")
"""Harmless, and ours to decide."""


def parse(url: str) -> dict[str, str | int | None]:
    """The keys that `url` sets, and no others.

    Raises ValueError for anything it does not understand; the text never quotes the URL.
    """
    parts = split(url)
    driver = _DRIVERS.get(parts.scheme.partition("+")[0])
    if driver is None:
        raise ValueError(f"it must begin with one of {', '.join(_DRIVERS)} and ://")
    name = unquote(parts.path[1:])
    if driver == "sqlite":
        # As everywhere: three slashes and a relative path, four and an absolute one.
        return _said(driver=driver, name=name)
    found = _said(
        driver=driver,
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if parts.hostname:
        # One address: a port of another server's, in DB_PORT, is none of it.
        found |= {"host": unquote(parts.hostname), "port": parts.port}
    return found | _options(parts)


def _said(**keys: str) -> dict[str, str | int | None]:
    return {key: text for key, text in keys.items() if text}


def _options(parts: SplitResult) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        key, word = (each.lower().replace("_", "-") for each in (name, text))
        if key in _MODES:
            if word not in _UNDECIDED:
                found["tls"] = _tls(name, word)
        elif key in _OPTIONS:
            found[_OPTIONS[key]] = text
        elif key in _ENCODINGS:
            if not word.replace("-", "").startswith("utf8"):
                raise ValueError(f"{name} is {text!r}; allowed: utf8mb4, UTF8")
        elif key not in _OURS:
            known = (*_MODES, *_OPTIONS, *_ENCODINGS, *_OURS)
            raise ValueError(f"unknown option {name!r}; allowed: {', '.join(known)}")
    return found


def _tls(name: str, word: str) -> str:
    if word not in _TLS:
        raise ValueError(f"{name} is {word!r}; allowed: {', '.join((*_UNDECIDED, *_TLS))}")
    return _TLS[word]
