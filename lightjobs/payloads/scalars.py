"""Converters for single values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from .converter import JSON_TYPES, Converter, Misfit, refuse


def _same(value: Any) -> Any:
    return value


ANYTHING = Converter("anything", frozenset(JSON_TYPES), _same, _same)


def _plain(kind: type) -> Converter:
    expects = JSON_TYPES[kind]

    def load(value: Any) -> Any:
        return value if type(value) is kind else refuse(expects, value)

    def dump(value: Any) -> Any:
        # In Python a bool is also an int; in JSON and PHP it is not a number.
        fits = isinstance(value, kind) and (kind is bool or type(value) is not bool)
        return value if fits else refuse(expects, value)

    return Converter(expects, frozenset({kind}), load, dump)


def _number() -> Converter:
    expects = "a number"

    def load(value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            refuse(expects, value)
        try:
            return float(value)
        except OverflowError:
            raise Misfit("expected a number, got one too large") from None

    def dump(value: Any) -> float:
        return value if isinstance(value, float) else load(value)

    return Converter(expects, frozenset({float}), load, dump, frozenset({int}))


def _text(
    kind: type, expects: str, parse: Callable[[str], Any], text: Callable[[Any], str] = str
) -> Converter:
    """The converter for a type whose values are text in JSON."""

    def load(value: Any) -> Any:
        if type(value) is not str:
            refuse(expects, value)
        try:
            return parse(value)
        except (ValueError, ArithmeticError):
            raise Misfit(f"expected {expects}, got another string") from None

    def dump(value: Any) -> str:
        # A datetime is also a date, and would lose its time of day.
        fits = isinstance(value, kind) and (kind is not date or not isinstance(value, datetime))
        return text(value if fits else load(value))

    return Converter(expects, frozenset({str}), load, dump)


def _decimal() -> Converter:
    def parse(value: str) -> Decimal:
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError
        return number

    text = _text(Decimal, "a decimal number", parse)

    def load(value: Any) -> Any:
        # PHP writes a price as a JSON number. The shortest text of the float has the digits that
        # were meant.
        return text.load(repr(value) if type(value) in (int, float) else value)

    def dump(value: Any) -> str:
        return str(load(str(value) if isinstance(value, Decimal) else value))

    return Converter(text.expects, text.kinds, load, dump, frozenset({int, float}))


SCALARS: Mapping[Any, Converter] = {
    str: _plain(str),
    int: _plain(int),
    bool: _plain(bool),
    None: _plain(type(None)),
    type(None): _plain(type(None)),
    float: _number(),
    datetime: _text(datetime, "an ISO 8601 time", datetime.fromisoformat, datetime.isoformat),
    date: _text(date, "an ISO 8601 date", date.fromisoformat, date.isoformat),
    time: _text(time, "an ISO 8601 time of day", time.fromisoformat, time.isoformat),
    UUID: _text(UUID, "a UUID", UUID),
    Decimal: _decimal(),
}
"""The converter for each type of a single value."""


def choice(members: Mapping[Any, Any]) -> Converter:
    """The converter for a Literal or Enum. `members` maps what stands in JSON to the value."""
    # Keyed by the type, too, because 1 == True == 1.0.
    by_json = {(type(text), text): member for text, member in members.items()}
    by_member = {(type(member), member): text for text, member in members.items()}
    names = ", ".join(repr(text) for text in members)
    expects = f"one of {names}"

    def load(value: Any) -> Any:
        try:
            return by_json[type(value), value]
        except (KeyError, TypeError):  # TypeError: a list has no hash
            raise Misfit(f"expected {expects}") from None

    def dump(value: Any) -> Any:
        try:
            return by_member[type(value), value]
        except (KeyError, TypeError):
            load(value)
            return value

    return Converter(expects, frozenset(type(text) for text in members), load, dump)
