"""The schedule in Redis: every verb of its store is one script."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...model import LastSlot, Slot
from ..schedule_store import ScheduleStore
from .bulk import Call
from .ids import new_ids
from .rows import job_arguments, moment, text


class RedisSchedule(ScheduleStore):
    """The schedule of a RedisEngine, whose new jobs have the form `form`."""

    def __init__(self, call: Call, form: str) -> None:
        self._call = call
        self._form = form

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        ids = new_ids(len(slots))
        rows = [
            (slot.entry, moment(slot.due), job_arguments([id], [slot.job]) if slot.job else "")
            for id, slot in zip(ids, slots, strict=True)
        ]
        accepted = self._call("push_slots", self._form, json.dumps(rows)) if rows else []
        return [
            id if taken and slot.job is not None else None
            for id, slot, taken in zip(ids, slots, accepted, strict=True)
        ]

    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._call("enroll", moment(due), *entries)

    def slots(self) -> dict[str, LastSlot]:
        return {
            text(entry): LastSlot(
                float(due),
                text(job_id) or None,
                float(job_due) if job_due else None,
                int(paused) == 1,
                int(completed) == 1,
            )
            for entry, due, paused, job_id, job_due, completed in zip(
                *[iter(self._call("slots"))] * 6, strict=True
            )
        }

    def pause_entry(self, entry: str) -> bool:
        return bool(self._call("pause_entry", entry))

    def resume_entry(self, entry: str, due: float) -> bool:
        return bool(self._call("resume_entry", entry, moment(due)))

    def forget_entry(self, entry: str, before: float) -> bool:
        return bool(self._call("forget_entry", entry, moment(before)))
