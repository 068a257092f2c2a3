"""Transfers of jobs in Redis. A job that is on its way keeps its hash or PHP's text, and stands in
a set of the transfer instead of the list of its status."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

from ...model import Flow, NewJob, Status, utc_text
from ..moves import ENDED
from ..transfer_store import (
    MOVING,
    Departure,
    Transfer,
    TransferEnded,
    TransferStore,
    arriving,
    key_held,
    ties,
    unix,
)
from ..where import EVERYWHERE
from .bulk import PART, Call, argument, listed
from .ids import new_ids
from .rows import departures, text
from .tied_rows import refuse_php


class RedisTransfers(TransferStore):
    """The transfers of a RedisEngine, whose new jobs have the form `form`. `reconcile` finds the
    queues to which only PHP has pushed."""

    def __init__(self, call: Call, form: str, reconcile: Callable[[], None]) -> None:
        self._call = call
        self._form = form
        self._reconcile = reconcile

    def begin(self, transfer: str, target: str) -> Transfer:
        self._reconcile()
        return Transfer._make(map(text, self._call("begin_transfer", transfer, target)))

    def take(self, transfer: str, status: str, queue: str | None, most: int) -> int:
        only = b"" if queue is None else b"=" + argument(queue)
        total = 0
        for key in listed(self._call, status, EVERYWHERE.of(queue=queue)):
            passed = 0
            while total < most:
                asked = min(PART, most - total)
                found = self._call("take", transfer, status, only, key, passed, asked)
                if found is None:
                    raise TransferEnded("the transfer was ended by another process")
                count, seen = found
                total += count
                passed += seen - count
                if seen < asked:
                    break
        return total

    def batched(self, status: str, queue: str | None) -> list[str]:
        only = b"" if queue is None else b"=" + argument(queue)
        found: list[str] = []
        for key in listed(self._call, status, EVERYWHERE.of(queue=queue)):
            for rank in itertools.count(0, PART):
                seen, *ids = self._call("batched", status, only, key, rank, PART)
                found += map(text, ids)
                if seen < PART:
                    break
        return found

    def taken(self, transfer: str) -> tuple[int, list[Departure]]:
        left, reply = self._call("taken", transfer)
        return int(left), list(map(_departure, departures(reply)))

    def leave(self, transfer: str, ids: Sequence[str]) -> None:
        self._on_each("leave", transfer, ids)

    def stay(self, transfer: str, ids: Sequence[str]) -> None:
        self._on_each("stay", transfer, ids)

    def _on_each(self, verb: str, transfer: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), PART):
            self._call(verb, transfer, *map(argument, ids[start : start + PART]))

    def close(self, transfer: str) -> None:
        self._call("close_transfer", transfer)

    def end(self, transfer: str) -> int:
        total = 0
        while count := int(self._call("end_transfer", transfer, PART)):
            total += count
        return total

    def expect(self, transfer: str) -> None:
        self._call("expect", transfer)

    def arrive(self, transfer: str, first: int, jobs: Sequence[Departure]) -> bool:
        words: list[Any] = []
        for job_id, departure in zip(new_ids(len(jobs)), jobs, strict=True):
            words += _arrival(job_id, departure)
        _refuse_php(self._form, jobs)
        arrived = self._call("arrive", self._form, transfer, first, *words)
        if arrived is None:
            return False
        if isinstance(arrived, list):
            holder, key = map(text, arrived)
            raise key_held(key, holder)
        arriving(int(arrived), first, jobs)
        return True

    def forget(self, transfer: str) -> bool:
        return bool(self._call("forget_transfer", transfer))


def _departure(row: Sequence[Any]) -> Departure:
    """A job from its fields, the score that it had, and the names of what else is kept of it."""
    job, score, scope, seconds, left, limit, *unknown = row
    status = job.status.removeprefix(MOVING)
    due = float(score) if status in (Status.NEW, Status.PAUSED) else unix(job.scheduled_at)
    flow = ties(job, scope or None, _number(seconds), int(limit) if limit else None)
    job = job._replace(status=status, worker=None)
    return Departure(job, due, flow, _number(left), tuple(unknown))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _refuse_php(form: str, jobs: Sequence[Departure]) -> None:
    if form == "php":
        new = [NewJob(each.job.handler, each.job.queue, "", flow=each.flow) for each in jobs]
        refuse_php(form, new)


def _arrival(job_id: str, departure: Departure) -> list[Any]:
    """A job as arrive.lua takes it."""
    job, now = departure.job, time.time()
    due = now if departure.due is None else departure.due
    ended_at = unix(job.failed_at)
    if ended_at is None and job.status in ENDED:
        ended_at = now
    unique, group, limit, _batch = departure.flow or Flow()
    fields: tuple[str | None, ...] = (
        *(job_id, job.handler, job.payload, utc_text(due), str(job.status), job.queue),
        *(str(job.attempts), job.created_at or utc_text(now), str(job.priority)),
        *(job.options, str(job.recoveries), job.exception),
        None if ended_at is None else utc_text(ended_at),
        *(job.error_lines, job.result_text, job.progress_text),
        None if job.kept_until is None else f"{job.kept_until:.6f}",
        *((None,) * 3 if unique is None else (unique.key, unique.scope, f"{unique.seconds:.6f}")),
        *(group, None if limit is None else str(limit)),
    )
    left = departure.key_seconds
    seconds = "" if left is None or unique is None else f"{left:.6f}"
    score = f"{due if ended_at is None else ended_at:.6f}"
    return [score, seconds, *(argument(field) if field else "" for field in fields)]
