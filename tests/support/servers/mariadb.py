"""MariaDB."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors

from lightjobs.engines.sql.mysql import Mysql

from . import programs
from .activity import part, table
from .base import started
from .sql import NAME, PASSWORD, USER, SqlServer, give_to


class MariaServer(SqlServer):
    """A MariaDB."""

    kind = "mariadb"
    driver = "mariadb"
    dialect = "mysql"
    account = "mysql"
    _own_options: Sequence[str] = ()
    """What only this kind of server is told."""
    _restart_ids = "ALTER TABLE jobs AUTO_INCREMENT = 1"

    def database(self) -> Mysql:
        return Mysql(self.settings)

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self._session(NAME) as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    def reset(self) -> None:
        with self._session() as cursor:
            cursor.execute(f"DROP DATABASE {NAME}")
            cursor.execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")

    def kill_connections(self) -> None:
        sql = "SELECT id FROM information_schema.processlist WHERE user = %s"
        for (number,) in self.query(sql, [USER]):
            with contextlib.suppress(pymysql.MySQLError):  # it has just ended by itself
                self.query(f"KILL CONNECTION {number}")

    def activity(self) -> str:
        with self._session(patience=3) as cursor:
            cursor.execute("SHOW FULL PROCESSLIST")
            names = [column[0] for column in cursor.description or ()]
            sessions = table(names, cursor.fetchall())
            cursor.execute("SHOW ENGINE INNODB STATUS")
            ((_kind, _name, status),) = cursor.fetchall()
        return (
            f"SHOW FULL PROCESSLIST\n{sessions}\n"
            f"SHOW ENGINE INNODB STATUS, transactions\n{part(status, 'TRANSACTIONS')}"
        )

    @contextlib.contextmanager
    def _session(
        self, database: str | None = None, patience: float | None = None
    ) -> Iterator[pymysql.cursors.Cursor]:
        connection = pymysql.connect(
            unix_socket=self.socket,
            user="root",
            database=database,
            autocommit=True,
            ssl_disabled=True,
            connect_timeout=patience or 10,
            read_timeout=patience,
        )
        with connection, connection.cursor() as cursor:
            yield cursor

    def _run_all(self, statements: Iterable[str]) -> None:
        with self._session(NAME) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _find(self) -> str:
        return programs.need("mariadbd")

    def _write_files(self) -> None:
        (self.folder / "init.sql").write_text(
            f"CREATE DATABASE IF NOT EXISTS {NAME} CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON {NAME}.* TO {USER}@'%';\n"
        )

    def _install(self) -> None:
        self.data.mkdir()
        give_to(self.account, self.data)
        self._execute(
            programs.need("mariadb-install-db"),
            *("--no-defaults", f"--datadir={self.data}", "--skip-test-db"),
            "--auth-root-authentication-method=normal",
            # A server that starts clears its folder for temporary tables: not those of others.
            f"--tmpdir={self.folder}",
            *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
        )

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        # PyMySQL leaves a socket open that could not be connected: it is not asked before then.
        deadline = time.monotonic() + self.patience
        while not self._listens() and process.poll() is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return super()._answers(process)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def _command(self) -> list[str]:
        Path(self.socket).unlink(missing_ok=True)  # a killed server has left it
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
        given = [*(f"--{key}={value}" for key, value in options.items()), *self._own_options]
        return [self._binary, "--no-defaults", "--skip-name-resolve", *given, *self._config]


def mariadb_server(**options: Any) -> contextlib.AbstractContextManager[MariaServer]:
    """A running MariaDB with the options of SqlServer."""
    return started(MariaServer(**options))
