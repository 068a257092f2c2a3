"""Chains and batches, dispatched and run by a worker of this process."""

from __future__ import annotations

import asyncio
import json

import pytest

import lightjobs
from lightjobs import (
    BatchEnded,
    Job,
    JobDefinitionError,
    LightjobsError,
    batch,
    chain,
    current,
    job,
    worker,
)
from lightjobs.engines.null import NullEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.errors import ResultTimeout

from .support import ran


class WriteDown(Job):
    """Notes its payload's `n`, what came before, and returns `n`."""

    handler = "WriteDown"

    def handle(self):
        number = self.payload.get("n")
        ran.append((number, self.previous))
        return number


class Fails(Job):
    handler = "Fails"

    def handle(self):
        ran.append("fails")
        raise ValueError("no")


class Grows(Job):
    handler = "Grows"

    def handle(self):
        assert self.batch.progress().total >= 1
        self.batch.add([note(10), chain(note(11), note(12))])
        ran.append("grows")


@job("Double")
def double(number: int) -> int:
    ran.append(("double", number))
    return 2 * number


def note(number):
    return WriteDown().setPayload({"n": number})


@pytest.fixture
def works(engine):
    with worker():
        yield engine


def finish(run):
    return run.wait(10)


def follow(*things):
    """Dispatch a batch of these, and wait for it."""
    return finish(batch(things).dispatch())


def test_links_run_one_after_the_other_and_know_what_the_one_before_returned(works):
    follow(chain(note(1), double.withArguments(4), WriteDown().setPayload({"n": 3}), note(4)))
    assert ran == [(1, None), ("double", 4), (3, 8), (4, 3)]


def test_a_chain_ends_with_a_link_that_fails(works):
    progress = follow(chain(note(1), Fails(), note(2)).catch(note(9)), note(5))
    assert (progress.total, progress.done, progress.failed) == (2, 1, 1)
    assert (2, None) not in ran
    assert follow(note(6)).done == 1
    assert (9, None) in ran


def test_a_chain_is_dispatched_by_itself(works):
    id = chain(note(1), note(2)).dispatch()
    assert id == "1"
    follow(note(3))
    while len(ran) < 3:
        pass
    assert {(1, None), (2, 1)} <= set(ran)


def test_a_link_may_be_a_batch(works):
    run = batch([chain(note(1), batch([note(2), note(3)]), note(4)), note(0)]).dispatch()
    assert finish(run).done == 2
    assert sorted(number for number, _ in ran) == [0, 1, 2, 3, 4]
    assert ran.index((4, None)) > max(ran.index((2, None)), ran.index((3, None)))


def test_a_chain_may_begin_with_a_batch(works):
    id = chain(batch([note(1)], name="first"), note(2)).dispatch()
    run = batch.find(id)
    finish(run)
    follow(note(3))
    assert (2, None) in ran


def test_a_failure_within_ends_the_chain(works):
    run = batch([chain(batch([Fails()]), note(2)).catch(note(9))]).dispatch()
    assert finish(run).failed == 1
    follow(note(3))
    assert (2, None) not in ran
    assert ran.count((9, None)) == 1


def test_callbacks(works):
    run = batch([note(1), note(2)], name="album").then(note(7), chain(note(8), note(9)))
    finish(run.catch(note(5)).always(note(6)).dispatch())
    follow(note(3))
    while (9, 8) not in ran:
        pass
    assert {(6, None), (7, None), (8, None)} <= set(ran)
    assert (5, None) not in ran


def test_a_batch_within_a_batch_is_one_part(works):
    inner = batch([note(1), batch([note(2)])]).then(note(3))
    progress = follow(inner, note(4))
    assert (progress.total, progress.done) == (2, 2)
    assert {(1, None), (2, None), (4, None)} <= set(ran)


def test_a_batch_grows_while_it_runs(works):
    progress = follow(Grows())
    assert (progress.total, progress.done) == (3, 3)
    assert ran.index("grows") == 0
    assert {(10, None), (11, None), (12, 11)} <= set(ran)


def test_nothing_is_added_to_one_that_has_ended(works):
    run = batch([note(1)]).dispatch()
    finish(run)
    with pytest.raises(BatchEnded, match=run.id):
        run.add([note(2)])


def test_cancel_and_retry(engine):
    inner = batch([note(2), note(3)])
    run = batch([note(1), inner]).dispatch()
    assert run.cancel() == 2
    assert run.progress().cancelled == 2
    failing = batch([Fails(), note(1)]).then(note(7)).dispatch()
    with worker():
        assert finish(failing).failed == 1
        assert failing.retryFailed() == 1
        assert finish(failing).failed == 1
    assert ran.count("fails") == 2


