"""The settings of JOB_ENGINE=redis and valkey: the keys REDIS_… and REDIS_URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from . import redis_url, values
from .config_files import Given
from .reader import Reader

MOST_SHARDS = 256
"""The most shards of one server or cluster."""

_SEVERAL = re.compile(r"[,\s]+(?=[a-z+]+://)|\s+")
"""What separates URLs: those of sentinels have commas between their hosts."""


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
    shards: int = 1
    """Over how many shards the jobs are spread, on each server."""
    others: tuple[RedisSettings, ...] = ()
    """The servers of REDIS_URLS after the first one."""

    @property
    def address(self) -> str:
        """What messages call the server."""
        if self.sentinels:
            return f"the master {self.master!r}"
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"

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
    servers = list(_servers(reader, problems))
    first = _settings(servers[0], queue)
    # What is wrong with the values that all servers share is told once.
    others = [_settings(each, queue.reporting_to([])) for each in servers[1:]]
    first = first._replace(others=tuple(others))
    database = servers[0].value("database", "REDIS_DB", values.integer(0), default.database)
    if first.format == "php" and (first.shards > 1 or first.others):
        problems.append(
            "REDIS_JOB_FORMAT is 'php'; allowed with several shards (REDIS_JOB_SHARDS, "
            "REDIS_URLS): hash, because Lightpack's workers know one place only"
        )
    if first.format == "php" and first.database != database:
        hints.append(
            f"REDIS_JOB_DB is {first.database}, but Lightpack's workers do not read it: they "
            f"use REDIS_DB, which is {database}"
        )
    return first


def _servers(reader: Reader, problems: list[str]) -> Iterator[Reader]:
    """A reader for each server: that of REDIS_URL, or those of REDIS_URLS."""
    urls = reader.several(("url", "host")).strip(" \t\n\r,")
    if not urls:
        reader.url("REDIS_URL", redis_url.parse, ("host",))
        yield reader
        return
    if reader.text("url", ""):
        problems.append("REDIS_URLS and REDIS_URL are both set; allowed: one of them")
    for place, url in enumerate(_SEVERAL.split(urls), 1):
        yield reader.at(f"URL {place} of REDIS_URLS", url, redis_url.parse)


def _settings(reader: Reader, queue: Reader) -> RedisSettings:
    """The settings of one server; `queue` reads those of the jobs."""
    value, default = reader.value, RedisSettings()
    database = value("database", "REDIS_DB", values.integer(0), default.database)
    return RedisSettings(
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
        shards=queue.value(
            "shards", "REDIS_JOB_SHARDS", values.integer(1, MOST_SHARDS), default.shards
        ),
    )


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
