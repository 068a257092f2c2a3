"""Jobs and outcomes as arguments of scripts, and jobs as scripts return them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain, groupby, islice, repeat
from operator import itemgetter
from typing import Any

from ...model import (
    KINDS,
    PLAIN,
    Claim,
    Done,
    NewJob,
    Outcome,
    Release,
    Retention,
    Settlement,
    Stored,
)
from ..failures import Failure, error_head
from .waiting import waits

_PLAIN = PLAIN[:-1]
"""What a Done says between its fence and its batch, if it says nothing."""

_SETTLEMENTS = {
    ord("0"): Settlement.LOST,
    ord("1"): Settlement.ACCEPTED,
    ord("2"): Settlement.CANCELLED,
}
"""The meanings of the digits in the reply of settle.lua."""


def job_arguments(ids: Sequence[str], jobs: Sequence[NewJob]) -> list[str]:
    """Jobs as storing.lua takes them."""
    arguments: list[str] = []
    remaining = iter(ids)
    for (handler, queue, due, priority, options), row in groupby(jobs, _all_but_payload):
        payloads = [job.payload for job in row]
        arguments += (handler, queue, moment(due), str(priority), options or "", str(len(payloads)))
        arguments += chain.from_iterable(
            zip(islice(remaining, len(payloads)), payloads, strict=True)
        )
    return arguments


_all_but_payload = itemgetter(0, 1, 3, 4, 5)
"""The fields of a NewJob that a row of jobs has in common."""


def queue_arguments(ids: Sequence[str], jobs: Sequence[NewJob]) -> list[str]:
    """Jobs as queue_staged.lua takes them."""
    arguments: list[str] = []
    remaining = iter(ids)
    for (queue, due, priority), row in groupby(jobs, _place):
        count = sum(1 for _ in row)
        arguments += (queue, str(priority), moment(due), str(count), *islice(remaining, count))
    return arguments


_place = itemgetter(1, 3, 4)
"""The fields of a NewJob that say where it waits."""


def moment(due: float | None) -> str:
    """When a job is due, as scripts take it: unix seconds, or "" for now."""
    return "" if due is None else f"{due:.6f}"


def settle_arguments(worker: str, retention: Retention, outcomes: Sequence[Outcome]) -> list[str]:
    """The arguments of settle.lua."""
    keep = "1" if retention.completed != 0 else "0"
    others = [_outcome_row(outcome, retention) for outcome in outcomes if not _is_plain(outcome)]
    arguments = [worker, keep, json.dumps(others)]
    for (fence, batch), row in groupby(filter(_is_plain, outcomes), _fence_and_batch):
        ids = [outcome.id for outcome in row]
        arguments += (f"{fence} {batch}" if batch else str(fence), str(len(ids)), *ids)
    return arguments


_fence_and_batch = itemgetter(1, 6)
"""The fields of a Done that a row of outcomes has in common."""


def settlements(reply: bytes, outcomes: Sequence[Outcome]) -> list[Settlement]:
    """What settle.lua returns for these outcomes, in their order."""
    answers = [_SETTLEMENTS[digit] for digit in reply]
    plain = list(map(_is_plain, outcomes))
    if all(plain):
        return answers
    first, last = iter(answers), iter(answers[sum(plain) :])
    return [next(first if is_plain else last) for is_plain in plain]


def _is_plain(outcome: Outcome) -> bool:
    """Whether the outcome is sent as an id, next to those that have the same fence."""
    return type(outcome) is Done and outcome[2:6] == _PLAIN


def _outcome_row(outcome: Outcome, retention: Retention) -> tuple[Any, ...]:
    """An outcome in the JSON that settle.lua takes."""
    row = list(outcome)
    if type(outcome) is Done:
        row[4] = retention.own(outcome.keep)
    if type(outcome) is Release:
        row[2] = f"{outcome.due:.6f}"
    while row[-1] is None:
        row.pop()
    return KINDS[type(outcome)], *row


def claims(reply: bytes | str) -> list[Claim]:
    """What claiming.lua writes: rows of claims that differ in their ids and payloads alone."""
    if not reply:
        return []
    found: list[Claim] = []
    at, dues, rows = _decoded(reply)
    ids = [id for row in rows for id in row[-1][::2]]
    waited = chain(waits(float(at), dues, ids) if dues else (), repeat(0.0))
    for fence, handler, queue, attempts, recoveries, created_at, options, jobs in rows:
        columns = (
            jobs[::2],
            repeat(fence),
            repeat(handler),
            repeat(queue),
            jobs[1::2],
            repeat(attempts),
            repeat(recoveries),
            repeat(created_at),
            repeat(options or None),
            waited,
        )
        found.extend(map(Claim._make, zip(*columns, strict=False)))
    return found


def stored(reply: bytes | str) -> list[Stored]:
    """What browse.lua returns: the fields of a Stored in their order."""
    return [_stored(*row) for row in _decoded(reply)]


def _stored(*row: Any) -> Stored:
    job = Stored._make(row)
    return job._replace(
        exception=job.exception or None,
        failed_at=job.failed_at or None,
        worker=job.worker or None,
        options=job.options or None,
        error_lines=job.error_lines or None,
        result_text=job.result_text or None,
        progress_text=job.progress_text or None,
        kept_until=float(job.kept_until) if job.kept_until else None,
        unique_key=job.unique_key or None,
        group=job.group or None,
        batch=job.batch or None,
    )


def departures(reply: bytes | str) -> list[tuple[Any, ...]]:
    """What taken.lua returns: each job, followed by what else is in its row."""
    size = len(Stored._fields)
    return [(_stored(*row[:size]), *row[size:]) for row in _decoded(reply)]


def failures(reply: bytes | str) -> list[Failure]:
    """What failures.lua returns."""
    return [
        Failure(id, handler, failed_at or None, error_head(exception or None))
        for id, handler, failed_at, exception in _decoded(reply)
    ]


def text(value: bytes | str) -> str:
    """A reply as text; see `_decoded`."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _decoded(reply: bytes | str) -> list[Any]:
    """The rows in a script's JSON. Bytes that are not UTF-8 become lone surrogates, so that they
    make their own job fail and no other."""
    rows: list[Any] = json.loads(text(reply)) if reply else []
    return rows
