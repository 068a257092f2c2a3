"""Moving jobs between a store and another one: whatever step the mover does not survive, and
whatever else happens in between, each job arrives once."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lightjobs.engines import transfer
from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.transfer import move_jobs
from lightjobs.engines.transfer_store import TransferEnded
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Failed
from tests.support.environment import engine_of

from .support import drain, job, push, worker

FUTURE = 4_000_000_000.25


class Killed(BaseException):
    """Ends the mover at once, as SIGKILL would between two steps."""


class Mortal:
    """The part of an engine for transfers, which `step` is called before and after each verb of."""

    def __init__(self, original: Any, step: Callable[[], None]) -> None:
        self._original = original
        self._step = step

    def __getattr__(self, name: str) -> Any:
        def verb(*arguments: Any) -> Any:
            self._step()
            answer = getattr(self._original, name)(*arguments)
            self._step()
            return answer

        return verb


@pytest.fixture(params=["from", "to"])
def sides(request: pytest.FixtureRequest, engine: Engine) -> tuple[Engine, Engine]:
    memory = MemoryEngine()
    return (engine, memory) if request.param == "from" else (memory, engine)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MOST", 20)  # the first part has two jobs


def fill(engine: Engine, begin: int = 0) -> set[tuple[str, int]]:
    """Push some jobs of all kinds, numbered from `begin`; returns what `seen` should find."""
    texts = [f'{{"n": {begin + number}}}' for number in range(8)]
    jobs = [job(payload=text, priority=place % 3) for place, text in enumerate(texts[:5])]
    jobs.append(job(payload=texts[5], due=FUTURE))
    ids = engine.push(jobs)
    engine.pause(ids[4])
    name = worker(engine)
    engine.push([job("failing", texts[6]), job("failing", texts[7])])
    claims = engine.claim(name, ["failing"], 2)
    engine.settle(name, [Failed(c.id, c.fence, f"boom {c.payload}", '{"a": 1}') for c in claims])
    states = ["new"] * 4 + ["paused", "new", "failed", "failed"]
    return {(state, begin + number) for number, state in enumerate(states)}


def seen(engine: Engine) -> list[tuple[str, int]]:
    return sorted(
        (str(found.status), json.loads(found.payload)["n"])
        for status in ("new", "paused", "failed")
        for found in engine.browse(Where(status=status), 1000)
    )


def killed_at(sides: tuple[Engine, Engine], step: int) -> bool:
    """Run a mover that is killed at a step. Returns whether it was, before it was done."""
    source, target = sides
    steps = itertools.count()

    def die() -> None:
        if next(steps) == step:
            raise Killed

    parts = source.transfers, target.transfers
    source.transfers, target.transfers = (Mortal(part, die) for part in parts)
    try:
        move_jobs(source, target, "there")
    except Killed:
        return True
    finally:
        source.transfers, target.transfers = parts
    return False


def test_killed_at_any_step_and_run_again_each_job_arrives_once(sides) -> None:
    source, target = sides
    expected: set[tuple[str, int]] = set()
    for step in itertools.count():
        expected |= fill(source, 10 * step)
        was_killed = killed_at(sides, step)
        killed_at(sides, step // 2)
        move_jobs(source, target, "there")
        assert seen(target) == sorted(expected), step
        assert source.stats() == {}
        if not was_killed:
            break
    assert step > 40


def test_everything_but_the_id_is_as_it_was(sides, store) -> None:
    source, target = sides
    fill(source)
    before = {found.payload: found for found in everything(source)}
    move_jobs(source, target, "there")
    after = {found.payload: found for found in everything(target)}
    assert after.keys() == before.keys()
    is_php = (store.environment or {}).get("REDIS_JOB_FORMAT") == "php"
    for payload, found in after.items():
        kept = before[payload]._replace(id=found.id)
        assert found == (kept._replace(error_lines=None) if is_php else kept)
    assert len({found.id for found in after.values()}) == len(after)


def everything(engine: Engine) -> list[Any]:
    return [
        found
        for status in ("new", "paused", "failed")
        for found in engine.browse(Where(status=status), 1000)
    ]


def test_jobs_are_claimed_in_the_order_in_which_they_would_have_been(sides) -> None:
    source, target = sides
    now = float(int(time.time())) - 100
    jobs = [
        job(payload=f'{{"n": {number}}}', priority=number % 3, due=now + number // 7)
        for number in range(60)
    ]
    memory = MemoryEngine()
    memory.push(jobs)
    source.push(jobs)
    move_jobs(source, target, "there")
    assert [c.payload for c in drain(target)] == [c.payload for c in drain(memory)]


def test_running_jobs_stay_and_are_moved_once_they_wait_again(sides) -> None:
    source, target = sides
    push(source, 3)
    name = worker(source)
    source.claim(name, ["q"], 2)
    assert move_jobs(source, target, "there").counts == {"new": 1}
    source.recover(name)
    assert move_jobs(source, target, "there").counts == {"new": 2}
    assert len(drain(target)) == 3


def test_only_one_queue(sides) -> None:
    source, target = sides
    push(source, 3, "a")
    push(source, 3, "b")
    move_jobs(source, target, "there", "b")
    assert set(source.stats()) == {"a"}
    assert set(target.stats()) == {"b"}


def test_a_mover_whose_move_was_taken_over_can_neither_take_nor_bring(sides) -> None:
    """It was stopped while it held a part in its memory, and wakes when the other one is done."""
    source, target = sides
    push(source, 4)
    assert source.transfers.begin("slow", "there").id == "slow"
    target.transfers.expect("slow")
    source.transfers.take("slow", "new", None, 2)
    left, part = source.transfers.taken("slow")
    assert move_jobs(source, target, "there").resumed
    assert not target.transfers.arrive("slow", left, part)
    source.transfers.leave("slow", [each.job.id for each in part])
    push(source, 1)
    with pytest.raises(TransferEnded):
        source.transfers.take("slow", "new", None, 2)
    assert len(drain(target)) == 4
    assert len(drain(source)) == 1


def test_nothing_sets_out_any_more_when_the_target_forgets(sides, monkeypatch) -> None:
    """Otherwise what a mover took that had been stopped could arrive nowhere."""
    source, target = sides
    push(source, 2)
    source.transfers.begin("slow", "there")
    target.transfers.expect("slow")
    forget = target.transfers.forget
    tried: list[str] = []

    def late(name: str) -> bool:
        if name == "slow":
            with pytest.raises(TransferEnded):
                source.transfers.take("slow", "new", None, 1)
            tried.append(name)
        return forget(name)

    monkeypatch.setattr(target.transfers, "forget", late)
    move_jobs(source, target, "there")
    assert tried == ["slow"]
    assert len(drain(target)) == 2


def test_a_store_cannot_be_moved_to_itself(engine) -> None:
    push(engine, 2)
    with pytest.raises(LightjobsError, match="both sides are the same store"):
        move_jobs(engine, engine, "there")
    assert len(drain(engine)) == 2


def test_jobs_that_a_server_cannot_store_stay_and_the_others_go(engine, store) -> None:
    memory = MemoryEngine()
    push(memory, 5)
    memory.push([job(handler="x" * 300), job(payload='{"n": "\udcff"}')])
    push(memory, 5)
    moved = move_jobs(memory, engine, "there")
    assert moved.counts["new"] + len(moved.stayed) == 12
    driver = (store.environment or {}).get("DB_DRIVER", "sqlite")
    if driver != "sqlite":
        assert set(moved.stayed) == {"6", "7"}
    assert len(drain(engine)) == moved.counts["new"] >= 10
    assert {claim.id for claim in drain(memory)} == set(moved.stayed)


def test_large_jobs_go_in_small_parts(sides, monkeypatch) -> None:
    source, target = sides
    monkeypatch.setattr(transfer, "BYTES", 20_000)
    large = json.dumps({"text": "x" * 9000})
    push(source, 12, payload=large)
    push(source, 12)
    sizes: list[int] = []
    original = target.transfers.arrive

    def arrive(name: str, first: int, jobs: Any) -> bool:
        sizes.append(sum(len(each.job.payload) for each in jobs))
        return original(name, first, jobs)

    monkeypatch.setattr(target.transfers, "arrive", arrive)
    assert move_jobs(source, target, "there").counts == {"new": 24}
    assert max(sizes) <= 20_000
    assert len(drain(target)) == 24


def test_a_job_with_fields_that_would_be_lost_stays(clean_redis) -> None:
    source, target = engine_of({**clean_redis.environment, "JOB_ENGINE": "redis"}), MemoryEngine()
    ids = push(source, 3)
    source._execute("HSET", f"jobs:job:{ids[1]}", "chain", "next")
    moved = move_jobs(source, target, "there")
    assert moved.counts == {"new": 2}
    assert moved.stayed == {ids[1]: "the other store has no place for chain"}
    assert [claim.id for claim in drain(source)] == [ids[1]]
    assert len(drain(target)) == 2
    source.close()


def test_a_job_of_php_with_more_keys_than_are_known_stays(clean_redis) -> None:
    environment = {**clean_redis.environment, "JOB_ENGINE": "redis", "REDIS_JOB_FORMAT": "php"}
    source, target = engine_of(environment), MemoryEngine()
    ids = push(source, 2)
    text = source._execute("GET", f"jobs:job:{ids[0]}")
    assert text.startswith(b"a:8:{")
    more = b'a:9:{s:5:"extra";i:1;' + text.removeprefix(b"a:8:{")
    source._execute("SET", f"jobs:job:{ids[0]}", more)
    moved = move_jobs(source, target, "there")
    assert moved.counts == {"new": 1}
    assert moved.stayed == {ids[0]: "the other store has no place for extra"}
    assert source._execute("GET", f"jobs:job:{ids[0]}") == more
    assert [claim.id for claim in drain(source)] == [ids[0]]
    source.close()
