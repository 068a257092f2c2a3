"""What is done for Lightpack's workers, which claim a row of the same table by its status alone."""

from __future__ import annotations

from ...model import utc_text
from ..lightpack import LightpackStore
from .bulk import PART, Bulk


class SqlLightpack(LightpackStore):
    """Lightpack's part of a SqlEngine on MySQL or MariaDB."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk

    def recover_php(self, before: float) -> int:
        params = {"before": utc_text(before), "limit": PART}
        total = 0
        while touched := self._bulk.part("recover_php", params):
            total += touched
        return total
