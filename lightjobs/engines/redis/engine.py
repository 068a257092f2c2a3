"""Jobs in Redis or Valkey, in the layout that Lightpack's PHP workers share.

Each script happens in one step, and most verbs are one script. The keys are made in
`scripts/lib.lua`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from redis import exceptions

from ...errors import LightjobsError, StoreUnavailable, UnknownWorker
from ...model import Claim, Cursor, Group, NewJob, Outcome, Settlement, Status, Stored
from ...notes.attempt_errors import lost_pieces
from ..control import Engine
from ..failures import Failure
from ..looks import Looks
from ..moves import legal_move, legal_purge
from ..store import MAX_RECOVERIES, WORKER_LOST, Pending, Progress, pausable
from ..where import EVERYWHERE, Where
from . import staging
from .ahead import Ahead
from .batches import RedisBatches
from .blocking_wait import BlockingWait
from .bulk import PART, argument, is_chosen, touch
from .cluster import Node
from .consistency import RedisConsistency
from .coordination import RedisCoordination
from .counts import counted
from .durability import risks
from .groups import groups
from .lightpack import RedisLightpack
from .listing import Listing
from .lookup import Lookup
from .lua import call, files
from .metadata import RedisMetadata
from .monitoring import RedisMonitoring
from .php_reconcile import PhpReconciler
from .producer import Producer
from .pushes import Pushes
from .redis_errors import is_forbidden, translated
from .results import RedisResults
from .rows import claims, settle_arguments, settlements, text
from .schedule import RedisSchedule
from .transfers import RedisTransfers
from .unique import RedisUnique

DUE = b"due"
"""The token that a push leaves for a waiting worker when there is something to claim."""


class RedisEngine(Engine):
    """The engine behind JOB_ENGINE=redis and valkey."""

    answers_later = True

    def __init__(
        self,
        node: Node,
        prefix: str,
        form: str,
        name: str = "redis",
        enqueue_timeout: float = 5.0,
        suffix: str = "",
    ) -> None:
        """`suffix` comes at the end of the ids of new jobs."""
        files()  # read now
        self.name = name
        self._node = node
        self._producer = Producer(node, enqueue_timeout)
        self._looks = Looks()
        self._blocking_wait = BlockingWait(node)
        self._prefix = prefix
        self._php_reconciler = PhpReconciler(self._call, self._execute, prefix)
        self._lookup = Lookup(self._call, self._execute, prefix)
        self._listing = Listing(self._call)
        self.pushes = Pushes(self._producer, name, prefix, form, suffix)
        self.unique = RedisUnique(self._call)
        self.batches = RedisBatches(self._call, self.pushes)
        self.schedule = RedisSchedule(self._call, form, suffix)
        self.metadata = RedisMetadata(self._call)
        self.monitoring = RedisMonitoring(self._call, self._execute, prefix)
        self.coordination = RedisCoordination(self._call)
        self.results = RedisResults(self._call)
        self.transfers = RedisTransfers(self._call, form, self._php_reconciler.run)
        self.lightpack = RedisLightpack(self._call, self._execute, prefix)
        self.consistency = RedisConsistency(
            self._call, self._execute, prefix, self._php_reconciler.run, self.recover
        )

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return self.pushes.push(jobs)

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        reply = self._call("claim", worker, limit, len(skip), *skip, *queues)
        if reply is None:
            raise UnknownWorker(f"{self.name} knows no worker {worker!r}")
        return claims(reply)

    def held(self, worker: str) -> list[Claim]:
        return claims(self._call("held", worker))

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        if not outcomes:
            return []
        reply = self._call("settle", *settle_arguments(worker, self.retention, outcomes))
        answers = settlements(reply, outcomes)
        # After the answers, in a step that is not repeated with them: see drop_cancelled.
        self.drop_cancelled(outcomes, answers)
        return answers

    def settle_and_claim(
        self, worker: str, outcomes: Sequence[Outcome], queues: Sequence[str], limit: int
    ) -> Pending:
        return Ahead(self, self._node, self._prefix, worker, outcomes, queues, limit)

    def register(self, worker: str, lease: float) -> None:
        if not self._call("register", worker, lease):
            raise LightjobsError(f"there is a worker {worker!r} already")

    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        if not workers:
            return []
        known = notes or {}
        words = [(name, f"={known[name]}" if name in known else "") for name in workers]
        return [text(worker) for worker in self._call("beat", lease, *chain(*words))]

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        if worker is not None:
            return self._recover(worker)
        return sum(self._recover(text(dead)) for dead in self._call("sweep", lease))

    def _recover(self, worker: str) -> int:
        total = 0
        while True:
            seen: int
            recovered: int
            arguments = (worker, MAX_RECOVERIES, WORKER_LOST, PART, *lost_pieces(worker))
            seen, recovered = self._call("recover", *arguments)
            total += recovered
            if seen < PART:
                return total

    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        move = legal_move(name, where, spread)
        arguments = (",".join(move.sources), move.target, spread if move.fresh else "")
        return self._touch("move", move.sources, arguments, where, progress)

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        status = legal_purge(where)
        return self._touch("purge", (status,), (status, int(where.unkept)), where, progress)

    def count(self, where: Where) -> int:
        status = where.needed_status()
        if where == Where(status=status, queue=where.queue):
            rows = self.stats().items()
            return sum(row.get(status, 0) for queue, row in rows if where.queue in (None, queue))
        return self._touch("count", (status,), (status,), where)

    def _touch(
        self,
        verb: str,
        statuses: Sequence[str],
        arguments: Sequence[str | int],
        where: Where,
        progress: Progress | None = None,
    ) -> int:
        if where.status not in (None, *statuses):
            return 0
        if Status.NEW in statuses and where.queue is None and not is_chosen(where):
            self._php_reconciler.run()
        return touch(self._call, verb, statuses, arguments, where, progress)

    def pause_queue(self, queue: str) -> bool:
        return bool(self._call("pause_queue", argument(pausable(queue))))

    def resume_queue(self, queue: str) -> bool:
        return bool(self._call("resume_queue", argument(queue)))

    def paused_queues(self) -> list[str]:
        return sorted(text(queue) for queue in self._call("paused_queues"))

    def stats(self) -> dict[str, dict[str, int]]:
        self._php_reconciler.run()
        return counted(self._call)

    def groups(self, queue: str) -> list[Group]:
        return groups(self._call, self._execute, queue)

    def find(self, job_id: str) -> Stored | None:
        return self._lookup.find(job_id)

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        if where.status == Status.NEW and where.queue is None and not is_chosen(where):
            self._php_reconciler.run()  # finds queues to which only PHP has pushed
        return self._listing.browse(where, limit, after)

    def failures(self, most: int) -> Iterator[Failure]:
        return self._listing.failures(most)

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        keys = [f"{self._prefix}wake:{queue}" for queue in queues]
        while True:
            due_at = self._looks.due_at(queues, partial(self.due, queues))
            now = time.monotonic()
            if due_at <= now:
                return True
            if deadline <= now:
                return False
            pause = max(0.001, min(deadline, due_at) - now)
            if not keys:
                time.sleep(pause)
                continue
            # PHP leaves no token. The caller asks again often enough to find PHP's jobs.
            try:
                token = self._blocking_wait.sleep(keys, pause)
            except (exceptions.RedisError, OSError) as error:
                raise self._translated(error) from error
            if token:
                self._looks.forget()
            if token == DUE:
                return True

    def due(self, queues: Sequence[str]) -> tuple[float, int]:
        """In how many seconds the first job of the queues is due, and how many queues they are."""
        found = self._call("due", *queues)
        return float(found) if found else math.inf, len(queues)

    def hit(self, key: str, most: int, seconds: float) -> float:
        return float(self._call("hit", key, most, seconds)) / 1000

    def tidy(self) -> None:
        staging.drop(self._call)

    def problems(self) -> list[str]:
        try:
            self._execute("DEL", f"{self._prefix}nothing")  # a replica refuses to write
            self._call("stats")
        except LightjobsError as error:
            return [str(error)]
        return []

    def warnings(self) -> list[str]:
        found = risks(self._execute, self._prefix)
        try:
            self._execute("SCAN", 0, "COUNT", 1)
        except StoreUnavailable as error:
            if is_forbidden(error.__cause__):
                found.append(
                    "SCAN is not allowed: queues that only PHP has used are missing from the counts"
                )
        return [f"{self.name}: {risk}" for risk in found]

    def close(self) -> None:
        self._producer.close()
        self._blocking_wait.close()
        self._node.close()

    def _call(self, script: str, *arguments: Any) -> Any:
        try:
            return call(self._node.exchange, script, self._prefix, *arguments)
        except (exceptions.RedisError, OSError) as error:
            raise self._translated(error) from error

    def _execute(self, *command: Any) -> Any:
        try:
            return self._node.execute(*command)
        except (exceptions.RedisError, OSError) as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> LightjobsError:
        return translated(error, self.name, self._prefix)
