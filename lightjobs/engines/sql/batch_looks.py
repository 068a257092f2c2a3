"""Looks at batches whose jobs have changed, which push what is due of them.

The look is part of the transaction that changes the jobs. Two such transactions do not see each
other's changes, so near its end a batch's row is locked for the look: the later of the two waits,
and then sees what the other one has stored. While jobs of the batch wait to be claimed there is
nothing to see, and no lock is taken. If all of these are claimed and settled before such a
transaction is committed, nobody may have seen the end, so it looks again after its commit. SQLite
has one writer at a time and needs no second look.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ...errors import StoreUnavailable
from .batch_work import Advanced, BatchState, advance, batch_state
from .database import Database, repeatable
from .requests import carry_out


class BatchLooks:
    """The looks of a SqlEngine. Each callback is pushed once: `called` of a batch is changed only
    while its row is locked."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def are_near(self, batch_ids: Iterable[str]) -> bool:
        """Whether one of these batches, of which jobs are about to be done, may be near its end:
        then the look has to be part of the transaction that stores that."""
        if not self._db.serves_at_once:
            return True
        states = map(self._state, batch_ids)
        return any(state is not None and state.may_be_near() for state in states)

    def inside(self, batch_ids: Iterable[str], has_failures: bool = True) -> list[str]:
        """In the transaction that has changed jobs of these batches, push what is due of them and
        of those around them. `has_failures`: whether some of the jobs may have failed. Returns the
        batches to give to `after` once the transaction is committed."""
        left = sorted(set(batch_ids))
        later = []
        while left:
            batch_id = left.pop(0)
            state = self._state(batch_id)
            if state is None:
                continue
            if state.may_be_near(has_failures):
                left += self._advance(batch_id, has_failures).others
                has_failures = True
            elif self._db.serves_at_once:
                later.append(batch_id)
        return later

    def after(self, batch_ids: Iterable[str]) -> None:
        """Look again at the batches that `inside` has returned. What the transaction did is stored,
        so this raises no StoreUnavailable: `advance` of the engine looks, too."""
        with suppress(StoreUnavailable):
            for batch_id in batch_ids:
                self._look(batch_id)

    @repeatable
    def _look(self, batch_id: str) -> None:
        state = self._state(batch_id)
        if state is not None and state.may_be_near():
            with self._db.transaction():
                later = self.inside([batch_id], False)
            self.after(later)

    @repeatable
    def catch_up(self, batch_id: str) -> int:
        """Push what is due of a batch, for the case that nobody saw its end; returns the number of
        callbacks. The row is locked only if there is something to do."""
        rows = self._db.rows("batch_state_deep", {"id": batch_id})
        if not rows or not batch_state(rows[0]).is_behind():
            return 0
        with self._db.transaction():
            advanced = self._advance(batch_id, True)
            later = self.inside(advanced.others)
        self.after(later)
        return advanced.calls

    def _advance(self, batch_id: str, has_failures: bool) -> Advanced:
        return carry_out(advance(self._db.dialect, batch_id, has_failures), self._db)

    def _state(self, batch_id: str) -> BatchState | None:
        rows = self._db.rows("batch_state", {"id": batch_id})
        return batch_state(rows[0]) if rows else None
