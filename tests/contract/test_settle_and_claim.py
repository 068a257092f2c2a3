"""A settlement and a claim in one request, whose answers are asked for later."""

import threading
from itertools import chain

import pytest

from lightjobs.errors import UnknownWorker
from lightjobs.model import Done, Failed, Release, Settlement
from tests.support.waiting import wait_until

from .support import claim_one, push, unwaited, worker


@pytest.fixture(autouse=True)
def _answering_later(engine):
    if not engine.answers_later:
        pytest.skip("this store does not answer later")
    # A server that does not know the scripts yet is asked again when the answers are read.
    push(engine, queue="before")
    name = worker(engine)
    engine.settle(name, done([claim_one(engine, name, "before")]))


def done(claims):
    return [Done(claim.id, claim.fence) for claim in claims]


def ids(claims):
    return [claim.id for claim in claims]


def test_both_happen_although_nobody_has_asked_for_the_answers(engine):
    pushed = push(engine, 4)
    name = worker(engine)
    first = engine.claim(name, ["q"], 2)
    pending = engine.settle_and_claim(name, done(first), ["q"], 9)
    wait_until(lambda: sorted(ids(engine.held(name))) == sorted(pushed[2:]))
    assert [engine.find(claim.id) for claim in first] == [None, None]
    assert pending.settlements() == [Settlement.ACCEPTED] * 2
    assert ids(pending.claims()) == pushed[2:]


def test_each_outcome_is_answered_in_its_place(engine):
    push(engine, 4)
    name = worker(engine)
    one, two, three, four = engine.claim(name, ["q"], 4)
    engine.cancel(three.id)
    outcomes = [
        Failed(one.id, one.fence, "boom"),
        Done(two.id, two.fence),
        Done(three.id, three.fence),
        Done(four.id, four.fence - 1),
    ]
    pending = engine.settle_and_claim(name, outcomes, ["q"], 1)
    assert pending.settlements() == [
        *(Settlement.ACCEPTED, Settlement.ACCEPTED),
        *(Settlement.CANCELLED, Settlement.LOST),
    ]
    assert pending.claims() == []
    assert engine.find(one.id).status == "failed"
    assert engine.find(three.id) is None


def test_the_claim_comes_after_the_settlement(engine):
    push(engine)
    name = worker(engine)
    held = claim_one(engine, name)
    pending = engine.settle_and_claim(name, [Release(held.id, held.fence, 0.0, 1)], ["q"], 1)
    assert pending.settlements() == [Settlement.ACCEPTED]
    (again,) = pending.claims()
    assert (again.id, again.fence, again.attempts) == (held.id, held.fence + 1, 2)


def test_it_may_be_a_claim_alone(engine):
    pushed = push(engine, 2)
    push(engine, queue="first", priority=-1)
    name = worker(engine)
    pending = engine.settle_and_claim(name, [], ["first", "q"], 2)
    assert pending.settlements() == []
    claims = pending.claims()
    assert [claim.queue for claim in claims] == ["first", "q"]
    assert sorted(unwaited(*claims)) == sorted(engine.held(name))
    assert claims[1].id == pushed[0]


def test_an_unknown_worker_is_refused_in_each_answer(engine):
    push(engine, 2)
    name = worker(engine)
    held = claim_one(engine, name)
    engine.recover(name)
    pending = engine.settle_and_claim(name, done([held]), ["q"], 1)
    assert pending.settlements() == [Settlement.LOST]
    with pytest.raises(UnknownWorker):
        pending.claims()
    assert engine.stats()["q"]["new"] == 2


def test_other_verbs_and_requests_do_not_mix_with_it(engine):
    pushed = push(engine, 30)
    names = [worker(engine) for _ in range(3)]
    under_way = [engine.settle_and_claim(name, [], ["q"], 10) for name in names]
    wait_until(lambda: engine.stats()["q"]["queued"] == 30)
    found = {}

    def ask(name, pending):
        pending.settlements()
        found[name] = ids(pending.claims())

    threads = [
        threading.Thread(target=ask, args=pair)
        for pair in reversed(list(zip(names, under_way, strict=True)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(chain(*found.values())) == sorted(pushed)
    for name in names:
        assert sorted(found[name]) == sorted(ids(engine.held(name)))
