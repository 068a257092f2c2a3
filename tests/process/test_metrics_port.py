"""`job:work --metrics-port`: what it serves, and what it survives."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest

from tests.metrics.samples import promtool
from tests.support.project import Project
from tests.support.servers.base import started
from tests.support.servers.programs import free_port
from tests.support.servers.redis import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

LEASE = "3"


def ask(port: int, path: str) -> tuple[int, str]:
    """The status and the body; 0 where nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(ConnectionError):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    return 0, ""


def value(port: int, series: str) -> float:
    """The value of a series, such as `name{label="x"}`; 0 if there is none."""
    text = ask(port, "/metrics")[1]
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def done(port: int, handler: str = "App.Jobs.Work") -> float:
    labels = f'queue="default",handler="{handler}",outcome="done"'
    return value(port, f"lightjobs_runs_total{{{labels}}}")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("workers", [0, 2])
def test_it_tells_of_runs_and_answers_probes(project: Project, port: int, workers: int) -> None:
    project.push_work(20)
    project.work(f"--workers={workers}", f"--metrics-port=127.0.0.1:{port}", JOB_LEASE=LEASE)
    wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready")
    assert ask(port, "/live") == (200, "live\n")
    wait_until(lambda: done(port) == 20, what="counted")
    text = ask(port, "/metrics")[1]
    assert promtool("check", "metrics", text=text) == ""
    assert value(port, 'lightjobs_wait_duration_seconds_count{queue="default"}') == 20
    assert value(port, "lightjobs_worker_places") == max(workers, 1)
    assert value(port, "lightjobs_store_up") == 1
    assert 'lightjobs_build_info{version="' in text
    assert 'engine="database"' in text


def test_the_command_health_asks_it(project: Project, port: int) -> None:
    at = f"--port={port}"
    assert project.cli("health", at).returncode == 1
    worker = project.work(f"--metrics-port={port}", "--workers=1", JOB_LEASE=LEASE)
    wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready")
    assert project.cli("health", at).stdout == "live\n"
    assert project.cli("health", at, "--ready").stdout == "ready\n"
    assert worker.stop() == 0


