"""Readers of tokens that set the time of day."""

from __future__ import annotations

from typing import Final

from .draft import Draft, Rejected
from .token import Token
from .zones import read_zone

_UNSET_HOUR: Final = -9_999_999
"""PHP's marker for a field that is not set. A NUL in `Jan 5<NUL>10:00 pm` hides the hour, and PHP
adds twelve to the marker, which makes a moment about a thousand years ago."""


def midnight(draft: Draft, token: Token) -> None:
    """`midnight`, `today`."""
    draft.forget_time()


def noon(draft: Draft, token: Token) -> None:
    """`noon`. Replaces a time before it."""
    draft.forget_time()
    draft.begin_time()
    draft.hour = 12


def around_hour(draft: Draft, token: Token) -> None:
    """`back of 7pm` (19:15), `front of 7pm` (18:45)."""
    draft.forget_time()
    draft.begin_time()
    # PHP only looks for a lower-case b, so `Back of 7` is 6:45.
    back = token.peek() == "b"
    hour = token.number(2) or 0
    if not back:
        hour -= 1
    if not token.done():
        hour = token.to_24_hours(hour)
    draft.hour, draft.minute = hour, 15 if back else 45


def time12(draft: Draft, token: Token) -> None:
    """`7pm`, `7:30 p.m.`, `7:30:15 am`."""
    draft.begin_time()
    hour = token.number(2)
    _minute_and_second(draft, token)
    _set_hour12(draft, hour, token)


def time_mssql(draft: Draft, token: Token) -> None:
    """`7:30:15.123pm`, `7:30:15:123pm`."""
    draft.begin_time()
    hour = token.number(2)
    _minute_and_second(draft, token)
    draft.microsecond = token.microseconds()
    _set_hour12(draft, hour, token)


def time24(draft: Draft, token: Token) -> None:
    """`19:30`, `t19`, `19.30.15`, `19:30:15.5`."""
    draft.begin_time()
    draft.hour = token.number(2)
    _minute_and_second(draft, token)
    if token.peek() == ".":
        draft.microsecond = token.microseconds()


def time_or_year(draft: Draft, token: Token) -> None:
    """Four digits: `1930` is 19:30, or a year if there has been a time."""
    if draft.times == 0:
        draft.hour, draft.minute, draft.second = token.number(2), token.number(2), 0
    elif draft.times == 1:
        draft.year = token.number(4)
    else:
        raise Rejected
    draft.times += 1


def time_compact(draft: Draft, token: Token) -> None:
    """`193015`, `t193015`."""
    draft.begin_time()
    draft.hour, draft.minute, draft.second = token.number(2), token.number(2), token.number(2)


def month_day_time12(draft: Draft, token: Token) -> None:
    """`Jan 5 7:30pm`: a date without a year and a twelve-hour time."""
    _month_day(draft, token)
    hour = token.number(2)
    draft.minute = token.number(2)
    if token.peek() in (":", "."):
        draft.second = token.number(2)
    _set_hour12(draft, hour, token)


def month_day_time24(draft: Draft, token: Token) -> None:
    """`Jan 5 19:30`, `Jan 5 19:30:15 CET`.

    Seconds need a colon here. The scanner accepts `Jan 5 19.30.15`, but PHP then reads `.15` as a
    zone and does not find it.
    """
    _month_day(draft, token)
    draft.hour, draft.minute = token.number(2), token.number(2)
    if token.peek() == ":":
        draft.second = token.number(2)
    if not token.done():
        read_zone(draft, token)


def _month_day(draft: Draft, token: Token) -> None:
    draft.begin_date()
    draft.month, draft.day = token.month(), token.number(2)
    draft.begin_time()


def _minute_and_second(draft: Draft, token: Token) -> None:
    if token.peek() in (":", "."):
        draft.minute = token.number(2)
        if token.peek() in (":", "."):
            draft.second = token.number(2)


def _set_hour12(draft: Draft, hour: int | None, token: Token) -> None:
    draft.hour = token.to_24_hours(_UNSET_HOUR if hour is None else hour)
