"""When the workers came to run another version of lightjobs: charts mark it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..notes.observed import Worker
from .control import Engine

KEY = "lightjobs: versions of the workers"
"""Under which metadata they are kept: [[unix seconds, version], ...], the oldest first."""

MOST_KEPT = 20


class VersionChange(NamedTuple):
    """From then on most workers ran another version."""

    at: float
    """Unix seconds, up to a minute after the change."""
    version: str


def note_version(engine: Engine, now: float) -> None:
    """Note the version that most living workers have, if it is not the one that was last noted.
    Raises StoreUnavailable."""
    metadata = getattr(engine, "metadata", None)
    if metadata is None:  # an engine of the project's own may keep none
        return
    known = _read(metadata.get(KEY))
    version = _of_most(engine.workers(), known[-1].version if known else None)
    if version is not None and (not known or known[-1].version != version):
        metadata.set(KEY, [*map(list, known[1 - MOST_KEPT :]), [now, version]])


def version_changes(engine: Engine) -> list[VersionChange]:
    """The changes that are known, the oldest first. Raises StoreUnavailable."""
    metadata = getattr(engine, "metadata", None)
    return [] if metadata is None else _read(metadata.get(KEY))[1:]


def _of_most(workers: Sequence[Worker], last: str | None) -> str | None:
    """The version of most workers: `last`, if no other has more; None if nobody says his."""
    notes = [each.note for each in workers if each.note is not None and not each.is_silent]
    counts = Counter(note.version for note in notes)
    return max(
        counts, key=lambda version: (counts[version], version == last, version), default=None
    )


def _read(value: Any) -> list[VersionChange]:
    """The entries in `value` that are such: any program may write metadata."""
    rows = value if isinstance(value, list) else []
    return [
        VersionChange(float(row[0]), row[1])
        for row in rows
        if isinstance(row, list)
        and len(row) == 2
        and type(row[0]) in (int, float)
        and isinstance(row[1], str)
    ]
