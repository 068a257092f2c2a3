"""What runs tell of themselves, in fields of their jobs' hashes. Rows in PHP's form have none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from ..result_store import Key, ResultStore
from .bulk import PART, Call, argument
from .rows import text


class RedisResults(ResultStore):
    """The results of a RedisEngine."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        rows = [(argument(job_id), fence, note) for (job_id, fence), note in notes.items()]
        if rows:
            self._call("note_progress", worker, *chain.from_iterable(rows))

    def forget(self) -> int:
        total = 0
        while True:
            seen: int
            deleted: int
            seen, deleted = self._call("forget_kept", PART)
            total += deleted
            if seen < PART:
                return total

    def status(self, job_id: str) -> str | None:
        found = self._call("status", argument(job_id))
        return None if found is None else text(found)
