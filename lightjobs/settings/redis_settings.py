"""The settings of JOB_ENGINE=redis and valkey: the keys REDIS_… and REDIS_URL."""

from __future__ import annotations

from typing import NamedTuple

from . import redis_url, values
from .config_files import Given
from .reader import Reader


class RedisSettings(NamedTuple):
    """The server that holds the jobs. Every value is present and has its type."""

    host: str = "127.0.0.1"
    """A path, which begins with a slash, means a Unix socket."""
    port: int = 6379
    username: str | None = None
    password: str | None = None
    database: int = 0
    """REDIS_DB, which Lightpack uses for other things than jobs."""
    job_database: int = 0
    """REDIS_JOB_DB, the database that holds the jobs."""
    tls: bool = False
    tls_ca: str | None = None
    """A file with the certificate of the authority; None means the system's authorities."""
    tls_verify: bool = True
    protocol: int = 2
    """The version of RESP: 2 or 3."""
    prefix: str = "jobs:"
    """What all keys begin with; may be empty."""
    format: str = "hash"
    """How new jobs are stored: hash or php."""

    def __repr__(self) -> str:
        return values.shown(self, secret="password")


def read(given: Given, problems: list[str]) -> RedisSettings:
    """The settings in `given`, the dict in `config/redis.py`. The values in the URL win over the
    single ones. Adds whatever is wrong to `problems`."""
    try:
        server, jobs = given.section("default"), given.section("jobs")
    except ValueError as error:
        problems.append(f"config/redis.py: {error}")
        return RedisSettings()
    reader, queue, default = Reader(server, problems), Reader(jobs, problems), RedisSettings()
    in_url = reader.url("REDIS_URL", redis_url.parse, ("host",))
    value = reader.value
    return RedisSettings(
        host=value("host", "REDIS_HOST", str, default.host),
        port=value("port", "REDIS_PORT", values.port, default.port),
        username=value("username", "REDIS_USERNAME", str, default.username),
        password=value("password", "REDIS_PASSWORD", str, default.password),
        database=value("database", "REDIS_DB", values.integer(0), default.database),
        tls=value("tls", "REDIS_TLS", values.boolean, default.tls),
        tls_ca=value("tls_ca", "REDIS_TLS_CA", values.readable_file, default.tls_ca),
        tls_verify=value("tls_verify", "REDIS_TLS_VERIFY", values.boolean, default.tls_verify),
        protocol=value("protocol", "REDIS_PROTOCOL", values.integer(2, 3), default.protocol),
        # Empty is not unset: Lightpack accepts an empty prefix, and both must use the same keys.
        prefix=queue.text("prefix", default.prefix),
        job_database=queue.value(
            *("database", "REDIS_JOB_DB", values.integer(0)),
            in_url.get("database", default.job_database),
        ),
        format=queue.value(
            "format", "REDIS_JOB_FORMAT", values.one_of(("hash", "php")), default.format
        ),
    )
