"""job:verify: what does not agree in a store is found and mended, and nothing else is touched."""

import threading
import time

import pytest

from lightjobs.engines.consistency import FAULTS
from lightjobs.engines.sql import consistency as sql_consistency
from lightjobs.model import Done, Failed, NewJob, Release, Retention, Slot
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import claim_one, drain, fail, job, push, worker

REDIS = [name for name in STORES if name.startswith(("redis", "valkey", "cluster"))]
SQL = ["sqlite", "postgresql", "mariadb", *MYSQL]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for store in ("redis", "sql"):
        monkeypatch.setattr(f"lightjobs.engines.{store}.consistency.LOOK_AGAIN_SECONDS", 0.05)


@pytest.fixture
def engine(request):
    made = STORES[request.param](request).engine
    if made.schema is not None:
        made.schema.install()
    yield made
    made.close()


def on(stores):
    return pytest.mark.parametrize("engine", stores, indirect=True)


def found(engine, fix=False):
    return {each.kind: (each.names, each.mended) for each in engine.consistency.verify(fix)}


def everything(engine):
    """Jobs in each status, of several priorities and queues, held and let go."""
    engine.retention = Retention(completed=None, cancelled=None)
    held, other = worker(engine), worker(engine)
    for priority in (-2, 0, 2):
        push(engine, 2, "a", priority=priority)
        push(engine, 1, "b", priority=priority, due=time.time() + 3600)
    fail(engine, 2, "failed")
    push(engine, 4, "c")
    done, released, _cut, _kept = engine.claim(held, ["c"], 4)
    engine.settle(held, [Done(done.id, done.fence)])
    engine.settle(held, [Release(released.id, released.fence, time.time() + 60, 1)])
    for id in (_cut.id, *push(engine, 1, "d")):
        assert engine.cancel(id)
    (paused,) = push(engine, 1, "e", priority=1)
    assert engine.pause(paused)
    engine.pause_queue("b")
    engine.claim(other, ["a"], 2)
    engine.recover(other)
    engine.schedule.enroll(["entry"], time.time())
    engine.schedule.push_slots([Slot("entry", time.time() + 1, job())])


@on([*REDIS, *SQL])
def test_a_store_that_only_verbs_have_touched_is_consistent(engine):
    assert found(engine) == {}
    everything(engine)
    before = engine.stats()
    assert found(engine) == found(engine, fix=True) == {}
    assert engine.stats() == before


@on(["memory"])
def test_the_memory_of_a_process_needs_no_verifying(engine):
    assert engine.consistency is None


