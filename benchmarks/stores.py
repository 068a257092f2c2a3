"""The stores of the benchmarks, each with a server of its own and the peers' tables."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.support.servers.base import Server
from tests.support.servers.mariadb import MariaServer, mariadb_server
from tests.support.servers.postgres import PostgresServer, postgres_server
from tests.support.servers.redis import redis_server
from tests.support.servers.sql import PASSWORD, USER, SqlServer

from .peers.bare import SCHEMA
from .peers.catalogue import ROOT, VENV
from .peers.concurrent import ON_POSTGRES, ON_REDIS, Way


@contextlib.contextmanager
def peers_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL as Debian configures it, with everybody's tables."""
    with postgres_server(durable=True, config=["shared_buffers=128MB"]) as server:
        _lightjobs_tables(server)
        server.query(SCHEMA + "; ALTER TABLE bare OWNER TO lightjobs")
        for command in (
            ["pgq", "install"],
            ["procrastinate", "--app", "benchmarks.peers.procrastinate.app", "schema", "--apply"],
        ):
            # A peer that is not installed fails when its turn comes.
            with contextlib.suppress(OSError):
                subprocess.run(
                    [str(VENV / "bin" / command[0]), *command[1:]],
                    cwd=ROOT,
                    env=os.environ | sql_environment(server),
                    capture_output=True,
                )
        yield server


@contextlib.contextmanager
def peers_mariadb() -> Iterator[MariaServer]:
    """A MariaDB as Debian configures it, with our tables."""
    config = ["--innodb-buffer-pool-size=128M"]
    with mariadb_server(durable=True, config=config) as server:
        _lightjobs_tables(server)
        yield server


def empty_postgres(server: PostgresServer) -> None:
    """Make the tables as if they had not been used."""
    tables = server.query(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename NOT IN ('job_migrations', 'job_sweeps')"
        " AND tablename NOT LIKE 'pgqueuer_schema%'"
    )[0][0]
    server.query(f"TRUNCATE {tables}")
    # Whoever writes a page first after a checkpoint writes it whole: the same for all.
    server.query("CHECKPOINT")


def sql_environment(server: SqlServer) -> dict[str, str]:
    """What tells lightjobs and libpq, or the like, where the server is."""
    settings = server.settings
    return {
        **server.environment,
        "PGHOST": settings.host,
        "PGPORT": str(settings.port),
        "PGDATABASE": settings.name,
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
        "PYTHONPATH": str(ROOT),
    }


def _lightjobs_tables(server: SqlServer) -> None:
    engine = server.engine()
    engine.schema.install()
    engine.close()


@dataclass
class Store:
    """A running store: how to name it, what tells processes where it is, and its server."""

    name: str
    title: str
    version: str
    environment: dict[str, str]
    ways: Mapping[str, Sequence[Way]]
    empty: Callable[[], None]
    server: Server
    stats: Callable[[], dict[str, Any]] = dict
    """What Redis' INFO says."""

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self.server.process is not None
        return self.server.process.pid


@contextlib.contextmanager
def _redis() -> Iterator[Store]:
    with redis_server() as server, server.client() as client:
        yield Store(
            "redis",
            "Redis",
            client.info("server")["redis_version"],
            {**server.environment, "BENCH_REDIS": server.url},
            ON_REDIS,
            lambda: client.flushall(),
            server,
            lambda: client.info("memory") | client.info("stats"),
        )


@contextlib.contextmanager
def _postgres() -> Iterator[Store]:
    with peers_postgres() as server:
        yield Store(
            "postgresql",
            "PostgreSQL",
            str(server.query("SHOW server_version")[0][0]).split()[0],
            sql_environment(server),
            ON_POSTGRES,
            lambda: empty_postgres(server),
            server,
        )


STORES: dict[str, Callable[[], AbstractContextManager[Store]]] = {
    "redis": _redis,
    "postgresql": _postgres,
}
