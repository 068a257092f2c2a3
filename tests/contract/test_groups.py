"""Groups: they take turns within a queue and a priority, and a limit holds over all workers."""

import time
from collections import Counter

import pytest

from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.model import Done, Failed, Group, HandBack, Release

from .flows import grouped, is_php
from .support import drain, in_threads, job, worker


@pytest.fixture(autouse=True)
def keeps_groups(store):
    if is_php(store):
        pytest.skip("rows in PHP's form have no place for a group")


def names(engine, claims):
    """The groups of the claims, in order."""
    return [engine.find(claim.id).group for claim in claims]


def claim(engine, limit, name=None, **options):
    return engine.claim(name or worker(engine), ["q"], limit, **options)


def test_a_small_group_does_not_wait_for_a_large_one(engine):
    engine.push(grouped("large", 500))
    engine.push(grouped("small", 10))
    first = claim(engine, 20)
    assert Counter(names(engine, first)) == {"large": 10, "small": 10}
    assert len(claim(engine, 1000)) == 490


def test_groups_take_turns_of_one_job(engine):
    engine.push([*grouped("a", 9), *grouped("b", 6), *grouped("c", 3)])
    name = worker(engine)
    order = [names(engine, claim(engine, 1, name))[0] for _ in range(9)]
    assert [Counter(order[start : start + 3]) for start in (0, 3, 6)] == [
        Counter("abc"),
        Counter("abc"),
        Counter("abc"),
    ]
    rest = [names(engine, claim(engine, 1, name))[0] for _ in range(9)]
    assert Counter(rest) == {"a": 6, "b": 3}
    assert Counter(rest[:6]) == {"a": 3, "b": 3}


def test_of_few_groups_each_claim_takes_as_many(engine):
    few = [f"g{number:02}" for number in range(10)]
    engine.push([each for name in few for each in grouped(name, 30)])
    for _ in range(3):
        assert Counter(names(engine, claim(engine, 100))) == dict.fromkeys(few, 10)


def test_among_many_groups_each_soon_has_its_turn(engine):
    many = [f"g{number:02}" for number in range(30)]
    engine.push([each for name in ["large", *many] for each in grouped(name, 60)])
    engine.push(grouped("large", 1000))
    seen = Counter(name for _ in range(8) for name in names(engine, claim(engine, 100)))
    assert seen.keys() >= {"large", *many}
    assert seen["large"] < 100


def test_many_small_groups_fill_a_claim(engine):
    engine.push([grouped(f"g{number}", 1)[0] for number in range(250)])
    assert [len(claim(engine, 100)) for _ in range(4)] == [100, 100, 50, 0]


def test_the_last_job_of_all_groups_does_not_end_a_claim(engine):
    engine.push([*grouped("a", 1), *grouped(None, 7)])
    assert Counter(names(engine, claim(engine, 6))) == {"a": 1, None: 5}
    assert Counter(names(engine, claim(engine, 6))) == {None: 2}


def test_what_is_left_when_the_groups_end_goes_before_a_lower_priority(engine):
    engine.push([*grouped("a", 1), *grouped(None, 7), *grouped(None, 3, priority=-1)])
    assert [engine.find(each.id).priority for each in claim(engine, 10)] == [0] * 8 + [-1] * 2


def test_jobs_without_a_group_are_one_of_the_groups(engine):
    engine.push([*grouped("a", 50), *grouped(None, 5)])
    first = claim(engine, 10)
    assert Counter(names(engine, first)) == {"a": 5, None: 5}
    engine.push([*grouped(None, 50), *grouped("b", 5)])
    assert Counter(names(engine, claim(engine, 15))) == {"a": 5, "b": 5, None: 5}


def test_within_a_group_the_earlier_due_come_first(engine):
    now = time.time()
    ids = engine.push(
        [grouped("a", due=now - seconds)[0] for seconds in (10, 30, 20)] + grouped("b", 1)
    )
    order = [each.id for each in claim(engine, 4) if each.id != ids[3]]
    assert order == [ids[1], ids[2], ids[0]]


def test_a_higher_priority_goes_before_all_turns(engine):
    engine.push([*grouped("a", 5), *grouped("b", 5, priority=1), *grouped(None, 1, priority=2)])
    first = claim(engine, 6)
    assert names(engine, first) == [None] + ["b"] * 5


def test_groups_are_those_of_one_queue(engine):
    engine.push([*grouped("a", 2, limit=1), *grouped("a", 2, limit=1, queue="other")])
    assert len(engine.claim(worker(engine), ["q", "other"], 10)) == 2


def test_a_limit_holds_over_all_workers(engine):
    engine.push([*grouped("a", 5, limit=2), *grouped("b", 3, limit=1), *grouped("c", 2)])
    first = claim(engine, 3)
    first += claim(engine, 10)
    assert Counter(names(engine, first)) == {"a": 2, "b": 1, "c": 2}
    assert claim(engine, 10) == []
    assert engine.groups("q") == [Group("a", 3, 2), Group("b", 2, 1), Group("c", 0, 2)]


@pytest.mark.parametrize("end", ["done", "failed", "release", "hand back", "cancel", "recover"])
def test_a_claim_that_ends_frees_its_place(engine, end):
    engine.push(grouped("a", 3, limit=1))
    name = worker(engine)
    (held,) = claim(engine, 10, name)
    assert claim(engine, 10) == []
    match end:
        case "cancel":
            engine.cancel(held.id)
        case "recover":
            engine.recover(name)
        case _:
            outcome = {
                "done": Done(held.id, held.fence),
                "failed": Failed(held.id, held.fence, "boom"),
                "release": Release(held.id, held.fence, time.time() + 1000, 1),
                "hand back": HandBack(held.id, held.fence),
            }[end]
            engine.settle(name, [outcome])
    assert len(claim(engine, 10)) == 1
    assert claim(engine, 10) == []


