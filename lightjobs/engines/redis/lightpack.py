"""What is done for Lightpack's workers, which claim a job by taking its id out of the queue."""

from __future__ import annotations

from ...model import utc_text
from ..lightpack import LightpackStore
from .bulk import Call
from .php_reconcile import scan


class RedisLightpack(LightpackStore):
    """Lightpack's part of a RedisEngine."""

    def __init__(self, call: Call, execute: Call, prefix: str) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix

    def recover_php(self, before: float) -> int:
        return sum(
            self._call("recover_php", utc_text(before), *ids)
            for _, ids in scan(self._execute, self._prefix, "job:")
            if ids
        )
