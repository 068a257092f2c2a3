"""Reads zones: offsets, abbreviations and identifiers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .draft import Draft, Rejected, Zone
from .token import Token
from .zone_names import ABBREVIATIONS, IDENTIFIERS

_LONGEST_ABBREVIATION: Final = 5


def read_zone(draft: Draft, token: Token) -> None:
    """Set the zone of `draft` from the rest of `token`. Raises Rejected for an unknown zone."""
    # No-break spaces are not skipped: `Jan 5 19:30:15<nbsp>CET` fits a rule but names no zone.
    token.skip(" \t(")
    if token.text.startswith(("GMT+", "GMT-"), token.at):
        token.at += len("GMT")
    sign = token.peek()
    if sign in ("+", "-"):
        token.at += 1
        offset = _offset(token.rest())
        draft.zone = Zone(offset if sign == "+" else -offset, daylight=False)
        return
    name = token.rest().rstrip(")").lower()
    draft.zone = _named(name, draft.zone)


def _offset(text: str) -> int:
    """The seconds in `H`, `HH`, `HMM`, `HHMM`, `HHMMSS` or the same with colons."""
    if ":" in text:
        parts = [int(part) for part in text.split(":")]
    elif len(text) <= 2:
        parts = [int(text)]
    elif len(text) <= 4:
        parts = [int(text[:-2]), int(text[-2:])]
    else:
        parts = [int(text[:-4]), int(text[-4:-2]), int(text[-2:])]
    return sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))


def _named(name: str, earlier: Zone | None) -> Zone:
    if len(name) <= _LONGEST_ABBREVIATION and name in ABBREVIATIONS:
        offset, daylight = ABBREVIATIONS[name]
        return Zone(offset, daylight=daylight)
    zone = _identified(name)
    if zone is None:
        raise Rejected
    # PHP leaves the daylight flag as an earlier zone in the text has set it.
    return Zone(identifier=zone, daylight=earlier.daylight if earlier else None)


@lru_cache(maxsize=1024)
def _identified(name: str) -> ZoneInfo | None:
    """The zone with this lower-case identifier; None if PHP or this machine does not know it."""
    identifier = IDENTIFIERS.get(name)
    if identifier is None:
        return None
    try:
        return ZoneInfo(identifier)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return None
