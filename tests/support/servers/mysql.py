"""MySQL."""

from __future__ import annotations

import contextlib
import subprocess
from functools import cache
from typing import Any

from . import programs
from .base import started
from .mariadb import MariaServer, mariadb_server
from .sql import give_to


class MysqlServer(MariaServer):
    """A MySQL."""

    kind = "mysql"
    driver = "mysql"
    _own_options = (
        *("--mysqlx=OFF", "--secure-file-priv=NULL"),
        "--max-allowed-packet=16M",  # MariaDB's default, as some tests reach it
    )

    def _find(self) -> str:
        return _mysqld() or programs.missing("MySQL")

    def _install(self) -> None:
        self.data.mkdir()
        give_to(self.account, self.data)
        self._execute(
            *(self._binary, "--no-defaults", "--initialize-insecure", f"--datadir={self.data}"),
            *("--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", *self._own_options),
        )


@cache
def _mysqld() -> str | None:
    """The path of MySQL's server; MariaDB's may have the same name."""
    path = programs.found("mysqld")
    if path is None:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    return None if "mariadb" in said.lower() else path


MYSQL = ["mysql"] if _mysqld() else []
"""What stands for MySQL among the parameters of tests: nothing where there is none, which the
summary says. Debian's releases have none."""


def mysql_server(**options: Any) -> contextlib.AbstractContextManager[MysqlServer]:
    """A running MySQL with the options of SqlServer."""
    return started(MysqlServer(**options))


KINDS = [MariaServer, *[MysqlServer for _ in MYSQL]]
"""The servers that speak MySQL's protocol."""

SERVERS = [mariadb_server, *[mysql_server for _ in MYSQL]]
"""What starts each of them."""
