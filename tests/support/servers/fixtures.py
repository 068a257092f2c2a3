"""One server of each kind for all tests of the session, emptied before each test that asks."""

from __future__ import annotations

import pytest

from .base import shared
from .cluster import Cluster
from .mariadb import MariaServer
from .mysql import MysqlServer
from .pgbouncer import PgBouncer
from .postgres import PostgresServer
from .redis import RedisServer, ValkeyServer


@pytest.fixture
def clean_redis() -> RedisServer:
    """The session's redis-server."""
    server = shared(RedisServer)
    server.empty()
    return server


@pytest.fixture
def clean_valkey() -> ValkeyServer:
    """The session's valkey-server."""
    server = shared(ValkeyServer)
    server.empty()
    return server


@pytest.fixture
def clean_cluster() -> Cluster:
    """The session's cluster of redis-servers."""
    cluster = shared(Cluster)
    cluster.empty()
    return cluster


@pytest.fixture
def clean_postgres() -> PostgresServer:
    """The session's PostgreSQL, its tables as `migrate:up` makes them."""
    server = shared(PostgresServer)
    server.empty()
    return server


@pytest.fixture
def clean_pgbouncer(clean_postgres: PostgresServer) -> PgBouncer:
    """The session's PgBouncer in transaction mode, in front of `clean_postgres`."""
    return shared(_pgbouncer)


def _pgbouncer() -> PgBouncer:
    return PgBouncer(shared(PostgresServer))


@pytest.fixture
def clean_mariadb() -> MariaServer:
    """The session's MariaDB, its tables as `migrate:up` makes them."""
    server = shared(MariaServer)
    server.empty()
    return server


@pytest.fixture
def clean_mysql() -> MysqlServer:
    """The session's MySQL, likewise; skips where there is none."""
    server = shared(MysqlServer)
    server.empty()
    return server
