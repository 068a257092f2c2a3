"""huey: RedisHuey."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os

from huey import RedisHuey

from .ticks import stamp, tick

app = RedisHuey("bench", url=os.environ["BENCH_REDIS"])


@app.task()
def noop(n: int) -> None:
    tick()


@app.task()
def stamped(at: int) -> None:
    stamp(at)


def dispatch() -> None:
    noop(1)


def dispatch_stamp(at: int) -> None:
    stamped(at)
