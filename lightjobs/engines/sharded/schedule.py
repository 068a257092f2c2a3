"""The schedule across shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...model import LastSlot, Slot, Template
from ..redis.engine import RedisEngine
from ..schedule_store import ScheduleStore
from .shards import Shard, Shards
from .ties import only, ties_of


class ShardedSchedule(ScheduleStore):
    """Entries are in shard 0, and those whose job has a key or group in the shard of that as well,
    where their slots are then noted."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._first = shards.first
        self._enrolled: set[tuple[str, Shard]] = set()
        """The entries of which it is known that a further shard has them."""

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        """See ScheduleStore.push_slots. What is of one shard is pushed in one step."""
        parts: dict[Shard, list[int]] = {}
        for place, slot in enumerate(slots):
            parts.setdefault(self._shard(slot), []).append(place)
        ids: list[str | None] = [None] * len(slots)
        for shard, places in parts.items():
            part = [slots[place] for place in places]
            if shard is not self._first:
                self._enroll_at(shard, [slot.entry for slot in part])
            for place, id in zip(places, shard.engine.schedule.push_slots(part), strict=True):
                ids[place] = id
            shard.note_pushed()
        return ids

    def _shard(self, slot: Slot) -> Shard:
        tie = None
        if slot.job is not None:
            tie = only(ties_of(slot.job), f"the job of the entry {slot.entry!r}")
        if tie is not None:
            return self._shards.of_text(tie.text)
        for entry, shard in self._enrolled:
            if entry == slot.entry:
                return shard
        return self._first

    def _enroll_at(self, shard: Shard, entries: Sequence[str]) -> None:
        """Make entries known in a further shard, as they are known so far."""
        new = {entry for entry in entries if (entry, shard) not in self._enrolled}
        if not new:
            return
        known = self.slots()
        there = shard.engine.schedule.slots()
        for entry in new:
            if entry in known and entry not in there:
                shard.engine.schedule.enroll([entry], known[entry].due)
                if known[entry].paused:
                    shard.engine.schedule.pause_entry(entry)
            self._enrolled.add((entry, shard))

    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._first.engine.schedule.enroll(entries, due)

    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        self._first.engine.schedule.describe(templates, nexts)

    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        found = dict(self._first.engine.schedule.slots(templates))
        for shard in self._shards[1:]:
            of_shard = self._shards.ask(shard, lambda engine: engine.schedule.slots())
            for entry, slot in of_shard.items():
                known = found.get(entry)
                if known is None or slot.due >= known.due:
                    template = known.template if known is not None else None
                    found[entry] = slot._replace(template=template)
        return found

    def pause_entry(self, entry: str) -> bool:
        return self._any(lambda engine: engine.schedule.pause_entry(entry))

    def resume_entry(self, entry: str, due: float) -> bool:
        return self._any(lambda engine: engine.schedule.resume_entry(entry, due))

    def forget_entry(self, entry: str, before: float) -> bool:
        last = self.slots().get(entry)
        if last is None or last.paused or last.due >= before:
            return False
        return self._any(lambda engine: engine.schedule.forget_entry(entry, before))

    def _any(self, act: Callable[[RedisEngine], bool]) -> bool:
        return any(self._shards.from_all(act))
