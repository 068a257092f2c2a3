"""`lightjobs.worker()` inside real web servers, which are told to stop while jobs run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import alive
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HTTP = """
import http.server, sys
import lightjobs
from app_jobs.work import Work

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        n, sleep = self.path.strip("/").split("/")
        Work().dispatch({"n": n, "sleep": float(sleep)})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass

with lightjobs.worker(workers=2, grace=float(sys.argv[1])):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
"""

ASYNCIO = """
import asyncio, sys
import lightjobs
from app_jobs.work import AsyncWork

async def answer(reader, writer):
    path = (await reader.readline()).split()[1].decode()
    n, sleep = path.strip("/").split("/")
    AsyncWork().dispatch({"n": n, "sleep": float(sleep)})
    writer.write(b"HTTP/1.0 204 No Content\\r\\n\\r\\n")
    await writer.drain()
    writer.close()

async def main():
    async with lightjobs.worker(workers=2, grace=float(sys.argv[1])):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

asyncio.run(main())
"""


class Server:
    """A web server that dispatches and works."""

    def __init__(self, project: Project, source: str, engine: str, grace: float) -> None:
        path = project.root / "server.py"
        path.write_text(source)
        self.errors = Path(project.root / "server.err")
        env = project.environment(JOB_ENGINE=engine)
        env["PYTHONPATH"] = f"{project.root}:{env['PYTHONPATH']}"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(path), str(grace)],
                cwd=project.root,
                env=env,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or "0")
        assert self.port, self.errors.read_text()

    def get(self, n: object, sleep: float = 0.0) -> None:
        """Have a job dispatched."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{n}/{sleep}", timeout=10):
            pass

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


Start = Callable[..., Server]


@pytest.fixture(params=[HTTP, ASYNCIO], ids=["http.server", "asyncio"])
def start(project: Project, request: pytest.FixtureRequest) -> Iterator[Start]:
    servers = []

    def start(engine: str, grace: float = 20) -> Server:
        servers.append(Server(project, request.param, engine, grace))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("engine", ["memory", "database"])
def test_a_web_server_works_its_jobs_and_stops_gracefully(
    project: Project, start: Start, engine: str
) -> None:
    server = start(engine)
    for n in range(20):
        server.get(n)
    wait_until(lambda: len(project.book("end")) == 20)
    server.get("long", 0.8)
    wait_until(lambda: project.started("long"))
    assert server.stop() == 0
    assert project.runs("end") == {"long": 1} | {str(n): 1 for n in range(20)}
    assert server.errors.read_text() == ""
    assert project.empty()


def test_a_web_server_that_is_stopped_under_load_loses_and_spends_nothing(
    project: Project, start: Start
) -> None:
    project.push_work(400, sleep=0.01)
    server = start("database")
    for n in range(400, 420):
        server.get(n)
    wait_until(lambda: len(project.book("end")) > 50)
    assert server.stop() == 0
    runs = project.runs("end")
    assert project.runs("start") == runs
    assert set(runs.values()) == {1}
    assert project.statuses() == {"new": 420 - len(runs)}
    assert {(row["attempts"], row["recoveries"]) for row in project.rows()} == {(0, 0)}
    with project.connection() as connection:
        assert connection.execute("SELECT count(*) FROM job_workers").fetchone()[0] == 0


def test_at_the_end_of_the_grace_running_jobs_are_handed_back(
    project: Project, start: Start
) -> None:
    server = start("database", grace=0.3)
    server.get(1, 60)
    wait_until(lambda: project.started(1))
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun > 0.2
    (row,) = project.rows()
    assert (row["status"], row["attempts"], row["recoveries"]) == ("new", 0, 0)


def test_a_second_signal_does_not_wait_for_the_grace(project: Project, start: Start) -> None:
    server = start("database", grace=60)
    server.get(1, 60)
    wait_until(lambda: project.started(1))
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert alive(server.process.pid)
    assert server.stop() == 0, "neither the grace nor the job is waited for: a minute each"
    assert [(row["status"], row["attempts"]) for row in project.rows()] == [("new", 0)]


def test_ctrl_c_stops_gracefully_too(project: Project, start: Start) -> None:
    server = start("database")
    server.get(1, 0.8)
    wait_until(lambda: project.started(1))
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.errors.read_text()
    assert project.runs("end") == {"1": 1}
    assert project.empty()


def test_a_killed_server_loses_nothing_on_a_durable_engine(project: Project) -> None:
    server = Server(project, HTTP, "database", 20)
    try:
        server.get(1, 60)
        wait_until(lambda: project.started(1))
        server.process.kill()
        server.process.wait(10)
    finally:
        server.close()
    (row,) = project.rows()
    assert row["status"] == "queued"
    assert row["worker"], "its lease runs out, and another worker recovers it"
