"""Celery with Redis as its broker."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os

from celery import Celery

from .ticks import stamp, tick

app = Celery("bench", broker=os.environ["BENCH_REDIS"])


@app.task
def noop(n: int) -> None:
    tick()


@app.task
def stamped(at: int) -> None:
    stamp(at)


def dispatch() -> None:
    noop.delay(1)


def dispatch_stamp(at: int) -> None:
    stamped.delay(at)
