"""Reading settings in one pass that finds every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Reader:
    """Reads the values of one dict of `config/`. Whatever is wrong is added to `problems`, and the
    default is used in its place."""

    def __init__(self, given: Mapping[str, Any], problems: list[str]) -> None:
        self._given = given
        self._problems = problems

    def reporting_to(self, problems: list[str]) -> Reader:
        """A reader of the same values that adds what is wrong to `problems`."""
        return Reader(self._given, problems)

    def value(self, name: str, key: str, parse: Callable[[Any], T], default: T) -> T:
        """The value called `name`, parsed; `default` if it is unset, empty or wrong. `key` is the
        environment's name for it, which problems use."""
        raw = self._given.get(name)
        if raw is None or raw == "":
            return default
        try:
            return parse(raw)
        except ValueError as error:
            # This shows no secret: a password may be any text, so its parser rejects none.
            self._problems.append(f"{key} is {raw!r}; allowed: {error}")
            return default

    def text(self, name: str, default: str) -> str:
        """The value called `name`, even if it is empty; `default` if it is unset."""
        raw = self._given.get(name)
        return default if raw is None else str(raw)

    def url(self, key: str, parse: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Let the values that `url` sets win over the others, and return them."""
        if not self._given.get("url"):
            return {}
        try:
            found = parse(str(self._given["url"]))
        except ValueError as error:
            # Its text never quotes the URL, which may contain a password.
            self._problems.append(f"{key}: {error}")
            return {}
        self._given = {**self._given, **found}
        return found
