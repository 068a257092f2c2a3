"""The `jobs` table and both its sides: a project of ours and PHP processes on the same MariaDB."""

from __future__ import annotations

import itertools
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from lightjobs.model import Claim, NewJob, Outcome, Settlement
from tests.support.project import Project
from tests.support.servers.mariadb import MariaServer

from .peer import Peer
from .shared_steps import HANDLER

SESSION = "SET NAMES utf8mb4, time_zone = '+00:00'"
"""What the docs ask a Lightpack application to say at the start of each of its connections. The
server's own are others: latin1, as MariaDB's default is, and the zone that sql_servers says."""

_numbers = itertools.count()


class SharedTable:
    """A migrated database, a project that works from it, and as many PHP processes as wanted."""

    def __init__(self, server: MariaServer, root: Path, lightpack: str) -> None:
        self.server = server
        self.project = Project(root)
        self.engine = server.engine()
        self._lightpack = lightpack
        self._peers: list[Peer] = []
        dotenv = "".join(f"{key}={value}\n" for key, value in server.environment.items())
        (root / ".env").write_text(dotenv)

    def peer(self, session: str = SESSION, zone: str = "UTC") -> Peer:
        """One more PHP process: with this first statement of its sessions, and this
        date.timezone."""
        environment = {
            **os.environ,
            **self.server.environment,
            "LIGHTPACK_PATH": self._lightpack,
            "PHP_INIT_COMMAND": session,
            "PHP_ZONE": zone,
        }
        self._peers.append(Peer(environment, "pdo_mysql"))
        return self._peers[-1]

    @cached_property
    def php(self) -> Peer:
        """The PHP side."""
        return self.peer()

    def claim(self, queue: str = "default") -> tuple[str, Claim]:
        """A new Python worker's name, and the one job it finds due."""
        worker = f"worker-{os.getpid()}-{next(_numbers)}"
        self.engine.register(worker, 30.0)
        (claim,) = self.engine.claim(worker, [queue], 1)
        return worker, claim

    def settle(self, outcome: type[Outcome], *fields: Any, queue: str = "default") -> Claim:
        """Claim the one job that is due and end its run, all as a Python worker does."""
        worker, claim = self.claim(queue)
        made = outcome(claim.id, claim.fence, *fields)
        assert self.engine.settle(worker, [made]) == [Settlement.ACCEPTED]
        return claim

    def push(self, jobs: list[NewJob]) -> list[str]:
        """Store jobs from the Python side."""
        return self.engine.push(jobs)

    def shown(self, job_id: str) -> Any:
        """The job's fields as PHP reads them."""
        return self.php("show", id=job_id)

    def row(self, job_id: str, columns: str = "*") -> tuple[Any, ...] | None:
        """The stored row."""
        rows = self.server.query(f"SELECT {columns} FROM jobs WHERE id = {int(job_id)}")  # noqa: S608
        return rows[0] if rows else None

    def jobs(self) -> int:
        """How many rows there are."""
        ((count,),) = self.server.query("SELECT count(*) FROM jobs")
        return int(count)

    def close(self) -> None:
        self.project.close()
        for peer in self._peers:
            peer.close()
        self.engine.close()


def push(table: SharedTable, queue: str = "default", **fields: Any) -> str:
    """Dispatch a job from Python."""
    (job_id,) = table.engine.push([NewJob(HANDLER, queue, '{"n":1}', **fields)])
    return job_id


def php_fails(table: SharedTable, text: str = "Card declined") -> Any:
    claimed = table.php("claim", queue="default")
    return table.php("fail", id=claimed["id"], text=text)
