"""The builder of an entry, in Lightpack's words: `schedule.job(X).daily().at("09:00")`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import JobDefinitionError
from ..job_class import Job
from ..strtotime import strtotime
from ..text import shortened
from .command import RunCommand
from .entry import ACCURACIES, NAME_LENGTH, Entry
from .recurrence import Cron, Every, cron_text
from .window import Window

_DAY = 86_400
_YEAR = 365 * _DAY
_AT = "at()"
_NO_ZONE = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")
"""What systems keep among the zones: names that mean another zone on each machine, or none, and
clocks that count leap seconds."""
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Event:
    """One entry being written; each method returns it again. What cannot be right raises
    JobDefinitionError at once.

    There is no `onOneServer()`: however many schedulers run, each due moment is dispatched once.
    """

    def __init__(self, job: Job, title: str, place: str = "") -> None:
        self.place = place
        """The file and line where it is written."""
        self._job = job
        self._title = title
        self._said = ""
        self._cron: str | None = None
        self._seconds = 0
        self._name: str | None = None
        self._zone = ZoneInfo("UTC")
        self._window: Window | None = None
        self._when: Callable[[], object] | None = None
        self._accuracy = ACCURACIES[0]
        self._jitter = 0.0
        self._overlapping = True

    def cron(self, expression: str) -> Self:
        """Due as five fields of cron say (minute, hour, day of month, month, day of week; POSIX
        rules, names, 7 is Sunday too), or a name: @hourly, @daily, @weekly, @monthly, @yearly."""
        return self._say("cron()", cron_text(expression))

    def everyMinutes(self, minutes: int) -> Self:
        """Due at each minute of the clock that is a multiple of `minutes`, 1 to 59. As in cron
        each hour begins anew, so 7 means :00, :07 … :56, :00; `everySeconds` counts evenly."""
        _whole("everyMinutes()", minutes, 1, 59)
        return self._say("everyMinutes()", "* * * * *" if minutes == 1 else f"*/{minutes} * * * *")

    def everySeconds(self, seconds: int) -> Self:
        """Due every `seconds` of UTC, at multiples counted from 1970; no clock is turned there."""
        _whole("everySeconds()", seconds, 1, _YEAR)
        self._say("everySeconds()", None)
        self._seconds = seconds
        return self

    def hourly(self) -> Self:
        """Due at minute 0 of every hour."""
        return self._say("hourly()", "0 * * * *")

    def daily(self) -> Self:
        """Due every day, at midnight unless `at` says otherwise."""
        return self._say("daily()", "0 0 * * *")

    def weekly(self) -> Self:
        """Due every Sunday, at midnight unless `at` says otherwise."""
        return self._say("weekly()", "0 0 * * 0")

    def monthly(self) -> Self:
        """Due on the 1st of every month, at midnight unless `at` says otherwise."""
        return self._say("monthly()", "0 0 1 * *")

    def monthlyOn(self, day: int, time: str = "00:00") -> Self:
        """Due on that day of every month that has it."""
        _whole("monthlyOn()", day, 1, 31)
        clock = _time("monthlyOn()", time)
        return self._say("monthlyOn()", f"{clock.minute} {clock.hour} {day} * *")

    def mondays(self) -> Self:
        """Due every Monday, at midnight unless `at` says otherwise."""
        return self._say("mondays()", "0 0 * * 1")

    def tuesdays(self) -> Self:
        """Due every Tuesday, at midnight unless `at` says otherwise."""
        return self._say("tuesdays()", "0 0 * * 2")

    def wednesdays(self) -> Self:
        """Due every Wednesday, at midnight unless `at` says otherwise."""
        return self._say("wednesdays()", "0 0 * * 3")

    def thursdays(self) -> Self:
        """Due every Thursday, at midnight unless `at` says otherwise."""
        return self._say("thursdays()", "0 0 * * 4")

    def fridays(self) -> Self:
        """Due every Friday, at midnight unless `at` says otherwise."""
        return self._say("fridays()", "0 0 * * 5")

    def saturdays(self) -> Self:
        """Due every Saturday, at midnight unless `at` says otherwise."""
        return self._say("saturdays()", "0 0 * * 6")

    def sundays(self) -> Self:
        """Due every Sunday, at midnight unless `at` says otherwise."""
        return self._say("sundays()", "0 0 * * 0")

    def at(self, time: str) -> Self:
        """Due at that time, HH:MM, of the days chosen before; of every day if none were."""
        clock = _time("at()", time)
        if not self._said:
            self._said, self._cron = _AT, "0 0 * * *"
        days = (self._cron or "").split()[2:]
        if self._cron is None or self._cron.split()[1] == "*":
            raise JobDefinitionError(
                f"at({time!r}) would undo {self._said}; allowed after daily(), weekly(), monthly() "
                "or a day of the week"
            )
        self._cron = " ".join([str(clock.minute), str(clock.hour), *days])
        return self

    def between(self, start: str, end: str) -> Self:
        """Due only from `start` to `end`, HH:MM by the clock, both included; past midnight when
        `end` is earlier."""
        self._window = Window(_time("between()", start), _time("between()", end))
        return self

    def when(self, condition: Callable[[], object]) -> Self:
        """Pass a due moment over unless `condition()`, asked just then, is true."""
        if not callable(condition) or not _answers(condition):
            raise JobDefinitionError(
                f"when({condition!r}): allowed: a function without parameters, no async one"
            )
        self._when = condition
        return self

    def timezone(self, name: str) -> Self:
        """Read the entry's times by the clock of this IANA zone, such as Europe/Paris; else UTC."""
        try:
            if _NO_ZONE.fullmatch(name):
                raise ValueError(name)
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError, TypeError):
            raise JobDefinitionError(
                f"timezone({name!r}) is unknown; allowed: a name such as Europe/Paris or UTC"
            ) from None
        return self

    def name(self, name: str) -> Self:
        """Call the entry so; its default name is made of the job and the expression."""
        self._name = name
        return self

    def payload(self, payload: Mapping[str, Any]) -> Self:
        """Dispatch the job with this payload."""
        if isinstance(self._job, RunCommand):
            raise JobDefinitionError("payload(): a command has none; allowed: its arguments")
        self._job.setPayload(payload)
        return self

    def queue(self, queue: str) -> Self:
        """Dispatch the job to this queue instead of its class's."""
        self._job.setQueue(queue)
        return self

    def withoutOverlapping(self) -> Self:
        """Pass a due moment over while the job of the last one waits or runs."""
        self._overlapping = False
        return self

    def accuracy(self, accuracy: str) -> Self:
        """Which moments to make up for that passed while no scheduler ran: "latest" (the default:
        the last of them), "all", or "none"."""
        if accuracy not in ACCURACIES:
            raise JobDefinitionError(f"accuracy({accuracy!r}); allowed: {', '.join(ACCURACIES)}")
        self._accuracy = accuracy
        return self

    def jitter(self, jitter: str) -> Self:
        """Let each job become due at random up to `jitter` later: a time such as +30 seconds."""
        start = datetime(2024, 1, 1, tzinfo=UTC)
        try:
            length = (strtotime(jitter, start) - start).total_seconds()
        except (ValueError, TypeError, AttributeError):
            length = 0.0
        if not 0 < length <= _DAY:
            raise JobDefinitionError(
                f"jitter({jitter!r}); allowed: a time up to a day, such as '+30 seconds'"
            )
        self._jitter = length
        return self

    def isDueAt(self, moment: datetime) -> bool:
        """Whether it is due in the minute of `moment` (the second, for everySeconds)."""
        entry = self.entry()
        second = int(_aware("isDueAt()", moment).timestamp() // 1)
        start = second - second % entry.recurrence.grain
        due = entry.next_after(start - 1)
        return due is not None and due < start + entry.recurrence.grain

    def nextDueAt(self, after: datetime | None = None) -> datetime | None:
        """The first due moment after `after` (default: now), in the entry's zone; None if there is
        none before the year 9999."""
        after = datetime.now(UTC) if after is None else _aware("nextDueAt()", after)
        return self._moment(self.entry().next_after(int(after.timestamp() // 1)))

    def previousDueAt(self, before: datetime | None = None) -> datetime | None:
        """The last due moment before `before` (default: now), in the entry's zone."""
        before = datetime.now(UTC) if before is None else _aware("previousDueAt()", before)
        return self._moment(self.entry().last_before(-int(-before.timestamp() // 1)))

    def entry(self) -> Entry:
        """The finished entry. Raises JobDefinitionError for one that is never due."""
        if not self._said:
            raise JobDefinitionError(
                f"the entry for {self._title} does not say when; add daily(), cron() or the like"
            )
        recurrence = Every(self._seconds) if self._cron is None else Cron(self._cron, self._zone)
        entry = Entry(
            name=_checked_name(
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

    def _say(self, word: str, cron: str | None) -> Self:
        if self._said == _AT and cron is not None and cron.startswith("0 0 "):
            # The days of a time that was given before.
            cron = " ".join([*(self._cron or "").split()[:2], *cron.split()[2:]])
        elif self._said:
            raise JobDefinitionError(
                f"{self._said} and {word} both say when the entry is due; choose one, make two "
                "entries, or use cron()"
            )
        self._said, self._cron = word, cron
        return self

    def _moment(self, moment: int | None) -> datetime | None:
        return None if moment is None else datetime.fromtimestamp(moment, self._zone)


def _whole(where: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(value))}; allowed: {least} to {most:,}"
        )


def _time(where: str, text: str) -> time:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(text))}; allowed: a time from 00:00 to 23:59"
        )
    return time(int(found[1]), int(found[2]))


def _aware(where: str, moment: datetime) -> datetime:
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(moment))}; allowed: a datetime with a zone"
        )
    return moment


def _answers(condition: Callable[..., object]) -> bool:
    """Whether it can be asked without arguments, and answers at once."""
    if any(map(inspect.iscoroutinefunction, (condition, type(condition).__call__))):
        return False
    try:
        inspect.signature(condition).bind()
    except TypeError:
        return False
    except ValueError:  # a builtin that does not say
        return True
    return True


def _checked_name(name: str) -> str:
    fits = isinstance(name, str) and 0 < len(name) <= NAME_LENGTH
    if not fits or not name.isprintable() or name != name.strip():
        raise JobDefinitionError(
            f"name({shortened(repr(name))}); allowed: 1 to {NAME_LENGTH} printable characters"
        )
    return name
