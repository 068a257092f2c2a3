"""What follows a job: pushed in the step that stores its outcome, once."""

import json
import time

from lightjobs.engines.where import Where
from lightjobs.model import (
    CATCH_OPTION,
    Done,
    Failed,
    Flow,
    NewBatch,
    Settlement,
    Step,
    read_steps,
    step_rows,
    steps_text,
)

from .flows import claims, done, is_php, settle, step, unique, waiting
from .support import claim_one, drain, job, push, worker


def test_a_job_is_pushed_after_one_that_is_done(engine):
    name = worker(engine)
    push(engine)
    claim = claim_one(engine, name)
    following = step(payload='{"n":"ü💥"}', priority=1, options='{"attempts":3}', handler="Next")
    settle(engine, name, done(claim, next=steps_text(following)))
    (found,) = engine.browse(Where(status="new"))
    assert (found.queue, found.payload, found.priority) == ("after", '{"n":"ü💥"}', 1)
    assert (json.loads(found.options), found.handler) == ({"attempts": 3}, "Next")
    assert (found.attempts, found.status) == (0, "new")
    (next_claim,) = drain(engine, ["after"])
    assert next_claim.id == found.id
    settle_name = worker(engine)
    assert engine.settle(settle_name, [done(next_claim)]) == [Settlement.LOST]


def test_several_steps(engine):
    name = worker(engine)
    push(engine)
    steps = step("a") + step("b") + (Step((job("c"), job("c"))),)
    settle(engine, name, done(claim_one(engine, name), next=steps_text(steps)))
    assert [waiting(engine, queue) for queue in "abc"] == [1, 1, 2]


def test_a_step_may_be_delayed(engine):
    name = worker(engine)
    push(engine)
    settle(engine, name, done(claim_one(engine, name), next=steps_text(step(due=500.0))))
    (found,) = engine.browse(Where(status="new"))
    due = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 490))
    assert found.scheduled_at > due
    assert drain(engine, ["after"]) == []


def test_an_outcome_that_is_repeated_pushes_nothing_again(engine):
    name = worker(engine)
    push(engine)
    outcome = done(claim_one(engine, name), next=steps_text(step()))
    for _ in range(3):
        settle(engine, name, outcome)
    assert waiting(engine) == 1


def test_an_outcome_that_is_twice_in_one_settlement_pushes_once(engine):
    name = worker(engine)
    push(engine, 2)
    first, second = claims(engine, name)
    given = [done(each, next=steps_text(step())) for each in (first, second, first)]
    settle(engine, name, *given)
    assert waiting(engine) == 2


def test_an_outcome_that_is_refused_pushes_nothing(engine):
    name = worker(engine)
    (id,) = push(engine)
    claim = claim_one(engine, name)
    engine.cancel(id)
    answers = engine.settle(name, [done(claim, next=steps_text(step()))])
    assert answers == [Settlement.CANCELLED]
    assert waiting(engine) == 0


def test_among_other_outcomes(engine):
    name = worker(engine)
    push(engine, 4)
    one, two, three, four = claims(engine, name)
    settle(
        engine,
        name,
        done(one),
        done(two, next=steps_text(step())),
        Failed(three.id, three.fence, "boom"),
        done(four, next=steps_text(step("b"))),
    )
    assert [waiting(engine, queue) for queue in ("after", "b")] == [1, 1]
    assert engine.held(name) == []


def test_with_a_result_that_is_kept(store, engine):
    if is_php(store):
        return
    name = worker(engine)
    (id,) = push(engine)
    claim = claim_one(engine, name)
    outcome = Done(id, claim.fence, None, None, 60.0, steps_text(step()))
    settle(engine, name, outcome)
    settle(engine, name, outcome)
    assert engine.find(id).status == "completed"
    assert waiting(engine) == 1


def catching():
    return json.dumps({CATCH_OPTION: step_rows(step())})


def test_what_catches_a_failure_is_pushed(engine):
    name = worker(engine)
    push(engine, options=catching())
    claim = claim_one(engine, name)
    for _ in range(2):
        settle(engine, name, Failed(claim.id, claim.fence, "boom"))
    assert waiting(engine) == 1


def test_not_when_it_is_done_released_or_cancelled(engine):
    name = worker(engine)
    push(engine, 2, options=catching())
    one, two = claims(engine, name)
    settle(engine, name, done(one))
    engine.cancel(two.id)
    engine.settle(name, [Failed(two.id, two.fence, "boom")])
    assert waiting(engine) == 0


def test_it_catches_the_loss_of_workers(engine):
    push(engine, options=catching())
    for _ in range(4):
        assert waiting(engine) == 0
        name = worker(engine)
        claim_one(engine, name)
        engine.recover(name)
    assert waiting(engine) == 1


def test_a_batch_may_follow(store, engine):
    if is_php(store):
        return
    name = worker(engine)
    push(engine)
    new = NewBatch("follows", "a name", then=step("then"))
    following = Step((job("q", flow=Flow(batch=new.id)),) * 3, new)
    outcome = done(claim_one(engine, name), next=steps_text([following]))
    settle(engine, name, outcome)
    settle(engine, name, outcome)
    found = engine.batches.find("follows")
    assert (found.name, found.total, found.waiting) == ("a name", 3, 3)
    settle(engine, name, *(done(claim, "follows") for claim in claims(engine, name)))
    assert waiting(engine, "then") == 1


def test_a_step_that_is_unique_is_left_out_when_its_key_is_held(engine):
    name = worker(engine)
    engine.push([job("after", flow=unique())])
    push(engine)
    following = step(flow=unique(when_taken="refuse"))
    settle(engine, name, done(claim_one(engine, name), next=steps_text(following)))
    assert waiting(engine) == 1


def test_a_step_takes_its_key(engine):
    name = worker(engine)
    push(engine)
    settle(engine, name, done(claim_one(engine, name), next=steps_text(step(flow=unique()))))
    assert engine.unique.holder("k") is not None


def test_steps_read_as_they_were_written():
    inner = NewBatch("b", "name", "parent", True, step("then"), step("catch"), step("always"))
    steps = (*step(flow=unique()), Step((job(),), inner), Step((), NewBatch("empty")))
    assert read_steps(steps_text(steps)) == steps
    assert read_steps(None) == ()
    assert read_steps("[]") == ()
