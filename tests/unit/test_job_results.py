"""Waiting for results, with a worker's loop on the memory engine."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

import lightjobs
from lightjobs import (
    Job,
    JobCancelled,
    JobFailed,
    LightjobsError,
    ResultGone,
    ResultTimeout,
    job,
)
from lightjobs.model import Retention

from .working import Worker


class Adds(Job):
    keepResult = "+1 hour"

    def handle(self):
        return self.payload["a"] + self.payload["b"]


class Unkept(Job):
    def handle(self):
        return 1


class Sets(Job):
    keepResult = "+1 hour"

    def handle(self):
        return {1, 2}


def test_a_result_that_was_not_kept_is_gone(engine):
    unkept, not_json = Unkept().dispatch({}), Sets().dispatch({})
    Worker(engine).run()
    with pytest.raises(ResultGone, match=f"there is no job {unkept}"):
        lightjobs.result(unkept)
    with pytest.raises(ResultGone, match=f"job {not_json} is done, but its result was not kept"):
        lightjobs.result(not_json)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_async_jobs_and_functions_have_results_too(engine, concurrency):
    @job("docs.double", keepResult="+1 day")
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    ids = [double.dispatch(number) for number in range(5)]
    Worker(engine, concurrency=concurrency).run()
    assert [lightjobs.result(id) for id in ids] == [0, 2, 4, 6, 8]


def test_a_failed_job_has_no_result_but_its_exception(engine):
    class Fails(Job):
        keepResult = "+1 hour"

        def handle(self):
            raise ValueError("no such account")

    job_id = Fails().dispatch({})
    Worker(engine).run()
    with pytest.raises(JobFailed, match="ValueError: no such account") as caught:
        lightjobs.result(job_id)
    assert caught.value.job_id == job_id
    assert caught.value.exception == engine.find(job_id).exception


def test_a_cancelled_job_says_so(engine):
    engine.retention = Retention(cancelled=None)
    job_id = Adds().dispatch({"a": 1, "b": 1})
    engine.cancel(job_id)
    with pytest.raises(JobCancelled, match=f"job {job_id} was cancelled"):
        lightjobs.result(job_id)


def test_a_job_that_was_not_started_in_time_says_so(engine):
    engine.retention = Retention(cancelled=None)
    job_id = Adds().setExpires(0.01).dispatch({"a": 1, "b": 1})
    time.sleep(0.05)
    Worker(engine).run()
    with pytest.raises(JobCancelled, match=f"job {job_id} was cancelled: .*expired"):
        lightjobs.result(job_id)


@pytest.mark.parametrize("timeout", [0, 0.2])
def test_a_job_that_does_not_end_in_time_goes_on(engine, timeout):
    job_id = Adds().dispatch({"a": 1, "b": 1})
    began = time.monotonic()
    with pytest.raises(ResultTimeout, match=f"job {job_id} has not ended within {timeout:g} s"):
        lightjobs.result(job_id, timeout=timeout)
    assert timeout <= time.monotonic() - began < timeout + 1
    assert issubclass(ResultTimeout, TimeoutError)
    Worker(engine).run()
    assert lightjobs.result(job_id) == 2


def test_the_wait_ends_with_the_job(engine):
    job_id = Adds().dispatch({"a": 1, "b": 1})
    timer = threading.Timer(0.3, Worker(engine).run)
    timer.start()
    began = time.monotonic()
    assert lightjobs.result(job_id, timeout=10) == 2
    assert 0.25 < time.monotonic() - began < 3
    timer.join()


def test_the_store_is_not_asked_more_often_than_a_worker_asks(engine):
    looks = []
    status = engine.results.status
    engine.results.status = lambda job_id: looks.append(time.monotonic()) or status(job_id)
    job_id = Adds().dispatch({"a": 1, "b": 1})
    with pytest.raises(ResultTimeout):
        lightjobs.result(job_id, timeout=1.0)
    assert 8 <= len(looks) <= 20


async def _gathered(ids):
    return await asyncio.gather(*map(lightjobs.resultAsync, ids), return_exceptions=True)


def test_coroutines_wait_for_results(engine):
    ids = [Adds().dispatch({"a": number, "b": 1}) for number in range(3)]
    timer = threading.Timer(0.1, Worker(engine).run)
    timer.start()
    first, second, third, gone = asyncio.run(_gathered([*ids, "999"]))
    assert [first, second, third] == [1, 2, 3]
    assert isinstance(gone, ResultGone)
    timer.join()


def test_a_coroutine_waits_no_longer_than_it_is_told(engine):
    job_id = Adds().dispatch({"a": 1, "b": 1})
    with pytest.raises(ResultTimeout):
        asyncio.run(lightjobs.resultAsync(job_id, timeout=0.05))


@pytest.mark.parametrize("job_id", [None, 7, b"7"])
def test_what_is_no_id_is_refused(engine, job_id):
    with pytest.raises(LightjobsError, match="is not a job's id"):
        lightjobs.result(job_id)


@pytest.mark.parametrize("timeout", [-1, None, "5", float("nan")])
def test_what_is_no_timeout_is_refused(engine, timeout):
    with pytest.raises(ValueError, match=r"timeout is .*allowed: seconds, from 0"):
        lightjobs.result("1", timeout=timeout)


def test_a_result_goes_when_its_time_is_over(engine):
    job_id = Adds().setKeepResult(0.2).dispatch({"a": 1, "b": 1})
    Worker(engine).run()
    assert lightjobs.result(job_id) == 2
    time.sleep(0.3)
    engine.maintain()
    with pytest.raises(ResultGone):
        lightjobs.result(job_id)
