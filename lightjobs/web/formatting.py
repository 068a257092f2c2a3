"""Times, ages and numbers as people read them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from ..notes.observed import BOUNDS
from ..text import escaped_lines

UNKNOWN = "…"
"""What stands for a number that is still being counted."""

NOTHING = "–"  # noqa: RUF001 - a dash is meant
"""What stands for a number that there is not."""

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))

Moment = float | str
"""Unix seconds, or a stored text, YYYY-MM-DD HH:MM:SS in UTC."""


def seconds_of(moment: Moment) -> float | None:
    """The unix time of `moment`; None for a text that is no time."""
    if not isinstance(moment, str):
        return float(moment)
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def duration(seconds: float | None) -> str:
    """A length of time in the unit that suits it, such as "4 ms" or "3 min"; its two largest units
    from an hour on."""
    if seconds is None:
        return UNKNOWN
    seconds = max(0.0, seconds)
    if seconds < 0.001:
        return "0 s" if seconds == 0 else "< 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    for (unit, name), (smaller, its_name) in zip(_UNITS, [*_UNITS[1:], (1.0, "")], strict=True):
        if seconds >= unit:
            rest = int(seconds % unit // smaller)
            more = f" {rest} {its_name}" if unit >= 3600 and rest else ""
            return f"{int(seconds // unit)} {name}{more}"
    raise AssertionError("unreachable")


def age(moment: Moment, now: float) -> str:
    """How long ago `moment` was, or how long until it is: "3 min ago", "in 2 h"."""
    at = seconds_of(moment)
    if at is None:
        return str(moment)
    whole = int(abs(now - at))
    if whole == 0:
        return "now"
    return f"{duration(whole)} ago" if at < now else f"in {duration(whole)}"


def utc(moment: Moment) -> str:
    """`moment` in UTC, in whole seconds."""
    at = seconds_of(moment)
    if at is None:
        return str(moment)
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S") + " UTC"
    except (ValueError, OverflowError, OSError):
        return str(moment)


def minute(moment: Moment) -> str:
    """`moment` in UTC, as the start of a minute in a table of such."""
    return utc(moment).removesuffix(":00 UTC")


def time_tag(moment: Moment | None) -> Markup:
    """A `<time>` that shows the age of `moment`, with the time itself as its title. The script of
    the page adds the local time, and lets the age grow."""
    if moment is None:
        return Markup(NOTHING)
    at, text = seconds_of(moment), utc(moment)
    if at is None or not text.endswith(" UTC"):
        return Markup("<span>{}</span>").format(printable(text))
    machine = text.removesuffix(" UTC").replace(" ", "T") + "Z"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine, text, age(moment, time.time())
    )


def number(value: float | None) -> str:
    """`value` with commas; UNKNOWN if it is not known yet."""
    if value is None:
        return UNKNOWN
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def megabytes(size: float) -> str:
    """A number of bytes in megabytes."""
    return f"{size / 1e6:,.0f} MB"


def percent(share: float | None) -> str:
    """A share of 1 in percent, with a fraction only where it is small; "–" for None."""  # noqa: RUF002
    if share is None:
        return NOTHING
    return f"{share * 100:.1f} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def at_most(found: Mapping[str, float | None] | None) -> str:
    """A percentile (see `summaries`) by the bound that is sure, such as "≤ 250 ms"."""
    if found is None:
        return NOTHING
    bound = found["at_most"]
    return f"> {duration(BOUNDS[-1])}" if bound is None else f"≤ {duration(bound)}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`count` and the word for so many: "1 job", "2 jobs"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def printable(value: object) -> object:
    """`value` with control characters and bidirectional marks in its text as escapes: they could
    make a name look like another. Every value that a template prints passes through here."""
    return escaped_lines(value) if type(value) is str else value
