"""PgBouncer in front of a PostgreSQL."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import Any

import psycopg

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.postgres import Postgres
from lightjobs.settings.database_settings import DatabaseSettings

from . import programs
from .base import Server, started
from .postgres import VERIFIER, PostgresServer
from .sql import NAME, PASSWORD, USER, as_account, give_to


class PgBouncer(Server):
    """A PgBouncer that runs as PostgreSQL's account, since it refuses to run as root. `mode` is its
    pool_mode, `size` how many of the server's connections all its clients share. What applications
    leave on these is not reset, and stays for whoever is next."""

    kind = "postgres"

    def __init__(
        self, behind: PostgresServer, *, mode: str = "transaction", size: int = 20
    ) -> None:
        super().__init__()
        self.behind = behind
        self._mode, self._size = mode, size

    @property
    def settings(self) -> DatabaseSettings:
        return self.behind.settings._replace(host=self.host, port=self.port)

    @property
    def environment(self) -> dict[str, str]:
        return {**self.behind.environment, "DB_PORT": str(self.port)}

    def database(self) -> Postgres:
        return Postgres(self.settings)

    def engine(self) -> SqlEngine:
        """An engine on connections of its own."""
        return SqlEngine(self.database())

    def connect(self, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """An application's connection, with the driver's options."""
        given: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, **options}
        return psycopg.connect(
            host=self.host, port=self.port, user=USER, password=PASSWORD, dbname=NAME, **given
        )

    def __getattr__(self, name: str) -> Any:
        # What the tests do to the server itself: `query`, `empty`, `kill_connections`.
        if name.startswith("_") or name == "behind":
            raise AttributeError(name)
        return getattr(self.behind, name)

    def _find(self) -> str:
        return programs.need("pgbouncer")

    def _head(self) -> list[str]:
        return as_account(self.behind.account, programs.tied())

    def _command(self) -> list[str]:
        (self.folder / "users").write_text(f'"{USER}" "{VERIFIER}"\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n{NAME} = host={self.behind.host} port={self.behind.port}\n"
            f"[pgbouncer]\nlisten_addr = {self.host}\nlisten_port = {self.port}\n"
            f"unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {self.folder}/users\n"
            f"pool_mode = {self._mode}\ndefault_pool_size = {self._size}\n"
            "max_client_conn = 200\nserver_login_retry = 1\nquery_wait_timeout = 10\n"
        )
        give_to(self.behind.account, self.folder)
        return [self._binary, str(self.folder / "pgbouncer.ini")]

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self.patience
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                self.connect(connect_timeout=3).close()
                return True
            time.sleep(0.02)
        return False


def pgbouncer(
    behind: PostgresServer, **options: Any
) -> contextlib.AbstractContextManager[PgBouncer]:
    """A running PgBouncer with the options of its class."""
    return started(PgBouncer(behind, **options))
