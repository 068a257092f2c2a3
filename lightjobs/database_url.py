"""DATABASE_URL, as hosting services set it, read into the single keys of `config/database.py`."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

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
    "sslrootcert": "tls_ca",
    "sslcert": "tls_cert",
    "sslkey": "tls_key",
    "ssl-ca": "tls_ca",
    "ssl-cert": "tls_cert",
    "ssl-key": "tls_key",
}
_TLS = {
    "disable": "off",
    "disabled": "off",
    "require": "on",
    "required": "on",
    "verify-full": "verify",
    "verify_identity": "verify",
}


def parse(url: str) -> dict[str, str | int | None]:
    """The keys that `url` sets; what it leaves out is None.

    Raises ValueError for anything it does not understand; the text never quotes the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("it is no URL; allowed: driver://user:password@host:port/name") from None
    driver = _DRIVERS.get(parts.scheme.partition("+")[0])
    if driver is None:
        raise ValueError(f"it must begin with one of {', '.join(_DRIVERS)} and ://")
    if driver == "sqlite":
        # As everywhere: three slashes and a relative path, four and an absolute one.
        return {"driver": driver, "name": unquote(parts.path[1:]) or None}
    found: dict[str, str | int | None] = {
        "driver": driver,
        "name": unquote(parts.path[1:]) or None,
        "host": unquote(parts.hostname or "") or None,
        "port": port,
        "user": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        **dict.fromkeys(("tls", "tls_ca", "tls_cert", "tls_key")),
    }
    for key, text in parse_qsl(parts.query):
        if key in ("sslmode", "ssl-mode"):
            if text.lower() != "prefer":
                found["tls"] = _tls(key, text)
        elif key in _OPTIONS:
            found[_OPTIONS[key]] = text
        else:
            raise ValueError(
                f"unknown option {key!r}; allowed: sslmode, ssl-mode, {', '.join(_OPTIONS)}"
            )
    return found


def _tls(key: str, text: str) -> str:
    if text.lower() not in _TLS:
        raise ValueError(f"{key} is {text!r}; allowed: prefer, {', '.join(_TLS)}")
    return _TLS[text.lower()]
