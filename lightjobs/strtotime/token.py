"""Reads numbers and words from one token, left to right."""

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
    """The text of a token and how far it has been read.

    The lexer has checked its form. The methods find the next piece of a kind and skip what comes
    before it.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        # PHP reads tokens as C strings: `Jan 5<NUL>10:00` is one token and loses its time.
        self.text = text.partition("\0")[0]
        self.at = 0

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.at : self.at + 1]

    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def rest(self) -> str:
        """Read everything that is left."""
        start, self.at = self.at, len(self.text)
        return self.text[start:]

    def skip(self, chars: str) -> None:
        """Skip any number of `chars`."""
        text, at = self.text, self.at
        while at < len(text) and text[at] in chars:
            at += 1
        self.at = at

    def skip_spaces(self) -> None:
        """Skip blanks, including no-break spaces."""
        self.skip(_SPACES)

    def skip_day_suffix(self) -> None:
        """Skip `st`, `nd`, `rd` or `th`."""
        if self.text[self.at : self.at + 2].lower() in ("st", "nd", "rd", "th"):
            self.at += 2

    def digits(self, most: int) -> str:
        """Read the next digits, at most `most` of them; "" if there are none."""
        found = _DIGITS.search(self.text, self.at)
        if found is None:
            self.at = len(self.text)
            return ""
        digits = found.group()[:most]
        self.at = found.start() + len(digits)
        return digits

    def number(self, most: int) -> int | None:
        """Read the next number, at most `most` digits of it; None if there is none."""
        digits = self.digits(most)
        return int(digits) if digits else None

    def signed_number(self) -> int:
        """Read the next number and the signs before it. Each minus negates it.

        Raises Rejected if there is no number or it needs more than 64 bits.
        """
        found = _SIGNED.search(self.text, self.at)
        if found is None:
            raise Rejected
        self.at = found.end()
        signs, digits = found.groups()
        # Check the length first, because `int` refuses thousands of digits.
        value = int(digits) if len(digits) < 100 else _INT64
        if signs and signs.count("-") % 2:
            value = -value
        if len(digits) > _SAFE_DIGITS and not -_INT64 <= value < _INT64:
            raise Rejected
        return value

    def year(self) -> int | None:
        """Read the next number as a year. With two digits, 70-99 mean 19xx and 00-69 mean 20xx."""
        digits = self.digits(4)
        if not digits:
            return None
        year = int(digits)
        if len(digits) >= 4 or year >= 100:
            return year
        return year + (2000 if year < 70 else 1900)

    def microseconds(self) -> int:
        """Read the fraction of a second after the next `.` or `:`.

        Digits after the sixth are cut off by way of a float, as in PHP, so that the last
        microsecond is the same.
        """
        digits = self.digits(len(self.text))
        fraction = float(digits) * 10.0 ** (6 - len(digits))
        # With more than 308 digits PHP computes infinity times zero and casts it to an integer.
        return int(fraction) if math.isfinite(fraction) else -_INT64

    def word(self) -> str:
        """Read the letters that come next, in lower case."""
        found = _WORD.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found.group().lower()

    def month(self) -> int:
        """Read the next word as a month; 0 if it is not one."""
        self.skip(" \t-./")
        return MONTHS.get(self.word(), 0)

    def amount(self) -> tuple[str, int]:
        """Read the next word, which counts a unit, and return it with its amount."""
        word = self.word()
        return word, AMOUNTS[word]

    def last_word(self) -> str:
        """Read everything that is left, without the blanks before it, in lower case."""
        return self.rest().lstrip(_SPACES).lower()

    def to_24_hours(self, hour: int) -> int:
        """Read the `am` or `pm` that comes next and return `hour` on the 24-hour clock."""
        found = _MERIDIAN.search(self.text, self.at)
        if found is not None and found.group() in "Aa":
            return 0 if hour == 12 else hour
        return hour if hour == 12 else hour + 12
