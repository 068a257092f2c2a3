"""Whatever is done to jobs, in which order: a key has one holder, a group keeps to its limit, and a
batch counts what became of its jobs."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from lightjobs.engines.control import Engine
from lightjobs.engines.where import Where
from lightjobs.errors import BatchEnded, JobExists
from lightjobs.model import (
    STATUSES,
    Claim,
    Done,
    Failed,
    Flow,
    HandBack,
    NewBatch,
    Release,
    Settlement,
    Status,
    Stored,
    Unique,
)

from .flows import is_php
from .support import job

LIMIT = 2
KEYS = ("k1", "k2")
GROUPS = ("g1", "g2")
WAITING = (Status.NEW, Status.PAUSED)
_examples = itertools.count()
_workers = itertools.count()


class Flows(RuleBasedStateMachine):
    """Jobs of one queue, which are pushed, claimed, settled, lost, moved and purged."""

    engine: Engine
    workers: Bundle[str] = Bundle("workers")
    batches: Bundle[str] = Bundle("batches")

    def __init__(self) -> None:
        super().__init__()
        self.name = f"example-{next(_examples)}-{id(self)}"
        self.queue = self.name[:50]
        self.held: dict[str, list[Claim]] = {}
        self.done: Counter[str] = Counter()
        """How many parts of each batch are done."""
        self.batch_of: dict[str, str] = {}
        self.called: Counter[str] = Counter()
        self.known: list[str] = []

    def jobs(self) -> list[Stored]:
        found = []
        for status in STATUSES:
            found += self.engine.browse(Where(status=status, queue=self.queue), 1000)
        return found

    def key(self, key: str) -> str:
        return f"{self.name}:{key}"

    def flow(self, key: str | None, group: str | None, when_taken: str = "keep") -> Flow:
        unique = None if key is None else Unique(self.key(key), "active", 600.0, when_taken)
        return Flow(unique, group, None if group is None else LIMIT)

    @initialize(target=workers)
    def register_first(self) -> str:
        return self.register()

    @rule(target=workers)
    def register(self) -> str:
        name = f"{self.name}-w{next(_workers)}"
        self.engine.register(name, 600.0)
        self.held[name] = []
        return name

    @rule(
        key=st.sampled_from([None, *KEYS]),
        group=st.sampled_from([None, *GROUPS]),
        when_taken=st.sampled_from(["keep", "refuse", "replace"]),
        count=st.integers(1, 5),
    )
    def push(self, key: str | None, group: str | None, when_taken: str, count: int) -> None:
        before = len(self.jobs())
        try:
            self.engine.push([job(self.queue, flow=self.flow(key, group, when_taken))] * count)
        except JobExists:
            assert len(self.jobs()) == before

    @rule(target=batches, count=st.integers(0, 2), key=st.sampled_from([None, *KEYS]))
    def push_batch(self, count: int, key: str | None) -> str:
        batch = f"{self.name}-b{len(self.known)}"
        self.known.append(batch)
        flow = self.flow(key, None)._replace(batch=batch)
        new = NewBatch(batch)
        ids = self.engine.batches.push(new, [job(self.queue, flow=flow)] * count)
        assert len(ids) == count
        self.note_members()
        return batch

    @rule(batch=batches, group=st.sampled_from([None, *GROUPS]))
    def grow(self, batch: str, group: str | None) -> None:
        flow = self.flow(None, group)._replace(batch=batch)
        ended = self.engine.batches.find(batch).ended_at is not None  # type: ignore[union-attr]
        try:
            self.engine.batches.add(batch, [job(self.queue, flow=flow)] * 2)
            assert not ended
        except BatchEnded:
            assert ended
        self.note_members()

    def note_members(self) -> None:
        for each in self.jobs():
            if each.batch is not None:
                self.batch_of[each.id] = each.batch

    @rule(name=workers, limit=st.integers(1, 8))
    def claim(self, name: str, limit: int) -> None:
        if name in self.held:
            self.held[name] += self.engine.claim(name, [self.queue], limit)

    @rule(name=workers, ends=st.sampled_from(["dddd", "ffff", "dfrh", "h", "d", "f"]))
    def settle(self, name: str, ends: str) -> None:
        taken = list(zip(self.held.get(name, []), ends, strict=False))
        outcomes: list[Any] = []
        for claim, end in taken:
            batch = self.batch_of.get(claim.id)
            match end:
                case "d":
                    outcomes.append(Done(claim.id, claim.fence, batch=batch))
                case "f":
                    outcomes.append(Failed(claim.id, claim.fence, "boom"))
                case "r":
                    outcomes.append(Release(claim.id, claim.fence, 1.0, 1))
                case "h":
                    outcomes.append(HandBack(claim.id, claim.fence))
        answers = self.engine.settle(name, outcomes)
        assert self.engine.settle(name, outcomes[:0]) == []
        for outcome, answer in zip(outcomes, answers, strict=True):
            batch = self.batch_of.get(outcome.id)
            if answer is Settlement.ACCEPTED and type(outcome) is Done and batch:
                self.done[batch] += 1
        if name in self.held:
            del self.held[name][: len(taken)]

    @rule(name=workers, end=st.sampled_from("df"))
    def work(self, name: str, end: str) -> None:
        self.claim(name, 8)
        self.settle(name, end * 8)

    @rule(name=workers)
    def lose(self, name: str) -> None:
        if self.held.pop(name, None) is not None:
            self.engine.recover(name)

    @rule(
        name=st.sampled_from(["retry", "rerun", "cancel", "pause", "resume", "requeue"]),
        status=st.sampled_from([None, None, *STATUSES]),
    )
    def move(self, name: str, status: str | None) -> None:
        self.engine.move(name, Where(queue=self.queue, status=status))
        if name == "requeue":
            for held in self.held.values():
                held.clear()

    @rule()
    def retry(self) -> None:
        self.engine.move("retry", Where(queue=self.queue))

    @rule(status=st.sampled_from(["new", "paused", "failed", "cancelled"]))
    def purge(self, status: str) -> None:
        self.engine.purge(Where(queue=self.queue, status=status))

    @rule(key=st.sampled_from(KEYS))
    def look(self, key: str) -> None:
        holder = self.engine.unique.holder(self.key(key))
        alive = [each.id for each in self.jobs() if each.unique_key == self.key(key)
                 and each.status in (*WAITING, Status.QUEUED)]  # fmt: skip
        assert ([] if holder is None else [holder.job_id]) == alive

    @invariant()
    def a_key_has_one_holder(self) -> None:
        alive = (each for each in self.jobs() if each.status in (*WAITING, Status.QUEUED))
        keys = Counter(each.unique_key for each in alive if each.unique_key)
        assert not keys or max(keys.values()) == 1

    @invariant()
    def a_group_keeps_to_its_limit(self) -> None:
        running = Counter(each.group for each in self.jobs() if each.status == Status.QUEUED)
        del running[None]
        assert not running or max(running.values()) <= LIMIT
        groups = {each.name: each.running for each in self.engine.groups(self.queue)}
        assert {name: count for name, count in groups.items() if name and count} == running

    @invariant()
    def a_batch_counts_its_jobs(self) -> None:
        jobs = self.jobs()
        for batch in self.known:
            found = self.engine.batches.find(batch)
            assert found is not None
            own = Counter(each.status for each in jobs if each.batch == batch)
            assert found.waiting == own[Status.NEW] + own[Status.PAUSED]
            assert found.running == own[Status.QUEUED]
            assert found.done == self.done[batch]
            ended = found.done + found.failed + found.cancelled
            assert found.total == ended + found.waiting + found.running
            assert found.failed >= own[Status.FAILED]
            assert found.cancelled >= own[Status.CANCELLED]
            assert (found.ended_at is not None) == (found.waiting + found.running == 0)


@pytest.fixture(autouse=True)
def keeps_flows(store):
    if is_php(store):
        pytest.skip("rows in PHP's form have no place for a group or a batch")


def check(engine, examples, steps, *, is_random=False):
    machine = type("Machine", (Flows,), {"engine": engine})
    given = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not is_random,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=given)


def test_a_few_orders(engine):
    check(engine, 6, 20)


@pytest.mark.slow
def test_many_orders(engine):
    check(engine, 12, 40)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_other_orders_each_time(engine):
    check(engine, 100, 50, is_random=True)
