"""What PostgreSQL, MariaDB and MySQL have in common."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from lightjobs.engines.sql.database import Database
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.settings.database_settings import DatabaseSettings

from . import programs
from .base import Server

USER, PASSWORD, NAME = "lightjobs", "s3cret", "jobs"

EMPTIED = (
    "DELETE FROM jobs",
    "DELETE FROM job_workers",
    "DELETE FROM job_limits",
    "DELETE FROM job_paused",
    "DELETE FROM job_slots",
    "DELETE FROM job_metadata",
    "DELETE FROM job_locks",
    "DELETE FROM job_rates",
    "DELETE FROM job_keys",
    "DELETE FROM job_batches",
    "DELETE FROM job_transfers",
    "UPDATE job_sweeps SET swept_at = 0, recover_from = 0",
)


class SqlServer(Server):
    """A database server with a database for lightjobs. Its zone is not UTC, on purpose.

    Data stay from one start to the next. Without `durable` it does not wait for the disk; what was
    committed survives a kill all the same.
    """

    driver: str
    """What DB_DRIVER calls it."""
    dialect: str
    """What its statements are written in: a name of lightjobs' dialects."""
    account: str
    """The user it runs as when the tests run as root, as these servers refuse to."""
    patience = 20.0

    def __init__(
        self, *, durable: bool = False, tls: bool = False, config: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.data = self.folder / "data"
        self.socket = str(self.folder / "socket")
        self.durable = durable
        self.certificate = programs.certificate(self.folder) if tls else None
        self._config = list(config)
        self._prepare()

    @property
    def settings(self) -> DatabaseSettings:
        """What names this server's database and the login of lightjobs."""
        return DatabaseSettings(
            name=NAME, host=self.host, port=self.port, user=USER, password=PASSWORD, tls="off"
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "JOB_ENGINE": "database",
            "DB_DRIVER": self.driver,
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_NAME": NAME,
            "DB_USER": USER,
            "DB_PSWD": PASSWORD,
            "DB_TLS": "off",
        }

    @abstractmethod
    def database(self) -> Database:
        """The dialect, on connections of its own."""

    def engine(self) -> SqlEngine:
        """An engine on connections of its own."""
        return SqlEngine(self.database())

    @abstractmethod
    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, in a session of its own."""

    @abstractmethod
    def reset(self) -> None:
        """Drop all tables."""

    def empty(self) -> None:
        """As after `migrate:up` on an empty database."""
        engine = self.engine()
        assert engine.schema
        engine.schema.install()
        engine.close()
        self._run_all([*EMPTIED, self._restart_ids])

    _restart_ids: str

    @abstractmethod
    def kill_connections(self) -> None:
        """End every session of lightjobs."""

    @abstractmethod
    def _write_files(self) -> None:
        """Write what the server needs next to its data."""

    @abstractmethod
    def _install(self) -> None:
        """Make the data folder, with user and database."""

    def _prepare(self) -> None:
        """Make the folder as after an installation. Only the first server of a kind is installed:
        the others of this process get a copy of its data, which takes a tenth of the time."""
        self._write_files()
        self._own_folder()
        kept = Path(_installed(self.kind)) / "data"
        if kept.exists():
            _copy(kept, self.data)
        else:
            self._install()
            _copy(self.data, kept)
        self._own_folder()

    @abstractmethod
    def _run_all(self, statements: Iterable[str]) -> None:
        """Run the statements as the administrator, in one session."""

    def _head(self) -> list[str]:
        return as_account(self.account, programs.tied())

    def _own_folder(self) -> None:
        give_to(self.account, self.folder)

    def _execute(self, *command: str | Path, text: str | None = None) -> None:
        """Run a program of the server's to its end, as the server's account."""
        done = subprocess.run(
            [*as_account(self.account), *command],
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self.patience
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError, pymysql.MySQLError):
                self.query("SELECT 1")
                return True
            time.sleep(0.02)
        return False


@cache
def _installed(kind: str) -> str:
    """A folder for the data of a server of this kind that has never run; removed at the end."""
    folder = tempfile.TemporaryDirectory(prefix=f"{kind}-installed-")
    atexit.register(folder.cleanup)
    return folder.name


def _copy(data: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", data, to], check=True)


def as_account(name: str, tied: Sequence[str] = ()) -> list[str]:
    """The head of a command that runs as the account `name` when the tests run as root."""
    if os.geteuid() != 0:
        return list(tied)
    account = pwd.getpwnam(name)
    ids = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return [*(tied or ["setpriv"]), *ids]


def give_to(name: str, folder: Path) -> None:
    """Make the account `name` the owner of `folder` and all in it when the tests run as root."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, name)
