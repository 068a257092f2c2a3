"""`job:work` on a cluster of three nodes."""

from __future__ import annotations

import os
import signal

import pytest

from lightjobs import engines, env
from lightjobs.model import NewJob
from lightjobs.settings import settings
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_work_on_a_cluster_survives_a_killed_child_and_severed_connections(
    project,
    clean_cluster,
    monkeypatch,
):
    environment = {**clean_cluster.environment, "REDIS_JOB_PREFIX": "{jobs}:"}
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    env.forget()
    engine = engines.connect(settings.load())
    payloads = [f'{{"n":{n},"sleep":0.002}}' for n in range(600)]
    engine.push([NewJob("App\\Jobs\\Work", "default", payload) for payload in payloads])
    worker = project.work("--workers=2", **environment).ready()
    wait_until(lambda: len(project.book("end")) > 50)
    for node in clean_cluster.nodes:
        node.client().execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    os.kill(worker.children()[0], signal.SIGKILL)
    wait_until(lambda: not engine.stats())
    assert len(project.runs("end")) == 600
    assert sum(project.runs("start").values()) <= 601
    assert worker.stop() == 0
    assert "Traceback" not in worker.err
