"""Places in a list of jobs, as they stand in an address."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, unquote

from werkzeug.exceptions import BadRequest

from ...model import Cursor, Stored
from ..visit import Visit

_FORM = "%Y%m%d%H%M%S"
_BETWEEN = "~"

MOST_KEPT = 20
"""How many earlier pages an address knows. From farther back one goes to the first page."""


def cursor_of(job: Stored, *, by_end: bool) -> Cursor:
    """The place behind `job` in a list by the time that jobs ended, or that they are due."""
    return Cursor((job.failed_at if by_end else None) or job.scheduled_at, job.id)


def written(cursor: Cursor) -> str:
    """`cursor` for an address; "" for a moment that the store did not write."""
    try:
        moment = datetime.fromisoformat(cursor.moment).strftime(_FORM)
    except ValueError:
        return ""
    job_id = cursor.id.encode("utf-8", "surrogatepass")
    return f"{moment.zfill(14)}-{quote(job_id, safe='').replace(_BETWEEN, '%7E')}"


def read(text: str) -> Cursor:
    """What `written` has written. Raises BadRequest."""
    moment, dash, job_id = text.partition("-")
    try:
        if not (dash and moment.isascii() and moment.isdecimal() and len(moment) == 14):
            raise ValueError
        parsed = datetime.strptime(moment, _FORM).replace(tzinfo=UTC)
    except ValueError:
        raise BadRequest(
            f"after is {text[:40]!r}; allowed: a place that a link of this page has"
        ) from None
    return Cursor(parsed.strftime("%Y-%m-%d %H:%M:%S"), unquote(job_id))


class Place:
    """Which page of a list is asked for: `after` in the address, and the ways back in `back`."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._text = visit.text("after")
        self._back = [part for part in visit.text("back").split(_BETWEEN) if part]
        for part in self._back:
            read(part)

    @property
    def after(self) -> Cursor | None:
        """The place behind which the page begins; None for the first page."""
        return read(self._text) if self._text else None

    def newer(self) -> str | None:
        """The address of the page before this one; None on the first page."""
        if not self._text:
            return None
        return self._visit.here(
            after=self._back[-1] if self._back else None,
            back=_BETWEEN.join(self._back[:-1]) or None,
            seen=None,
        )

    def older(self, cursor: Cursor | None, seen: int | None = None) -> str | None:
        """The address of the page that begins behind `cursor`; None for none. `seen` is how many
        jobs have been searched by then."""
        text = "" if cursor is None else written(cursor)
        if not text:
            return None
        back = [*self._back, self._text] if self._text else []
        kept = _BETWEEN.join(back[-MOST_KEPT:]) or None
        return self._visit.here(after=text, back=kept, seen=seen)
