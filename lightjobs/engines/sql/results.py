"""What runs tell of themselves, in columns of the table `jobs`."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Status, row_number
from ..rare_looks import RareLooks
from ..result_store import Key, ResultStore
from .bulk import PART, Bulk
from .database import Database, repeatable
from .statements import where as condition


class SqlResults(ResultStore):
    """The results of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._bulk = Bulk(database)
        self._looks = RareLooks()  # where there is no index, a look reads all completed jobs

    @repeatable
    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        if not notes:
            return
        with self._db.transaction():
            # In the order of the ids: other transactions change several rows, too.
            for (job_id, fence), text in sorted(notes.items(), key=_number):
                params = {"id": row_number(job_id), "fence": fence}
                self._db.run("note_progress", {**params, "worker": worker, "progress": text})

    def forget(self) -> int:
        return self._looks.look(self._forget)

    def _forget(self) -> int:
        total = 0
        while ids := self._over():
            params = {"ids": self._db.dialect.bound_ids(ids), "limit": PART}
            which = condition((Status.COMPLETED,), "ids", "over")
            total += self._bulk.part("purge", params, which)
            if len(ids) < PART:
                break
        return total

    @repeatable
    def _over(self) -> list[int]:
        return [int(job_id) for (job_id,) in self._db.rows("kept_over", {"limit": PART})]

    @repeatable
    def status(self, job_id: str) -> str | None:
        rows = self._db.rows("settled", {"id": row_number(job_id)})
        return str(rows[0][0]) if rows else None

    def wait(self, job_id: str, seconds: float) -> None:
        self._db.linger(seconds)


def _number(note: tuple[Key, str]) -> int:
    (job_id, _fence), _text = note
    return row_number(job_id)
