"""Types of payloads, and jobs that are annotated with them."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NotRequired, TypedDict

import msgspec
import pytest

from lightjobs import Job, PayloadError
from lightjobs.dispatching.new_jobs import new_jobs
from lightjobs.model import Done, Failed

from .support import run


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Item:
    name: str
    price: float


@dataclass(frozen=True)
class Node:
    value: int
    children: "list[Node]" = field(default_factory=list)


class Address(TypedDict):
    street: str
    since: date
    floor: NotRequired[int]


class Point(msgspec.Struct):
    x: int
    at: datetime | None = None


class Typed(Job):
    """Keeps what its last run was given."""

    seen = None
    attempts = 9

    def handle(self):
        type(self).seen = self.payload


def job_for(annotation):
    return type("For", (Typed,), {"__annotations__": {"payload": annotation}})


def stored(job, payload):
    return new_jobs(job(), [payload])[0].payload


def comes_back(job, text):
    assert type(run(job, text).outcome) is Done
    return job.seen


def refusal(job, payload):
    with pytest.raises(PayloadError) as caught:
        stored(job, payload)
    return str(caught.value)


def misfit(job, text):
    """The text that a stored payload fails its job with."""
    outcome = run(job, text).outcome
    assert type(outcome) is Failed, outcome
    return outcome.exception


class Order(TypedDict):
    id: int
    items: list[Item]


class Buy(Typed):
    payload: Order
