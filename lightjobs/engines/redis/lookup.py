"""Looking up a job by its id."""

from __future__ import annotations

from ...model import Stored
from ..where import EVERYWHERE
from .bulk import Call, argument, filters
from .rows import stored, text

ASIDE = "aside"
"""The status that is shown for a job that cannot be read."""


class Lookup:
    """The verb `find` of a RedisEngine."""

    def __init__(self, call: Call, execute: Call, prefix: str) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix

    def find(self, job_id: str) -> Stored | None:
        """See JobStore.find."""
        found = stored(self._call("browse", *filters(EVERYWHERE), "", 1, argument(job_id)))
        return found[0] if found else self._aside(job_id)

    def _aside(self, job_id: str) -> Stored | None:
        """A job that could not be read and was set aside, with the reason as its exception."""
        reason = self._execute("HGET", f"{self._prefix}aside", argument(job_id))
        if reason is None:
            return None
        return Stored(
            id=job_id,
            handler="",
            queue="",
            payload="",
            status=ASIDE,
            attempts=0,
            priority=0,
            created_at="",
            scheduled_at="",
            exception=f"set aside: {text(reason)}",
            failed_at=None,
            recoveries=0,
            worker=None,
            options=None,
        )
