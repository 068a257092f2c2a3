"""DATABASE_URL, as hosting services set it, taken apart into the names of `config/database.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote

from .server_url import split, split_hosts
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
    "port": "port",
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

_LIBPQ = (
    *("channel_binding", "options", "target_session_attrs", "load_balance_hosts", "hostaddr"),
    *("passfile", "requirepeer", "require_auth", "gssencmode", "krbsrvname", "gsslib"),
    *("gssdelegation", "sslnegotiation", "sslcertmode", "sslsni", "sslcrl", "sslcrldir"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    *("min_protocol_version", "max_protocol_version"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    "tcp_user_timeout",
)
"""Options that PostgreSQL's client library, libpq, gets as they are. It checks their values."""

_PGSQL_PORT = 5432


def parse(url: str) -> dict[str, Any]:
    """The values that `url` sets, and no others.

    Raises ValueError for anything it does not understand; the message never quotes the URL.
    """
    url, hosts = split_hosts(url)
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
    libpq = {}
    if len(hosts) > 1:
        if driver != "pgsql":
            raise ValueError("several hosts are allowed only for PostgreSQL")
        found |= {"host": ",".join(host for host, _port in hosts), "port": None}
        libpq["port"] = ",".join(str(port or _PGSQL_PORT) for _host, port in hosts)
    elif parts.hostname:
        # Host and port go together: DB_PORT may belong to another server.
        found |= {"host": unquote(parts.hostname), "port": parts.port}
    options = parse_qsl(parts.query, keep_blank_values=True)
    if driver == "pgsql":
        libpq |= {name: text for name, text in options if name in _LIBPQ}
    found |= _options(options, _LIBPQ if driver == "pgsql" else ())
    return {**found, "libpq": libpq} if libpq else found


def _without_empty(**texts: str) -> dict[str, Any]:
    return {name: text for name, text in texts.items() if text}


def _options(options: list[tuple[str, str]], passed_on: tuple[str, ...]) -> dict[str, str]:
    """What `options` set, except for those that are `passed_on` as they are. Raises ValueError."""
    found: dict[str, str] = {}
    for name, text in options:
        option, word = (each.lower().replace("_", "-") for each in (name, text))
        if option in _MODE:
            if word not in _UNDECIDED:
                found["tls"] = _tls(name, word)
        elif option in _OPTIONS:
            found[_OPTIONS[option]] = text
        elif option in _ENCODING:
            if not word.replace("-", "").startswith("utf8"):
                raise ValueError(f"{name} is {text!r}; allowed: utf8mb4, UTF8")
        elif option not in _IGNORED and name not in passed_on:
            known = (*_MODE, *_OPTIONS, *_ENCODING, *_IGNORED, *passed_on)
            raise ValueError(f"unknown option {name!r}; allowed: {', '.join(known)}")
    return found


def _tls(name: str, word: str) -> str:
    if word not in _TLS:
        raise ValueError(f"{name} is {word!r}; allowed: {', '.join((*_UNDECIDED, *_TLS))}")
    return _TLS[word]
