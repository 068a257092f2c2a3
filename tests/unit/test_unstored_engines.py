import asyncio

import pytest

from lightjobs import Job, current
from lightjobs.engines.null import NullEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError

from .support import new_job, ran


class Ran(Job):
    attempts = 3

    def handle(self):
        ran.append(("handle", self.payload, self.context.attempt))
        if self.payload.get("boom"):
            raise ValueError("boom")

    def onSuccess(self):
        ran.append("success")

    def onFailure(self):
        ran.append(("failure", str(self.getException())))


class RanAsync(Ran):
    async def handle(self):
        await asyncio.sleep(0)
        super().handle()

    async def onSuccess(self):
        await asyncio.sleep(0)
        super().onSuccess()


@pytest.fixture(params=[SyncEngine, NullEngine])
def unstored(request):
    return request.param()


@pytest.mark.parametrize("job", [Ran, RanAsync])
def test_sync_runs_each_job_at_dispatch_with_its_hook(configured, job):
    current.use(SyncEngine(), configured)
    ids = [job().dispatch({"a": 1}), *job.dispatchMany([{}, {}])]
    assert len(set(ids)) == 3
    assert all(type(id) is str for id in ids)
    assert ran == [
        ("handle", {"a": 1}, 1),
        "success",
        ("handle", {}, 1),
        "success",
        ("handle", {}, 1),
        "success",
    ]


def test_sync_runs_async_jobs_inside_a_running_loop(configured):
    current.use(SyncEngine(), configured)

    async def inside():
        return RanAsync().dispatch({"a": 1})

    assert asyncio.run(inside())
    assert ran == [("handle", {"a": 1}, 1), "success"]


@pytest.mark.parametrize("job", [Ran, RanAsync])
def test_sync_calls_on_failure_then_lets_the_exception_through(configured, job):
    current.use(SyncEngine(), configured)
    with pytest.raises(ValueError, match="boom"):
        job().dispatch({"boom": True})
    assert ran == [("handle", {"boom": True}, 1), ("failure", "boom")]


def test_sync_ignores_the_delay(configured):
    current.use(SyncEngine(), configured)
    Ran().setDelay("+1 year").dispatch()
    assert ran


def test_null_drops_jobs_and_returns_ids():
    ids = NullEngine().push([new_job(Ran)] * 3)
    assert len(set(ids)) == 3
    assert ran == []


def test_there_is_never_anything_to_find(unstored):
    ids = unstored.push([new_job(Ran)])
    unstored.register("w", 30)
    assert unstored.claim("w", ["default"], 9) == unstored.held("w") == []
    assert unstored.stats() == {}
    assert unstored.find(ids[0]) is None
    assert unstored.browse(Where(status="failed")) == unstored.browse(Where(status="new")) == []
    assert (
        unstored.move("retry") == unstored.purge(Where(status="failed")) == unstored.recover() == 0
    )
    assert unstored.schema is None
    assert unstored.problems() == []
    assert not unstored.wait(["default"], 0.01)


def test_unknown_moves_and_statuses_are_refused_all_the_same(unstored):
    with pytest.raises(LightjobsError):
        unstored.move("fly")
    with pytest.raises(LightjobsError):
        unstored.purge(Where(status="queued"))


def test_why_there_is_nothing_to_work_on_is_one_sentence(unstored):
    assert f"JOB_ENGINE={unstored.name}" in unstored.unworkable
    assert unstored.unworkable.count(".") == 1


def test_a_schedule_is_not_kept_and_this_is_said(unstored):
    for verb, *what in (
        ["push_slots", []],
        ["enroll", ["report"], 0.0],
        ["pause_entry", "report"],
        ["resume_entry", "report", 0.0],
        ["forget_entry", "report", 0.0],
    ):
        with pytest.raises(LightjobsError, match=f"the {unstored.name} engine keeps no schedule"):
            getattr(unstored.schedule, verb)(*what)
    assert unstored.schedule.slots() == {}


def test_the_first_dispatch_of_an_engine_that_was_not_chosen_warns_once(tmp_path, caplog):
    Ran().dispatch({"a": 1})
    Ran().dispatch({"a": 2})
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("lightjobs", "WARNING")
    assert "JOB_ENGINE is not set" in record.getMessage()
    assert f"config/ in {tmp_path} were searched" in record.getMessage()


def test_a_dispatch_to_sync_that_was_chosen_does_not_warn(monkeypatch, caplog):
    monkeypatch.setenv("JOB_ENGINE", "sync")
    Ran().dispatch({"a": 1})
    assert caplog.records == []
