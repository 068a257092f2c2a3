"""A converter between the values of an annotation and JSON, and the error that it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

JSON_TYPES = {
    str: "a string",
    int: "a whole number",
    float: "a number with a fraction",
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
}
"""The Python types that hold JSON, in the words of messages."""


class Misfit(Exception):
    """A value that does not have the annotated type. On its way out the error collects the path to
    that value. Its text names types only, because payloads must not be logged."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self._reason = reason
        self._places = [place]

    def within(self, place: str) -> Misfit:
        """This error, with `place` put before its path."""
        self._places.append(place)
        return self

    @property
    def is_inside(self) -> bool:
        """Whether the value itself had the right type, but another within it did not."""
        return any(self._places)

    def described(self, root: str) -> str:
        """The path from `root`, and the reason."""
        return f"{root}{''.join(reversed(self._places))}: {self._reason}"


@dataclass(slots=True)
class Converter:
    """Loads the values of one annotation from JSON, and dumps them to it."""

    expects: str
    kinds: frozenset[type]
    """The JSON types that no other variant of a union may have."""
    load: Callable[[Any], Any]
    """From what JSON holds to the value. Raises Misfit."""
    dump: Callable[[Any], Any]
    """From the value to what JSON holds; also takes what `load` takes. Raises Misfit."""
    also: frozenset[type] = frozenset()
    """Further JSON types that it loads, unless another variant of a union has them."""


def refuse(expects: str, value: object) -> NoReturn:
    """Raise the Misfit for a value whose type is not the expected one."""
    kind = type(value)
    raise Misfit(f"expected {expects}, got {JSON_TYPES.get(kind, kind.__name__)}")


def unknown_field(name: object, known: Iterable[str]) -> Misfit:
    """The error for a field that its object does not have."""
    allowed = ", ".join(known) or "none"
    return Misfit(f"there is no such field; allowed: {allowed}", f".{name}")