def test_progress_and_waiting(engine, capsys):
    run = batch([note(1), note(2)]).dispatch()
    progress = run.progress()
    counts = (progress.total, progress.waiting, progress.running, progress.done)
    assert counts == (2, 2, 0, 0)
    assert progress.percent == 0
    with pytest.raises(ResultTimeout, match=f"batch {run.id} has not ended within 0.1 s"):
        run.wait(0.1)
    with pytest.raises(ValueError, match="timeout is 'soon'"):
        run.wait("soon")
    with worker():
        assert run.wait(10, progress=True).percent == 100
        assert asyncio.run(run.waitAsync(10)).done == 2
    assert capsys.readouterr().err == ""  # it is no terminal


def test_finding_one_again(engine):
    run = batch([note(1)]).dispatch()
    assert batch.find(run.id).id == run.id
    assert batch.find("none") is None
    with pytest.raises(LightjobsError, match="there is no batch none"):
        lightjobs.batch.find(run.id).__class__("none").progress()


def test_on_an_event_loop(works):
    async def main():
        run = await batch([note(1)]).dispatchAsync()
        await run.waitAsync(10)
        return await chain(note(2)).dispatchAsync()

    assert asyncio.run(main())
    follow(note(3))
    assert {(1, None), (2, None)} <= set(ran)


def test_an_empty_batch(works):
    assert finish(batch([]).then(note(1)).dispatch()).total == 0
    follow(note(3))
    assert (1, None) in ran


def test_a_result_that_json_cannot_hold_is_not_handed_on(works, caplog):
    class Odd(Job):
        handler = "Odd"

        def handle(self):
            return object()

    follow(chain(Odd(), note(1)))
    assert ran == [(1, None)]
    assert "the result of" in caplog.text


def test_values_of_links_are_kept(engine):
    chain(note(1), note(2).setQueue("slow").setPriority("higher").setAttempts(3)).dispatch()
    (claim,) = engine.claim(_registered(engine), ["default"], 5)
    (row,) = json.loads(claim.options)["chain"]
    handler, queue, payload, due, priority, options, flow = row["jobs"][0]
    assert (handler, queue, json.loads(payload), due) == ("WriteDown", "slow", {"n": 2}, None)
    assert (priority, json.loads(options), flow) == (1, {"attempts": 3}, None)


def _registered(engine):
    engine.register("w", 30)
    return "w"


def test_the_delay_of_a_link_counts_from_its_push(engine):
    chain(note(1), note(2).setDelay(300)).dispatch()
    (claim,) = engine.claim(_registered(engine), ["default"], 5)
    (row,) = json.loads(claim.options)["chain"]
    assert 298 < row["jobs"][0][3] <= 300


@pytest.mark.parametrize("wrong", [WriteDown, "WriteDown", None, 5, object()])
def test_what_is_no_job_is_refused(engine, wrong):
    for make in (
        lambda: chain(note(1), wrong),
        lambda: batch([note(1)]).then(wrong),
        lambda: chain(note(1)).catch(wrong),
        lambda: batch([wrong]).dispatch(),
    ):
        with pytest.raises(JobDefinitionError, match=r"is given .*; allowed: job objects, chains"):
            make()


def test_wrong_arguments(engine):
    with pytest.raises(JobDefinitionError, match=r"chain\(\) is given nothing"):
        chain()
    with pytest.raises(JobDefinitionError, match="the name of a batch is"):
        batch([], name="a\nb")
    with pytest.raises(JobDefinitionError, match=r"batch\(\) is given 'abc'"):
        batch("abc")


def test_the_sync_engine_runs_all_at_the_dispatch(configured):
    current.use(SyncEngine(), configured)
    chain(note(1), double.withArguments(4), note(2)).dispatch()
    assert ran == [(1, None), ("double", 4), (2, 8)]
    ran.clear()
    batch([note(1), chain(note(2), note(3))]).then(note(4)).always(note(5)).dispatch()
    assert [number for number, _ in ran] == [1, 2, 3, 4, 5]
    ran.clear()
    with pytest.raises(ValueError, match="no"):
        batch([Fails(), note(1)]).then(note(4)).catch(note(6)).always(note(5)).dispatch()
    assert ran == ["fails", (1, None), (6, None), (5, None)]


def test_the_null_engine_drops_them(configured):
    current.use(NullEngine(), configured)
    chain(note(1), note(2)).dispatch()
    run = batch([note(1)]).then(note(4)).dispatch()
    assert ran == []
    assert batch.find(run.id) is None
