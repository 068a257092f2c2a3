"""The Django shop, with `manage.py` as a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.environment import outside
from tests.support.worker import Worker

MANAGE = Path(__file__).parent / "django_shop" / "manage.py"


class Shop:
    """The shop on one database. Its processes run in `root`, which is not the project's folder."""

    def __init__(
        self,
        root: Path,
        database: dict[str, Any],
        lightjobs: Any = None,
        manage_py: Path = MANAGE,
    ) -> None:
        self.root = root
        self._manage_py = str(manage_py)
        self.environment = {**outside(), "SHOP_DATABASE": json.dumps(database)}
        if lightjobs is not None:
            self.environment["SHOP_LIGHTJOBS"] = json.dumps(lightjobs)
        self._workers: list[Worker] = []

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` to its end."""
        return subprocess.run(
            [sys.executable, self._manage_py, *arguments],
            cwd=self.root,
            env={**self.environment, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def manage(self, *arguments: str, **env: str) -> str:
        """The same, and demand that it ends well. Returns its output."""
        done = self.run(*arguments, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, code: str) -> str:
        """What `code` prints in the project."""
        head = "from shop.models import Order; from shop import jobs; import lightjobs\n"
        return self.manage("shell", "-v", "0", "-c", head + code).strip()

    def work(self, *options: str) -> Worker:
        """Start a worker."""
        command = [sys.executable, self._manage_py, "lightjobs"]
        worker = Worker(self.root, len(self._workers), options, self.environment, command)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


@contextlib.contextmanager
def opened(root: Path, database: dict[str, Any], lightjobs: Any = None) -> Iterator[Shop]:
    """The shop, migrated, until the block is over."""
    shop = Shop(root, database, lightjobs)
    try:
        shop.manage("migrate", "--verbosity=0")
        yield shop
    finally:
        shop.close()


def on_postgres(server: Any, **options: Any) -> dict[str, Any]:
    """The entry of DATABASES for a PostgreSQL of the tests."""
    sslmode = {"OPTIONS": {"sslmode": "disable"}}
    return {**_on_server("postgresql", server), **sslmode, **options}


def on_mariadb(server: Any, **options: Any) -> dict[str, Any]:
    """The entry of DATABASES for a MariaDB of the tests."""
    return {**_on_server("mysql", server), "OPTIONS": {"charset": "utf8mb4"}, **options}


def _on_server(backend: str, server: Any) -> dict[str, Any]:
    given = server.settings
    return {
        "ENGINE": f"django.db.backends.{backend}",
        "NAME": given.name,
        "HOST": given.host,
        "PORT": given.port,
        "USER": given.user,
        "PASSWORD": given.password,
    }
