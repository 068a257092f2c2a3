"""The settings of JOB_ENGINE=database: the keys DB_… and DATABASE_URL."""

from __future__ import annotations

from typing import NamedTuple

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
    libpq: tuple[tuple[str, str], ...] = ()
    """The options in the URL that PostgreSQL's client library gets as they are."""

    def __repr__(self) -> str:
        return values.shown(self, secret="password")


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
    settings = DatabaseSettings(
        driver=driver,
        name=reader.value("name", "DB_NAME", str, default.name if is_file else ""),
        synchronous=of_file(
            "synchronous", "DB_SYNCHRONOUS", values.one_of(("normal", "full")), default.synchronous
        ),
        host=value("host", "DB_HOST", str, default.host),
        port=value("port", "DB_PORT", values.port, default.port),
        user=value("user", "DB_USER", str, default.user),
        password=value("password", "DB_PSWD", str, default.password),
        tls=value("tls", "DB_TLS", values.one_of(database_url.TLS_MODES), default.tls),
        tls_ca=value("tls_ca", "DB_TLS_CA", file, default.tls_ca),
        tls_cert=value("tls_cert", "DB_TLS_CERT", file, default.tls_cert),
        tls_key=value("tls_key", "DB_TLS_KEY", file, default.tls_key),
        pooler=value("pooler", "DB_POOLER", values.one_of(POOLER_MODES), default.pooler),
        libpq=tuple(in_url.get("libpq", {}).items()),
    )
    if not (settings.name or is_elsewhere):
        problems.append(f"DB_NAME is not set; DB_DRIVER={driver} needs the database's name")
    return settings
