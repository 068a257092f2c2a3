"""Jobs and outcomes as arguments of scripts, and jobs as scripts return them."""

from __future__ import annotations

import json
from typing import Any

from ...model import KINDS, Claim, Done, NewJob, Outcome, Release, Stored


def new_row(id: str, job: NewJob) -> tuple[str, ...]:
    """A job as storing.lua takes it."""
    handler, queue, payload, due, priority, options = job
    moment = "" if due is None else f"{due:.6f}"
    return id, handler, queue, payload, moment, str(priority), options or ""


def outcome_row(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome as settle.lua takes it."""
    kind = KINDS[type(outcome)]
    if type(outcome) is Release:
        row = kind, outcome.id, outcome.fence, f"{outcome.due:.6f}", outcome.attempts
        return row if outcome.exception is None else (*row, outcome.exception)
    if type(outcome) is Done and outcome.entry is None:
        return kind, outcome.id, outcome.fence
    return kind, *outcome


def claims(reply: bytes | str) -> list[Claim]:
    """What claim.lua and held.lua return."""
    return [Claim._make((*row[:8], row[8] or None)) for row in _decoded(reply)]


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
