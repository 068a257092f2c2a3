import pytest
from unit.conftest import call, configured, engine, isolated, project

from lightjobs import Job
from lightjobs.schedule import Schedule

__all__ = ["call", "configured", "engine", "isolated", "project"]


@pytest.fixture
def report():
    """A Job class to schedule."""

    class SendReport(Job):
        handler = "App\\Jobs\\SendReport"
        queue = "reports"

        def handle(self):
            pass

    return SendReport


@pytest.fixture
def event(report):
    """A new entry being written."""
    return Schedule().job(report)


@pytest.fixture
def recurring(report):
    """An entry that is due every `seconds`; `more` may add to its event."""

    def make(seconds=60, name="report", more=lambda event: event):
        event = Schedule().job(report).everySeconds(seconds).name(name)
        return more(event).entry()

    return make
