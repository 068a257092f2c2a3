"""What a child is told by its supervisor when it starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from ..model import Outcome
from . import late_hooks
from .options import Options


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do. It travels as JSON, also to a child that was forked: both are started
    alike."""

    worker: str
    """Its name in the store."""
    place: int
    """Its own place among `busy_flags`."""
    options: Options
    parent: int
    """The supervisor's process."""
    journal: int
    ready: int
    busy_flags: int
    budget: int | None
    """The numbers of inherited descriptors: of the journal, of the pipe on which the child says
    that it is ready or why it cannot start, of the busy flags, and of the budget of runs."""
    late: tuple[Outcome, ...] = ()
    """Outcomes of another child's jobs whose hooks it could not call."""

    def to_json(self) -> str:
        """The order as text."""
        late = [late_hooks.to_json(outcome) for outcome in self.late]
        return json.dumps({**asdict(self), "options": self.options._asdict(), "late": late})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The order that `text` stands for."""
        given: dict[str, Any] = json.loads(text)
        options = {**given["options"], "queues": tuple(given["options"]["queues"])}
        late = tuple(late_hooks.from_json(values) for values in given["late"])
        return cls(**{**given, "options": Options(**options), "late": late})

    @property
    def inherited(self) -> list[int]:
        """The descriptors that the child inherits."""
        numbers = (self.journal, self.ready, self.busy_flags, self.budget)
        return [number for number in numbers if number is not None]
