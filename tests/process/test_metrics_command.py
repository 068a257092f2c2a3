"""`lightjobs metrics --port` as a process: a store that is away, and the stop."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.process.test_metrics_port import ask, value
from tests.support.project import Project
from tests.support.servers.base import started
from tests.support.servers.programs import free_port
from tests.support.servers.redis import RedisServer
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with started(RedisServer()) as running:
        yield running


def test_a_store_that_is_away_is_served_as_such_and_so_is_its_return(
    project: Project, server: RedisServer
) -> None:
    port = free_port()
    environment = {**server.environment, "JOB_ENGINE": "redis"}
    server.stop()
    with subprocess.Popen(
        [*COMMAND, "metrics", f"--port=127.0.0.1:{port}"],
        cwd=project.root,
        env=project.environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as exporter:
        try:
            wait_until(lambda: ask(port, "/metrics")[0] == 200, what="served")
            assert value(port, "lightjobs_store_up") == 0
            server.start()
            wait_until(lambda: value(port, "lightjobs_store_up") == 1, what="up", pause=0.1)
            exporter.send_signal(signal.SIGTERM)
            out, err = exporter.communicate(timeout=30)
        finally:
            exporter.kill()
    assert exporter.returncode == 0
    assert out == f"serving http://127.0.0.1:{port}/metrics; Ctrl-C stops\n"
    assert err.count("\n") == 1
    assert "the store is away" in err
