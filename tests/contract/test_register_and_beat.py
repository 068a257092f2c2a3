import time

import pytest

from lightjobs.errors import UnknownWorker
from lightjobs.model import Done, Settlement
from tests.support.waiting import wait_until

from .support import claim_one, push, worker


def test_beat_reports_nobody_who_is_registered(engine):
    names = [worker(engine) for _ in range(3)]
    assert engine.beat(names, 30) == []
    assert engine.beat([], 30) == []


def test_beat_reports_those_that_were_recovered(engine):
    kept, lost = worker(engine), worker(engine)
    engine.recover(lost)
    assert engine.beat([lost, kept, "stranger"], 30) == [lost, "stranger"]


def test_beat_does_not_bring_a_recovered_worker_back(engine):
    push(engine)
    name = worker(engine)
    engine.recover(name)
    engine.beat([name], 30)
    with pytest.raises(UnknownWorker):
        engine.claim(name, ["q"], 1)
    assert engine.beat([name], 30) == [name]


def test_beat_extends_the_lease(engine):
    push(engine)
    name = worker(engine, lease=0.2)
    claim = claim_one(engine, name)
    until = time.monotonic() + 0.7
    while time.monotonic() < until:
        assert engine.beat([name], 0.2) == []
        assert engine.recover(lease=0.2) == 0
        time.sleep(0.03)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]


def test_beat_extends_only_those_it_names(engine):
    push(engine, 2)
    alive, silent = worker(engine, lease=0.2), worker(engine, lease=0.2)
    claim_one(engine, alive)
    (lost,) = engine.claim(silent, ["q"], 1)

    def recovered():
        engine.beat([alive], 0.2)
        return engine.recover(lease=0.2)

    assert wait_until(recovered) == 1
    assert engine.find(lost.id).status == "new"
    assert len(engine.held(alive)) == 1
