"""The note of a worker as the text that stores keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .attempt_errors import UNREADABLE, finite
from .observed import Running, WorkerNote

NOTE_VERSION = 1

NOTE_BYTES = 8192
"""The longest note. Runs are left out of a longer one, the shortest first."""

MOST_RUNNING = 32
"""How many runs a note names at most."""

_TEXT_LENGTH = 64
"""Characters of a host's name, a version or a state; and how many queues are named."""


def note_text(note: WorkerNote) -> str:
    """`note` as JSON text of at most NOTE_BYTES bytes."""
    values = {**note._asdict(), "v": NOTE_VERSION, "queues": note.queues[:_TEXT_LENGTH]}
    for count in range(min(len(note.running), MOST_RUNNING), -1, -1):
        values["running"] = [run._asdict() for run in note.running[:count]]
        text = json.dumps(values, separators=(",", ":"))
        if len(text) <= NOTE_BYTES:
            return text
    return json.dumps({**values, "queues": []}, separators=(",", ":"))


def read_note(text: str | bytes | None) -> WorkerNote | None:
    """The note that `text` holds; None for no text, and for text that is no note: another version
    may have written it."""
    if not text:
        return None
    try:
        values = json.loads(text)
        return _note(values) if isinstance(values, dict) else None
    except UNREADABLE:
        return None


def _note(values: Mapping[str, Any]) -> WorkerNote:
    return WorkerNote(
        host=str(values["host"])[:_TEXT_LENGTH],
        pid=int(values["pid"]),
        parent=int(values["parent"]),
        version=str(values["version"])[:_TEXT_LENGTH],
        python=str(values["python"])[:_TEXT_LENGTH],
        since=finite(values["since"]),
        lease=finite(values["lease"]),
        queues=tuple(map(str, values["queues"])),
        concurrency=int(values["concurrency"]),
        state=str(values["state"])[:_TEXT_LENGTH],
        memory=int(values["memory"]),
        busy=int(values["busy"]),
        ended={str(outcome): int(count) for outcome, count in dict(values["ended"]).items()},
        running=tuple(_running(each) for each in values["running"][:MOST_RUNNING]),
    )


def _running(values: Mapping[str, Any]) -> Running:
    return Running(
        id=str(values["id"]),
        handler=str(values["handler"]),
        queue=str(values["queue"]),
        attempt=int(values["attempt"]),
        since=finite(values["since"]),
    )
