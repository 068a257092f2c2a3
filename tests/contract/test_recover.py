import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.engines.where import Where
from lightjobs.model import Done
from tests.support.waiting import wait_until

from .support import (
    claim_one,
    drain,
    in_threads,
    places_of,
    processes,
    push,
    unwaited,
    worker,
)


def test_recover_gives_the_attempt_back_counts_a_recovery_and_keeps_the_fence(engine):
    (id,) = push(engine, due=1000.25)
    before = engine.find(id)
    name = worker(engine)
    claim_one(engine, name)
    assert engine.recover(name) == 1
    assert engine.find(id)._replace(error_lines=None) == before._replace(recoveries=1)
    again = claim_one(engine)
    assert (again.attempts, again.fence, again.recoveries) == (1, 2, 1)


def test_recover_puts_back_all_that_the_worker_held_and_nothing_else(engine):
    ids = push(engine, 5)
    name, other = worker(engine), worker(engine)
    first = claim_one(engine, name)
    engine.settle(name, [Done(first.id, first.fence)])
    engine.claim(name, ["q"], 2)
    kept = engine.claim(other, ["q"], 1)
    assert engine.recover(name) == 2
    assert engine.held(name) == []
    assert engine.held(other) == unwaited(*kept)
    assert [c.id for c in drain(engine)] == [ids[1], ids[2], ids[4]]


def test_recover_of_a_worker_twice_or_of_a_stranger_is_nothing(engine):
    push(engine)
    name = worker(engine)
    claim_one(engine, name)
    engine.recover(name)
    claim_one(engine)
    assert engine.recover(name) == 0
    assert engine.recover("stranger") == 0
    assert engine.stats()["q"]["queued"] == 1


def test_a_job_fails_when_its_workers_have_died_too_often(engine):
    (id,) = push(engine)
    for deaths in range(MAX_RECOVERIES):
        name = worker(engine)
        assert claim_one(engine, name).recoveries == deaths
        assert engine.recover(name) == 1
        assert engine.find(id).status == "new"
    name = worker(engine)
    claim_one(engine, name)
    assert engine.recover(name) == 1
    stored = engine.find(id)
    assert (stored.status, stored.exception, stored.worker) == ("failed", WORKER_LOST, None)
    assert stored.recoveries == 0, (
        "or a retry by PHP, which knows of none, would begin with all spent"
    )
    assert stored.failed_at is not None
    assert drain(engine) == []


def test_retry_gives_all_recoveries_back(engine):
    (id,) = push(engine)
    for _ in range(MAX_RECOVERIES + 1):
        name = worker(engine)
        claim_one(engine, name)
        engine.recover(name)
    assert engine.move("retry", Where(job_id=id)) == 1
    name = worker(engine)
    assert claim_one(engine, name).recoveries == 0
    engine.recover(name)
    assert engine.find(id).status == "new"


def test_a_sweep_takes_only_workers_whose_lease_ran_out(engine):
    push(engine, 2)
    dead, alive = worker(engine, lease=0.1), worker(engine, lease=30)
    lost = claim_one(engine, dead)
    kept = claim_one(engine, alive)
    assert wait_until(lambda: engine.recover(lease=0.2)) == 1
    assert engine.find(lost.id).recoveries == 1
    assert engine.held(alive) == unwaited(kept)
    assert engine.beat([dead, alive], 30) == [dead]


def test_a_sweep_takes_nobody_before_the_lease_is_over(engine):
    push(engine)
    engine.recover(lease=0.4)
    registered = time.time()
    name = worker(engine, lease=0.4)
    claim_one(engine, name)
    assert wait_until(lambda: engine.recover(lease=0.4)) == 1
    assert time.time() - registered >= 0.4


def test_after_a_pause_of_all_sweeps_nobody_is_recovered_until_half_a_lease_later(engine):
    push(engine)
    wait_until(lambda: engine.recover(lease=0.2) == 0 and True)
    name = worker(engine, lease=0.1)
    claim_one(engine, name)
    time.sleep(0.5)
    before = time.time()
    assert engine.recover(lease=0.4) == 0
    resumed = asked_at = time.time()
    while not (recovered := engine.recover(lease=0.4)):
        assert asked_at <= resumed + 0.2, "a sweep that began after that took nobody"
        time.sleep(0.005)
        asked_at = time.time()
    assert recovered == 1
    assert time.time() >= before + 0.2


def test_who_beats_after_a_pause_of_all_sweeps_keeps_its_jobs(engine):
    push(engine)
    engine.recover(lease=0.2)
    name = worker(engine, lease=0.1)
    claim = claim_one(engine, name)
    time.sleep(0.3)
    assert engine.recover(lease=0.2) == 0
    assert engine.beat([name], 30) == []
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        assert engine.recover(lease=0.2) == 0
        time.sleep(0.02)
    assert engine.held(name) == unwaited(claim)


def test_naming_a_worker_recovers_it_at_once_also_after_a_pause(engine):
    push(engine)
    name = worker(engine, lease=0.05)
    claim_one(engine, name)
    time.sleep(0.1)
    assert engine.recover(name, lease=0.01) == 1


def test_recovering_at_once_from_two_threads_recovers_once(engine):
    (id,) = push(engine)
    name = worker(engine)
    claim_one(engine, name)
    counts = in_threads(*[lambda: engine.recover(name)] * 4)
    assert sorted(counts) == [0, 0, 0, 1]
    assert engine.find(id).recoveries == 1


@pytest.mark.slow
def test_the_jobs_of_a_process_that_died_go_back(engine, environment):
    ids = push(engine, 10)
    processes(
        environment,
        """
import os
name = f"dying-{os.getpid()}"
engine.register(name, 0.1)
engine.claim(name, ["q"], 5)
sys.stdout.flush()
os._exit(0)
""",
    )
    recovered = []

    def all_recovered():
        recovered.append(engine.recover(lease=0.3))
        return sum(recovered) == 10

    wait_until(all_recovered)
    claims = drain(engine)
    assert [c.id for c in claims] == ids
    assert {(c.attempts, c.fence, c.recoveries) for c in claims} == {(1, 2, 1)}


def _set_clock_back(store):
    """What the store looks like after its clock was set back by an hour."""
    if (store.environment or {})["JOB_ENGINE"] in ("redis", "valkey"):
        for node, prefix in places_of(store.engine):
            for name in node.execute("ZRANGE", f"{prefix}workers", 0, -1):
                node.execute("ZINCRBY", f"{prefix}workers", 3600, name)
            node.execute("HINCRBYFLOAT", f"{prefix}sweep", "swept_at", 3600)
        return
    database = store.engine._db
    run = getattr(database, "execute", None) or database.ask
    run("UPDATE job_workers SET expires_at = expires_at + 3600")
    run("UPDATE job_sweeps SET swept_at = swept_at + 3600, recover_from = 0")


def test_a_clock_that_is_set_back_does_not_make_a_dead_worker_live_on(store):
    if store.environment is None:
        pytest.skip("this store lives in one process")
    engine = store.engine
    push(engine, 2)
    dead, living = worker(engine, lease=0.5), worker(engine, lease=0.5)
    claim_one(engine, dead)
    claim_one(engine, living)
    engine.recover(lease=30)
    _set_clock_back(store)
    assert engine.beat([living], 30) == []
    assert wait_until(lambda: engine.recover(lease=30)) == 1
    assert engine.held(dead) == []
    assert len(engine.held(living)) == 1
