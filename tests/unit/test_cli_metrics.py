"""metrics and health, as far as they need no worker."""

import socket

import pytest

from lightjobs import current
from lightjobs.cli import health
from tests.metrics.samples import promtool
from tests.support.notes import note_worker

from .commands import PROJECT_THAT_FAILS


def test_the_metrics_of_the_store_are_printed(call, ready):
    call("job:dispatch", "ProcessPayment", '{"payment": 42}')
    status, out, err = call("metrics")
    assert (status, err) == (0, "")
    assert 'lightjobs_queue_jobs{queue="default",status="waiting"} 1\n' in out
    assert promtool("check", "metrics", text=out) == ""
    _status, out, _err = call("metrics", "--queue=a, b")
    assert out.count("lightjobs_queue_latency_seconds{") == 2
    assert call("metrics", "--queue=a,*")[0] == 2


def test_a_port_in_use_is_refused(call, ready):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        status, _out, err = call("metrics", f"--port=127.0.0.1:{number}")
    assert (status, f"cannot listen at 127.0.0.1:{number}" in err) == (2, True)


def test_they_need_nothing_of_the_project_but_its_settings(call, ready, project):
    project(PROJECT_THAT_FAILS)
    assert call("metrics")[::2] == (0, "")


@pytest.mark.parametrize("command", ["metrics", "health"])
@pytest.mark.parametrize("engine", ["memory", "sync", "null"])
def test_without_a_store_that_others_see_they_say_so(call, monkeypatch, command, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, _out, err = call(command)
    assert (status, "nothing to look at" in err) == (2, True)


def test_a_host_with_a_living_worker_is_healthy(call, ready):
    assert call("health")[0] == 1
    note_worker(current.engine(), "other", host="another")
    note_worker(current.engine(), "silent", lease=1.0, host=socket.gethostname())
    status, _out, err = call("health")
    assert (status, "no living worker on" in err) == (1, True)
    note_worker(current.engine(), "ours", host=socket.gethostname())
    assert call("health")[:2] == (0, f"1 living worker on {socket.gethostname()}\n")


@pytest.mark.parametrize(
    "port", ["", "x", "0", "65536", "-1", "1:2:3", "host:", "[::1", "a b:80", "٣٤"]
)
@pytest.mark.parametrize("command", ["health", "metrics"])
def test_what_is_no_port_is_refused(call, ready, command, port):
    status, _out, err = call(command, f"--port={port}")
    if port:
        assert (status, "8586" in err) == (2, True)


def test_the_variables_of_kubernetes_are_no_ports(call, ready, monkeypatch):
    for name in ("JOB_EXPORTER_PORT", "JOB_HEALTH_PORT", "JOB_METRICS_PORT"):
        monkeypatch.setenv(name, "tcp://10.0.0.1:8586")
    assert call("metrics")[0] == 0
    assert "to the store" in call("health")[2]
    assert call("job:work", "--stop-when-empty", "--workers=0")[0] == 0
    assert call("check")[0] == 0
    assert call("metrics", "--port=tcp://10.0.0.1:8586")[0] == 2


def test_ready_needs_a_port(call, ready):
    assert call("health", "--ready")[0] == 2


def test_a_port_where_nobody_answers_is_not_healthy(call, ready):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    status, _out, err = call("health", f"--port={port}")
    assert (status, f"port {port} does not answer" in err) == (1, True)


def test_a_port_that_says_nothing_is_not_healthy(call, ready, monkeypatch):
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        status, _out, err = call("health", f"--port={silent.getsockname()[1]}")
    assert (status, "timed out" in err) == (1, True)
