"""Verbs over many jobs, a part at a time: while a script runs, all other clients wait."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...model import utc_text
from ..moves import ENDED
from ..store import Progress
from ..where import Where

PART = 500
"""The most jobs that one call touches."""

Call = Callable[..., Any]
"""Runs a script, given its name and its arguments."""


def touch(
    call: Call,
    verb: str,
    statuses: Sequence[str],
    arguments: Sequence[str | int],
    where: Where,
    progress: Progress | None = None,
) -> int:
    """Run the script `verb`, with `arguments` of its own, on the jobs that have one of `statuses`
    and fit `where`; return how many it touched. Only ids leave the store, not the jobs."""
    command = (*filters(where), *arguments)
    total = 0

    def part(ids: Sequence[bytes]) -> bytes:
        nonlocal total
        touched, kept = call(verb, *command, *ids)
        total += touched
        if touched and progress is not None:
            progress(touched)
        return bytes(kept)

    ids = chosen(where)
    if ids is not None:
        for start in range(0, len(ids), PART):
            part(ids[start : start + PART])
        return total
    # The jobs of a batch are in one list, whatever their status.
    for status in statuses if where.batch is None else statuses[:1]:
        for key in listed(call, status, where):
            _scan(call, key, _highest(status, where.before), part)
    return total


def _scan(call: Call, key: bytes, highest: bytes, part: Callable[[Sequence[bytes]], bytes]) -> None:
    after = b""
    while True:
        highest, ids = call("part", key, after, highest, PART)
        for start in range(0, len(ids), PART):
            after = part(ids[start : start + PART]) or after
        if not highest or len(ids) < PART:
            return


def _highest(status: str, before: float | None) -> bytes:
    """The highest score to look at; empty for all. Jobs that have ended are listed by the time they
    ended, so a search for old ones can stop there. One second is added, because PHP reads its clock
    twice, for the text and for the score."""
    if before is None or status not in ENDED:
        return b""
    return b"%d" % (math.floor(before) + 1)


def listed(call: Call, status: str, where: Where) -> list[bytes]:
    """The keys of the lists that have the jobs with `status` which fit `where`. They may list other
    jobs, too."""
    words = map(_optional, (where.queue, where.worker, where.batch))
    keys: list[bytes] = call("listed", status, *words)
    return keys


def filters(where: Where) -> tuple[bytes, ...]:
    """The filters as bulk.lua takes them: those that are not about ids or the status."""
    before = None if where.before is None else utc_text(where.before)
    texts = (where.queue, where.handler, before, where.exception, where.worker, where.batch)
    return tuple(map(_optional, texts))


def chosen(where: Where) -> list[bytes] | None:
    """The ids that `where` names, each once; None if it names none."""
    if where.job_id is None:
        return None if where.ids is None else [argument(id) for id in dict.fromkeys(where.ids)]
    return [argument(where.job_id)] if where.ids is None or where.job_id in where.ids else []


def is_chosen(where: Where) -> bool:
    """Whether `where` names ids or a batch, whose jobs are found without looking at the queues."""
    return where.batch is not None or chosen(where) is not None


def _optional(text: str | None) -> bytes:
    return b"" if text is None else b"=" + argument(text)


def argument(text: str) -> bytes:
    """`text` as it is in the store."""
    return text.encode("utf-8", "surrogateescape")
