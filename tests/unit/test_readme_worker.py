"""What README shows of timeouts and of cancelling is run here."""

import asyncio
import http.server
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import lightjobs
from lightjobs import Job
from lightjobs.engines.where import Where
from tests.support.readme import README, blocks
from tests.support.waiting import wait_until

from .working import Worker


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
        blocks("Timeouts")[0],
        fetch=lambda url: [time.sleep(0.01) for _ in range(500)],
        remove_partial_download=lambda: done.append("removed"),
    )
    assert names["FetchReport"].timeout == 30
    (id,) = (job.id for job in engine.browse(Where(status="new")))
    started = time.monotonic()
    worker = Worker(engine, stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: "removed" in done, 8)
    assert 2.5 <= time.monotonic() - started < 4
    wait_until(lambda: engine.find(id).status == "new", 8)
    worker.stop(thread)
    assert engine.find(id).attempts == 1


def test_cancelling_in_handlers(engine, shown):
    exported = []

    def export(page):
        exported.append(page)
        time.sleep(0.01)

    async def export_all(pages):
        exported.append("async")
        await asyncio.sleep(pages)

    names = shown(
        blocks("Cancelling in handlers")[0],
        export=export,
        export_all=export_all,
        close_files=lambda: exported.append("closed"),
    )
    ids = [names[job]().dispatch({"pages": 1000}) for job in ("ExportOrders", "ExportAsync")]
    worker = Worker(engine, concurrency=2)
    thread = worker.start()
    wait_until(lambda: len(exported) > 5, 5)
    for id in ids:
        engine.cancel(id)
    thread.join(5)
    assert not thread.is_alive()
    assert exported.count("closed") == 1
    assert max(page for page in exported if isinstance(page, int)) < 400
    assert sorted(worker.lines.cancelled_ids) == ids


class Handled(Job):
    ran: list = []

    def handle(self):
        self.ran.append(threading.current_thread())


def dispatch_and_stop():
    """What a request does in the examples, and then whoever stops the server."""
    Handled().dispatch()
    wait_until(lambda: Handled.ran, 5)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [0, 1])
def test_jobs_inside_a_web_server(engine, shown, monkeypatch, number):
    Handled.ran.clear()
    source = blocks("Jobs inside a web server")[number].replace("8000", "0")
    monkeypatch.setattr(Handled, "queue", ["urgent", "default"][number])

    def serve():
        given = {"Handler": http.server.BaseHTTPRequestHandler, "answer": None}
        names = shown(source, lightjobs=lightjobs, **given)
        if "main" in names:
            asyncio.run(names["main"]())

    timer = threading.Timer(0.3, dispatch_and_stop)
    timer.start()
    with pytest.raises(SystemExit) as ended:
        serve()
    timer.join()
    assert ended.value.code == 0
    assert Handled.ran[0] not in (threading.main_thread(), timer)
    assert engine.stats() == {}


def test_the_function_is_not_shadowed_by_a_module():
    source = (
        "import sys, lightjobs\n"
        "assert 'asyncio' not in sys.modules, 'producers need not pay for it'\n"
        "import lightjobs.workers.embedded\n"
        "assert lightjobs.worker is lightjobs.workers.embedded.worker\n"
        "assert not hasattr(lightjobs, 'no_such_thing')\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)
