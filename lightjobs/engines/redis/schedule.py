"""The schedule in Redis: every verb of its store is one script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...model import LastSlot, Slot, Template
from ..schedule_store import ScheduleStore
from ..slot_templates import read_template, template_text
from .bulk import Call
from .ids import new_ids
from .rows import job_arguments, moment, text
from .tied_rows import refuse_php, tied_arguments


class RedisSchedule(ScheduleStore):
    """The schedule of a RedisEngine, whose new jobs have the form `form` and ids with the suffix
    `suffix`."""

    def __init__(self, call: Call, form: str, suffix: str = "") -> None:
        self._call = call
        self._form = form
        self._suffix = suffix

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        refuse_php(self._form, [slot.job for slot in slots if slot.job is not None])
        ids = new_ids(len(slots), self._suffix)
        rows = [_slot_row(id, slot) for id, slot in zip(ids, slots, strict=True)]
        accepted = self._call("push_slots", self._form, json.dumps(rows)) if rows else []
        return [
            _pushed(id, taken) if slot.job is not None else None
            for id, slot, taken in zip(ids, slots, accepted, strict=True)
        ]

    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._call("enroll", moment(due), *entries)

    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        words: list[str] = []
        for entry, template in templates.items():
            words += (entry, template_text(template), moment(nexts.get(entry)))
        if words:
            self._call("describe", *words)

    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        return {
            text(entry): LastSlot(
                float(due),
                text(job_id) or None,
                float(job_due) if job_due else None,
                int(paused) == 1,
                int(completed) == 1,
                _next(due, following),
                read_template(text(template)),
            )
            for entry, due, paused, job_id, job_due, completed, following, template in zip(
                *[iter(self._call("slots", int(templates)))] * 8, strict=True
            )
        }

    def pause_entry(self, entry: str) -> bool:
        return bool(self._call("pause_entry", entry))

    def resume_entry(self, entry: str, due: float) -> bool:
        return bool(self._call("resume_entry", entry, moment(due)))

    def forget_entry(self, entry: str, before: float) -> bool:
        return bool(self._call("forget_entry", entry, moment(before)))


def _slot_row(id: str, slot: Slot) -> list[Any]:
    """A slot in the JSON that push_slots.lua takes."""
    row: list[Any] = [slot.entry, moment(slot.due), "", moment(slot.next)]
    if slot.job is not None:
        row[2] = job_arguments([id], [slot.job])
        if slot.job.flow is not None:
            row += tied_arguments([id], [slot.job])[0]
    return row


def _pushed(id: str, accepted: int | bytes | str) -> str | None:
    """The id of a slot's job, or of the one that holds its key; None for a slot refused."""
    if isinstance(accepted, int):
        return id if accepted else None
    return text(accepted)


def _next(due: bytes, following: bytes) -> float | None:
    """The noted moment, if it still lies ahead: an older version notes a slot without the next."""
    return float(following) if following and float(following) > float(due) else None
