"""Jobs and outcomes as arguments of scripts, and jobs as scripts return them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain, groupby, islice, repeat
from operator import itemgetter
from typing import Any

from ...model import KINDS, Claim, Done, NewJob, Outcome, Release, Settlement, Stored

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


def outcome_arguments(outcomes: Sequence[Outcome]) -> list[str]:
    """Outcomes as settle.lua takes them."""
    others = [_outcome_row(outcome) for outcome in outcomes if not _is_plain(outcome)]
    arguments = [json.dumps(others)]
    for fence, row in groupby(filter(_is_plain, outcomes), itemgetter(1)):
        ids = [outcome.id for outcome in row]
        arguments += (str(fence), str(len(ids)), *ids)
    return arguments


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
    return type(outcome) is Done and outcome.entry is None


def _outcome_row(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome in the JSON that settle.lua takes."""
    kind = KINDS[type(outcome)]
    if type(outcome) is Release:
        row = kind, outcome.id, outcome.fence, f"{outcome.due:.6f}", outcome.attempts
        return row if outcome.exception is None else (*row, outcome.exception)
    return kind, *outcome


def claims(reply: bytes | str) -> list[Claim]:
    """What claiming.lua writes: rows of claims that differ in their ids and payloads alone."""
    found: list[Claim] = []
    for fence, handler, queue, attempts, recoveries, created_at, options, jobs in _decoded(reply):
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
    )


def text(value: bytes | str) -> str:
    """A reply as text; see `_decoded`."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _decoded(reply: bytes | str) -> list[list[Any]]:
    """The rows in a script's JSON. Bytes that are not UTF-8 become lone surrogates, so that they
    make their own job fail and no other."""
    rows: list[list[Any]] = json.loads(text(reply)) if reply else []
    return rows
