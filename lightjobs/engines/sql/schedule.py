"""The schedule in the table `job_slots`: every verb of its store. The SQL is in `queries/`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...model import LastSlot, Slot, Template
from ..schedule_store import ScheduleStore
from ..slot_templates import read_template, template_text
from .database import Database, repeatable, undone
from .rows import Row, new_row

NEVER = -1e15
"""A moment before any other: an entry that has just become known has had no slot."""


class SqlSchedule(ScheduleStore):
    """The schedule of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @undone
    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        if not slots:
            return []
        entries = sorted({slot.entry for slot in slots})
        with self._db.transaction():
            last = self._locked(entries)
            if missing := [entry for entry in entries if entry not in last]:
                # Only the missing ones: MariaDB's INSERT locks those that exist, and other
                # schedulers lock them, too.
                self._enroll(missing, NEVER)
                last |= self._locked(missing)
            accepted = [_advance(last, slot) for slot in slots]
            jobs = [
                new_row(s.job) for s, taken in zip(slots, accepted, strict=True) if taken and s.job
            ]
            pushed = iter(self._db.push(jobs) if jobs else ())
            ids = [
                str(next(pushed)) if taken and slot.job else None
                for slot, taken in zip(slots, accepted, strict=True)
            ]
            for slot, job_id in zip(slots, ids, strict=True):
                if job_id is not None:
                    last[slot.entry] = last[slot.entry]._replace(job_id=job_id, job_due=slot.due)
            noted = [[entry, *slot[:3], slot.next] for entry, slot in last.items()]
            self._db.run("note_slots", {"slots": _json(noted)})
            return ids

    def _locked(self, entries: Sequence[str]) -> dict[str, LastSlot]:
        # The names in both forms: JSON, and the list that MySQL needs.
        params = {"entries": _json(entries), "names": entries}
        rows = self._db.rows("lock_slots", params)
        return {row[0]: _last_slot(row) for row in rows}

    @repeatable
    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._enroll(entries, due)

    def _enroll(self, entries: Sequence[str], due: float) -> None:
        self._db.run("enroll", {"entries": _json(list(entries)), "due": due})

    @repeatable
    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        if not templates:
            return
        entries = sorted(templates)
        described = [[each, template_text(templates[each]), nexts.get(each)] for each in entries]
        with self._db.transaction():
            self._locked(entries)  # in the order in which others lock them
            self._db.run("describe", {"entries": _json(described)})

    @repeatable
    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        rows = self._db.rows("slots", {"templates": templates})
        return {row[0]: _last_slot(row) for row in rows}

    @undone
    def pause_entry(self, entry: str) -> bool:
        return self._db.run("pause_entry", {"entry": entry}) > 0

    @undone
    def resume_entry(self, entry: str, due: float) -> bool:
        return self._db.run("resume_entry", {"entry": entry, "due": due}) > 0

    @undone
    def forget_entry(self, entry: str, before: float) -> bool:
        return self._db.run("forget_entry", {"entry": entry, "before": before}) > 0


def _json(values: Sequence[Any]) -> str:
    # Not as escapes, which PostgreSQL does not read in a database without an encoding.
    return json.dumps(values, ensure_ascii=False)


def _last_slot(row: Row) -> LastSlot:
    _entry, due, job_id, job_due, paused, completed, following, template = row
    last_id = None if job_id is None else str(job_id)
    # An older version notes a slot without the next, and leaves a moment that is past.
    ahead = following if following is not None and following > due else None
    flags = bool(paused), bool(completed)
    return LastSlot(float(due), last_id, job_due, *flags, ahead, read_template(template))


def _advance(last: dict[str, LastSlot], slot: Slot) -> bool:
    """Whether `slot` is accepted; if so it is the entry's last."""
    before = last[slot.entry]
    if before.paused or slot.due <= before.due:
        return False
    last[slot.entry] = before._replace(due=slot.due, next=slot.next)
    return True
