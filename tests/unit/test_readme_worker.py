"""What README shows of timeouts and of cancelling is run here."""

import asyncio
import re
import time
from pathlib import Path

import pytest

from lightjobs import Job

from .test_cancel_running import Cancelling
from .working import Worker, wait_for

README = Path(__file__).parents[2] / "README.md"


def code(heading, number=0):
    """The Python blocks below a heading."""
    section = README.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)[number]


@pytest.fixture
def shown(engine):
    """Runs a block of README as part of app_jobs, with what it takes for granted."""

    def run(source, **given):
        names = {"__name__": "app_jobs.readme", "Job": Job, "asyncio": asyncio, **given}
        exec(compile(source, str(README), "exec"), names)
        return names

    return run


def test_timeouts(engine, shown):
    done = []
    names = shown(
        code("Timeouts"),
        fetch=lambda url: [time.sleep(0.01) for _ in range(500)],
        remove_partial_download=lambda: done.append("removed"),
    )
    assert names["FetchReport"].timeout == 30
    (id,) = (job.id for job in engine.browse("new"))
    started = time.monotonic()
    worker = Worker(engine, stop_when_empty=False)
    thread = worker.start()
    wait_for(lambda: "removed" in done, 8)
    assert 2.5 <= time.monotonic() - started < 4
    wait_for(lambda: engine.find(id).status == "new", 8)
    worker.stop(thread)
    assert engine.find(id).attempts == 1


def test_cancelling_in_handlers(configured, shown):
    from lightjobs import current

    engine = Cancelling()
    current.use(engine, configured)
    exported = []

    def export(page):
        exported.append(page)
        time.sleep(0.01)

    async def export_all(pages):
        exported.append("async")
        await asyncio.sleep(pages)

    names = shown(
        code("Cancelling in handlers"),
        export=export,
        export_all=export_all,
        close_files=lambda: exported.append("closed"),
    )
    ids = [names[job]().dispatch({"pages": 1000}) for job in ("ExportOrders", "ExportAsync")]
    worker = Worker(engine, concurrency=2)
    thread = worker.start()
    wait_for(lambda: len(exported) > 5)
    for id in ids:
        engine.cancel(id)
    thread.join(5)
    assert not thread.is_alive()
    assert exported.count("closed") == 1
    assert max(page for page in exported if isinstance(page, int)) < 400
    assert sorted(worker.lines.cancelled_ids) == ids
