"""Parses a text into a `Draft`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import dates, relative, times
from .draft import Draft, Rejected
from .grammar import DEFINITIONS, RULES
from .lexer import Lexer
from .token import Token
from .zones import read_zone

_TRIMMED: Final = " \t\n\v\f\r"


def _zone(draft: Draft, token: Token) -> None:
    if draft.begin_zone():
        read_zone(draft, token)


_READERS: Final[dict[str, Callable[[Draft, Token], None]]] = {
    "yesterday": relative.yesterday,
    "now": relative.now,
    "noon": times.noon,
    "midnight": times.midnight,
    "tomorrow": relative.tomorrow,
    "timestamp": relative.timestamp,
    "timestamp_fraction": relative.timestamp_fraction,
    "edge_of_month": relative.edge_of_month,
    "around_hour": times.around_hour,
    "weekday_of_month": relative.weekday_of_month,
    "time12": times.time12,
    "time_mssql": times.time_mssql,
    "time24": times.time24,
    "time_or_year": times.time_or_year,
    "time_compact": times.time_compact,
    "date_american": dates.date_american,
    "date_iso": dates.date_iso,
    "date_short_year": dates.date_short_year,
    "month_of_year": dates.month_of_year,
    "date_full": dates.date_full,
    "date_pointed": dates.date_pointed,
    "month_then_year": dates.month_then_year,
    "year_then_month": dates.year_then_month,
    "month_then_day": dates.month_then_day,
    "day_then_month": dates.day_then_month,
    "date_compact": dates.date_compact,
    "timestamp_text": dates.timestamp_text,
    "day_of_year": dates.day_of_year,
    "week": dates.week,
    "year_month_day_text": dates.year_month_day_text,
    "log_format": dates.log_format,
    "year": dates.year,
    "ago": relative.ago,
    "weekday": relative.weekday,
    "relative_week": relative.relative_week,
    "relative_word": relative.relative_word,
    "month": dates.month,
    "zone": _zone,
    "month_day_time12": times.month_day_time12,
    "month_day_time24": times.month_day_time24,
    "relative_number": relative.relative_number,
}
_LEXER: Final = Lexer(RULES, DEFINITIONS)


def trim(text: str) -> str:
    """`text` without the blanks around it. If it has only blanks, the last of them is kept.

    PHP trims in this way: blanks alone are a valid text, but a lone carriage return is an error.
    """
    return text.strip(_TRIMMED) or text[-1:]


def parse(text: str) -> Draft | None:
    """What `text` says, or None if PHP would return `false`."""
    if not text:
        return None
    # NUL represents the end of the text, which some rules need to match.
    text = trim(text) + "\0"
    draft, at = Draft(), 0
    try:
        while at < len(text):
            name, end = _LEXER.longest(text, at)
            if name is None:
                return None
            if name != "blank":
                _READERS[name](draft, Token(text[at:end]))
            at = end
    except Rejected:
        return None
    return draft
