"""Failed jobs, where thousands are looked at for what their errors have in common."""

from __future__ import annotations

from typing import NamedTuple

ERROR_HEAD = 250
"""Characters of an error that are told where many jobs are looked at."""


class Failure(NamedTuple):
    """A job that failed for good, for people who look at many."""

    id: str
    handler: str
    failed_at: str | None
    exception: str | None
    """As `error_head` cuts it."""


def error_head(exception: str | None) -> str | None:
    """The beginning of the text of an error."""
    return exception if exception is None else exception[:ERROR_HEAD]
