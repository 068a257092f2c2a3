"""PostgreSQL and MariaDB servers for the tests: real ones, on free ports, in folders that go with
them. Their zones are not UTC, on purpose.

`with postgres_server() as server:` starts one; `clean_postgres` and `clean_mariadb` are fixtures
for tests that share one, its tables emptied before each; a conftest imports them. `server.reset()`
drops everything.

Without `durable` they do not wait for the disk. What was committed survives a kill all the same.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from servers import _LAUNCHER, _certificate, _free_port, _tied_to_us, missing, need, shared

from lightjobs.engines.control import Engine
from lightjobs.engines.sql.database import Database
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.mysql import Mysql
from lightjobs.engines.sql.postgres import Postgres
from lightjobs.settings.database import DatabaseSettings

_PATIENCE = 20.0
USER, PASSWORD, NAME = "lightjobs", "s3cret", "jobs"


class SqlServer:
    """One server. `start`, `stop` and `kill` as often as you like: port and data stay."""

    kind: str
    account: str
    """The user it runs as when the tests run as root: these servers refuse to."""

    def __init__(self, *, durable: bool = False, tls: bool = False, config: Sequence[str] = ()):
        self.host, self.port = "127.0.0.1", 0
        self.process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix=f"{self.kind}-")
        self.folder = Path(self._folder.name)
        self.data = self.folder / "data"
        self.socket = str(self.folder / "socket")
        self.durable = durable
        self.certificate = _certificate(self.folder) if tls else None
        self._config = list(config)
        self._prepare()

    @property
    def settings(self) -> DatabaseSettings:
        """The settings of a database on this server."""
        return DatabaseSettings(
            name=NAME,
            host=self.host,
            port=self.port,
            user=USER,
            password=PASSWORD,
            tls="off",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What makes lightjobs use this server."""
        return {
            "JOB_ENGINE": "database",
            "DB_DRIVER": {"postgres": "pgsql"}.get(self.kind, self.kind),
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_NAME": NAME,
            "DB_USER": USER,
            "DB_PSWD": PASSWORD,
            "DB_TLS": "off",
        }

    def database(self) -> Database:
        raise NotImplementedError

    def engine(self) -> Engine:
        """An engine of its own connections."""
        return SqlEngine(self.database())

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, in a session of its own."""
        raise NotImplementedError

    def reset(self) -> None:
        """Drop all tables."""
        raise NotImplementedError

    def empty(self) -> None:
        """As after `migrate:up` on an empty database."""
        raise NotImplementedError

    def kill_connections(self) -> None:
        """End every session of lightjobs."""
        raise NotImplementedError

    def start(self) -> SqlServer:
        """Start, on the port of last time, and return when it answers."""
        assert self.process is None, "it runs"
        for _ in range(1 if self.port else 5):
            self.port = self.port or _free_port()
            with (self.folder / "log").open("ab") as log:
                self.process = _LAUNCHER.submit(
                    subprocess.Popen,
                    [*self._as_account(_tied_to_us()), *self._command()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                ).result()
            if self._answers():
                return self
            self.kill()
            self.port = 0
        pytest.fail(f"{self.kind} does not start:\n{self.log[-3000:]}")

    def stop(self) -> None:
        """Stop as an administrator would who does not wait for clients."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Stop as a crash would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="backslashreplace")
        return ""

    stop_signal = signal.SIGTERM

    def _prepare(self) -> None:
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _as_account(self, tied: Sequence[str] = ()) -> list[str]:
        if os.geteuid() != 0:
            return list(tied)
        account = pwd.getpwnam(self.account)
        ids = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
        return [*(tied or ["setpriv"]), *ids]

    def _own_folder(self) -> None:
        if os.geteuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, self.account)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*self._as_account(), *command], cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError, pymysql.MySQLError):
                self.query("SELECT 1")
                return True
            time.sleep(0.02)
        return False

    def _end(self, number: int) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(_PATIENCE)


