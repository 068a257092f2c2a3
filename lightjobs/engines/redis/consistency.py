"""Whether the sets, hashes and counters in Redis agree with the jobs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..consistency import (
    AHEAD_SECONDS,
    LATE_SECONDS,
    LEASE_SECONDS,
    LOOK_AGAIN_SECONDS,
    ConsistencyStore,
    Finding,
    findings,
    recover_dead,
)
from .bulk import PART, Call
from .php_reconcile import scan
from .rows import text

_JOB, _HELD = b"job:", b"held:"
_DEAD = b"dead_worker"
_SETS = (
    *(b"queue:", b"ready:", b"lane:", b"later:"),
    *(b"paused_in:", b"cancelled_in:", b"completed_in:"),
)
"""How the names of the sets begin that list jobs of one queue."""


class _Wrong(NamedTuple):
    """A fault as it was found: the set that it is in, if it is an entry of one, and the state."""

    kind: bytes
    key: bytes
    id: bytes
    state: bytes


class _Stranger(NamedTuple):
    """A worker that is not registered, and how many jobs it holds."""

    worker: bytes
    held: int


class RedisConsistency(ConsistencyStore):
    """The consistency of a RedisEngine. `reconcile` brings up to date what PHP did; `recover` puts
    back what a worker holds, or all dead workers."""

    def __init__(
        self,
        call: Call,
        execute: Call,
        prefix: str,
        reconcile: Callable[[], None],
        recover: Callable[[str | None, float], int],
    ) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix
        self._reconcile = reconcile
        self._recover = recover

    def verify(self, fix: bool) -> list[Finding]:
        self._reconcile()  # what PHP changes without telling is no fault
        seen, strangers = self._look()
        if seen or strangers:
            time.sleep(LOOK_AGAIN_SECONDS)
            seen_again, strangers_again = self._look()
            seen, strangers = seen & seen_again, strangers & strangers_again
        names = defaultdict(list)
        for wrong in sorted(seen, key=lambda each: each.id):
            names[text(wrong.kind)].append(text(wrong.id))
        names["stale_held"] = [text(worker) for worker, _ in sorted(strangers)]
        mended: dict[str, int] = defaultdict(int)
        self._look_ahead(names, mended, fix)  # first: a search that is put off would find no dead
        if fix:
            self._mend(seen, strangers, mended)
        self._count(names, mended, [worker for worker, _ in strangers], fix)
        return findings(names, mended)

    def _look(self) -> tuple[set[_Wrong], set[_Stranger]]:
        """What is wrong, and the workers that hold something and are not registered. All keys are
        gone through once: with many jobs, that takes longer than all the rest."""
        seen: set[_Wrong] = set()
        sets, holders = [f"{self._prefix}failed".encode()], []
        for _, names in scan(self._execute, self._prefix, ""):
            ids = [name.removeprefix(_JOB) for name in names if name.startswith(_JOB)]
            seen.update(self._jobs(ids))
            sets += [f"{self._prefix}".encode() + name for name in names if name.startswith(_SETS)]
            holders += [name.removeprefix(_HELD) for name in names if name.startswith(_HELD)]
        for key in dict.fromkeys(sets):
            seen.update(self._entries(key))
        seen.update(self._dead())
        return seen, set(self._strangers(holders))

    def _jobs(self, ids: Sequence[bytes]) -> Iterator[_Wrong]:
        """Those of the jobs that are not where their status says."""
        for start in range(0, len(ids), PART):
            found = self._call("verify_jobs", 0, *ids[start : start + PART])
            for id, kind, state in zip(*[iter(found)] * 3, strict=True):
                yield _Wrong(kind, b"", id, state)

    def _entries(self, key: bytes) -> Iterator[_Wrong]:
        """The entries of a set that do not belong there."""
        cursor = 0
        while True:
            cursor, members = self._execute("ZSCAN", key, cursor, "COUNT", PART)
            ids = [id for id, _ in members]
            found = self._call("verify_set", 0, key, *ids) if ids else []
            for id, state in zip(*[iter(found)] * 2, strict=True):
                yield _Wrong(b"stale_entry", key, id, state)
            if not int(cursor):
                return

    def _dead(self) -> Iterator[_Wrong]:
        """The workers whose lease ran out long ago and that hold jobs."""
        found = self._call("verify_dead", LATE_SECONDS)
        for worker, expired in zip(*[iter(found)] * 2, strict=True):
            yield _Wrong(_DEAD, b"", worker, expired)

    def _strangers(self, holders: Sequence[bytes]) -> Iterator[_Stranger]:
        for worker in holders:
            if self._execute("ZSCORE", f"{self._prefix}workers", worker) is None:
                key = f"{self._prefix}held:".encode() + worker
                yield _Stranger(worker, int(self._execute("HLEN", key)))

    def _mend(self, seen: set[_Wrong], strangers: set[_Stranger], mended: dict[str, int]) -> None:
        if dead := {wrong for wrong in seen if wrong.kind == _DEAD}:
            recover_dead(self._recover, lambda: bool(dead & set(self._dead())))
            mended[text(_DEAD)] = len(dead - set(self._dead()))
            seen = seen - dead
        # Sets before jobs: what is taken out of a wrong one is then put into the right one.
        for wrong in sorted(seen, key=lambda each: not each.key):
            if wrong.key:
                found = self._call("verify_set", 1, wrong.key, wrong.id, wrong.state)
            else:
                found = self._call("verify_jobs", 1, wrong.id, wrong.kind, wrong.state)
            mended[text(wrong.kind)] += bool(found)
        for id in {wrong.id for wrong in seen if wrong.key}:
            if found := self._call("verify_jobs", 0, id):
                self._call("verify_jobs", 1, *found)
        for worker, _ in strangers:
            self._recover(text(worker), LEASE_SECONDS)
            mended["stale_held"] += 1

    def _count(
        self,
        names: dict[str, list[str]],
        mended: dict[str, int],
        strangers: Sequence[bytes],
        fix: bool,
    ) -> None:
        found = self._call("verify_counts", int(fix), *strangers)
        for counter, queue in zip(*[iter(found)] * 2, strict=True):
            names["wrong_count"].append(f"{text(counter)} of {text(queue)}")
        mended["wrong_count"] = len(found) // 2 * fix

    def _look_ahead(self, names: dict[str, list[str]], mended: dict[str, int], fix: bool) -> None:
        entries, put_off = self._call("verify_ahead", int(fix), AHEAD_SECONDS)
        names["slot_ahead"] = sorted(map(text, entries))
        names["sweep_ahead"] = ["sweep"] * put_off
        mended.update(slot_ahead=len(entries) * fix, sweep_ahead=put_off * fix)
