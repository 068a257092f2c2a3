"""Keys when many producers and workers use them at the same time."""

import random
import threading
from functools import partial

import pytest

from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.model import Done, Failed, HandBack

from .flows import claims, step, unique_job
from .support import drain, in_threads, worker


@pytest.fixture(autouse=True)
def only_databases(engine):
    if engine.name != "database":
        pytest.skip("has a step for each push")


@pytest.mark.parametrize("when_taken", ["keep", "replace"])
def test_at_no_moment_two_jobs_have_one_key(engine, when_taken):
    """Each thread pushes, and ends what it claims; a key that is stolen leaves two jobs."""
    seen = []
    lock = threading.Lock()
    running = {}

    def work(number):
        name = worker(engine)
        dice = random.Random(number)
        for turn in range(25):
            engine.push(
                [unique_job(dice.choice("ab"), payload=f'{{"n":{turn}}}', when_taken=when_taken)]
            )
            for claim in claims(engine, name, limit=1):
                key = engine.find(claim.id).unique_key
                with lock:
                    seen.append(running.get(key))
                    running[key] = claim.id
                with lock:
                    del running[key]
                engine.settle(name, [Done(claim.id, claim.fence)])

    in_threads(*[partial(work, number) for number in range(6)])
    assert set(seen) == {None}
    assert len(drain(engine)) <= 2


def test_many_threads_that_use_keys_in_any_order_meet_no_error(engine):
    """Pushes of overlapping keys, settlements with steps that take keys, retries and purges."""
    keys = [f"k{number}" for number in range(8)]

    def work(number):
        name = worker(engine)
        dice = random.Random(number)
        for _ in range(15):
            some = dice.sample(keys, 4)
            engine.push(
                [unique_job(key, when_taken=dice.choice(["keep", "replace"])) for key in some]
            )
            outcomes = [_outcome(dice, claim) for claim in claims(engine, name, limit=3)]
            if outcomes:
                engine.settle(name, outcomes)
            if dice.random() < 0.3:
                engine.move("retry", EVERYWHERE)
            if dice.random() < 0.2:
                engine.purge(Where(status="failed"))
            if dice.random() < 0.2:
                engine.unique.forget()

    in_threads(*[partial(work, number) for number in range(8)])
    engine.move("retry", EVERYWHERE)
    left = drain(engine)
    found = [engine.find(claim.id).unique_key for claim in left]
    assert len(found) == len(set(found))


def _outcome(dice, claim):
    what = dice.randrange(4)
    if what == 0:
        return Failed(claim.id, claim.fence, "boom")
    if what == 1:
        return HandBack(claim.id, claim.fence)
    if what == 2:
        return Done(claim.id, claim.fence)
    from lightjobs.model import steps_text

    following = step("q", flow=unique_job(dice.choice(["k1", "k2", "k9"])).flow)
    return Done(claim.id, claim.fence, next=steps_text(following))


@pytest.mark.parametrize("size", [1, 5])
def test_keys_that_nobody_has_had_are_taken_once(engine, size):
    """All threads push jobs with the same new keys at the same time, in orders of their own."""
    names = [[f"k{turn}-{number}" for number in range(size)] for turn in range(30)]
    found = []

    def work(number):
        dice = random.Random(number)
        for keys in names:
            some = dice.sample(keys, size)
            ids = engine.push([unique_job(key) for key in some])
            found.extend(zip(some, ids, strict=True))

    in_threads(*[partial(work, number) for number in range(5)])
    stored = {claim.id: engine.find(claim.id).unique_key for claim in drain(engine)}
    assert len(stored) == len(set(stored.values())) == 30 * size
    assert {key for key, _id in found} == set(stored.values())
    assert all(stored[job_id] == key for key, job_id in found)
