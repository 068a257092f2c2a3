"""The settings of JOB_ENGINE=database: the keys DB_… and DATABASE_URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import database_url, values
from .config_files import Given
from .reader import Reader
from .stores import DRIVERS

POOLER_MODES = ("session", "transaction")
"""What DB_POOLER allows."""


class DatabaseSettings(NamedTuple):
    """The database that holds the jobs. Every value is present and has its type."""

    driver: str = "sqlite"
    """One of DRIVERS."""
    name: str = "jobs.sqlite"
    """SQLite's file, relative to the current directory, or the name of a server's database."""
    synchronous: str = "normal"
    """How safely SQLite writes: normal or full."""
    host: str = "127.0.0.1"
    """A path, which begins with a slash, means a Unix socket."""
    port: int | None = None
    """None means the server's usual port."""
    user: str | None = None
    password: str | None = None
    tls: str | None = None
    """off, on, verify-ca or verify. None leaves it to the driver."""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    """The three files with certificates and the key."""
    pooler: str | None = None
    """How PostgreSQL's server connections are shared: one of POOLER_MODES. None: it is found
    out."""
    schema: str | None = None
    """The schema of PostgreSQL that holds the tables. None: the session's search_path decides."""
    table_prefix: str = ""
    """What the names of our own tables begin with; `jobs`, which is Lightpack's, has none."""
    libpq: tuple[tuple[str, str], ...] = ()
    """The options in the URL that PostgreSQL's client library gets as they are."""

    def __repr__(self) -> str:
        return values.shown(self, "password")


def read(given: Given, problems: list[str], unused: list[str]) -> DatabaseSettings:
    """The settings in `given`, the dict in `config/database.py`. The values in the URL win over
    the single ones. Adds whatever is wrong to `problems`, or to `unused` where the chosen driver
    makes no use of the value."""
    reader, default = Reader(given, problems), DatabaseSettings()
    in_url = reader.url("DATABASE_URL", database_url.parse, ("driver", "host"))
    is_elsewhere = bool(problems)  # the URL is wrong, but it may well name a database
    driver = reader.value("driver", "DB_DRIVER", values.one_of(DRIVERS), default.driver)
    is_file = driver == "sqlite"
    of_file = reader.reporting_to(problems if is_file else unused).value
    value, file = reader.reporting_to(unused if is_file else problems).value, values.readable_file
    hosts, ports = _addresses(value("host", "DB_HOST", str, default.host), value, driver, problems)
    several_ports = (("port", ",".join(map(str, ports))),) if len(ports) > 1 else ()
    settings = DatabaseSettings(
        driver=driver,
        name=reader.value("name", "DB_NAME", str, default.name if is_file else ""),
        synchronous=of_file(
            "synchronous", "DB_SYNCHRONOUS", values.one_of(("normal", "full")), default.synchronous
        ),
        host=hosts,
        port=ports[0] if len(ports) == 1 else None,
        user=value("user", "DB_USER", str, default.user),
        password=value("password", "DB_PSWD", str, default.password),
        tls=value("tls", "DB_TLS", values.one_of(database_url.TLS_MODES), default.tls),
        tls_ca=value("tls_ca", "DB_TLS_CA", file, default.tls_ca),
        tls_cert=value("tls_cert", "DB_TLS_CERT", file, default.tls_cert),
        tls_key=value("tls_key", "DB_TLS_KEY", file, default.tls_key),
        pooler=value("pooler", "DB_POOLER", values.one_of(POOLER_MODES), default.pooler),
        schema=_schema(reader, driver, problems),
        table_prefix=reader.value(
            "table_prefix", "DB_TABLE_PREFIX", values.table_prefix, default.table_prefix
        ),
        libpq=(*several_ports, *in_url.get("libpq", {}).items()),
    )
    if not (settings.name or is_elsewhere):
        problems.append(f"DB_NAME is not set; DB_DRIVER={driver} needs the database's name")
    return settings


def _schema(reader: Reader, driver: str, problems: list[str]) -> str | None:
    schema = reader.value("schema", "DB_SCHEMA", values.schema, None)
    if schema is not None and driver != "pgsql":
        instead = "another file as DB_NAME" if driver == "sqlite" else "another database as DB_NAME"
        problems.append(
            f"DB_SCHEMA is {schema!r}, but only PostgreSQL has schemas; with DB_DRIVER={driver} "
            f"use {instead}, or DB_TABLE_PREFIX"
        )
    return schema


def _addresses(
    host: str, value: Callable[..., Any], driver: str, problems: list[str]
) -> tuple[str, tuple[int, ...]]:
    """DB_HOST without spaces, and the ports in DB_PORT: none, one, or one for each host. Adds what
    is wrong to `problems`."""
    if driver != "pgsql" or host.startswith("/"):
        if driver in ("mysql", "mariadb") and "," in host and not host.startswith("/"):
            problems.append(f"DB_HOST is {host!r}; several hosts are allowed only for PostgreSQL")
        port = value("port", "DB_PORT", values.port, None)
        return host, () if port is None else (port,)
    hosts = [part.strip() for part in host.split(",")]
    ports: tuple[int, ...] = value("port", "DB_PORT", values.ports, ())
    if not all(hosts):
        problems.append(f"DB_HOST is {host!r}; allowed: a host, or several with commas between")
    elif len(ports) not in (0, 1, len(hosts)):
        problems.append(
            f"DB_PORT has {len(ports)} ports and DB_HOST {len(hosts)} hosts; allowed: one port for "
            "all, or one for each"
        )
    return ",".join(hosts), ports