def test_the_limit_of_the_first_job_counts(engine):
    engine.push([*grouped("a", 1, limit=3), *grouped("a", 3, limit=1), *grouped("a", 3)])
    assert len(claim(engine, 10)) == 1
    assert claim(engine, 10) == []


def test_jobs_that_go_back_keep_their_group(engine):
    engine.push([*grouped("a", 30), *grouped("b", 4)])
    name = worker(engine)
    held = claim(engine, 8, name)
    engine.settle(name, [HandBack(each.id, each.fence) for each in held])
    assert Counter(names(engine, claim(engine, 8))) == {"a": 4, "b": 4}
    engine.move("requeue", EVERYWHERE)
    assert Counter(names(engine, claim(engine, 8))) == {"a": 4, "b": 4}


def test_delayed_jobs_of_a_group_wait(engine):
    engine.push([*grouped("a", 2, due=time.time() + 1000), *grouped("b", 1)])
    assert names(engine, drain(engine)) == ["b"]
    assert engine.wait(["q"], 0.1) is False


def test_a_group_is_not_waited_for_at_its_limit(engine):
    engine.push(grouped("a", 2, limit=1))
    assert engine.wait(["q"], 1.0) is True
    name = worker(engine)
    (held,) = claim(engine, 10, name)
    begun = time.monotonic()
    engine.wait(["q"], 0.3)
    assert claim(engine, 10) == []
    assert time.monotonic() - begun > 0.2
    engine.settle(name, [Done(held.id, held.fence)])
    assert engine.wait(["q"], 5.0) is True
    assert len(claim(engine, 10)) == 1


def test_handlers_are_skipped_within_groups(engine):
    engine.push([*grouped("a", 3, handler="Slow"), *grouped("a", 2), *grouped("b", 1)])
    found = claim(engine, 10, skip=["Slow"])
    assert Counter(names(engine, found)) == {"a": 2, "b": 1}
    assert Counter(names(engine, claim(engine, 10))) == {"a": 3}


def test_grouped_jobs_are_seen_moved_and_purged_as_others(engine):
    ids = engine.push([*grouped("a", 3), *grouped("b", 2), job()])
    assert engine.stats()["q"]["new"] == 6
    assert engine.count(Where(status="new", queue="q")) == 6
    assert {each.id for each in engine.browse(Where(status="new"))} == set(ids)
    assert engine.latency().keys() == {"q"}
    assert engine.pause(ids[0])
    assert engine.cancel(ids[1])
    assert engine.groups("q") == [Group(None, 1, 0), Group("a", 1, 0), Group("b", 2, 0)]
    assert engine.resume(ids[0])
    assert engine.move("pause", Where(queue="q")) == 5
    assert drain(engine) == []
    assert engine.move("resume", EVERYWHERE) == 5
    assert engine.purge(Where(status="new", queue="q")) == 5
    assert engine.groups("q") == []
    assert engine.stats().get("q", {}).get("new", 0) == 0


def test_a_retried_job_is_in_its_group(engine):
    engine.push(grouped("a", 1, limit=1))
    name = worker(engine)
    (held,) = claim(engine, 1, name)
    engine.settle(name, [Failed(held.id, held.fence, "boom")])
    assert engine.move("retry", EVERYWHERE) == 1
    assert engine.groups("q") == [Group("a", 1, 0)]
    assert names(engine, claim(engine, 1)) == ["a"]


def test_a_paused_queue_gives_no_grouped_job(engine):
    engine.push(grouped("a", 2))
    engine.pause_queue("q")
    assert drain(engine) == []
    engine.resume_queue("q")
    assert len(drain(engine)) == 2


def test_a_queue_without_groups_has_none(engine):
    engine.push([job(), job()])
    assert engine.groups("q") == []
    assert engine.groups("nowhere") == []


def test_hostile_names(engine):
    hostile = ["'; DROP TABLE jobs", "a:b", "a b", "💥", "%", "A", "a", "x" * 191, "{jobs}", "\\"]
    engine.push([each for name in hostile for each in grouped(name, 2, limit=1)])
    assert sorted(names(engine, claim(engine, 100))) == sorted(hostile)
    assert [group.name for group in engine.groups("q")] == sorted(hostile)


def test_many_claimers_keep_to_the_limits(engine):
    groups = [f"g{number}" for number in range(6)]
    engine.push([each for name in groups for each in grouped(name, 8, limit=2)])
    workers = [worker(engine) for _ in range(6)]
    taken = in_threads(*[lambda name=name: claim(engine, 3, name) for name in workers])
    counts = Counter(names(engine, [each for part in taken for each in part]))
    assert max(counts.values()) <= 2
    done = 0
    for _ in range(200):
        for name in workers:
            held = engine.held(name)
            engine.settle(name, [Done(each.id, each.fence) for each in held])
            done += len(held)
        if done == 48:
            break
        in_threads(*[lambda name=name: claim(engine, 3, name) for name in workers])
        running = Counter({group.name: group.running for group in engine.groups("q")})
        assert not running or max(running.values()) <= 2
    assert done == 48
