"""`job:pause --all --wait` next to a worker that runs a job."""

from __future__ import annotations

import json

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "redis"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    found = request.getfixturevalue("clean_redis").environment
    return {**found, "JOB_ENGINE": "redis"}


LONG = """
from pathlib import Path


class Long(Job):
    def handle(self):
        record("start", self.payload["n"])
        while not Path("go").exists():
            time.sleep(0.01)
        record("end", self.payload["n"])
"""


def test_all_queues_are_drained(project: Project, environment: dict[str, str]) -> None:
    project.jobs(LONG)
    worker = project.work("--queue=default,idle", **environment)
    worker.ready()
    for n in range(2):
        project.cli("job:dispatch", "Long", json.dumps({"n": n}), **environment)
    wait_until(lambda: project.book("start"))
    wait_until(lambda: "idle" in project.cli("worker:list", "--json", **environment).stdout)

    done = project.cli("job:pause", "--all", "--wait=0.5", **environment)
    assert (done.returncode, done.stdout.splitlines()) == (
        *(1, ["queue default is paused", "queue idle is paused"]),
    )
    assert "after 0.5 s there are still running jobs: 1 of default" in done.stderr

    (project.root / "go").touch()
    done = project.cli("job:pause", "--all", "--wait", "--json", **environment)
    assert (done.returncode, json.loads(done.stdout)) == (
        *(0, {"queues": {"default": False, "idle": False}, "running": {}}),
    )
    assert [len(project.book(event)) for event in ("start", "end")] == [1, 1]

    done = project.cli("job:resume", "--all", **environment)
    assert (done.returncode, done.stdout.splitlines()) == (
        *(0, ["queue default is resumed", "queue idle is resumed"]),
    )
    wait_until(lambda: len(project.book("end")) == 2)
    assert worker.stop() == 0
