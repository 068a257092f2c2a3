"""What a job tells of its run: its result and its progress, as the texts that stores keep."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .attempt_errors import UNREADABLE, finite

RESULT_BYTES = 64 * 1024
"""The longest result that is kept, as JSON. Longer ones belong in a store of their own; the result
then is their key."""

TEXT_LENGTH = 200
"""The characters that are kept of the text of a progress."""


class Result(NamedTuple):
    """What is kept of a run whose job is done."""

    value: Any
    """What `handle` returned, as it comes back from JSON; None if `is_kept` is False."""
    is_kept: bool
    """Whether the value was kept: it must be JSON, and not too long."""
    worker: str
    at: float
    """When the run began, in unix seconds."""
    seconds: float
    """How long it took."""


class Progress(NamedTuple):
    """How far a job has come, as it said itself."""

    done: float
    total: float | None = None
    text: str | None = None

    @property
    def percent(self) -> float | None:
        """`done` of `total`, from 0 to 100; None if the total is not known."""
        if not self.total or self.total < 0:
            return None
        return min(100.0, max(0.0, 100 * self.done / self.total))


def result_text(value: str | None, worker: str, at: float, seconds: float) -> str:
    """The text for a result whose value is the JSON text `value`; None: it is not kept."""
    rest = json.dumps(
        {"w": worker, "at": round(at, 3), "s": round(seconds, 6)}, separators=(",", ":")
    )
    return rest if value is None else f'{{"v":{value},{rest[1:]}'


def read_result(text: str | None) -> Result | None:
    """The result in a store's `text`; None for no text, and for one that cannot be read: another
    version may have written it."""
    values = _object(text)
    try:
        return values and Result(
            value=values.get("v"),
            is_kept="v" in values,
            worker=str(values["w"]),
            at=finite(values["at"]),
            seconds=finite(values["s"]),
        )
    except UNREADABLE:
        return None


def progress_text(progress: Progress) -> str:
    """The text for a progress."""
    values: dict[str, Any] = {"d": progress.done}
    if progress.total is not None:
        values["t"] = progress.total
    if progress.text is not None:
        values["x"] = progress.text[:TEXT_LENGTH]
    return json.dumps(values, separators=(",", ":"))


def read_progress(text: str | None) -> Progress | None:
    """The progress in a store's `text`; None as for `read_result`."""
    values = _object(text)
    try:
        return values and Progress(
            done=_number(values["d"]),
            total=None if values.get("t") is None else _number(values["t"]),
            text=None if values.get("x") is None else str(values["x"])[:TEXT_LENGTH],
        )
    except UNREADABLE:
        return None


def _number(value: Any) -> float:
    """A number as it was told: a count stays whole."""
    finite(value)
    return value if type(value) is int else float(value)


def _object(text: str | None) -> Any:
    """The JSON object in `text`; None for anything else."""
    try:
        values = json.loads(text) if text else None
    except UNREADABLE:
        return None
    return values if isinstance(values, dict) and values else None
