import pytest
from unit.conftest import configured, engine, isolated, project

from lightjobs import Job
from lightjobs.schedule import Schedule

__all__ = ["configured", "engine", "isolated", "project"]


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
