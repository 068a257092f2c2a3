"""dramatiq: RedisBroker."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from . import work
from .ticks import stamp, tick

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))


@dramatiq.actor
def noop(n: int) -> None:
    tick()


@dramatiq.actor
def stamped(n: int) -> None:
    stamp(n)


@dramatiq.actor
def block(n: int) -> None:
    work.block(n)


@dramatiq.actor
def burn(n: int) -> None:
    work.burn(n)


JOBS: dict[str, Any] = {"noop": noop, "stamp": stamped, "block": block, "burn": burn}


def dispatch(job: str, value: int) -> None:
    JOBS[job].send(value)
