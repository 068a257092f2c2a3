"""One queue, two sides: a project of ours and PHP processes on the same redis-server."""

from __future__ import annotations

import itertools
import os
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from lightjobs import engines, env
from lightjobs.engines.control import Engine
from lightjobs.model import Claim, NewJob, Outcome, Settlement
from lightjobs.settings import settings
from tests.support.environment import OURS
from tests.support.project import Project
from tests.support.servers.redis import RedisServer
from tests.support.waiting import wait_until

from .peer import Peer, serialized
from .shared_steps import HANDLER

_numbers = itertools.count()


class Shared:
    """The queue `jobs:` and both its sides."""

    def __init__(
        self, server: RedisServer, root: Path, patch: pytest.MonkeyPatch, lightpack: str
    ) -> None:
        self.raw: Any = server.client(decode_responses=False)
        self.project = Project(root)
        self._patch = patch
        self.environment = {**server.environment, "REDIS_JOB_PREFIX": "jobs:"}
        self._lightpack = lightpack
        self._engines: dict[str, Engine] = {}
        self._peers: list[Peer] = []
        dotenv = "".join(f"{key}={value}\n" for key, value in self.environment.items())
        (root / ".env").write_text(dotenv)
        patch.chdir(root)
        for key in list(os.environ):
            if key.startswith(OURS):
                patch.delenv(key)
        env.forget()

    def engine(self, form: str = "php") -> Engine:
        """The Python side, writing new jobs in `form`."""
        if form not in self._engines:
            self._patch.setenv("REDIS_JOB_FORMAT", form)
            self._engines[form] = engines.connect(settings.load())
            self._patch.delenv("REDIS_JOB_FORMAT")
        return self._engines[form]

    def peer(self, **variables: str) -> Peer:
        """One more PHP process, with these `variables` besides."""
        environment = {**os.environ, **self.environment, **variables}
        self._peers.append(Peer({**environment, "LIGHTPACK_PATH": self._lightpack}))
        return self._peers[-1]

    @cached_property
    def php(self) -> Peer:
        """The PHP side."""
        return self.peer()

    def claim(self, queue: str = "default") -> tuple[str, Claim]:
        """A new Python worker's name, and the one job it finds due."""
        worker = f"worker-{os.getpid()}-{next(_numbers)}"
        self.engine().register(worker, 30.0)
        (claim,) = self.engine().claim(worker, [queue], 1)
        return worker, claim

    def settle(self, outcome: type[Outcome], *fields: Any, queue: str = "default") -> Claim:
        """Claim the one job that is due and end its run, all as a Python worker does."""
        worker, claim = self.claim(queue)
        made = outcome(claim.id, claim.fence, *fields)
        assert self.engine().settle(worker, [made]) == [Settlement.ACCEPTED]
        return claim

    def put(self, job_id: str, text: bytes, queue: str = "default") -> None:
        """Store `text` as a job of PHP's that is due."""
        self.raw.set(f"jobs:job:{job_id}", text)
        self.raw.zadd(f"jobs:queue:{queue}", {job_id: int(time.time())})

    def put_job(self, job_id: str, **fields: Any) -> bytes:
        """Store a job as PHP does, with other fields where given (...: without); its text."""
        job = {**php_job(job_id), **fields}
        text = serialized({key: value for key, value in job.items() if value is not ...})
        self.put(job_id, text, job["queue"] if isinstance(job["queue"], str) else "default")
        return text

    def push(self, jobs: list[NewJob]) -> list[str]:
        """Store jobs from the Python side, in PHP's form."""
        return self.engine().push(jobs)

    def jobs(self) -> int:
        """How many jobs there are."""
        return len(self.keys("jobs:job:*"))

    def shown(self, job_id: str) -> Any:
        """The job's fields as PHP reads them."""
        return self.php("show", id=job_id)["job"]

    def text(self, job_id: str) -> bytes | None:
        """The stored text of a job in PHP's form."""
        found: bytes | None = self.raw.get(f"jobs:job:{job_id}")
        return found

    def form(self, job_id: str) -> str:
        """Redis's word for the job's form: string (PHP's) or hash (ours)."""
        return str(self.raw.type(f"jobs:job:{job_id}"), "ascii")

    def score(self, key: str, job_id: str) -> float | None:
        """The job's score in the sorted set `jobs:<key>`."""
        found: float | None = self.raw.zscore(f"jobs:{key}", job_id)
        return found

    def reason(self, job_id: str) -> str | None:
        """Why the job was set aside."""
        found: bytes | None = self.raw.hget("jobs:aside", job_id)
        return found.decode() if found is not None else None

    def keys(self, pattern: str = "*") -> set[str]:
        return {key.decode() for key in self.raw.keys(pattern)}

    def close(self) -> None:
        self.project.close()
        for peer in self._peers:
            peer.close()
        for engine in self._engines.values():
            engine.close()
        self.raw.close()


def php_job(job_id: str) -> dict[str, Any]:
    """The fields of a job that PHP has just dispatched."""
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    return {
        "id": job_id,
        "handler": "App\\Jobs\\Work",
        "payload": f'{{"n":"{job_id}"}}',
        "scheduled_at": now,
        "status": "new",
        "queue": "default",
        "attempts": 0,
        "created_at": now,
    }


def push(shared: Shared, form: str = "php", queue: str = "default", **fields: Any) -> str:
    """Dispatch a job from Python."""
    (job_id,) = shared.engine(form).push([NewJob(HANDLER, queue, '{"n":1}', **fields)])
    return job_id


def php_claims(shared: Shared, **arguments: Any) -> Any:
    """The job PHP finds: at once, or as it looks at whole seconds, within one."""
    return wait_until(lambda: shared.php("claim", **arguments), what="PHP finds the job")


def php_fails(shared: Shared, text: str = "Card declined") -> Any:
    claimed = php_claims(shared, queue="default")
    return shared.php("fail", id=claimed["id"], text=text)
