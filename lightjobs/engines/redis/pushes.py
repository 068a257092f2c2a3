"""Pushes: of plain jobs, and of those that have a key, a group or a batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from redis import exceptions

from ...errors import BatchEnded, JobExists, StoreUnavailable
from ...model import NewBatch, NewJob
from ..delivery import ConnectionLost, Patience, Refused, Unsent, deliver
from . import staging
from .bulk import Call
from .ids import new_ids
from .lua import call
from .producer import Producer
from .redis_errors import translated
from .rows import text
from .staging import PART, drop
from .tied_rows import (
    batch_text,
    flow_of,
    free_arguments,
    refuse_php,
    tied_arguments,
    tied_queue_arguments,
)

_CANNOT_ADD = {
    "unknown": "there is no batch {}",
    "ended": "the batch {} has ended",
    "cancelled": "the batch {} was cancelled",
}


class Pushes:
    """The pushes of a RedisEngine called `name`, whose new jobs have the form `form` and ids with
    the suffix `suffix`."""

    def __init__(
        self, producer: Producer, name: str, prefix: str, form: str, suffix: str = ""
    ) -> None:
        self._producer = producer
        self._name = name
        self._prefix = prefix
        self._form = form
        self._suffix = suffix

    def push(self, jobs: Sequence[NewJob], again: float | None = None) -> list[str]:
        """See JobStore.push. With `again`, a push that has stored nothing is repeated for so many
        seconds only; the time that its answer may take is as long as ever."""
        if any(map(flow_of, jobs)):
            return self.push_tied(jobs)
        ids = new_ids(len(jobs), self._suffix)
        if ids:
            self._deliver(lambda run: staging.store(run, self._form, ids, jobs), len(ids), again)
        return ids

    def push_tied(self, jobs: Sequence[NewJob], batch: NewBatch | str | None = None) -> list[str]:
        """Store `jobs`, all or none, with the batch `batch` or as more jobs of the one with that
        id, and return their ids, or those of the jobs that hold their keys. A batch that is known
        is left as it is: []. Raises JobExists and BatchEnded."""
        refuse_php(self._form, jobs)
        ids = new_ids(len(jobs), self._suffix)
        reply = self._deliver(lambda run: self._store(run, ids, jobs, batch), len(ids))
        return self._answered(reply, ids, batch)

    def stage(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs` in no queue, and return their ids. `queue` or `drop` must follow."""
        ids = new_ids(len(jobs), self._suffix)
        self._deliver(lambda run: self._stage(run, ids, jobs), len(ids))
        return ids

    def queue(self, ids: Sequence[str], jobs: Sequence[NewJob]) -> list[str]:
        """Queue the jobs that `stage` has stored as `ids`, in one step. Returns what `push_tied`
        does, and raises what it does."""
        reply = self._deliver(lambda run: self._queue(run, ids, jobs, None), len(ids))
        return self._answered(reply, list(ids), None)

    def drop(self, ids: Sequence[str]) -> None:
        """Delete the jobs that `stage` has stored as `ids`. What cannot be deleted now is deleted
        by `tidy` after an hour."""
        with suppress(StoreUnavailable):
            self._deliver(lambda run: drop(run, ids[0]), len(ids), 0.0)

    def _answered(self, reply: Any, ids: list[str], batch: NewBatch | str | None) -> list[str]:
        word, *rest = reply
        match text(word):
            case "stored":
                for place, holder in zip(rest[::2], rest[1::2], strict=True):
                    ids[int(place)] = text(holder)
                return ids
            case "known":
                return []
            case "refused":
                holder, key = map(text, rest)
                raise JobExists("" if holder in ids else holder, key)
            case why:
                raise BatchEnded(_CANNOT_ADD[why].format(batch))

    def _deliver(self, store: Callable[[Call], Any], count: int, again: float | None = None) -> Any:
        """Return what `store(run)` returns, which stores so many jobs with the scripts it runs."""

        def attempt(patience: Patience) -> Any:
            def send(command: bytes) -> Any:
                return self._producer.send(command, patience.deadline)

            def run(script: str, *arguments: Any) -> Any:
                reply = call(send, script, self._prefix, *arguments)
                patience.answered()
                return reply

            return store(run)

        try:
            return deliver(attempt, count, self._producer.seconds, self._name, again)
        except exceptions.ClusterCrossSlotError as error:
            raise translated(error, self._name, self._prefix) from error

    def _store(
        self,
        run: Call,
        ids: Sequence[str],
        jobs: Sequence[NewJob],
        batch: NewBatch | str | None,
    ) -> Any:
        """See staging.store."""
        if len(ids) <= PART:
            free = free_arguments(ids, jobs) if batch is None else None
            if free and run("push_free", self._form, *free):
                return ("stored",)
            ties, words = tied_arguments(ids, jobs)
            return run("push_tied", self._form, json.dumps(ties), batch_text(batch), *words)
        self._stage(run, ids, jobs)
        return self._queue(run, ids, jobs, batch)

    def _stage(self, run: Call, ids: Sequence[str], jobs: Sequence[NewJob]) -> None:
        name = ids[0]
        try:
            for start in range(0, len(ids), PART):
                part = slice(start, start + PART)
                ties, words = tied_arguments(ids[part], jobs[part])
                run("stage_tied", self._form, name, json.dumps(ties), *words)
        except Refused:
            with suppress(StoreUnavailable):
                drop(run, name)
            raise
        except ConnectionLost as error:
            raise Unsent(str(error)) from error  # they are in no queue

    def _queue(
        self,
        run: Call,
        ids: Sequence[str],
        jobs: Sequence[NewJob],
        batch: NewBatch | str | None,
    ) -> Any:
        name = ids[0]
        ties, words = tied_queue_arguments(ids, jobs)
        reply = run("queue_tied", name, str(len(ids)), json.dumps(ties), batch_text(batch), *words)
        if text(reply[0]) == "lost":
            raise StoreUnavailable("the server has lost a part of the batch")
        if text(reply[0]) != "stored":
            with suppress(StoreUnavailable):
                drop(run, name)
        return reply