class PostgresServer(SqlServer):
    kind = "postgres"
    account = "postgres"
    stop_signal = signal.SIGINT  # "fast": sessions are ended

    def database(self) -> Postgres:
        return Postgres(self.settings)

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=self.socket, port=self.port, user="postgres", dbname=NAME, autocommit=True
        ) as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def reset(self) -> None:
        self.query(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"
        )

    def empty(self) -> None:
        engine = self.engine()
        engine.schema.install()
        engine.close()
        self.query(
            "DELETE FROM jobs; DELETE FROM job_workers; DELETE FROM job_limits;"
            " DELETE FROM job_paused; DELETE FROM job_slots;"
            "UPDATE job_sweeps SET swept_at = 0, recover_from = 0;"
            "ALTER TABLE jobs ALTER id RESTART"
        )

    def kill_connections(self) -> None:
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
        self.query(sql, [USER])

    def _prepare(self) -> None:
        self._binary = _postgres("postgres")
        Path(self.socket).mkdir()
        self._own_folder()
        self._run(
            _postgres("initdb"),
            *("-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *("--locale=C", "--no-sync", "--no-instructions"),
        )
        (self.data / "pg_hba.conf").write_text(
            "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        self._single(
            f"CREATE USER {USER} PASSWORD '{PASSWORD}'", f"CREATE DATABASE {NAME} OWNER {USER}"
        )
        self._own_folder()

    def _single(self, *statements: str) -> None:
        subprocess.run(
            [*self._as_account(), self._binary, "--single", "-D", str(self.data), "postgres"],
            input="\n".join(statements),
            cwd=self.folder,
            check=True,
            text=True,
            capture_output=True,
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
                "ssl_cert_file": self.certificate,
                "ssl_key_file": self.certificate.with_suffix(".key"),
            }
        lines = [f"{key}={value}" for key, value in options.items()] + self._config
        return [
            self._binary,
            "-D",
            str(self.data),
            *[word for line in lines for word in ("-c", line)],
        ]


class MariaServer(SqlServer):
    kind = "mariadb"
    account = "mysql"

    def database(self) -> Mysql:
        return Mysql(self.settings)

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self._session(NAME) as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    @contextlib.contextmanager
    def _session(self, database: str | None = None) -> Iterator[Any]:
        connection = pymysql.connect(
            unix_socket=self.socket,
            user="root",
            database=database,
            autocommit=True,
            ssl_disabled=True,
        )
        with connection, connection.cursor() as cursor:
            yield cursor

    def reset(self) -> None:
        with self._session() as cursor:
            cursor.execute(f"DROP DATABASE {NAME}")
            cursor.execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")

    def empty(self) -> None:
        engine = self.engine()
        engine.schema.install()
        engine.close()
        with self._session(NAME) as cursor:
            cursor.execute("DELETE FROM jobs")
            cursor.execute("DELETE FROM job_workers")
            cursor.execute("DELETE FROM job_limits")
            cursor.execute("DELETE FROM job_paused")
            cursor.execute("DELETE FROM job_slots")
            cursor.execute("UPDATE job_sweeps SET swept_at = 0, recover_from = 0")
            cursor.execute("ALTER TABLE jobs AUTO_INCREMENT = 1")

    def kill_connections(self) -> None:
        sql = "SELECT id FROM information_schema.processlist WHERE user = %s"
        for (number,) in self.query(sql, [USER]):
            with contextlib.suppress(pymysql.MySQLError):  # it has just ended by itself
                self.query(f"KILL CONNECTION {number}")

    def _prepare(self) -> None:
        self._binary = need("mariadbd")
        self.data.mkdir()
        (self.folder / "init.sql").write_text(
            f"CREATE DATABASE IF NOT EXISTS {NAME} CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON {NAME}.* TO {USER}@'%';\n"
        )
        self._own_folder()
        self._run(
            need("mariadb-install-db"),
            *("--no-defaults", f"--datadir={self.data}", "--skip-test-db"),
            "--auth-root-authentication-method=normal",
            # A server that starts clears its folder for temporary tables: not those of others.
            f"--tmpdir={self.folder}",
            *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
        )

    def _command(self) -> list[str]:
        options = {
            "datadir": self.data,
            "bind-address": self.host,
            "port": self.port,
            "socket": self.socket,
            "init-file": self.folder / "init.sql",
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder,
            "default-time-zone": "+05:30",
            "innodb-buffer-pool-size": "256M",
            "innodb-flush-log-at-trx-commit": 1 if self.durable else 2,
        }
        if self.certificate:
            options |= {
                "ssl-cert": self.certificate,
                "ssl-key": self.certificate.with_suffix(".key"),
            }
        given = [f"--{key}={value}" for key, value in options.items()]
        return [self._binary, "--no-defaults", "--skip-name-resolve", *given, *self._config]


@contextlib.contextmanager
def postgres_server(**options: Any) -> Iterator[PostgresServer]:
    """A running PostgreSQL; skips the test where there is none."""
    yield from _running(PostgresServer(**options))


@contextlib.contextmanager
def mariadb_server(**options: Any) -> Iterator[MariaServer]:
    """A running MariaDB, likewise."""
    yield from _running(MariaServer(**options))


@pytest.fixture
def clean_postgres() -> PostgresServer:
    """The session's PostgreSQL, its tables emptied."""
    server: PostgresServer = shared("postgres", _started)
    server.empty()
    return server


@pytest.fixture
def clean_mariadb() -> MariaServer:
    """The session's MariaDB, its tables emptied."""
    server: MariaServer = shared("mariadb", _started)
    server.empty()
    return server


def _started(kind: str) -> SqlServer:
    return {"postgres": PostgresServer, "mariadb": MariaServer}[kind]()


def _running(server: Any) -> Iterator[Any]:
    try:
        yield server.start()
    finally:
        server.close()


def _postgres(binary: str) -> str:
    # Debian keeps them out of the PATH, a folder for each version.
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{binary}"))
    return shutil.which(binary) or (found[-1] if found else missing(binary))
