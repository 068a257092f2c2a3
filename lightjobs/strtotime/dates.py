"""Readers of tokens that set the date, some of them with a time."""

from __future__ import annotations

from .civil import days_to_week_day
from .draft import Draft
from .token import Token
from .zones import read_zone


def date_american(draft: Draft, token: Token) -> None:
    """`12/31`, `12/31/2026`, `12/31/26`."""
    draft.begin_date()
    draft.month, draft.day = token.number(2), token.number(2)
    if token.peek() == "/":
        draft.year = token.year()


def date_iso(draft: Draft, token: Token) -> None:
    """`2026-12-31`, `-0044-03-15`, `2026/12/31`, `+02026-12-31`."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.signed_number(), token.number(2), token.number(2)


def date_short_year(draft: Draft, token: Token) -> None:
    """`26-12-31`, `2026-7-1`."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.year(), token.number(2), token.number(2)


def month_of_year(draft: Draft, token: Token) -> None:
    """`2026-12`: the first day of it."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.year(), token.number(2), 1


def date_full(draft: Draft, token: Token) -> None:
    """`31 December 2026`, `1st-Jan-26`."""
    draft.begin_date()
    draft.day = token.number(2)
    token.skip_day_suffix()
    draft.month, draft.year = token.month(), token.year()


def date_pointed(draft: Draft, token: Token) -> None:
    """`31.12.2026`, `31-12-2026`, `31.12.26`."""
    draft.begin_date()
    draft.day, draft.month, draft.year = token.number(2), token.number(2), token.year()


def month_then_year(draft: Draft, token: Token) -> None:
    """`December 2026`: the first day of it."""
    draft.begin_date()
    draft.month, draft.year, draft.day = token.month(), token.year(), 1


def year_then_month(draft: Draft, token: Token) -> None:
    """`2026 December`: the first day of it."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.year(), token.month(), 1


def month_then_day(draft: Draft, token: Token) -> None:
    """`December 31`, `December 31st, 2026`, `Dec-31-2026`."""
    draft.begin_date()
    draft.month, draft.day = token.month(), token.number(2)
    draft.year = token.year()


def day_then_month(draft: Draft, token: Token) -> None:
    """`31 December`, `1st Jan`."""
    draft.begin_date()
    draft.day = token.number(2)
    token.skip_day_suffix()
    draft.month = token.month()


def date_compact(draft: Draft, token: Token) -> None:
    """`20261231`."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.number(4), token.number(2), token.number(2)


def timestamp_text(draft: Draft, token: Token) -> None:
    """XML-RPC, SOAP, WDDX and EXIF: `20261231T19:30:15`, `2026-12-31T19:30:15.5Z`, ..."""
    draft.begin_time()
    draft.begin_date()
    draft.year, draft.month, draft.day = token.number(4), token.number(2), token.number(2)
    draft.hour, draft.minute, draft.second = token.number(2), token.number(2), token.number(2)
    if token.peek() == ".":
        draft.microsecond = token.microseconds()
        if not token.done():
            read_zone(draft, token)


def day_of_year(draft: Draft, token: Token) -> None:
    """`2026.365`, `2026-001`, `2026365`."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.number(4), 1, token.number(3)


def week(draft: Draft, token: Token) -> None:
    """`2026-W53`, `2026W537`. Without a day, Monday is meant."""
    draft.begin_date()
    year, number = token.number(4) or 0, token.number(2) or 0
    day = token.number(1)
    draft.year, draft.month, draft.day = year, 1, 1
    # As in PHP the days are set, not added: a shift by days earlier in the text is lost.
    draft.shift.days = days_to_week_day(year, number, 1 if day is None else day)


def year_month_day_text(draft: Draft, token: Token) -> None:
    """`2026-Dec-31`."""
    draft.begin_date()
    draft.year, draft.month, draft.day = token.year(), token.month(), token.number(2)


def log_format(draft: Draft, token: Token) -> None:
    """`31/Dec/2026:19:30:15 +0100`, as in the logs of web servers."""
    draft.begin_time()
    draft.begin_date()
    draft.day, draft.month, draft.year = token.number(2), token.month(), token.number(4)
    draft.hour, draft.minute, draft.second = token.number(2), token.number(2), token.number(2)
    token.skip_spaces()
    read_zone(draft, token)


def month(draft: Draft, token: Token) -> None:
    """`December`."""
    draft.begin_date()
    draft.month = token.month()


def year(draft: Draft, token: Token) -> None:
    """Four digits that cannot be a time of day, such as `1999`."""
    draft.year = token.number(4)
