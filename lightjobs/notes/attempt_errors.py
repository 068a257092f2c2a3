"""Why a job's attempts failed: one line of JSON for each, the latest first.

A store keeps the lines as one text. A settlement brings the line of its attempt, and the store puts
it before the others in the same step. Jobs whose first run succeeds have no text.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

ERRORS_LENGTH = 16_000
"""The characters that a store keeps. A line that is cut off is not shown."""

TEXT_LENGTH = 4000
"""The characters of a line's text, once it is written as JSON. The full text of the last error is
the job's `exception`."""

UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What reading JSON of another version, or of nobody knows whom, may raise."""

LOST = "its process died"
"""The text of the line for a run whose process died."""


class AttemptError(NamedTuple):
    """A failed attempt of a job."""

    attempt: int
    """The number of the attempt; it starts anew when a job is retried by hand."""
    at: float
    """When it ended, in unix seconds."""
    seconds: float | None
    """How long it ran; None where that is not known."""
    worker: str
    kind: str
    """"error", "timeout", or "lost" when the process that ran it died."""
    text: str
    """The exception, perhaps cut."""


def error_line(error: AttemptError) -> str:
    """`error` as a line."""
    text = error.text[:TEXT_LENGTH]
    while len(written := json.dumps(text, ensure_ascii=False)) > TEXT_LENGTH:
        text = text[: len(text) - max(1, (len(written) - TEXT_LENGTH) // 6)]
    seconds = None if error.seconds is None else round(error.seconds, 3)
    values: dict[str, Any] = {"a": error.attempt, "at": round(error.at, 3), "s": seconds}
    values |= {"w": error.worker, "k": error.kind, "e": text}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def lost_pieces(worker: str) -> tuple[str, str, str]:
    """The line for a run of `worker` whose process died, in three pieces: the store puts the number
    of the attempt after the first one, and its time in whole unix seconds after the second."""
    rest = {"s": None, "w": worker, "k": "lost", "e": LOST}
    end = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    return '{"a":', ',"at":', f",{end[1:]}"


def with_line(line: str | None, errors: str | None) -> str | None:
    """The text of a store that has `errors` once `line` is put before them; `errors` as they are
    when there is no line."""
    if line is None:
        return errors
    return (f"{line}\n{errors}" if errors else line)[:ERRORS_LENGTH]


def errors_of(text: str | None) -> tuple[AttemptError, ...]:
    """The failed attempts in a store's text, the latest first. Lines that cannot be read are left
    out: the last one may have been cut."""
    found = []
    for line in (text or "").split("\n"):
        try:
            found.append(_error(json.loads(line)))
        except UNREADABLE:
            continue
    return tuple(found)


def finite(value: Any) -> float:
    """`value` as a number. Raises ValueError for infinity and NaN."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number to reckon with")
    return number


def _error(values: Any) -> AttemptError:
    seconds = values["s"]
    return AttemptError(
        attempt=int(values["a"]),
        at=finite(values["at"]),
        seconds=None if seconds is None else finite(seconds),
        worker=str(values["w"]),
        kind=str(values["k"]),
        text=str(values["e"]),
    )
