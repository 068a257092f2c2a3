"""Tracing in real workers: what a process has buffered when it ends is exported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

TRACED = """
import json
import os

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from lightjobs.tracing import Tracing

from .book import record


class ToFile(SpanExporter):
    def export(self, spans):
        with open("spans.jsonl", "a") as file:
            for span in spans:
                file.write(span.to_json(indent=None) + "\\n")
        return SpanExportResult.SUCCESS

    def shutdown(self):
        pass


class Traced(Tracing):
    def provider(self):
        record("provider", 1)
        made = TracerProvider(shutdown_on_exit=False)
        # Nothing is exported in time: only what is flushed at the end arrives.
        made.add_span_processor(BatchSpanProcessor(ToFile(), schedule_delay_millis=600_000))
        return made
"""


def configure(project: Project) -> None:
    project.module("traced", TRACED)
    (project.root / "config").mkdir()
    (project.root / "config" / "jobs.py").write_text(
        "from lightjobs.env import env\n"
        'jobs = {"engine": env("JOB_ENGINE"), "middleware": ["app_jobs.traced.Traced"]}\n'
    )


def spans(project: Project) -> list[dict[str, Any]]:
    path = project.root / "spans.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return sorted(str(each["attributes"]["messaging.message.id"]) for each in found)


@pytest.mark.parametrize(
    "options",
    [("--max-jobs=3",), ("--workers=0",), ("--workers=2", "--concurrency=2")],
    ids=lambda each: each[0],
)
def test_a_child_that_ends_loses_no_span(project: Project, options: tuple[str, ...]) -> None:
    configure(project)
    ids = (
        project.push_work(3) + project.push("AsyncWork", {"n": 3}) if "=3" not in options[0] else []
    )
    ids = ids or project.push_work(3)
    project.drain(*options)
    assert ids_of(spans(project)) == sorted(ids)


def test_a_child_that_is_replaced_loses_no_span_and_each_makes_its_own_provider(
    project: Project,
) -> None:
    configure(project)
    worker = project.work("--workers=1", "--max-memory=1M")
    ids: list[str] = []
    for _ in range(3):
        ids.extend(project.push_work(1))
        wait_until(lambda: len(spans(project)) == len(ids))
    assert worker.stop() == 0
    assert ids_of(spans(project)) == sorted(ids)
    made = [entry.pid for entry in project.book("provider")]
    assert made == [entry.pid for entry in project.book("start")]
    assert len(set(made)) == 3


def test_a_run_that_is_killed_at_its_timeout_is_told_of_by_another_child(project: Project) -> None:
    configure(project)
    project.jobs(
        "class Deaf(Job):\n"
        "    timeout = 0.3\n"
        "    def handle(self):\n"
        "        record('start', 1)\n"
        "        while True:\n"
        "            try:\n"
        "                time.sleep(60)\n"
        "            except BaseException:\n"
        "                pass\n"
    )
    (id,) = project.push("Deaf", {})
    project.push_work(1)
    project.drain("--workers=1", JOB_TIMEOUT_GRACE="0.3")
    (killed,) = [
        each for each in spans(project) if each["attributes"]["messaging.message.id"] == id
    ]
    assert killed["attributes"]["error.type"] == "timeout"
    assert killed["attributes"]["lightjobs.outcome"] == "failed"


def test_json_lines_name_the_trace(project: Project) -> None:
    configure(project)
    project.jobs(
        "import logging\n"
        "class Logs(Job):\n"
        "    def handle(self):\n"
        "        self.context.logger.info('by the job')\n"
        "        logging.getLogger('app').warning('by the app')\n"
    )
    project.push("Logs", {})
    worker = project.drain("--log-format=json")
    (span,) = spans(project)
    expected = (span["context"]["trace_id"][2:], span["context"]["span_id"][2:])
    lines = [json.loads(line) for line in worker.out.splitlines()]
    named = [each for each in lines if "trace_id" in each]
    assert {(each["trace_id"], each["span_id"]) for each in named} == {expected}
    told = {each.get("message", each["event"]) for each in named}
    assert told == {"by the job", "by the app", "processed"}


@pytest.mark.parametrize("options", [(), ("--workers=0",)], ids=["children", "no children"])
def test_opentelemetry_instrument_traces_a_worker(
    project: Project, options: tuple[str, ...]
) -> None:
    """Nothing of it is in the project. Its thread makes each child a new interpreter."""
    project.push_work(2)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("opentelemetry-instrument")),
            *("--traces_exporter=console", "--metrics_exporter=none", "--logs_exporter=none"),
            *(*COMMAND, "job:work", "--stop-when-empty", *options),
        ],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"name": "process default"') == 2, done.stdout + done.stderr
    assert done.stdout.count('"lightjobs.outcome": "done"') == 2
