"""PostgreSQL."""

from __future__ import annotations

import base64
import contextlib
import glob
import hashlib
import hmac
import os
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from lightjobs.engines.sql.postgres import Postgres

from ..processes import parents
from . import programs
from .activity import table
from .base import started
from .sql import NAME, PASSWORD, USER, SqlServer

SESSIONS = """
    SELECT pid, state, wait_event_type, wait_event,
        round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1) AS xact_age,
        round(extract(epoch FROM clock_timestamp() - query_start)::numeric, 1) AS query_age, query
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    ORDER BY xact_start NULLS LAST, pid
"""
WAITING = """
    SELECT pid, pg_blocking_pids(pid) AS blocked_by, locktype, relation::regclass::text AS relation,
        mode
    FROM pg_locks WHERE NOT granted ORDER BY pid
"""


def _verifier(iterations: int = 1) -> str:
    """What PostgreSQL keeps of the password. By default both sides hash it 4,096 times for each
    login, which would be half the time of a connection, and tests connect thousands of times."""
    salt = b"lightjobs"
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, iterations)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, client64, server64 = (base64.b64encode(v).decode() for v in (salt, client, server))
    return f"SCRAM-SHA-256${iterations}:{salt64}${client64}:{server64}"


VERIFIER = _verifier()


class PostgresServer(SqlServer):
    """A PostgreSQL."""

    kind = "postgres"
    driver = "pgsql"
    dialect = "postgres"
    account = "postgres"
    stop_signal = signal.SIGINT  # "fast": sessions are ended
    _restart_ids = "ALTER TABLE jobs ALTER id RESTART"

    def kill(self) -> None:
        """With its sessions, which are processes of their own: without the first one they end only
        once they wait for their client, and before that may still store what it has sent."""
        if self.process is not None and sys.platform == "linux":
            self.process.send_signal(signal.SIGSTOP)  # it starts no more of them
            sessions = [pid for pid, parent in parents().items() if parent == self.process.pid]
            for pid in sessions:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        super().kill()

    def database(self) -> Postgres:
        return Postgres(self.settings)

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self._session() as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def reset(self) -> None:
        self.query(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"
        )

    def kill_connections(self) -> None:
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
        self.query(sql, [USER])

    def activity(self) -> str:
        with self._session("-c statement_timeout=3s") as connection:
            sessions, waiting = connection.execute(SESSIONS), connection.execute(WAITING)
            return (
                f"pg_stat_activity, ages in seconds\n{_shown(sessions)}\n"
                f"pg_locks not granted\n{_shown(waiting)}"
            )

    def _session(
        self, options: str = ""
    ) -> contextlib.AbstractContextManager[psycopg.Connection[tuple[Any, ...]]]:
        return psycopg.connect(
            host=self.socket,
            port=self.port,
            user="postgres",
            dbname=NAME,
            autocommit=True,
            connect_timeout=3,
            options=options,
        )

    def _run_all(self, statements: Iterable[str]) -> None:
        self.query(";".join(statements))

    def _find(self) -> str:
        return _program("postgres")

    def _write_files(self) -> None:
        Path(self.socket).mkdir()

    def _install(self) -> None:
        self._execute(
            _program("initdb"),
            *("-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *("--locale=C", "--no-sync", "--no-instructions"),
        )
        (self.data / "pg_hba.conf").write_text(
            "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        self._execute(
            *(self._binary, "--single", "-D", self.data, "postgres"),
            text=f"CREATE USER {USER} PASSWORD '{VERIFIER}'\nCREATE DATABASE {NAME} OWNER {USER}",
        )

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.socket,
            "timezone": "Asia/Kolkata",
            "log_timezone": "UTC",
            "shared_buffers": "64MB",
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        if self.certificate:
            options |= {
                "ssl": "on",
                "ssl_cert_file": str(self.certificate),
                "ssl_key_file": str(self.certificate.with_suffix(".key")),
            }
        lines = [f"{key}={value}" for key, value in options.items()] + self._config
        given = [word for line in lines for word in ("-c", line)]
        return [self._binary, "-D", str(self.data), *given]


def postgres_server(**options: Any) -> contextlib.AbstractContextManager[PostgresServer]:
    """A running PostgreSQL with the options of SqlServer."""
    return started(PostgresServer(**options))


def _program(name: str) -> str:
    # Debian keeps them out of the PATH, a folder for each version.
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return shutil.which(name) or (found[-1] if found else programs.missing(name))


def _shown(cursor: psycopg.Cursor[tuple[Any, ...]]) -> str:
    return table([column.name for column in cursor.description or ()], cursor.fetchall())
