"""Handlers that dispatch while other jobs of the same worker run."""

from __future__ import annotations

import pytest

from tests.support.project import Project

pytestmark = pytest.mark.slow

TREE = """
class Tree(Job):
    '''Dispatches two more for each level.'''
    async def handle(self):
        record("start", self.payload["n"])
        depth = self.payload["depth"] - 1
        if depth >= 0:
            first = 2 * int(self.payload["n"]) + 1
            await asyncio.gather(
                *[Tree().dispatchAsync({"n": n, "depth": depth}) for n in (first, first + 1)]
            )
        record("end", self.payload["n"])
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_async_handlers_dispatch_from_their_event_loop(project: Project, workers: int) -> None:
    project.jobs(TREE)
    project.push("Tree", {"n": 0, "depth": 6})
    project.drain("--concurrency=8", f"--workers={workers}")
    assert project.runs("end") == {str(n): 1 for n in range(127)}
