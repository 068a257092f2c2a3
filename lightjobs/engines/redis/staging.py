"""Storing new jobs, all or none, without a step that takes long: while a script runs, the server
answers no one else, and its producer cannot tell it from one that hangs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from ...errors import StoreUnavailable
from ..delivery import ConnectionLost, Refused, Unsent

PART = 2000
"""The most jobs that one step stores; it takes about 50 ms."""

GIVEN_UP_SECONDS = 3600
"""How long after its last step a batch that was not queued counts as given up."""

DROPS = 50
"""The most steps in which jobs of such a batch are deleted at a time."""

Call = Callable[..., Any]
"""Runs a script, given its name and its arguments."""

Row = tuple[str, ...]
"""A job as `rows.new_row` makes it."""

_place = itemgetter(2, 5)  # queue and priority


def store(call: Call, form: str, rows: Sequence[Row]) -> None:
    """Store jobs in one step, or a larger batch part by part and then queue it in one step.

    Raises ConnectionLost, and not Unsent, only when the jobs may have been queued."""
    if len(rows) <= PART:
        call("push", form, *chain.from_iterable(rows))
        return
    batch = rows[0][0]
    try:
        for start in range(0, len(rows), PART):
            call("stage", form, batch, *chain.from_iterable(rows[start : start + PART]))
    except Refused:
        with suppress(StoreUnavailable):
            drop(call, batch)
        raise
    except ConnectionLost as error:
        raise Unsent(
            str(error)
        ) from error  # they are in no queue, whether it was carried out or not
    if not call("queue_staged", batch, len(rows), *_queued(rows)):
        raise StoreUnavailable("the server has lost a part of the batch")


def _queued(rows: Sequence[Row]) -> Iterator[str | int]:
    """The jobs as queue_staged.lua takes them."""
    for (queue, priority), group in groupby(rows, _place):
        pairs = [(due, id) for id, _, _, _, due, *_ in group]
        yield from (queue, priority, len(pairs), *chain.from_iterable(pairs))


def drop(call: Call, *batch: str) -> None:
    """Delete the jobs of `batch`, or of the batches that were given up."""
    for _ in range(DROPS):
        if not call("drop_staged", GIVEN_UP_SECONDS, PART, *batch):
            return
