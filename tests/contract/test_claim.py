import time

import pytest

from lightjobs.errors import UnknownWorker
from lightjobs.model import Done, HandBack, Release
from tests.support.waiting import wait_until

from .support import HANDLER, claim_one, drain, in_threads, job, processes, push, unwaited, worker


def test_a_claim_carries_the_job(engine):
    (id,) = engine.push([job("mail", '{"a":1}', options='{"attempts":2}')])
    claim = claim_one(engine, queue="mail")
    assert claim._replace(waited=0.0) == (
        id,
        1,
        HANDLER,
        "mail",
        '{"a":1}',
        1,
        0,
        engine.find(id).created_at,
        '{"attempts":2}',
        0.0,
    )


def test_jobs_that_differ_in_one_value_each_come_with_their_own(engine):
    others = {"handler": "App\\Jobs\\Other"}
    jobs = [
        job(),
        job(payload='{"n":1}'),
        job(**others),
        job(**others, options='{"attempts":2}'),
        job(**others),
        job("other", **others),
        job("other"),
    ]
    ids = engine.push(jobs)
    claims = drain(engine, ["q", "other"])
    assert [claim.id for claim in claims] == ids
    kept = [(c.handler, c.queue, c.payload, c.options) for c in claims]
    assert kept == [(each.handler, each.queue, each.payload, each.options) for each in jobs]


def test_claims_of_one_batch_have_their_own_counts(engine):
    ids = push(engine, 4)
    name = worker(engine)
    first, second, third, _ = engine.claim(name, ["q"], 4)
    engine.settle(name, [HandBack(first.id, 1), Release(second.id, 1, 1000.0, 4)])
    engine.settle(name, [Release(third.id, 1, 1001.0, 0)])
    engine.recover(name)
    (new,) = push(engine)
    counts = {c.id: (c.fence, c.attempts, c.recoveries) for c in drain(engine)}
    expected = [(2, 1, 0), (2, 5, 0), (2, 1, 0), (2, 1, 1), (1, 1, 0)]
    assert counts == dict(zip([*ids, new], expected, strict=True))


def test_a_claimed_job_is_queued_and_names_its_worker(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim_one(engine, name)
    stored = engine.find(id)
    assert (stored.status, stored.worker, stored.attempts) == ("queued", name, 1)


def test_a_claimed_job_is_not_claimed_again(engine):
    push(engine)
    name = worker(engine)
    assert len(engine.claim(name, ["q"], 10)) == 1
    assert engine.claim(name, ["q"], 10) == []
    assert drain(engine) == []


def test_claim_takes_at_most_limit(engine):
    ids = push(engine, 5)
    name = worker(engine)
    assert [c.id for c in engine.claim(name, ["q"], 2)] == ids[:2]
    assert engine.claim(name, ["q"], 0) == []
    assert [c.id for c in engine.claim(name, ["q"], 9)] == ids[2:]


def test_the_limit_holds_across_queues_and_priorities(engine):
    for queue in "ab":
        for priority in (0, 1):
            push(engine, 2, queue, priority=priority)
    assert len(drain(engine, ["a", "b"], 3)) == 3
    assert len(drain(engine, ["a", "b"], 3)) == 3
    assert len(drain(engine, ["a", "b"], 3)) == 2


def test_queues_are_served_in_strict_order(engine):
    low = push(engine, 3, "low", priority=2, due=1000.0)
    high = push(engine, 3, "high", priority=-2)
    assert [c.id for c in drain(engine, ["high", "low"])] == high + low


def test_only_the_named_queues_are_claimed(engine):
    push(engine, queue="other")
    push(engine, queue="Q")
    push(engine, queue="q ")
    assert drain(engine) == []
    assert drain(engine, []) == []
    assert drain(engine, ["unheard of"]) == []


def test_higher_priority_goes_first(engine):
    ids = {p: push(engine, priority=p)[0] for p in (0, -2, 2, 1, -1)}
    assert [c.id for c in drain(engine)] == [ids[p] for p in (2, 1, 0, -1, -2)]


def test_priority_beats_due_time(engine):
    (old,) = push(engine, due=1000.0)
    (high,) = push(engine, priority=1)
    assert [c.id for c in drain(engine)] == [high, old]


def test_due_time_beats_birth(engine):
    (later,) = push(engine, due=2000.0)
    (sooner,) = push(engine, due=1000.0)
    assert [c.id for c in drain(engine)] == [sooner, later]


def test_the_fraction_of_the_due_time_counts_in_the_order(engine):
    ids = [push(engine, due=1000 + f)[0] for f in (0.75, 0.25, 0.5, 0.0)]
    assert [c.id for c in drain(engine)] == [ids[3], ids[1], ids[2], ids[0]]


def test_equal_due_times_go_by_birth(engine):
    ids = push(engine, 30, due=1000.5)
    assert [c.id for c in drain(engine)] == ids


def test_the_order_holds_over_several_claims(engine):
    ids = [push(engine, priority=n % 3, due=1000.0 + n % 5)[0] for n in range(60)]
    expected = sorted(range(60), key=lambda n: (-(n % 3), n % 5, n))
    name = worker(engine)
    claimed = [c.id for _ in range(9) for c in engine.claim(name, ["q"], 7)]
    assert claimed == [ids[n] for n in expected]


def test_a_delayed_job_is_not_claimed_before_its_time(engine):
    push(engine, due=time.time() + 60)
    assert drain(engine) == []


def test_a_delay_below_a_second_is_kept(engine):
    due = time.time() + 0.3
    push(engine, due=due)
    name = worker(engine)
    asked_at = 0.0
    while not (claims := engine.claim(name, ["q"], 1)):
        assert asked_at < due, "a claim that began after that was refused"
        time.sleep(0.005)
        asked_at = time.time()
    assert due <= time.time()
    assert len(claims) == 1


def test_a_delayed_job_does_not_hold_up_those_behind_it(engine):
    push(engine, due=time.time() + 60, priority=2)
    (id,) = push(engine)
    assert [c.id for c in drain(engine)] == [id]


@pytest.mark.parametrize("due", [0.0, 1.5, -1.0, -6e10])
def test_a_job_due_long_ago_is_claimed(engine, due):
    (id,) = push(engine, due=due)
    assert [c.id for c in drain(engine)] == [id]


def test_a_job_due_in_the_year_9999_waits(engine):
    (id,) = push(engine, due=253402300799.0)
    assert drain(engine) == []
    assert engine.find(id).scheduled_at == "9999-12-31 23:59:59"


def test_attempts_and_fence_rise_with_each_claim(engine):
    push(engine)
    for run in (1, 2, 3):
        name = worker(engine)
        claim = claim_one(engine, name)
        assert (claim.attempts, claim.fence) == (run, run)
        engine.settle(name, [Release(claim.id, claim.fence, 1000.0, claim.attempts)])


def test_the_fence_rises_when_the_attempts_are_reset(engine):
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Release(claim.id, claim.fence, 1000.0, 0)])
    again = claim_one(engine, name)
    assert (again.attempts, again.fence) == (1, 2)


