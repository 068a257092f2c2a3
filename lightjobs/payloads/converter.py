"""What a converter is, and what it raises."""

from __future__ import annotations

from collections.abc import Callable
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
"""Python's types of what JSON holds, in words."""


class Misfit(Exception):
    """A value that is not of its type. On its way out it gathers the path to that value. The text
    names types only, since payloads are not to be shown."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self._reason = reason
        self._places = [place]

    def within(self, place: str) -> Misfit:
        """This, seen from one step further out."""
        self._places.append(place)
        return self

    @property
    def is_inside(self) -> bool:
        """Whether the value as a whole fitted and one within it did not."""
        return any(self._places)

    def described(self, root: str) -> str:
        """The path from `root`, and the reason."""
        return f"{root}{''.join(reversed(self._places))}: {self._reason}"


@dataclass(slots=True)
class Converter:
    """How values of one annotation are read from JSON and written to it."""

    expects: str
    kinds: frozenset[type]
    """The types of JSON that it alone may claim within a union."""
    load: Callable[[Any], Any]
    """The value that a JSON one stands for. Raises Misfit."""
    dump: Callable[[Any], Any]
    """The JSON of a value of that type, or of JSON that could be loaded. Raises Misfit."""
    also: frozenset[type] = frozenset()
    """Further types of JSON that it reads when no other of the union claims them."""


def refuse(expects: str, value: object) -> NoReturn:
    """Raise the Misfit of a value whose type is not the expected one."""
    kind = type(value)
    raise Misfit(f"expected {expects}, got {JSON_TYPES.get(kind, kind.__name__)}")
