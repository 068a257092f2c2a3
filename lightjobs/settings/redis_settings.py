"""The settings of JOB_ENGINE=redis and valkey: the keys REDIS_… and REDIS_URL."""

from __future__ import annotations

from typing import NamedTuple

from . import redis_url, values
from .config_files import Given
from .reader import Reader


class RedisSettings(NamedTuple):
    """The server that holds the jobs. Every value is present and has its type."""

    sentinels: tuple[tuple[str, int], ...] = ()
    """The hosts and ports of the sentinels that know the server. Without them it is at `host`."""
    master: str = ""
    """What the sentinels call the server."""
    sentinel_username: str | None = None
    sentinel_password: str | None = None
    """The login at the sentinels."""
    host: str = "127.0.0.1"
    """A path, which begins with a slash, means a Unix socket."""
    port: int = 6379
    username: str | None = None
    password: str | None = None
    database: int = 0
    """The database that holds the jobs: REDIS_JOB_DB, or else REDIS_DB, as Lightpack has it."""
    tls: bool = False
    tls_ca: str | None = None
    """A file with the certificate of the authority; None means the system's authorities."""
    tls_verify: bool = True
    protocol: int = 2
    """The version of RESP: 2 or 3."""
    prefix: str = "jobs:"
    """What all keys begin with: REDIS_PREFIX and REDIS_JOB_PREFIX. May be empty."""
    format: str = "hash"
    """How new jobs are stored: hash or php."""

    def __repr__(self) -> str:
        return values.shown(self, "password", "sentinel_password")


def read(given: Given, problems: list[str], hints: list[str]) -> RedisSettings:
    """The settings in `given`, the dict in `config/redis.py`. The values in the URL win over the
    single ones. Adds whatever is wrong to `problems`, and what looks wrong to `hints`."""
    try:
        jobs = given.section("jobs")
        queue, default = Reader(jobs, problems), RedisSettings()
        connection = queue.text("connection", "default")
        reader = _connection(given, connection, problems)
    except ValueError as error:
        problems.append(f"config/redis.py: {error}")
        return RedisSettings()
    reader.url("REDIS_URL", redis_url.parse, ("host",))
    value = reader.value
    database = value("database", "REDIS_DB", values.integer(0), default.database)
    settings = RedisSettings(
        sentinels=value("sentinels", "REDIS_URL", tuple, default.sentinels),
        master=value("master", "REDIS_URL", str, default.master),
        sentinel_username=value("sentinel_username", "REDIS_SENTINEL_USERNAME", str, None),
        sentinel_password=value("sentinel_password", "REDIS_SENTINEL_PASSWORD", str, None),
        host=value("host", "REDIS_HOST", str, default.host),
        port=value("port", "REDIS_PORT", values.port, default.port),
        username=value("username", "REDIS_USERNAME", str, default.username),
        password=value("password", "REDIS_PASSWORD", str, default.password),
        database=queue.value("database", "REDIS_JOB_DB", values.integer(0), database),
        tls=value("tls", "REDIS_TLS", values.boolean, default.tls),
        tls_ca=value("tls_ca", "REDIS_TLS_CA", values.readable_file, default.tls_ca),
        tls_verify=value("tls_verify", "REDIS_TLS_VERIFY", values.boolean, default.tls_verify),
        protocol=value("protocol", "REDIS_PROTOCOL", values.integer(2, 3), default.protocol),
        # Empty is not unset: Lightpack accepts an empty prefix, and both must use the same keys.
        prefix=reader.text("prefix", "") + queue.text("prefix", default.prefix),
        format=queue.value(
            "format", "REDIS_JOB_FORMAT", values.one_of(("hash", "php")), default.format
        ),
    )
    if settings.format == "php" and settings.database != database:
        hints.append(
            f"REDIS_JOB_DB is {settings.database}, but Lightpack's workers do not read it: they "
            f"use REDIS_DB, which is {database}"
        )
    return settings


def _connection(given: Given, name: str, problems: list[str]) -> Reader:
    """A reader of the section of config/redis.py that `jobs` names as its connection. The
    environment describes only `default`. Raises ValueError."""
    if name == "default":
        return Reader(given.section(name), problems)
    others = [key for key, value in given.own.items() if isinstance(value, dict) and key != "jobs"]
    if name not in others:
        allowed = ", ".join(dict.fromkeys(("default", *map(str, others))))
        raise ValueError(f"the connection of 'jobs' is {name!r}; allowed: {allowed}")
    return Reader(given.section(name), problems, f"of {name!r} in config/redis.py")
