"""Groups in Redis: what only this store has to fear."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.model import Cursor, Done, Group, HandBack
from tests.support.stores import STORES

from .flows import grouped
from .support import HANDLER, in_threads, job, processes, worker

REDIS = ["redis-hash", "valkey", "cluster"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("lightjobs.engines.redis.consistency.LOOK_AGAIN_SECONDS", 0.05)


@pytest.fixture(params=REDIS)
def store(request):
    made = STORES[request.param](request)
    yield made
    made.engine.close()


@pytest.fixture
def engine(store):
    return store.engine


def key(engine, name):
    return f"{engine._prefix}{name}"


def client(engine):
    engine.paused_queues()  # in a cluster, this finds the node
    return engine._node.client


def found(engine, fix=False):
    return {each.kind: (each.names, each.mended) for each in engine.consistency.verify(fix)}


def names(engine, claims):
    return [engine.find(claim.id).group for claim in claims]


def lane(group, queue="q", priority=0):
    return f"lane:{priority}:{len(queue)}:{queue}:{group}"


def test_php_sees_no_job_with_a_group(engine):
    engine.push([*grouped("a", 2), job()])
    assert client(engine).zcard(key(engine, "queue:q")) == 1


def test_an_id_in_a_queue_with_groups_whose_job_runs_is_not_claimed(engine):
    """As PHP leaves one, when it releases a job that it had lost."""
    name = worker(engine)
    engine.push([job()])
    [running] = engine.claim(name, ["q"], 1)
    engine.push(grouped("a", 1))
    client(engine).zadd(key(engine, "queue:q"), {running.id: 1})
    assert names(engine, engine.claim(name, ["q"], 5)) == ["a"]
    assert engine.find(running.id).attempts == 1


def test_nothing_is_left_of_groups_whose_jobs_are_gone(engine):
    engine.push([*grouped("a", 3, limit=1), *grouped("b", 2, due=time.time() + 900), job()])
    name = worker(engine)
    while claims := engine.claim(name, ["q"], 10):
        engine.settle(name, [Done(each.id, each.fence) for each in claims])
    engine.purge(Where(status="new"))
    kinds = (b"lane", b"late", b"full")
    keys = [each.removeprefix(engine._prefix.encode()) for each in client(engine).scan_iter()]
    assert [each for each in keys if each.startswith(kinds)] == []
    assert engine.groups("q") == []
    assert found(engine) == {}


def test_colons_do_not_mix_lanes_up(engine):
    engine.push([*grouped("b:c", queue="a"), *grouped("c", queue="a:b")])
    assert engine.groups("a") == [Group("b:c", 1, 0)]
    assert engine.groups("a:b") == [Group("c", 1, 0)]
    assert len(engine.claim(worker(engine), ["a"], 10)) == 1


def test_delayed_jobs_get_into_their_lanes(engine):
    engine.push([*grouped("a", 2, due=time.time() + 0.3), *grouped("b", 1, due=time.time() + 900)])
    name = worker(engine)
    assert engine.claim(name, ["q"], 10) == []
    assert engine.wait(["q"], 5.0) is True
    time.sleep(0.02)
    assert names(engine, engine.claim(name, ["q"], 10)) == ["a", "a"]
    assert engine.stats()["q"]["delayed"] == 1
    assert found(engine) == {}


def test_pages_of_jobs_in_lanes(engine):
    now = time.time() - 1000
    ids = engine.push([grouped(f"g{n % 40}", due=now + n)[0] for n in range(120)])
    seen, after = [], None
    while page := engine.browse(Where(status="new"), 50, after):
        seen += [each.id for each in page]
        after = Cursor(page[-1].scheduled_at, page[-1].id)
    assert seen == ids
    assert engine.count(Where(status="new", handler=HANDLER)) == 120


def test_a_claim_that_nobody_ended_leaks_no_place(engine):
    engine.push(grouped("a", 2, limit=1))
    name = worker(engine)
    (held,) = engine.claim(name, ["q"], 10)
    # As an older version ends it, which knows no groups.
    client(engine).hdel(key(engine, f"held:{name}"), held.id)
    client(engine).delete(key(engine, f"job:{held.id}"))
    assert engine.claim(name, ["q"], 10) == []
    member = client(engine).zrange(key(engine, "full:q"), 0, 0)[0]
    client(engine).zadd(key(engine, "full:q"), {member: time.time() - 1})
    assert len(engine.claim(name, ["q"], 10)) == 1


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda c, k, ids: c.delete(k("lanes:0:q")), "unlisted"),
        (lambda c, k, ids: c.delete(k(lane("a"))), "unlisted"),
        (lambda c, k, ids: c.zadd(k(lane("a")), {"job_gone": 1}), "stale_entry"),
        (lambda c, k, ids: c.zadd(k("queue:q"), {ids[0]: 1}), "stale_entry"),
        (lambda c, k, ids: c.hset(k("laned"), "q", 7), "wrong_count"),
        (lambda c, k, ids: c.hset(k("running:q"), "a", 7), "wrong_count"),
    ],
    ids=["no turn", "no lane", "stale id", "plain set", "waiting", "running"],
)
def test_damage_is_found_and_mended(engine, damage, kind):
    ids = engine.push(grouped("a", 2, limit=2))
    assert found(engine) == {}
    damage(client(engine), lambda name: key(engine, name), ids)
    assert kind in found(engine)
    assert kind in found(engine, fix=True)
    assert found(engine) == {}
    assert {each.id for each in engine.claim(worker(engine), ["q"], 10)} == set(ids)


def test_a_claim_that_its_worker_does_not_hold_is_held_again(engine):
    (id,) = engine.push(grouped("a", 1, limit=1))
    name = worker(engine)
    engine.claim(name, ["q"], 1)
    client(engine).hdel(key(engine, f"held:{name}"), id)
    client(engine).hincrby(key(engine, "queued"), "q", -1)
    client(engine).delete(key(engine, "running:q"))
    assert found(engine, fix=True) == {"unheld": ([id], 1)}
    assert engine.groups("q") == [Group("a", 0, 1)]
    assert found(engine) == {}


def test_claims_ahead_keep_to_the_limits(engine):
    engine.push(grouped("a", 3, limit=1))
    name = worker(engine)
    (held,) = engine.claim(name, ["q"], 1)
    engine.settle(name, [HandBack(held.id, held.fence)])  # the server has both scripts now
    (held,) = engine.claim(name, ["q"], 1)
    pending = engine.settle_and_claim(name, [Done(held.id, held.fence)], ["q"], 5)
    pending.settlements()
    assert len(pending.claims()) == 1
    assert engine.groups("q") == [Group("a", 1, 1)]


def test_the_end_of_a_claim_wakes_a_worker_that_waits(engine):
    engine.push(grouped("a", 2, limit=1))
    name = worker(engine)
    (held,) = engine.claim(name, ["q"], 10)
    woken = []

    def wait():
        woken.append((engine.wait(["q"], 8.0), time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    begun = time.monotonic()
    engine.settle(name, [Done(held.id, held.fence)])
    thread.join()
    assert woken[0][0] is True
    assert woken[0][1] - begun < 1.0


def test_threads_never_exceed_a_limit(engine):
    groups = [f"g{n}" for n in range(5)]
    engine.push([each for name in groups for each in grouped(name, 40, limit=3)])
    running, highest, lock, done = Counter(), Counter(), threading.Lock(), []

    def work():
        name = worker(engine)
        until = time.monotonic() + 40
        while len(done) < 200 and time.monotonic() < until:
            claims = engine.claim(name, ["q"], 4)
            owners = names(engine, claims)
            with lock:
                for group in owners:
                    running[group] += 1
                    highest[group] = max(highest[group], running[group])
            for claim, group in zip(claims, owners, strict=True):
                back = int(claim.id[-8:]) % 5 == 0 and claim.fence == 1
                with lock:
                    running[group] -= 1
                    if not back:
                        done.append(claim.id)
                engine.settle(name, [(HandBack if back else Done)(claim.id, claim.fence)])

    in_threads(*[work] * 8)
    assert len(set(done)) == len(done) == 200
    assert max(highest.values()) <= 3
    assert found(engine) == {}


RACE = """
import os, time
from lightjobs.model import Done
name = f'w-{os.getpid()}'
engine.register(name, 60)
done = 0
until = time.monotonic() + 30
while time.monotonic() < until:
    claims = engine.claim(name, ['q'], 5)
    groups = engine.groups('q')
    assert all(group.running <= 2 for group in groups), groups
    if not claims and not any(group.waiting or group.running for group in groups):
        break
    engine.settle(name, [Done(each.id, each.fence) for each in claims])
    done += len(claims)
