"""Workers in processes with more descriptors than select() can take."""

from __future__ import annotations

import resource

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

OPENS = """
import os, sys
if "job:work" in sys.argv or "schedule:work" in sys.argv:
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
"""


@pytest.fixture
def limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("the limit of descriptors cannot be raised here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("options", [("--workers=2",), ("--workers=0",), ("--schedule",)])
def test_a_worker_with_more_than_1024_descriptors_works_and_stops(
    project: Project, limit: None, options: tuple[str, ...]
) -> None:
    project.patch(OPENS)
    (project.root / "config").mkdir()
    (project.root / "config/schedule.py").write_text(
        "from lightjobs.schedule import schedule\nschedule.command(['true']).daily()\n"
    )
    project.push_work(5)
    worker = project.work(*options)
    wait_until(project.empty)
    assert worker.stop() == 0
    assert "Traceback" not in worker.err
