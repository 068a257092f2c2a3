"""One of Django's DATABASES in the words of `config/database.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from ...errors import SettingsError
from ...settings import database_url

_DRIVERS = {"postgresql": "pgsql", "mysql": "mysql", "sqlite": "sqlite"}
"""By Django's word for the kind of database."""

_NOT_OURS = {
    "pgsql": {
        *("pool", "isolation_level", "server_side_binding", "assume_role", "prepare_threshold"),
        *("cursor_factory", "application_name", "connect_timeout", "client_encoding"),
    },
    "mysql": {
        *("charset", "init_command", "sql_mode", "isolation_level", "connect_timeout"),
        *("autocommit", "conv", "cursorclass", "use_unicode", "read_timeout", "write_timeout"),
    },
}
"""Options of Django's connections that do not say where or how to reach the server."""

_SOCKETS = ("/var/run/postgresql", "/tmp")


def described(alias: str) -> dict[str, Any]:
    """The database of `alias` as it is now: in a test, the test database. Raises SettingsError for
    one that cannot hold jobs, or of which an option is not known."""
    where = f"DATABASES[{alias!r}]"
    try:
        connection = connections[alias]
    except ImproperlyConfigured as error:
        raise SettingsError(f"{where}: {error}") from None
    given, driver = connection.settings_dict, _DRIVERS.get(connection.vendor)
    if driver is None:
        raise SettingsError(
            f"{where} is {connection.vendor}; the jobs can be in {', '.join(_DRIVERS)}; otherwise "
            "set 'database' in LIGHTJOBS to another key of DATABASES"
        )
    found = {"driver": driver, "name": str(given["NAME"])}
    if driver == "sqlite":
        if is_in_memory(found["name"]):
            raise SettingsError(
                f"{where} is in memory, where no other connection finds the jobs; allowed: a file "
                "(for tests: ['TEST']['NAME']), or LIGHTJOBS['engine'] = 'memory'"
            )
        return found
    found |= {"host": given["HOST"], "port": given["PORT"]}
    found |= {"user": given["USER"], "password": given["PASSWORD"]}
    if driver == "pgsql" and not found["host"]:
        found["host"] = _default_socket()
    return {**found, **_options(where, driver, given.get("OPTIONS") or {})}


def is_in_memory(name: str) -> bool:
    """Whether `name` is that of an SQLite database without a file."""
    return ":memory:" in name or "mode=memory" in name


def _default_socket() -> str:
    there = (folder for folder in _SOCKETS if os.path.exists(f"{folder}/.s.PGSQL.5432"))
    return os.environ.get("PGHOST") or next(there, _SOCKETS[0])


def _options(where: str, driver: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What `options` say of the way to the server, read as those of DATABASE_URL are."""
    ssl, left_out = options.get("ssl"), {"ssl", *_NOT_OURS[driver]}
    told = {name: value for name, value in options.items() if name not in left_out}
    if isinstance(ssl, dict):
        told |= {f"ssl-{name}": value for name, value in ssl.items()}
    if not told:
        return {}
    scheme = {"pgsql": "postgresql"}.get(driver, driver)
    url = f"{scheme}:///?{urlencode(told)}"
    try:
        database_url.parse(url)
    except ValueError as error:
        raise SettingsError(
            f"{where}['OPTIONS']: {error}; or describe the database by DB_NAME and so on, with "
            "LIGHTJOBS['database'] = None"
        ) from None
    return {"url": url}
