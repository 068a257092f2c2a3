"""An entry of the schedule, complete and checked: a job and when it is due."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ..dispatching.new_jobs import new_jobs
from ..execution.registry import handler_of
from ..job_class import Job
from ..model import ENTRY_OPTION, SLOT_OPTION, NewJob, Template, unrefused
from .recurrence import Recurrence
from .window import Window

ACCURACIES = ("latest", "all", "none")
NAME_LENGTH = 150
"""Characters. The stores keep a row or field under each name."""

_MOST_SKIPS = 10_000
"""How many due moments outside the window are skipped before the search ends. Changes of the clock
cause far fewer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recurring job. Moments are whole unix seconds."""

    name: str
    """Unique in the schedule; the store keeps the entry under it."""
    job: Job
    """Carries its class, its payload and the values set on it."""
    recurrence: Recurrence
    zone: ZoneInfo
    window: Window | None
    when: Callable[[], object] | None
    """Called when a slot is due; if it returns a false value, the slot is passed over."""
    accuracy: str
    """One of ACCURACIES: which of the moments missed while no scheduler ran are made up for."""
    jitter: float
    """Each job becomes due up to so many seconds after its slot, at random."""
    overlapping: bool
    """If False, a slot is passed over while the job of an earlier one has not ended."""
    place: str
    """The file and line where the entry is written."""

    @property
    def handler(self) -> str:
        """The name that its jobs are stored under."""
        return handler_of(type(self.job))

    @property
    def expression(self) -> str:
        """When the entry is due, as text for people."""
        if self.window is None:
            return self.recurrence.text
        return f"{self.recurrence.text}, {self.window.start:%H:%M} to {self.window.end:%H:%M}"

    def next_after(self, moment: int) -> int | None:
        """The first due moment after `moment`; None if there is none."""
        due = self.recurrence.next_after(moment)
        if self.window is None:
            return due
        for _ in range(_MOST_SKIPS):
            if due is None or self._is_inside(due, self.window):
                return due
            due = self.recurrence.next_after(self.window.skip_ahead(due, self.zone))
        return None

    def last_before(self, moment: int) -> int | None:
        """The last due moment before `moment`; None if there is none."""
        due = self.recurrence.last_before(moment)
        if self.window is None:
            return due
        for _ in range(_MOST_SKIPS):
            if due is None or self._is_inside(due, self.window):
                return due
            due = self.recurrence.last_before(self.window.skip_back(due, self.zone))
        return None

    def _is_inside(self, due: int, window: Window) -> bool:
        return any(map(window.holds, self.recurrence.readings(due, self.zone)))

    def slots(self, after: int, until: int) -> Iterator[int]:
        """All due moments in (after, until], generated one at a time: there may be millions."""
        due = self.next_after(after)
        while due is not None and due <= until:
            yield due
            due = self.next_after(due)

    def new_job(self, due: int) -> NewJob:
        """The job to push for the slot `due`. Raises PayloadError."""
        return self.new_job_between(due, self.next_after(due))

    def new_job_between(self, due: int, following: int | None) -> NewJob:
        """The same, if the slot after it is known."""
        new = self._new_job({SLOT_OPTION: [due, following, self.zone.key]})
        if self.jitter:
            start = float(due) if new.due is None else new.due
            new = new._replace(due=start + random.uniform(0, self.jitter))
        return new

    def template(self) -> Template:
        """What the entry dispatches, whichever moment it is for. Raises PayloadError."""
        job = self._new_job({})._replace(due=None)
        return Template(job, self.expression, self.zone.key, self.when is not None)

    def _new_job(self, options: dict[str, object]) -> NewJob:
        (new,) = new_jobs(self.job, [self.job.getPayload()])
        own = {} if new.options is None else json.loads(new.options)
        options = {**own, ENTRY_OPTION: self.name, **options}
        return new._replace(options=json.dumps(options), flow=unrefused(new.flow))
