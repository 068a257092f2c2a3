"""The engine that drops every job: for tests and for switching jobs off."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import NewBatch, NewJob
from .unstored import NoBatches, UnstoredEngine, new_id


class NullEngine(UnstoredEngine):
    """Takes jobs and forgets them."""

    name = "null"
    unworkable = "JOB_ENGINE=null drops every job at dispatch, so there is nothing to work on."

    def __init__(self) -> None:
        super().__init__()
        self.batches = NullBatches(self.name)

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return [new_id() for _job in jobs]


class NullBatches(NoBatches):
    """Takes batches and forgets them, callbacks and all."""

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        return [new_id() for _job in jobs]

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        return [new_id() for _job in jobs]
