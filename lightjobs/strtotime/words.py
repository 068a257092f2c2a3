"""The words of the grammar and what they mean.

All keys are lower case. The lists are PHP's, including its oddities: `eight` means the same as
`eighth`, and `forthnight` the same as `fortnight`.
"""

from __future__ import annotations

from typing import Final

_MONTHS: Final = (
    ("january", "jan", "i"),
    ("february", "feb", "ii"),
    ("march", "mar", "iii"),
    ("april", "apr", "iv"),
    ("may", "v"),
    ("june", "jun", "vi"),
    ("july", "jul", "vii"),
    ("august", "aug", "viii"),
    ("september", "sept", "sep", "ix"),
    ("october", "oct", "x"),
    ("november", "nov", "xi"),
    ("december", "dec", "xii"),
)
MONTHS: Final[dict[str, int]] = {
    name: number for number, names in enumerate(_MONTHS, start=1) for name in names
}
"""Names of months, short forms and Roman numerals, with the numbers 1-12."""

_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
AMOUNTS: Final[dict[str, int]] = {
    **{word: number for number, word in enumerate(_ORDINALS.split(), start=1)},
    "eight": 8,
    "next": 1,
    "this": 0,
    "last": -1,
    "previous": -1,
}
"""Words that count a unit, with the amount they stand for."""

_FIELDS: Final = (
    ("microseconds", 1000, "ms msec msecs millisecond milliseconds"),
    ("microseconds", 1, "µs usec usecs µsec µsecs microsecond microseconds"),
    ("seconds", 1, "sec secs second seconds"),
    ("minutes", 1, "min mins minute minutes"),
    ("hours", 1, "hour hours"),
    ("days", 1, "day days"),
    ("days", 7, "week weeks"),
    ("days", 14, "fortnight fortnights forthnight forthnights"),
    ("months", 1, "month months"),
    ("years", 1, "year years"),
)
FIELDS: Final[dict[str, tuple[str, int]]] = {
    word: (field, factor) for field, factor, words in _FIELDS for word in words.split()
}
"""Units, with the field of `Shift` they change and how much of it one unit is."""

_WEEKDAYS: Final = (
    "sun sunday sundays",
    "mon monday mondays",
    "tue tuesday tuesdays",
    "wed wednesday wednesdays",
    "thu thursday thursdays",
    "fri friday fridays",
    "sat saturday saturdays",
)
WEEKDAYS: Final[dict[str, int]] = {
    word: number for number, words in enumerate(_WEEKDAYS) for word in words.split()
}
"""Names of the days of the week, with their numbers from 0 for Sunday."""

WORKDAYS: Final = frozenset({"weekday", "weekdays"})
"""Words for any day from Monday to Friday."""
