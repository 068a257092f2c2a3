"""Celery with Redis as its broker."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from . import work
from .ticks import stamp, tick

app = Celery("bench", broker=os.environ["BENCH_REDIS"])


@app.task
def noop(n: int) -> None:
    tick()


@app.task
def stamped(n: int) -> None:
    stamp(n)


@app.task
def block(n: int) -> None:
    work.block(n)


@app.task
def burn(n: int) -> None:
    work.burn(n)


JOBS: dict[str, Any] = {"noop": noop, "stamp": stamped, "block": block, "burn": burn}


def dispatch(job: str, value: int) -> None:
    JOBS[job].delay(value)
