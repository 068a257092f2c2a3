"""The builder of an entry, in Lightpack's words: `schedule.job(X).daily().at("09:00")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from ..errors import JobDefinitionError
from ..job_class import Job
from . import checks
from .command import RunCommand
from .entry import ACCURACIES, Entry
from .lightpack_cron import LightpackCron
from .recurrence import Cron, Every, cron_text
from .window import Window

_YEAR = 365 * 86_400
_AT = "at()"


class Event:
    """One entry being written. Each method returns the event again, and raises JobDefinitionError
    at once for what is wrong.

    There is no `onOneServer()`: each due moment is dispatched once, however many schedulers run.
    """

    def __init__(self, job: Job, title: str, place: str = "") -> None:
        self.place = place
        """The file and line where the entry is written."""
        self._job = job
        self._title = title
        self._said_by = ""
        """The method that said when the entry is due, such as "daily()"; "" before there is one."""
        self._cron: str | None = None
        self._read: type[Cron] = Cron
        self._seconds = 0
        self._name: str | None = None
        self._zone = ZoneInfo("UTC")
        self._window: Window | None = None
        self._when: Callable[[], object] | None = None
        self._accuracy = ACCURACIES[0]
        self._jitter = 0.0
        self._overlapping = True

    def cron(self, expression: str, *, lightpack: bool = False) -> Self:
        """Due when the five fields of cron match: minute, hour, day of month, month, day of week.
        POSIX rules apply; names of months and days are allowed, and Sunday is 0 or 7. Also allowed
        are @hourly, @daily, @weekly, @monthly and @yearly.

        With `lightpack`, the expression is read as Lightpack reads it: day of month and day of week
        must both match, and `*/5` means the multiples of 5."""
        text = cron_text(expression)
        if lightpack:
            LightpackCron(text, ZoneInfo("UTC"))  # raises for what is never due
            self._read = LightpackCron
        return self._due("cron()", text)

    def everyMinutes(self, minutes: int) -> Self:
        """Due at each minute of the hour that is a multiple of `minutes`, 1 to 59. As in cron, each
        hour starts again at 0, so 7 means :00, :07 … :56, :00. `everySeconds` counts evenly."""
        checks.whole("everyMinutes()", minutes, 1, 59)
        return self._due("everyMinutes()", "* * * * *" if minutes == 1 else f"*/{minutes} * * * *")

    def everySeconds(self, seconds: int) -> Self:
        """Due every `seconds` (1 to a year) at multiples counted from 1970 in UTC, so changes
        between summer and winter time do not affect it."""
        checks.whole("everySeconds()", seconds, 1, _YEAR)
        self._due("everySeconds()", None)
        self._seconds = seconds
        return self

    def hourly(self) -> Self:
        """Due at minute 0 of every hour."""
        return self._due("hourly()", "0 * * * *")

    def daily(self) -> Self:
        """Due every day, at midnight unless `at` sets a time."""
        return self._due("daily()", "0 0 * * *")

    def weekly(self) -> Self:
        """Due every Sunday, at midnight unless `at` sets a time."""
        return self._due("weekly()", "0 0 * * 0")

    def monthly(self) -> Self:
        """Due on the 1st of every month, at midnight unless `at` sets a time."""
        return self._due("monthly()", "0 0 1 * *")

    def monthlyOn(self, day: int, time: str = "00:00") -> Self:
        """Due on that day, 1 to 31, of every month that has it, at that time, HH:MM or H:M."""
        checks.whole("monthlyOn()", day, 1, 31)
        clock = checks.time_of_day("monthlyOn()", time)
        return self._due("monthlyOn()", f"{clock.minute} {clock.hour} {day} * *")

    def mondays(self) -> Self:
        """Due every Monday, at midnight unless `at` sets a time."""
        return self._due("mondays()", "0 0 * * 1")

    def tuesdays(self) -> Self:
        """Due every Tuesday, at midnight unless `at` sets a time."""
        return self._due("tuesdays()", "0 0 * * 2")

    def wednesdays(self) -> Self:
        """Due every Wednesday, at midnight unless `at` sets a time."""
        return self._due("wednesdays()", "0 0 * * 3")

    def thursdays(self) -> Self:
        """Due every Thursday, at midnight unless `at` sets a time."""
        return self._due("thursdays()", "0 0 * * 4")

    def fridays(self) -> Self:
        """Due every Friday, at midnight unless `at` sets a time."""
        return self._due("fridays()", "0 0 * * 5")

    def saturdays(self) -> Self:
        """Due every Saturday, at midnight unless `at` sets a time."""
        return self._due("saturdays()", "0 0 * * 6")

    def sundays(self) -> Self:
        """Due every Sunday, at midnight unless `at` sets a time."""
        return self._due("sundays()", "0 0 * * 0")

    def at(self, time: str) -> Self:
        """Due at that time, HH:MM, on the days chosen with another method, or every day if none are
        chosen."""
        clock = checks.time_of_day("at()", time)
        if not self._said_by:
            self._said_by, self._cron = _AT, "0 0 * * *"
        days = (self._cron or "").split()[2:]
        if self._cron is None or self._cron.split()[1] == "*":
            raise JobDefinitionError(
                f"at({time!r}) would undo {self._said_by}; allowed: at() with daily(), weekly(), "
                "monthly() or a day of the week"
            )
        self._cron = " ".join([str(clock.minute), str(clock.hour), *days])
        return self

    def between(self, start: str, end: str) -> Self:
        """Due only from `start` to `end`, HH:MM in the entry's zone, both included. When `end` is
        the earlier one, the window runs past midnight."""
        self._window = Window(
            checks.time_of_day("between()", start), checks.time_of_day("between()", end)
        )
        return self

    def when(self, condition: Callable[[], object]) -> Self:
        """Pass over a due moment unless `condition()`, called at that moment, is true."""
        self._when = checks.condition(condition)
        return self

    def timezone(self, name: str) -> Self:
        """Read the entry's times in this IANA zone, such as Europe/Paris. The default is UTC."""
        self._zone = checks.zone(name)
        return self

    def name(self, name: str) -> Self:
        """Name the entry. The default name is made of the job and the expression."""
        self._name = name
        return self

    def payload(self, payload: Mapping[str, Any]) -> Self:
        """Dispatch the job with this payload."""
        if isinstance(self._job, RunCommand):
            raise JobDefinitionError(
                "payload() is for jobs; allowed for a command: arguments in command([...])"
            )
        self._job.setPayload(payload)
        return self

    def queue(self, queue: str) -> Self:
        """Dispatch the job to this queue instead of the one its class names."""
        self._job.setQueue(queue)
        return self

    def withoutOverlapping(self) -> Self:
        """Pass over a due moment while the job of an earlier one is waiting or running."""
        self._overlapping = False
        return self

    def accuracy(self, accuracy: str) -> Self:
        """Choose which of the moments missed while no scheduler ran are made up for: "latest" (the
        default, only the last of them), "all" or "none"."""
        self._accuracy = checks.accuracy(accuracy)
        return self

    def jitter(self, jitter: str) -> Self:
        """Make each job due a random time later, up to `jitter`: a time such as +30 seconds, a day
        at most."""
        self._jitter = checks.jitter(jitter)
        return self

    def isDueAt(self, moment: datetime) -> bool:
        """Whether the entry is due in the minute of `moment`, or for everySeconds in its second."""
        entry = self.entry()
        second = int(checks.aware("isDueAt()", moment).timestamp() // 1)
        start = second - second % entry.recurrence.grain
        due = entry.next_after(start - 1)
        return due is not None and due < start + entry.recurrence.grain

    def nextDueAt(self, after: datetime | None = None) -> datetime | None:
        """The first due moment after `after` (default: now), in the entry's zone. None if there is
        none in the next 50 years or before the end of the year 9999."""
        after = datetime.now(UTC) if after is None else checks.aware("nextDueAt()", after)
        return self._moment(self.entry().next_after(int(after.timestamp() // 1)))

    def previousDueAt(self, before: datetime | None = None) -> datetime | None:
        """The last due moment before `before` (default: now), in the entry's zone. None if there is
        none in the 50 years before."""
        before = datetime.now(UTC) if before is None else checks.aware("previousDueAt()", before)
        return self._moment(self.entry().last_before(-int(-before.timestamp() // 1)))

    def entry(self) -> Entry:
        """The finished entry. Raises JobDefinitionError if it does not say when it is due, is never
        due, or has a wrong name."""
        if not self._said_by:
            raise JobDefinitionError(
                f"the entry for {self._title} does not say when it is due; add daily(), cron() or "
                "another method that does"
            )
        recurrence = (
            Every(self._seconds) if self._cron is None else self._read(self._cron, self._zone)
        )
        entry = Entry(
            name=checks.entry_name(
                f"{self._title} {recurrence.text}" if self._name is None else self._name
            ),
            job=self._job,
            recurrence=recurrence,
            zone=self._zone,
            window=self._window,
            when=self._when,
            accuracy=self._accuracy,
            jitter=self._jitter,
            overlapping=self._overlapping,
            place=self.place,
        )
        if entry.window is not None and entry.next_after(0) is None:
            raise JobDefinitionError(f"the entry {entry.name!r} is never due: {entry.expression}")
        return entry

    def _due(self, method: str, cron: str | None) -> Self:
        if self._said_by == _AT and cron is not None and cron.startswith("0 0 "):
            # at() has set the time before; this method adds the days.
            cron = " ".join([*(self._cron or "").split()[:2], *cron.split()[2:]])
        elif self._said_by:
            raise JobDefinitionError(
                f"{self._said_by} and {method} both say when the entry is due; choose one of them, "
                "write two entries, or use cron()"
            )
        self._said_by, self._cron = method, cron
        return self

    def _moment(self, moment: int | None) -> datetime | None:
        return None if moment is None else datetime.fromtimestamp(moment, self._zone)
