"""What follows jobs, pushed in the transaction that stores what became of them."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Step, catch_steps
from .batch_work import follow
from .database import Database
from .requests import carry_out
from .rows import Row


class Following:
    """Pushes what follows jobs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def push(self, steps: Iterable[Step]) -> list[str]:
        """Push `steps`; returns batches to look at after the commit."""
        return carry_out(follow(self._db.dialect, steps), self._db)

    def failures(self, ties: Iterable[Row]) -> list[str]:
        """Push what follows jobs that fail now, by the rows of job_ties; returns their batches, to
        look at after the commit."""
        ties = list(ties)
        steps = [step for _id, _batch, options in ties for step in catch_steps(options)]
        batches = [str(batch) for _id, batch, _options in ties if batch is not None]
        return batches + (self.push(steps) if steps else [])
