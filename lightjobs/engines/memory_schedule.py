"""The specification of the schedule's store in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ..model import LastSlot, NewJob, Slot, Template
from .schedule_store import ScheduleStore

_NO_SLOT = LastSlot(float("-inf"), None, None, False)


class MemorySchedule(ScheduleStore):
    """The schedule of a MemoryEngine, under its lock."""

    def __init__(
        self, lock: threading.Condition, push: Callable[[Sequence[NewJob]], list[str]]
    ) -> None:
        self._lock = lock
        self._push = push
        self._slots: dict[str, LastSlot] = {}

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        with self._lock:
            return [self._push_slot(slot) for slot in slots]

    def _push_slot(self, slot: Slot) -> str | None:
        last = self._slots.get(slot.entry, _NO_SLOT)
        if last.paused or slot.due <= last.due:
            return None
        if slot.job is None:
            self._slots[slot.entry] = last._replace(due=slot.due, next=slot.next)
            return None
        (job_id,) = self._push([slot.job])
        self._slots[slot.entry] = LastSlot(
            slot.due, job_id, slot.due, False, next=slot.next, template=last.template
        )
        return job_id

    def enroll(self, entries: Sequence[str], due: float) -> None:
        with self._lock:
            for entry in entries:
                self._slots.setdefault(entry, LastSlot(due, None, None, False))

    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        with self._lock:
            for entry in templates.keys() & self._slots.keys():
                last = self._slots[entry]
                self._slots[entry] = last._replace(template=templates[entry], next=nexts.get(entry))

    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        with self._lock:
            if templates:
                return dict(self._slots)
            return {entry: last._replace(template=None) for entry, last in self._slots.items()}

    def pause_entry(self, entry: str) -> bool:
        with self._lock:
            last = self._slots.get(entry)
            if last is None or last.paused:
                return False
            self._slots[entry] = last._replace(paused=True)
            return True

    def resume_entry(self, entry: str, due: float) -> bool:
        with self._lock:
            last = self._slots.get(entry)
            if last is None or not last.paused:
                return False
            self._slots[entry] = last._replace(paused=False, due=max(last.due, due))
            return True

    def forget_entry(self, entry: str, before: float) -> bool:
        with self._lock:
            last = self._slots.get(entry)
            if last is None or last.paused or last.due >= before:
                return False
            del self._slots[entry]
            return True

    def note_completed(self, entry: str, job_id: str) -> None:
        """Note that the job `job_id` completed, if it is the last one of `entry`."""
        last = self._slots.get(entry)
        if last is not None and last.job_id == job_id:
            self._slots[entry] = last._replace(completed=True)
