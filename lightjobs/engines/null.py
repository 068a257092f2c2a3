"""The engine that drops every job: for tests and for switching jobs off."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import NewJob
from .unstored import UnstoredEngine, new_id


class NullEngine(UnstoredEngine):
    """Takes jobs and forgets them."""

    name = "null"
    unworkable = "JOB_ENGINE=null drops every job at dispatch, so there is nothing to work on."

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return [new_id() for _job in jobs]
