"""What a store keeps of the schedule: which moments of its entries have been dispatched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from ..model import LastSlot, Slot, Template


class ScheduleStore(ABC):
    """The schedule's part of a store, reached as `engine.schedule`."""

    @abstractmethod
    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        """Push the jobs of `slots` and note their moments, all in one step; return each job's id.

        A slot is refused if it is not later than the last one noted for its entry, or if the entry
        is paused: nothing of it is stored, and its id is None. So a slot becomes one job, however
        often and by however many processes it is pushed. A slot without a job is noted, too, and
        its id is None. Slots of one entry are pushed in the order given. `Slot.next` is noted with
        the moment.
        """

    @abstractmethod
    def enroll(self, entries: Sequence[str], due: float) -> None:
        """Make entries known that are not yet known, with `due` (unix seconds) as the last moment
        noted, so that nothing up to then counts as missed. Known entries stay as they are."""

    @abstractmethod
    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        """Keep with each known entry that is named what it dispatches and its next moment (unix
        seconds), in place of what was kept. Entries that are not known are passed over."""

    @abstractmethod
    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        """What is noted of each known entry, by name; with its template if `templates`."""

    @abstractmethod
    def pause_entry(self, entry: str) -> bool:
        """Refuse the slots of a known entry from now on. Returns False if the entry is not known,
        or paused already."""

    @abstractmethod
    def resume_entry(self, entry: str, due: float) -> bool:
        """Undo `pause_entry`; moments up to `due` (unix seconds) are passed over, not missed.
        Returns False if the entry is not paused."""

    @abstractmethod
    def forget_entry(self, entry: str, before: float) -> bool:
        """Drop what is noted of an entry whose last moment is earlier than `before` (unix seconds).
        Returns False if the entry is not known, is paused, or had a later moment."""
