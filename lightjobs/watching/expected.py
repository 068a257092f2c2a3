"""When the entries of the schedule are expected to be dispatched next, by what the store has noted
of them: for programs that do not have the project's `config/schedule.py`."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import LastSlot

BEHIND_SECONDS = 600.0
"""How far a scheduler that has other entries to dispatch may be behind with one of them."""

REMOVED_SECONDS = 86_400.0
"""An entry that is overdue by more is taken for one that was removed, whatever the others do."""


def expected(slots: Mapping[str, LastSlot], now: float) -> dict[str, float]:
    """The next moment of each entry that is still in the schedule, as far as that can be known;
    one in the past is overdue. Moments are unix seconds.

    The store keeps what it knows of an entry that was removed from the schedule, and does not know
    that it was. The other entries tell: once a scheduler has dispatched one of them for a moment
    BEHIND_SECONDS after the one that this entry has missed, no scheduler has this entry. If all
    were removed, nothing is dispatched any more; then REMOVED_SECONDS count. Entries of projects
    with different values of JOB_SCHEDULE_NAME are judged apart.
    """
    dispatched: dict[str, float] = {}
    for entry, last in slots.items():
        # Not `due`, which is also moved when an entry is enrolled or resumed.
        if last.job_due is not None:
            project = _project(entry)
            dispatched[project] = max(dispatched.get(project, last.job_due), last.job_due)
    return {
        entry: last.next
        for entry, last in slots.items()
        if last.next is not None
        and not last.paused
        and last.next > last.due  # not so once it was resumed: the noted moment is older
        and now - last.next < REMOVED_SECONDS
        and dispatched.get(_project(entry), last.next) - last.next < BEHIND_SECONDS
    }


def _project(entry: str) -> str:
    """What JOB_SCHEDULE_NAME has put before the entry's name; "" if nothing. An entry whose own
    name holds ": " is judged by fewer others, so it may take longer."""
    name, separator, _ = entry.partition(": ")
    return name if separator else ""
