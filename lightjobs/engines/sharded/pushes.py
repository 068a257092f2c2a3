"""Pushes: jobs without ties go to any shard, others to that of their key or group."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import LightjobsError, LoginRefused, StoreInDoubt, StoreUnavailable
from ...model import NewJob
from ..delivery import Refused
from ..redis.tied_rows import flow_of
from .shards import Shard, Shards
from .ties import FOLLOWING, only, ties_of

AGAIN_SECONDS = 0.3
"""How long a push to a shard that is away is repeated before it goes to another one. In a cluster,
a slot that has moved takes one repetition."""


class ShardedPushes:
    """The verb `push`."""

    def __init__(self, shards: Shards, seconds: float) -> None:
        """A push may take `seconds` in all."""
        self._shards = shards
        self._seconds = seconds

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """See JobStore.push. What one call pushes is in one shard, as far as ties allow."""
        if not jobs:
            return []
        if not any(map(_may_be_tied, jobs)):
            return self._push_anywhere(jobs)
        _ensure_one_refusing(jobs)
        parts = self._parts(jobs)
        if not parts:
            return self._push_anywhere(jobs)
        if len(parts) == 1:
            (shard,) = parts
            ids = shard.engine.push(jobs)
            shard.note_pushed()
            return ids
        return self._push_parts(jobs, parts)

    def _parts(self, jobs: Sequence[NewJob]) -> dict[Shard, list[int]]:
        """The places of `jobs` by their shard; {} if none has a tie. Jobs without one go where the
        first tied one goes."""
        parts: dict[Shard, list[int]] = {}
        free: list[int] = []
        for place, job in enumerate(jobs):
            tie = only(ties_of(job), f"a job of {job.handler}, with what follows it,")
            if tie is None:
                free.append(place)
            else:
                parts.setdefault(self._shards.of_text(tie.text), []).append(place)
        if parts:
            first = next(iter(parts))
            parts[first] = sorted(parts[first] + free)
        return parts

    def _push_anywhere(self, jobs: Sequence[NewJob]) -> list[str]:
        """Push to the shard whose turn it is, or to the next one that is there."""
        until = time.monotonic() + self._seconds
        while True:
            shards = self._shards.by_turns()
            for shard in sorted(shards, key=lambda each: each.is_away):
                began = time.monotonic()
                try:
                    ids = shard.engine.pushes.push(jobs, AGAIN_SECONDS)
                except StoreInDoubt:
                    raise
                except StoreUnavailable as error:
                    shard.note_away(error, time.monotonic() - began)
                    last = error
                    if time.monotonic() > until:
                        raise
                else:
                    shard.note_pushed()
                    return ids
            if isinstance(last, LoginRefused) or isinstance(last.__cause__, Refused):
                raise last  # and so does the last one of all: waiting does not help

    def _push_parts(self, jobs: Sequence[NewJob], parts: dict[Shard, list[int]]) -> list[str]:
        """Store the jobs of each shard in no queue, and once all are stored, queue them. Only if a
        shard goes away between these two steps, a part may be queued and another not."""
        # A shard that may refuse comes first: then nothing has been queued elsewhere.
        order = sorted(parts, key=lambda shard: not any(_refuses(jobs[n]) for n in parts[shard]))
        staged: dict[Shard, list[str]] = {}
        ids = [""] * len(jobs)
        queued = 0
        try:
            for shard in order:
                staged[shard] = shard.engine.pushes.stage([jobs[place] for place in parts[shard]])
            for shard in order:
                part = [jobs[place] for place in parts[shard]]
                found = shard.engine.pushes.queue(staged[shard], part)
                queued += 1
                shard.note_pushed()
                for place, id in zip(parts[shard], found, strict=True):
                    ids[place] = id
        except LightjobsError as error:
            for shard in order[queued:]:
                if shard in staged and not isinstance(error, StoreInDoubt):
                    shard.engine.pushes.drop(staged[shard])
            if not queued or isinstance(error, StoreInDoubt):
                raise
            raise StoreInDoubt(f"a part of {len(jobs)} jobs was stored: {error}") from error
        return ids


def _ensure_one_refusing(jobs: Sequence[NewJob]) -> None:
    """Raise LightjobsError if several keys are refused when they are taken: something might have
    been queued in one shard when another one refuses. As in `only`, that does not depend on where
    the keys are."""
    if len({job.flow.unique.key for job in jobs if _refuses(job)}) > 1:  # type: ignore[union-attr]
        raise LightjobsError(
            'unique jobs with whenTaken = "refuse" and different keys are pushed together; allowed '
            "with several shards (REDIS_JOB_SHARDS, REDIS_URLS): to dispatch each by itself, or "
            'whenTaken = "keep" or "replace"'
        )


def _refuses(job: NewJob) -> bool:
    return bool(job.flow and job.flow.unique and job.flow.unique.when_taken == "refuse")


def _may_be_tied(job: NewJob) -> bool:
    options = job.options
    if flow_of(job) is not None:
        return True
    return options is not None and any(f'"{name}"' in options for name in FOLLOWING)