def test_an_unregistered_worker_gets_nothing_and_is_told(engine):
    (id,) = push(engine)
    worker(engine)  # that another one is known does not help
    with pytest.raises(UnknownWorker, match="stranger"):
        engine.claim("stranger", ["q"], 10)
    assert engine.find(id).status == "new"
    assert engine.find(id).attempts == 0


def test_a_recovered_worker_gets_nothing_and_is_told(engine):
    push(engine)
    name = worker(engine)
    engine.recover(name)
    with pytest.raises(UnknownWorker):
        engine.claim(name, ["q"], 10)
    assert engine.stats()["q"]["new"] == 1


def test_held_returns_claims_whose_reply_was_lost(engine):
    push(engine, 3, options='{"attempts":2}')
    name = worker(engine)
    claims = engine.claim(name, ["q"], 3)
    assert sorted(engine.held(name)) == sorted(unwaited(*claims))


def test_held_returns_only_what_is_not_settled_and_ones_own(engine):
    push(engine, 3)
    one, other = worker(engine), worker(engine)
    first, second = engine.claim(one, ["q"], 2)
    claim_one(engine, other)
    engine.settle(one, [Done(first.id, first.fence)])
    assert engine.held(one) == unwaited(second)
    assert engine.held("stranger") == []


def test_threads_claiming_at_once_never_get_the_same_job_and_get_all(engine):
    ids = push(engine, 300)

    def claims():
        name, got = worker(engine), []
        while claimed := engine.claim(name, ["q"], 7):
            got += claimed
        return [claim.id for claim in got]

    claimed = [id for result in in_threads(*[claims] * 3) for id in result]
    assert sorted(claimed) == sorted(ids)


@pytest.mark.slow
def test_processes_claiming_at_once_never_get_the_same_job_and_get_all(engine, environment):
    ids = push(engine, 600)
    printed = processes(
        environment,
        """
import os
name = f"process-{os.getpid()}"
engine.register(name, 30)
while claims := engine.claim(name, ["q"], 3):
    print(*[claim.id for claim in claims])
""",
    )
    assert sorted(" ".join(printed).split()) == sorted(ids)
    assert wait_until(lambda: engine.stats()["q"]["queued"] == 600)


def test_claim_takes_no_job_of_a_handler_that_is_skipped(engine):
    name = worker(engine)
    for number in range(6):
        push(engine, handler=("A", "B", "Ä'\"\\x")[number % 3], due=1000.0 + number)
    push(engine, handler="C", due=2000.0)
    taken = engine.claim(name, ["q"], 10, ["A", "Ä'\"\\x", "never"])
    assert [claim.handler for claim in taken] == ["B", "B", "C"]
    assert engine.claim(name, ["q"], 10, ["A", "Ä'\"\\x"]) == []
    rest = engine.claim(name, ["q"], 10, ["A"])
    assert [claim.handler for claim in rest] == ["Ä'\"\\x"] * 2
    assert [claim.handler for claim in engine.claim(name, ["q"], 10)] == ["A", "A"]


def test_skipping_looks_past_many_jobs_in_each_queue_and_priority(engine):
    name = worker(engine)
    push(engine, 1500, handler="A", priority=1)
    push(engine, 3, handler="B", priority=1)
    push(engine, 3, handler="b")
    push(engine, 2, handler="B", queue="other")
    taken = engine.claim(name, ["q", "other"], 10, ["A", "b"])
    assert [claim.handler for claim in taken] == ["B"] * 5
    assert [claim.queue for claim in taken] == ["q"] * 3 + ["other"] * 2
    assert engine.stats()["q"]["new"] == 1503
    assert {claim.handler for claim in engine.claim(name, ["q"], 2)} == {"A"}


def test_a_worker_that_skips_handlers_must_be_registered_too(engine):
    push(engine, handler="B")
    with pytest.raises(UnknownWorker):
        engine.claim("stranger", ["q"], 10, ["A"])
