"""job:verify on Redis: jobs, sets, and counters that do not agree are found and mended."""

import threading
import time

import pytest

from lightjobs.model import Done, Retention

from .support import claim_one, drain, fail, push, worker
from .verifying import REDIS, client, found, key, look_again_soon, on, verified


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    look_again_soon(monkeypatch)


@pytest.fixture
def engine(request):
    yield from verified(request)


def set_status(engine, id, status):
    """Change the status in a job's fields and nothing else."""
    name = key(engine, f"job:{id}")
    if client(engine).type(name) == b"hash":
        client(engine).hset(name, "status", status)
    else:
        text = client(engine).get(name).decode()
        head, rest = text.split('s:6:"status";s:')
        rest = rest.split('";', 1)[1]
        client(engine).set(name, f'{head}s:6:"status";s:{len(status)}:"{status}";{rest}')


@on(REDIS)
def test_a_waiting_job_in_no_queue_is_put_into_it(engine):
    lost, kept = push(engine, 2)
    client(engine).zrem(key(engine, "queue:q"), lost)
    assert found(engine) == {"unlisted": ([lost], 0)}
    assert found(engine, fix=True) == {"unlisted": ([lost], 1)}
    assert found(engine) == {}
    assert {claim.id for claim in drain(engine)} == {lost, kept}


@on(REDIS)
@pytest.mark.parametrize("status", ["failed", "paused", "cancelled", "completed"])
def test_a_job_in_no_set_for_its_status_is_put_into_it(engine, status):
    engine.retention = Retention(completed=None, cancelled=None)
    if status == "failed":
        (id,) = fail(engine)
    else:
        (id,) = push(engine)
        {"paused": engine.pause, "cancelled": engine.cancel}.get(status, lambda _id: None)(id)
    if status == "completed":
        name = worker(engine)
        claim = claim_one(engine, name)
        engine.settle(name, [Done(claim.id, claim.fence)])
    before = engine.stats()
    for place in ("failed", f"{status}_in:q"):
        client(engine).zrem(key(engine, place), id)
    assert found(engine)["unlisted"] == ([id], 0)
    assert found(engine, fix=True)["unlisted"] == ([id], 1)
    assert found(engine) == {}
    assert engine.stats() == before


@on(REDIS)
def test_entries_whose_job_is_gone_or_is_elsewhere_are_taken_out(engine):
    (gone,) = push(engine)
    (failed,) = fail(engine, queue="f")
    (paused,) = push(engine, queue="p")
    engine.pause(paused)
    client(engine).delete(key(engine, f"job:{gone}"))
    client(engine).delete(key(engine, f"job:{failed}"))
    set_status(engine, paused, "new")
    assert found(engine)["stale_entry"] == (sorted([gone, failed, paused]), 0)
    assert found(engine, fix=True)["stale_entry"] == (sorted([gone, failed, paused]), 3)
    assert found(engine) == {}
    assert [claim.id for claim in drain(engine, "p")] == [paused]
    assert set(engine.stats()) == {"p"}


@on(REDIS)
def test_a_job_whose_worker_does_not_exist_is_run_again(engine):
    name = worker(engine)
    first, second = push(engine, 2)
    claims = engine.claim(name, ["q"], 2)
    client(engine).zrem(key(engine, "workers"), name)
    client(engine).hdel(key(engine, f"held:{name}"), second)
    assert found(engine)["unknown_worker"] == ([first, second], 0)
    assert found(engine)["stale_held"] == ([name], 0)
    assert found(engine, fix=True)["unknown_worker"] == ([first, second], 2)
    assert found(engine) == {}
    again = drain(engine)
    assert {claim.id for claim in again} == {first, second}
    assert all(new.fence > old.fence and new.attempts == 1 for new in again for old in claims)


@on(REDIS)
def test_a_claimed_job_that_its_living_worker_lost_sight_of_is_given_back_to_it(engine):
    name = worker(engine)
    push(engine)
    claim = claim_one(engine, name)
    client(engine).hdel(key(engine, f"held:{name}"), claim.id)
    assert engine.held(name) == []
    assert found(engine)["unheld"] == ([claim.id], 0)
    found(engine, fix=True)
    assert found(engine) == {}
    assert [each.id for each in engine.held(name)] == [claim.id]
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert engine.stats() == {}
    assert found(engine) == {}


@on(REDIS)
def test_wrong_counters_are_counted_anew(engine):
    fail(engine, 2, "f")
    push(engine, 3)
    engine.claim(worker(engine), ["q"], 3)
    before = engine.stats()
    client(engine).hset(key(engine, "queued"), "q", 7)
    client(engine).hset(key(engine, "queued"), "nowhere", -2)
    client(engine).hset(key(engine, "failed_counts"), "f", 1)
    wrong = ["failed_counts of f", "queued of nowhere", "queued of q"]
    assert sorted(found(engine)["wrong_count"][0]) == wrong
    assert found(engine, fix=True)["wrong_count"][1] == 3
    assert found(engine) == {}
    assert engine.stats() == before


@on(REDIS)
def test_a_job_of_an_unknown_status_is_set_aside(engine):
    odd, good = push(engine, 2)
    set_status(engine, odd, "strange")
    assert set(found(engine)) == {"unknown_status", "stale_entry"}
    found(engine, fix=True)
    assert found(engine) == {}
    aside = client(engine).hgetall(key(engine, "aside"))
    assert aside == {odd.encode(): b"its status is unknown"}
    assert [claim.id for claim in drain(engine)] == [good]


@on(["redis-hash"])
def test_a_queue_that_is_not_listed_is_listed(engine):
    (id,) = push(engine, queue="hidden", priority=1)
    client(engine).srem(key(engine, "queues"), "hidden")
    assert found(engine) == {"unknown_queue": ([id], 0)}
    found(engine, fix=True)
    assert found(engine) == {}
    assert engine.stats()["hidden"]["new"] == 1


@on(["redis-php"])
def test_what_php_is_just_doing_is_no_fault(engine):
    """PHP takes an id out of its queue, then writes that the job is claimed; and the same for every
    other step."""
    ids, over = push(engine, 200), threading.Event()

    def php():
        for id in ids:
            client(engine).zrem(key(engine, "queue:q"), id)
            time.sleep(0.004)
            set_status(engine, id, "queued")
            time.sleep(0.004)
            client(engine).zadd(key(engine, "failed"), {id: time.time()})
            time.sleep(0.004)
            set_status(engine, id, "failed")
        over.set()

    thread = threading.Thread(target=php)
    thread.start()
    looks = 0
    while not over.is_set():
        assert found(engine, fix=True) == {}
        looks += 1
    thread.join()
    assert looks > 5
    assert engine.stats()["q"]["failed"] == 200


@on(["redis-hash", "redis-php"])
def test_a_job_that_is_claimed_without_a_worker_is_put_back_unless_it_may_be_phps(engine):
    (id,) = push(engine)
    set_status(engine, id, "queued")
    client(engine).zrem(key(engine, "queue:q"), id)
    if client(engine).type(key(engine, f"job:{id}")) == b"string":
        assert found(engine, fix=True) == {}
        return
    assert found(engine) == {"workerless": ([id], 0)}
    assert found(engine, fix=True) == {"workerless": ([id], 1)}
    assert found(engine) == {}
    assert [claim.id for claim in drain(engine)] == [id]


@on(["redis-hash"])
def test_a_hash_that_a_php_worker_has_taken_out_and_dropped_runs_after_all(engine):
    (id,) = push(engine)
    client(engine).zrem(key(engine, "queue:q"), id)
    found(engine, fix=True)
    assert [claim.id for claim in drain(engine)] == [id]
