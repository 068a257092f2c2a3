"""What is kept of what `handle` returned, by a worker's loop on the memory engine."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest

from lightjobs import Job, JobDefinitionError
from lightjobs.model import Retention
from lightjobs.notes.run_notes import RESULT_BYTES, Result

from .working import Worker


class Adds(Job):
    keepResult = "+1 hour"

    def handle(self):
        return self.payload["a"] + self.payload["b"]


class Returns(Job):
    """Returns what a test has put into `values`."""

    keepResult = 60

    def handle(self):
        return values[self.payload["value"]]


class Unkept(Job):
    def handle(self):
        return values[self.payload["value"]]


values = {}


def dispatched(kind, payload, engine):
    """Dispatch a job and work; returns its id and the worker."""
    job_id = kind().dispatch(payload)
    return job_id, Worker(engine).run()


def test_what_handle_returns_is_kept_and_found(engine):
    before = time.time()
    job_id, worker = dispatched(Adds, {"a": 1, "b": 2}, engine)
    found = engine.find(job_id)
    assert found.result.value == 3
    assert (found.status, found.result.worker) == ("completed", worker.name)
    assert before <= found.result.at <= time.time()
    assert 0 <= found.result.seconds < 5
    assert 3599 < found.kept_until - time.time() < 3601


@pytest.mark.parametrize("value", [None, False, 0, "", [], {"a": [1.5, None, "é"]}])
def test_any_json_is_a_result(engine, value):
    values["v"] = value
    job_id, _ = dispatched(Returns, {"value": "v"}, engine)
    assert engine.find(job_id).result.value == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({1, 2}, "it is a set that JSON cannot hold"),
        (object(), "it is a object that JSON cannot hold"),
        ({"deep": [b"secret"]}, "it is a dict that JSON cannot hold"),
        (float("nan"), "it is a float that JSON cannot hold"),
        ("secret" * 20_000, f"it is 120,002 bytes of JSON; at most {RESULT_BYTES:,} are kept"),
    ],
)
def test_a_result_that_cannot_be_kept_leaves_the_job_done(engine, caplog, value, reason):
    values["v"] = value
    with caplog.at_level(logging.WARNING):
        job_id, _ = dispatched(Returns, {"value": "v"}, engine)
    (record,) = caplog.records
    assert record.getMessage() == f"the result of {__name__}.Returns is not kept: {reason}"
    assert "secret" not in caplog.text
    found = engine.find(job_id)
    assert (found.status, found.result.value, found.result.is_kept) == ("completed", None, False)


def test_the_longest_result_is_kept(engine):
    values["v"] = "x" * (RESULT_BYTES - 2)
    job_id, _ = dispatched(Returns, {"value": "v"}, engine)
    assert engine.find(job_id).result.value == values["v"]


def test_a_list_that_contains_itself_is_no_result(engine, caplog):
    values["v"] = []
    values["v"].append(values["v"])
    job_id, _ = dispatched(Returns, {"value": "v"}, engine)
    assert engine.find(job_id).status == "completed"
    assert "it is a list that JSON cannot hold" in caplog.text


def test_without_keep_result_nothing_is_kept_and_nothing_said(engine, caplog):
    values["v"] = {1}
    job_id, _ = dispatched(Unkept, {"value": "v"}, engine)
    assert engine.find(job_id) is None
    assert not caplog.records


def test_a_result_is_kept_with_a_job_that_is_kept_anyway(engine, caplog):
    engine.retention = Retention(completed=None)
    values.update(value=1, none=None, odd={1})
    ids = [
        Unkept().dispatch({"value": name}) for name in values if name in ("value", "none", "odd")
    ]
    Worker(engine).run()
    assert engine.find(ids[0]).result.value == 1
    assert [engine.find(id).result for id in ids[1:]] == [None, None]
    assert not caplog.records


def test_a_setter_keeps_the_result_of_one_job(engine):
    values["v"] = 7
    kept = Unkept().setKeepResult("+1 minute").dispatch({"value": "v"})
    dropped = Returns().setKeepResult(None).dispatch({"value": "v"})
    Worker(engine).run()
    assert engine.find(kept).result.value == 7
    assert engine.find(dropped) is None
    assert 55 < engine.find(kept).kept_until - time.time() < 61


@pytest.mark.parametrize("value", ["+1 hour", "2 days", 60, 0.5, timedelta(hours=1), None])
def test_values_of_keep_result(value):
    assert Adds().setKeepResult(value).keepResult == value


@pytest.mark.parametrize(
    "value", ["", "soon", "tomorrow", "now", 0, -1, True, 4e9, timedelta(0), [60], float("nan")]
)
def test_what_is_no_length_of_time_is_refused(value):
    with pytest.raises(JobDefinitionError, match="keepResult"):
        type("Wrong", (Job,), {"handler": "wrong", "keepResult": value})
    with pytest.raises(JobDefinitionError, match=r"setKeepResult\(\) is .*allowed: a length of"):
        Adds().setKeepResult(value)


def test_a_method_may_decide_for_how_long(engine):
    class Decides(Job):
        def keepResult(self):
            return self.payload["keep"]

        def handle(self):
            return "x"

    job_id, _ = dispatched(Decides, {"keep": "+2 hours"}, engine)
    assert 7100 < engine.find(job_id).kept_until - time.time() < 7201


def test_a_result_is_a_value(engine):
    job_id, worker = dispatched(Adds, {"a": 1, "b": 2}, engine)
    result = engine.find(job_id).result
    assert result == Result(3, True, worker.name, result.at, result.seconds)