print(done)
"""


def test_processes_never_exceed_a_limit(store):
    engine = store.engine
    engine.push([each for n in range(10) for each in grouped(f"g{n}", 30, limit=2)])
    counts = processes(store.environment, RACE, 4)
    assert sum(map(int, counts)) == 300
    assert found(engine) == {}


def test_the_places_of_a_killed_worker_come_back_with_its_lease(store):
    engine = store.engine
    engine.push(grouped("a", 2, limit=1))
    script = (
        "import lightjobs, time\n"
        "engine = lightjobs.engine()\n"
        "engine.register('doomed', 1.0)\n"
        "print(len(engine.claim('doomed', ['q'], 5)), flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, **store.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    name = worker(engine)
    assert engine.claim(name, ["q"], 5) == []
    assert engine.groups("q") == [Group("a", 1, 1)]
    until = time.monotonic() + 20
    while not engine.claim(name, ["q"], 5):
        assert time.monotonic() < until
        engine.recover(lease=1.0)
        time.sleep(0.2)
    assert engine.groups("q") == [Group("a", 1, 1)]


def test_moves_keep_all_counts(engine):
    engine.push([each for n in range(5) for each in grouped(f"g{n}", 6, limit=2)])
    name = worker(engine)
    engine.claim(name, ["q"], 7)
    for move in ("requeue", "pause", "resume", "cancel", "rerun"):
        engine.move(move, EVERYWHERE)
        assert found(engine) == {}, move
        engine.claim(name, ["q"], 3)
    assert all(group.running <= 2 for group in engine.groups("q"))
