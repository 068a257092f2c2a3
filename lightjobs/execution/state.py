"""The state of a worker: what its on_start functions returned."""

from __future__ import annotations

from typing import Any

HOW_TO = "write a function with @lightjobs.on_start in a job module; what it returns is there"
"""What to do when there is no state."""


class Values(dict[str, Any]):
    """What the on_start functions returned, by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.absent: list[str] = []
        """The async functions that were not called, since there is no worker."""

    def described(self) -> str:
        """What there is, for messages."""
        values = [f"{name} ({type(value).__qualname__})" for name, value in self.items()]
        there = f"there is: {', '.join(values)}" if values else "there is nothing"
        if self.absent:
            absent = ", ".join(self.absent)
            return f"{there}; not here: {absent}, since async on_start functions need a worker"
        return there if values else f"{there}: {HOW_TO}"


class State:
    """What the on_start functions returned: each value is the attribute that has the name of its
    function."""

    __slots__ = ("_values",)

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        raise AttributeError(f"the state has no {name!r}; {self._values.described()}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]
