"""What a supervisor tells a child when it starts it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..errors import PackageReplaced
from ..model import Outcome
from ..version import __version__
from . import late_hooks
from .options import Options


class Order(NamedTuple):
    """What a child is to do. A new interpreter gets it as JSON; a forked child does, too, so that
    both start alike."""

    worker: str
    """The child's name as a worker in the store."""
    place: int
    """The child's index among the busy flags and the stop flags."""
    options: Options
    parent: int
    """The process id of the supervisor."""
    journal: int
    """Like the next five, the number of an inherited descriptor: the child's journal."""
    ready: int
    """The pipe on which the child says that it is ready, or why it cannot start."""
    busy_flags: int
    """The busy flags of all children."""
    stop_flags: int
    """The stop flags of all children."""
    outage: int
    """What all of them know of a store that is away."""
    run_budget: int | None
    """The run budget of all children; None without --max-jobs."""
    late_outcomes: tuple[Outcome, ...] = ()
    """Outcomes of jobs that timed out and were killed with their child: this child calls their
    hooks."""

    def to_json(self) -> str:
        """The order as text."""
        values = {"version": __version__, **self._asdict()}
        values["options"] = self.options._asdict()
        values["late_outcomes"] = [late_hooks.to_json(outcome) for outcome in self.late_outcomes]
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Order:
        """The order from which `to_json` made `text`. Raises PackageReplaced if another version of
        lightjobs made it."""
        values: dict[str, Any] = json.loads(text)
        if (version := values.pop("version")) != __version__:
            raise PackageReplaced(
                f"lightjobs {version} was replaced by {__version__} while this worker ran; "
                "start the worker again"
            )
        options = values.pop("options")
        options["queues"] = tuple(options["queues"])
        late_outcomes = tuple(map(late_hooks.from_json, values.pop("late_outcomes")))
        return cls(**values, options=Options(**options), late_outcomes=late_outcomes)

    @property
    def inherited(self) -> list[int]:
        """The descriptors that the child inherits."""
        numbers = (
            *(self.journal, self.ready, self.busy_flags, self.stop_flags, self.outage),
            self.run_budget,
        )
        return [number for number in numbers if number is not None]
