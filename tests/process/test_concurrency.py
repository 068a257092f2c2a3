"""--concurrency: handlers really run at the same time."""

from __future__ import annotations

import pytest

from tests.support.project import Project

pytestmark = pytest.mark.slow


MEETS = """
def met(job):
    with open("book.txt") as book:
        return sum(line.startswith("start") for line in book) >= job.payload["all"]

class Meets(Job):
    '''Ends once as many have started as are to run at once.'''
    def handle(self):
        record("start", self.payload["n"])
        while not met(self):
            time.sleep(0.005)
        record("end", self.payload["n"])

class MeetsAsync(Job):
    async def handle(self):
        record("start", self.payload["n"])
        while not met(self):
            await asyncio.sleep(0.005)
        record("end", self.payload["n"])
"""


def most_at_once(project: Project) -> int:
    running = most = 0
    for entry in sorted(project.book(), key=lambda entry: entry.at):
        running += 1 if entry.event == "start" else -1
        most = max(most, running)
    return most


@pytest.mark.parametrize(("name", "workers"), [("Meets", 1), ("MeetsAsync", 1), ("MeetsAsync", 0)])
def test_concurrency_runs_as_many_handlers_at_once(
    project: Project, name: str, workers: int
) -> None:
    project.jobs(MEETS)
    project.push(name, *({"n": n, "all": 8} for n in range(16)))
    project.drain("--concurrency=8", f"--workers={workers}")
    assert project.runs("end") == {str(n): 1 for n in range(16)}
    assert most_at_once(project) == 8


def test_sync_and_async_handlers_share_the_places(project: Project) -> None:
    project.jobs(MEETS)
    project.push("Meets", *({"n": n, "all": 4} for n in range(0, 8, 2)))
    project.push("MeetsAsync", *({"n": n, "all": 4} for n in range(1, 8, 2)))
    project.drain("--concurrency=4")
    assert most_at_once(project) == 4
    assert project.runs("end") == {str(n): 1 for n in range(8)}


def test_without_concurrency_jobs_run_one_after_the_other(project: Project) -> None:
    project.push("AsyncWork", *({"n": n, "sleep": 0.02} for n in range(10)))
    project.drain()
    assert most_at_once(project) == 1


def test_concurrency_is_per_child(project: Project) -> None:
    project.jobs(MEETS)
    project.push("MeetsAsync", *({"n": n, "all": 4} for n in range(12)))
    project.drain("--concurrency=3", "--workers=2")
    assert 3 < most_at_once(project) <= 6
    assert project.runs("end") == {str(n): 1 for n in range(12)}


def test_a_full_pool_still_runs_each_of_1000_jobs_once(project: Project) -> None:
    project.push_work(500)
    project.push("AsyncWork", *({"n": n} for n in range(500, 1000)))
    project.drain("--concurrency=10")
    assert project.runs("end") == {str(n): 1 for n in range(1000)}
