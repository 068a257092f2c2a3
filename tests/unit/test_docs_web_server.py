import asyncio
import gc
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
from tests.support.documents import blocks, run
from tests.support.waiting import wait_until


class Handled(Job):
    ran: list = []

    def handle(self):
        self.ran.append(threading.current_thread())


def dispatch_and_stop():
    """What a request does in the examples, and then the one who stops the server."""
    Handled().dispatch()
    wait_until(lambda: Handled.ran)
    time.sleep(0.5)  # the block takes over the signals once its threads have started
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [0, 1])
def test_jobs_inside_a_web_server(engine, monkeypatch, number):
    Handled.ran.clear()
    sources = blocks("docs/how-to/web-server.md", "Run jobs inside a web server")
    assert len(sources) == 2
    monkeypatch.setattr(Handled, "queue", ["urgent", "default"][number])

    def serve():
        given = {"Handler": http.server.BaseHTTPRequestHandler, "answer": None}
        given |= {"lightjobs": lightjobs, "asyncio": asyncio}
        names = run(sources[number].replace("8000", "0"), "app_jobs.docs", **given)
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
    del ended  # with the frames of the example: a server that it left open warns now
    gc.collect()


def test_a_request_dispatches_as_the_docs_say(engine):
    (source,) = blocks("docs/how-to/web-server.md", "Dispatch from a request")
    application = run(source, "app_jobs.docs")["application"]
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(application({"type": "http"}, None, send))
    job_id = sent[1]["body"].decode()
    assert engine.find(job_id).payload == '{"user":7}'


def test_each_event_loop_gets_an_engine_of_its_own(engine, monkeypatch):
    import sqlalchemy.ext.asyncio

    monkeypatch.setattr(sqlalchemy.ext.asyncio, "create_async_engine", lambda url: [url])
    _on_the_programs, source = blocks(
        "docs/how-to/web-server.md", "Objects of the program's event loop"
    )
    database = run(source, "app_jobs.docs")["database"]
    found = []

    class Asks(Job):
        async def handle(self):
            found.append((database(), asyncio.get_running_loop()))

    async def main():
        async with lightjobs.worker(workers=1):
            Asks.dispatchMany([{}, {}])
            while len(found) < 2:
                await asyncio.sleep(0.01)
            return database()

    the_programs = asyncio.run(main())
    assert found[0][0] is found[1][0]
    assert found[0][0] is not the_programs


def test_async_handlers_run_on_the_programs_loop_as_the_docs_say(engine):
    source, _on_their_own = blocks(
        "docs/how-to/web-server.md", "Objects of the program's event loop"
    )
    found = []

    class Asks(Job):
        async def handle(self):
            found.append(asyncio.get_running_loop())

    async def main():
        await run(source, "app_jobs.docs")["main"]()
        return asyncio.get_running_loop()

    Asks().dispatch()
    loop = asyncio.run(main())
    assert found in ([], [loop])  # the block is over at once


def test_the_function_is_not_shadowed_by_a_module():
    source = (
        "import sys, lightjobs\n"
        "assert 'asyncio' not in sys.modules, 'producers need not pay for it'\n"
        "import lightjobs.workers.embedded\n"
        "assert lightjobs.worker is lightjobs.workers.embedded.worker\n"
        "assert not hasattr(lightjobs, 'no_such_thing')\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)
