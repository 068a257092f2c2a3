"""dramatiq: RedisBroker."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from .ticks import stamp, tick

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))


@dramatiq.actor
def noop(n: int) -> None:
    tick()


@dramatiq.actor
def stamped(at: int) -> None:
    stamp(at)


def dispatch() -> None:
    noop.send(1)


def dispatch_stamp(at: int) -> None:
    stamped.send(at)
