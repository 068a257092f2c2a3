"""Reading numbers and words out of one token, left to right."""

from __future__ import annotations

import math
import re
from typing import Final

from .draft import Rejected
from .words import AMOUNTS, MONTHS

_SIGNED: Final = re.compile(r"([+-]*)[ \t]*([0-9]+)")
_WORD: Final = re.compile(r"[A-Za-z]*")
_DIGITS: Final = re.compile(r"[0-9]+")
_MERIDIAN: Final = re.compile(r"[AaPp]")
_SPACES: Final = " \t\u00a0\u202f"
_INT64: Final = 1 << 63
_SAFE_DIGITS: Final = 18


class Token:
    """A piece of text and how far it has been read.

    The lexer has checked the shape; the methods only find the next piece of a kind and step
    over what lies before it.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        # PHP reads tokens as C strings. `Jan 5<NUL>10:00` is one token, and loses its time.
        self.text = text.partition("\0")[0]
        self.at = 0

    def peek(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at : self.at + 1]

    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def rest(self) -> str:
        """All that is left, which is then read."""
        start, self.at = self.at, len(self.text)
        return self.text[start:]

    def skip(self, chars: str) -> None:
        """Step over any of `chars`."""
        text, at = self.text, self.at
        while at < len(text) and text[at] in chars:
            at += 1
        self.at = at

    def skip_spaces(self) -> None:
        """Step over blanks, the no-break ones included."""
        self.skip(_SPACES)

    def skip_day_suffix(self) -> None:
        """Step over `st`, `nd`, `rd` or `th`."""
        if self.text[self.at : self.at + 2].lower() in ("st", "nd", "rd", "th"):
            self.at += 2

    def digits(self, most: int) -> str:
        """The next run of digits, cut at `most`; empty if none is left."""
        found = _DIGITS.search(self.text, self.at)
        if found is None:
            self.at = len(self.text)
            return ""
        digits = found.group()[:most]
        self.at = found.start() + len(digits)
        return digits

    def number(self, most: int) -> int | None:
        """The next number of at most `most` digits; None if none is left."""
        digits = self.digits(most)
        return int(digits) if digits else None

    def signed_number(self) -> int:
        """The next number with any signs before it, each minus turning it round.

        Raises Rejected if there is none or it needs more than 64 bits.
        """
        found = _SIGNED.search(self.text, self.at)
        if found is None:
            raise Rejected
        self.at = found.end()
        signs, digits = found.groups()
        # The length is looked at first: `int` refuses thousands of digits.
        value = int(digits) if len(digits) < 100 else _INT64
        if signs and signs.count("-") % 2:
            value = -value
        if len(digits) > _SAFE_DIGITS and not -_INT64 <= value < _INT64:
            raise Rejected
        return value

    def year(self) -> int | None:
        """The next number as a year: of two digits 70-99 are 19xx and 00-69 20xx."""
        digits = self.digits(4)
        if not digits:
            return None
        year = int(digits)
        if len(digits) >= 4 or year >= 100:
            return year
        return year + (2000 if year < 70 else 1900)

    def microseconds(self) -> int:
        """The fraction of a second after the next `.` or `:`.

        Digits past the sixth are cut by way of a float, as PHP does, so the last microsecond
        agrees with it.
        """
        digits = self.digits(len(self.text))
        fraction = float(digits) * 10.0 ** (6 - len(digits))
        # Of more than 308 digits PHP makes infinity times nothing, cast to an integer.
        return int(fraction) if math.isfinite(fraction) else -_INT64

    def word(self) -> str:
        """The run of letters at this place, in lower case."""
        found = _WORD.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found.group().lower()

    def month(self) -> int:
        """The next word as a month."""
        self.skip(" \t-./")
        return MONTHS.get(self.word(), 0)

    def amount(self) -> tuple[str, int]:
        """The next counting word and its amount."""
        word = self.word()
        return word, AMOUNTS[word]

    def last_word(self) -> str:
        """All that is left after blanks, in lower case."""
        return self.rest().lstrip(_SPACES).lower()

    def to_24_hours(self, hour: int) -> int:
        """`hour` on the 24-hour clock, by the `am` or `pm` that comes next."""
        found = _MERIDIAN.search(self.text, self.at)
        if found is not None and found.group() in "Aa":
            return 0 if hour == 12 else hour
        return hour if hour == 12 else hour + 12
