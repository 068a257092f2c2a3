from __future__ import annotations

from collections.abc import Callable

import pytest

from lightjobs import Job
from lightjobs.schedule import Schedule
from lightjobs.schedule.entry import Entry
from lightjobs.schedule.event import Event
from tests.unit.conftest import call, configured, engine, isolated, project

__all__ = ["call", "configured", "engine", "isolated", "project"]


@pytest.fixture
def report() -> type[Job]:
    """A Job class to schedule."""

    class SendReport(Job):
        handler = "App\\Jobs\\SendReport"
        queue = "reports"

        def handle(self) -> None:
            pass

    return SendReport


@pytest.fixture
def event(report: type[Job]) -> Event:
    """A new entry being written."""
    return Schedule().job(report)


@pytest.fixture
def recurring(report: type[Job]) -> Callable[..., Entry]:
    """An entry that is due every `seconds`; `more` may add to its event."""

    def make(
        seconds: int = 60,
        name: str = "report",
        more: Callable[[Event], Event] = lambda event: event,
    ) -> Entry:
        event = Schedule().job(report).everySeconds(seconds).name(name)
        return more(event).entry()

    return make
