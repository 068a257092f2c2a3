import asyncio
import time

import pytest

import lightjobs
from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.model import Retention
from tests.support.documents import blocks, run
from tests.support.waiting import wait_until

from .working import Worker

pytestmark = pytest.mark.usefixtures("engine")


class SendReport(Job):
    handler = "Docs\\SendReport"
    queue = "reports"

    def handle(self):
        pass


def shown(name, heading, **given):
    names = {"lightjobs": lightjobs, "Job": Job, "SendReport": SendReport, **given}
    for code in blocks(name, heading):
        names = run(code, __name__, **names)
    return names


def test_cancel(engine):
    engine.retention = Retention(cancelled=None)
    job_id = SendReport().dispatch()
    shown("docs/how-to/control.md", "Cancel", job_id=job_id)
    assert engine.find(job_id).status == "cancelled"


def test_stop_early_in_the_handler(engine):
    exported = []

    def export(page):
        exported.append(page)
        time.sleep(0.01)

    async def export_all(pages):
        exported.append("async")
        await asyncio.sleep(pages)

    names = shown(
        "docs/how-to/control.md",
        "Stop early in the handler",
        export=export,
        export_all=export_all,
        close_files=lambda: exported.append("closed"),
    )
    ids = [names[job]().dispatch({"pages": 1000}) for job in ("ExportOrders", "ExportAsync")]
    worker = Worker(engine, concurrency=2)
    thread = worker.start()
    wait_until(lambda: len(exported) > 5)
    for id in ids:
        engine.cancel(id)
    thread.join(5)
    assert not thread.is_alive()
    assert exported.count("closed") == 1
    assert max(page for page in exported if isinstance(page, int)) < 400
    assert sorted(worker.lines.cancelled_ids) == ids


def test_pause_and_resume(engine):
    job_id = SendReport().dispatch()
    before = engine.find(job_id)
    shown("docs/how-to/control.md", "Pause and resume", job_id=job_id, engine=engine)
    assert engine.find(job_id) == before
    assert engine.paused_queues() == []


def test_priority(engine):
    shown("docs/how-to/control.md", "Priority")
    (stored,) = engine.browse(Where(status="new"))
    assert stored.priority == 1


def test_retention_and_cleanup(engine):
    shown("docs/how-to/control.md", "Retention and cleanup", engine=engine)
    (stored,) = engine.browse(Where(status="new"))
    assert stored.handler == "lightjobs.cleanup.CleanupJob"


def test_rate_limits():
    names = shown("docs/how-to/control.md", "Rate limits")
    assert names["CallPartner"]().rateLimit() == {"limit": 10, "minutes": 1}


def test_metadata(engine):
    engine.metadata.set("orders seen", {"last": 1})
    names = shown("docs/how-to/control.md", "Keep values next to the jobs")
    assert names["since"] == {"last": 1}
    assert engine.metadata.get("orders seen") is None
