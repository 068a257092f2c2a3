"""Pushing unique jobs whose keys are free, which is the usual case. TiedPush does the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ...model import NewJob
from .. import answer_limit
from ..delivery import Patience
from .database import Database, KeyTaken
from .rows import Params, tied_row
from .tied_push import parts, unique_of


def push_free(
    database: Database, jobs: Sequence[NewJob], patience: Patience
) -> Sequence[int] | None:
    """Store `jobs`, all or none, and return their ids in order; None if they are not stored.

    They are only if each has a key of its own, and the table of keys has no row for any. A row that
    is there may be held or not: to tell that, it has to be locked first."""
    keys = {unique.key for job in jobs if (unique := unique_of(job))}
    if len(keys) < len(jobs):
        return None
    rows = list(map(tied_row, jobs))
    if len(rows) == 1:
        return database.push_unique(rows[0], patience)
    with answer_limit.at_most(patience.seconds):
        return _push_many(database, rows)


def _push_many(database: Database, rows: Sequence[Params]) -> Sequence[int] | None:
    # In the order of the names, so that no two pushes wait for each other.
    order = sorted(range(len(rows)), key=lambda place: rows[place]["unique_key"])
    with suppress(KeyTaken), database.transaction():
        for part in parts(order):
            keys = database.dialect.packed([rows[place]["unique_key"] for place in part])
            if database.rows("key_holders", {"keys": keys}):
                raise KeyTaken  # before the jobs are stored in vain
        ids = database.push(rows)
        for part in parts(order):
            mine = database.dialect.bound_ids([ids[place] for place in part])
            if database.run("take_free_keys", {"ids": mine}) < len(part):
                raise KeyTaken
        return ids
    return None