def test_health_at_a_port_imports_neither_the_project_nor_a_driver(project: Project) -> None:
    project.jobs("raise RuntimeError('imported')")
    (project.root / "config").mkdir(exist_ok=True)
    (project.root / "config" / "jobs.py").write_text("raise RuntimeError('imported')")
    code = (
        "import sys; from lightjobs.cli import run; status = run(['health', '--port=1']);"
        "others = {'sqlite3', 'redis', 'psycopg', 'pymysql', 'app_jobs'};"
        "print(status, *(others & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.stdout == "1\n", ran.stderr


def test_a_port_in_use_ends_the_command_before_there_are_children(project: Project) -> None:
    project.push_work(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        worker = project.work(f"--metrics-port=127.0.0.1:{number}")
        assert worker.wait() == 2
    assert f"cannot listen at 127.0.0.1:{number}: Address already in use" in worker.err
    assert "Traceback" not in worker.err
    assert not project.book()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_port_is_free_as_soon_as_the_supervisor_has_ended(
    project: Project, port: int, number: int
) -> None:
    project.push_work(2, sleep=2)
    first = project.work("--workers=2", f"--metrics-port=127.0.0.1:{port}")
    wait_until(lambda: len(project.book("start")) == 2, what="started")
    first.signal(number)
    first.process.wait(30)
    second = project.work("--workers=1", f"--metrics-port=127.0.0.1:{port}").ready()
    assert ask(port, "/live")[0] == 200
    assert second.stop() == 0


def test_a_stop_while_it_is_asked_is_answered_and_takes_no_longer(
    project: Project, port: int
) -> None:
    worker = project.work("--workers=1", f"--metrics-port=127.0.0.1:{port}", "--grace=60").ready()
    wait_until(lambda: ask(port, "/live")[0] == 200, what="live")
    with contextlib.ExitStack() as silent:
        for _ in range(3):
            connection = socket.create_connection(("127.0.0.1", port))
            silent.enter_context(connection)
            connection.sendall(b"GET /metrics HTTP/1.1\r\n")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_while_jobs_finish_it_is_live_and_not_ready(project: Project, port: int) -> None:
    project.push_work(1, sleep=4)
    worker = project.work("--workers=1", f"--metrics-port=127.0.0.1:{port}")
    wait_until(lambda: project.started(0), what="started")
    wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready")
    worker.signal(signal.SIGTERM)
    wait_until(lambda: ask(port, "/ready") == (503, "stopping\n"), what="stopping")
    assert ask(port, "/live")[0] == 200
    assert worker.wait() == 0


def test_counters_do_not_fall_when_a_child_is_killed(project: Project, port: int) -> None:
    project.push_work(30)
    worker = project.work("--workers=2", f"--metrics-port=127.0.0.1:{port}", JOB_LEASE=LEASE)
    wait_until(lambda: done(port) == 30, what="counted")
    for pid in worker.children():
        os.kill(pid, signal.SIGKILL)
    killed = 'lightjobs_children_ended_total{reason="killed"}'
    wait_until(lambda: value(port, killed) == 2, what="killed")
    assert done(port) == 30
    project.push_work(5, start=30)
    wait_until(lambda: done(port) == 35, what="counted")


def test_a_child_that_stands_still_is_not_live_after_a_lease(project: Project, port: int) -> None:
    worker = project.work("--workers=2", f"--metrics-port=127.0.0.1:{port}", JOB_LEASE=LEASE)
    wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready")
    (stopped, *_) = worker.children()
    os.kill(stopped, signal.SIGSTOP)
    text = wait_until(
        lambda: (answer := ask(port, "/live"))[0] == 503 and answer[1], what="not live"
    )
    assert f"child {stopped} has not turned for" in text
    os.kill(stopped, signal.SIGCONT)
    wait_until(lambda: ask(port, "/live")[0] == 200, what="live again")


def test_a_store_that_is_away_leaves_it_live_and_not_ready(project: Project, port: int) -> None:
    with started(RedisServer()) as server:
        environment = {**server.environment, "JOB_ENGINE": "redis", "JOB_LEASE": LEASE}
        worker = project.work("--workers=1", f"--metrics-port=127.0.0.1:{port}", **environment)
        wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready")
        server.stop()
        wait_until(lambda: ask(port, "/ready")[0] == 503, what="not ready")
        wait_until(lambda: value(port, "lightjobs_store_up") == 0, what="down")
        began = time.monotonic()
        while time.monotonic() < began + 2 * float(LEASE):  # longer than a lease
            assert ask(port, "/live")[0] == 200
            time.sleep(0.1)
        server.start()
        wait_until(lambda: ask(port, "/ready")[0] == 200, what="ready again")
        assert worker.stop() == 0


METRICS = """
from prometheus_client import Counter, Gauge

ran = Counter("ran", "Runs.", ["n"])
alive = Gauge("alive", "Living.", multiprocess_mode="livesum")


class Count(Job):
    def handle(self):
        alive.set(1)
        ran.labels(str(self.payload["n"])).inc()
        record("end", self.payload["n"])
"""


def test_the_jobs_own_metrics_are_served_too(project: Project, port: int) -> None:
    project.jobs(METRICS)
    (project.root / "own").mkdir()
    project.push("Count", {"n": 1}, {"n": 1})
    worker = project.work(
        "--workers=1", f"--metrics-port=127.0.0.1:{port}", PROMETHEUS_MULTIPROC_DIR="own"
    )
    wait_until(lambda: len(project.book("end")) == 2, what="run")
    assert value(port, 'ran_total{n="1"}') == 2
    assert value(port, "alive") == 1
    text = ask(port, "/metrics")[1]
    assert text.index("lightjobs_runs_total") < text.index("ran_total")
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: value(port, "alive") == 0, what="the gauge of the dead")
    assert value(port, 'ran_total{n="1"}') == 2


def test_without_the_client_library_they_are_refused(project: Project, port: int) -> None:
    project.patch("import sys\nsys.modules['prometheus_client'] = None\n")
    worker = project.work(f"--metrics-port={port}", PROMETHEUS_MULTIPROC_DIR=str(project.root))
    assert worker.wait() == 2
    assert worker.err == (
        "lightjobs: prometheus_client is not installed; run: pip install 'lightjobs[prometheus]'\n"
    )
    project.work(f"--metrics-port=127.0.0.1:{port}")  # all else needs no more than lightjobs
    wait_until(lambda: ask(port, "/metrics")[0] == 200, what="served")


def test_a_folder_for_them_that_is_not_there_is_refused(project: Project, port: int) -> None:
    worker = project.work(f"--metrics-port={port}", PROMETHEUS_MULTIPROC_DIR="none")
    assert worker.wait() == 2
    assert "PROMETHEUS_MULTIPROC_DIR is 'none'; allowed: a folder that exists" in worker.err
