"""Metrics in a program's own registry."""

import subprocess
import sys

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

import lightjobs
from lightjobs import current, extras
from lightjobs.engines.memory import MemoryEngine
from lightjobs.execution.registry import handler_of
from lightjobs.metrics import Pushes, collector
from lightjobs.settings.settings import Settings
from lightjobs.workers import vitals
from lightjobs.workers.vitals import Vitals
from tests.support.waiting import wait_until

from .samples import some_vitals


class Greet(lightjobs.Job):
    queue = "mail"

    def handle(self):
        pass


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    monkeypatch.setattr(vitals, "_sources", [some_vitals])
    monkeypatch.setattr(vitals, "_past", Vitals())
    monkeypatch.setattr(Pushes, "_counter", None)
    yield
    current.use(None)


def test_the_workers_of_the_process_are_collected():
    current.use(MemoryEngine(), Settings("memory"))
    registry = CollectorRegistry()
    registry.register(collector())
    text = generate_latest(registry).decode()
    assert 'outcome="done",queue="default"} 3.0' in text
    assert 'lightjobs_build_info{engine="memory"' in text
    counted = {"queue": "mail", "handler": "send_mail"}
    assert registry.get_sample_value("lightjobs_run_duration_seconds_sum", counted) == 2000.5


def test_a_worker_of_the_program_counts_its_runs(monkeypatch):
    monkeypatch.setattr(vitals, "_sources", [])
    current.use(MemoryEngine(), Settings("memory"))
    registry = CollectorRegistry()
    registry.register(collector())
    labels = {"queue": "mail", "handler": handler_of(Greet).replace("\\", "."), "outcome": "done"}
    with lightjobs.worker(queues=["mail"]):
        Greet().dispatchMany([{}, {}])
        wait_until(lambda: registry.get_sample_value("lightjobs_runs_total", labels) == 2)
        assert registry.get_sample_value("lightjobs_worker_places") == 1
    assert registry.get_sample_value("lightjobs_runs_total", labels) == 2
    assert registry.get_sample_value("lightjobs_worker_places") == 0


def test_it_can_be_registered_before_the_program_is_configured():
    registry = CollectorRegistry(auto_describe=True)
    registry.register(collector())
    assert not current.is_loaded()


def test_what_is_dispatched_is_counted():
    current.use(MemoryEngine(), Settings("memory", middleware=("lightjobs.metrics.Pushes",)))
    try:
        Greet().dispatch({})
        Greet().dispatchMany([{}, {}])
        name = handler_of(Greet).replace("\\", ".")
        labels = {"queue": "mail", "handler": name}
        assert REGISTRY.get_sample_value("lightjobs_jobs_pushed_total", labels) == 3
        Pushes()  # another one counts in the same place
    finally:
        REGISTRY.unregister(Pushes._counter)


@pytest.mark.parametrize("make", [collector, Pushes])
def test_without_the_client_library_the_command_that_installs_it_is_named(monkeypatch, make):
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(extras.MissingExtra, match=r"pip install 'lightjobs\[prometheus\]'"):
        make()


def test_importing_it_imports_no_client_library():
    code = "import lightjobs.metrics, sys; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
