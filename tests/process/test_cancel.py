"""Cancelling jobs that run, by the command, while real workers have them."""

from __future__ import annotations

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

LONG = """
class Polls(Job):
    def handle(self):
        record("start", self.payload["n"])
        while not self.context.cancelled:
            time.sleep(0.01)
        record("told", self.payload["n"])

class Awaits(Job):
    async def handle(self):
        record("start", self.payload["n"])
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            record("told", self.payload["n"])
            raise
"""


@pytest.mark.parametrize("options", [(), ("--concurrency=3",), ("--workers=0",)])
@pytest.mark.parametrize("name", ["Polls", "Awaits"])
def test_a_running_job_that_is_cancelled_is_told_and_the_worker_goes_on(
    project: Project, name: str, options: tuple[str, ...]
) -> None:
    project.jobs(LONG)
    (job_id,) = project.push(name, {"n": "long"})
    worker = project.work(*options)
    wait_until(lambda: project.started("long"))
    assert project.cli("job:cancel", job_id).returncode == 0
    wait_until(lambda: project.runs("told"))
    project.push_work(3)
    wait_until(lambda: len(project.book("end")) == 3)
    assert worker.stop() == 0
    assert project.runs() == {"long": 1, "0": 1, "1": 1, "2": 1}
    wait_until(project.empty, what="dropped when its worker has let go of it")
    assert "[CANCELLED]" in worker.out
    assert "[LOST]" not in worker.out
    assert "refused" not in worker.err
