"""Pushing unique jobs whose keys are free, which is the usual case. TiedPush does the others."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import NewJob
from ..delivery import Patience
from .database import Database
from .rows import tied_row
from .tied_push import unique_of


def push_free(
    database: Database, jobs: Sequence[NewJob], patience: Patience
) -> Sequence[int] | None:
    """Store `jobs`, all or none, and return their ids in order; None if they are not stored.

    They are only if each has a key of its own, and the table of keys has no row for any. A row that
    is there may be held or not: to tell that, it has to be locked first."""
    keys = {unique.key for job in jobs if (unique := unique_of(job))}
    if len(keys) < len(jobs):
        return None
    return database.push_unique(list(map(tied_row, jobs)), patience) or None