@on(["redis-hash", "redis-php", *SQL])
def test_nothing_that_living_workers_are_doing_is_a_fault(engine):
    over, errors = threading.Event(), []

    def live(number):
        try:
            while not over.is_set():
                name = worker(engine)
                push(engine, 5, f"q{number}")
                claims = engine.claim(name, [f"q{number}", "q0"], 6)
                ends = [[Done, Failed, Release, None][at % 4] for at in range(len(claims))]
                more = {Done: (), Failed: ("boom",), Release: (time.time(), 1)}
                outcomes = [
                    end(claim.id, claim.fence, *more[end])
                    for end, claim in zip(ends, claims, strict=True)
                    if end is not None
                ]
                if claims:
                    engine.cancel(claims[0].id)
                engine.settle(name, outcomes)
                engine.beat([name], 30)
                engine.recover(name)
                engine.move("retry")
        except Exception as error:
            errors.append(error)
        finally:
            engine.close()

    threads = [threading.Thread(target=live, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for fix in (False, True) * 3:
            assert found(engine, fix) == {}
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []


def client(engine):
    engine.paused_queues()  # in a cluster, this finds the node
    return engine._node.client


def key(engine, name):
    return f"{engine._prefix}{name}"


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


@on([*REDIS, *SQL])
def test_jobs_of_a_worker_that_died_alone_are_recovered(engine, monkeypatch):
    name, alive = worker(engine, lease=0.01), worker(engine)
    push(engine, 3)
    engine.claim(name, ["q"], 2)
    engine.claim(alive, ["q"], 1)
    time.sleep(0.05)
    assert found(engine) == {}, "it may come back"
    monkeypatch.setattr("lightjobs.engines.consistency.LEASE_SECONDS", 3.0)
    monkeypatch.setattr("lightjobs.engines.redis.consistency.LATE_SECONDS", 0.0)
    monkeypatch.setitem(sql_consistency._SECONDS, "dead_worker", {"late": 0.0})
    assert found(engine) == {"dead_worker": ([name], 0)}
    assert engine.stats()["q"]["queued"] == 3
    assert found(engine, fix=True) == {"dead_worker": ([name], 1)}
    assert found(engine) == {}
    assert len(drain(engine)) == 2
    assert len(engine.held(alive)) == 1


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


def change(engine, sql):
    """Run SQL that only somebody beside lightjobs would."""
    database = engine._db
    if database.dialect.name == "sqlite":
        database.ask(sql, ())
    else:
        database.execute(sql, {})
        engine.close()


@on(SQL)
def test_rows_of_a_worker_that_does_not_exist_are_recovered(engine):
    name = worker(engine)
    push(engine, 2)
    first, second = engine.claim(name, ["q"], 2)
    engine.retention = Retention(cancelled=None)
    engine.cancel(second.id)
    assert found(engine) == {}
    change(engine, "DELETE FROM job_workers")
    assert found(engine) == {"unknown_worker": ([first.id, second.id], 0)}
    assert found(engine, fix=True) == {"unknown_worker": ([first.id, second.id], 2)}
    assert found(engine) == {}
    assert [claim.id for claim in drain(engine)] == [first.id]
    assert engine.find(second.id).worker is None


@on(["sqlite", "postgresql"])
def test_a_row_that_is_claimed_by_nobody_is_put_back(engine):
    (id,) = push(engine)
    change(engine, "UPDATE jobs SET status = 'queued', attempts = 1")
    assert found(engine) == {"workerless": ([id], 0)}
    found(engine, fix=True)
    assert found(engine) == {}
    (claim,) = drain(engine)
    assert (claim.id, claim.attempts) == (id, 1)


@on(["mariadb", *MYSQL])
def test_a_row_that_a_php_worker_has_claimed_is_no_fault(engine):
    push(engine)
    change(engine, "UPDATE jobs SET status = 'queued', attempts = 1")
    assert found(engine, fix=True) == {}
    assert engine.stats()["q"]["queued"] == 1


@on(SQL)
@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("unknown_status", "UPDATE jobs SET status = 'strange'"),
        ("unknown_priority", "UPDATE jobs SET priority = 7"),
        ("endless", "UPDATE jobs SET status = 'failed', failed_at = NULL"),
    ],
)
def test_rows_that_no_verb_would_write_are_mended(engine, kind, sql):
    ids = push(engine, 2)
    change(engine, sql)
    assert found(engine) == {kind: (ids, 0)}
    assert found(engine, fix=True) == {kind: (ids, 2)}
    assert found(engine) == {}
    engine.move("retry")
    assert [claim.id for claim in drain(engine)] == ids


@on([*REDIS, *SQL])
def test_an_entry_whose_last_moment_lies_ahead_is_due_again(engine):
    now = time.time()
    engine.schedule.push_slots([Slot("late", now + 9e6, None), Slot("right", now, None)])
    assert found(engine) == {"slot_ahead": (["late"], 0)}
    assert found(engine, fix=True) == {"slot_ahead": (["late"], 1)}
    assert found(engine) == {}
    new = NewJob("App\\Jobs\\X", "q", "{}")
    assert engine.schedule.push_slots([Slot("late", now + 60, new)]) != [None]


@on([*REDIS, *SQL])
def test_a_search_for_dead_workers_that_is_put_off_is_due_again(engine):
    late = time.time() + 9e6
    if engine.schema is None:
        client(engine).hset(key(engine, "sweep"), mapping={"swept_at": late, "recover_from": late})
    else:
        change(engine, f"UPDATE job_sweeps SET recover_from = {late:.0f}")  # noqa: S608
    assert found(engine) == {"sweep_ahead": (["sweep"], 0)}
    assert found(engine, fix=True) == {"sweep_ahead": (["sweep"], 1)}
    assert found(engine) == {}


@on(SQL)
def test_a_table_without_the_row_for_searches_gets_it(engine):
    change(engine, "DELETE FROM job_sweeps")
    assert found(engine, fix=True) == {"sweep_ahead": (["sweep"], 1)}
    assert found(engine) == {}
    push(engine)
    name = worker(engine, lease=0.01)
    engine.claim(name, ["q"], 1)
    time.sleep(0.05)
    assert engine.recover(lease=30.0) == 1


def test_the_kinds_have_a_sentence_each():
    assert all(wrong and mending for wrong, mending in FAULTS.values())
