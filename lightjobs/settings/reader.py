"""Reading settings in one pass that finds every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .config_files import Given

T = TypeVar("T")


class Reader:
    """Reads the values of one dict of `config/`. Whatever is wrong is added to `problems`, and the
    default is used in its place. `place` is where the dict stands if the environment has no names
    for its values."""

    def __init__(self, given: Given, problems: list[str], place: str | None = None) -> None:
        self._given = given
        self._problems = problems
        self._place = place

    def reporting_to(self, problems: list[str]) -> Reader:
        """A reader of the same values that adds what is wrong to `problems`."""
        return Reader(self._given, problems, self._place)

    def value(self, name: str, key: str, parse: Callable[[Any], T], default: T) -> T:
        """The value called `name`, parsed; `default` if it is unset, empty or wrong. `key` is the
        environment's name for it, which problems use."""
        raw = self._raw(name)
        if raw is None:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            # This shows no secret: a password may be any text, so its parser rejects none.
            self._problems.append(f"{self._shown(name, key)} is {raw!r}; allowed: {error}")
            return default

    def text(self, name: str, default: str) -> str:
        """The value called `name`, even if it is empty; `default` if it is unset."""
        for source in self._given:
            if source.get(name) is not None:
                return str(source[name])
        return default

    def url(
        self, key: str, parse: Callable[[str], Mapping[str, Any]], server: tuple[str, ...]
    ) -> Mapping[str, Any]:
        """Let the values that `url` sets win over the others of its source, and return them.

        The environment's URL yields to each value in the project's file. If the file has one of
        those called `server`, it means another server, and the URL does not count at all.
        """
        own, environment = self._given
        in_file = bool(own.get("url"))
        url = own.get("url") or environment.get("url")
        if not url or (not in_file and any(own.get(name) for name in server)):
            return {}
        try:
            found = parse(str(url))
        except ValueError as error:
            # Its text never quotes the URL, which may contain a password.
            self._problems.append(f"{self._shown('url', key)}: {error}")
            return {}
        if in_file:
            own = {name: value for name, value in own.items() if name not in found}
        self._given = Given(own, {**environment, **found})
        return found

    def several(self, server: tuple[str, ...]) -> str:
        """The value called `urls`; "" if there is none. That of the environment does not count if
        the project's file has one of those called `server`, which means another server."""
        own, environment = self._given
        if own.get("urls"):
            return str(own["urls"])
        if any(own.get(name) for name in server):
            return ""
        return str(environment.get("urls") or "")

    def at(self, place: str, url: str, parse: Callable[[str], Mapping[str, Any]]) -> Reader:
        """A reader of the same values in which those that `url` sets win. `place` is what problems
        call the URL."""
        try:
            found = parse(url)
        except ValueError as error:
            self._problems.append(f"{place}: {error}")
            found = {}
        own = {name: value for name, value in self._given.own.items() if name not in found}
        return Reader(Given(own, {**self._given.environment, **found}), self._problems, self._place)

    def _shown(self, name: str, key: str) -> str:
        return key if self._place is None else f"{name} {self._place}"

    def _raw(self, name: str) -> Any:
        values = (source.get(name) for source in self._given)
        return next((value for value in values if value is not None and value != ""), None)
