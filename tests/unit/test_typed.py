"""Typed payloads come back as what they were, wherever a job meets them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lightjobs import Job
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.hooks import execute_hook, has_hook

from .support import run
from .typed_payloads import (
    Address,
    Colour,
    Item,
    Level,
    Node,
    Point,
    Typed,
    comes_back,
    job_for,
    misfit,
    stored,
)

UserId = NewType("UserId", int)


@dataclass(kw_only=True)
class Everything:
    text: str
    count: int
    ratio: float
    flag: bool
    nothing: None
    whatever: Any
    at: datetime
    day: date
    hour: time
    uuid: UUID
    price: Decimal
    colour: Colour
    level: Level
    mode: Literal["fast", 2, None]
    items: list[Item]
    pair: tuple[int, str]
    many: tuple[int, ...]
    tags: set[str]
    prices: dict[str, Decimal]
    either: int | str | list[int] | None
    maybe: Item | None
    tree: Node
    address: Address
    point: Point
    user: UserId
    short: Annotated[str, "note"]
    sequence: Sequence[date]
    by_name: Mapping[str, Item]
    more: float | None = None


def everything(**fields):
    values = {
        "text": "ä",
        "count": 3,
        "ratio": 2.0,
        "flag": True,
        "nothing": None,
        "whatever": {"a": [1]},
        "at": datetime(2026, 1, 2, 3, 4, 5, 678, timezone(timedelta(hours=2))),
        "day": date(2026, 1, 2),
        "hour": time(3, 4),
        "uuid": UUID(int=7),
        "price": Decimal("12.50"),
        "colour": Colour.BLUE,
        "level": Level.HIGH,
        "mode": 2,
        "items": [Item("a", 1.5), Item("b", 2.0)],
        "pair": (1, "x"),
        "many": (1, 2, 3),
        "tags": {"a", "b"},
        "prices": {"x": Decimal(1)},
        "either": [1, 2],
        "maybe": None,
        "tree": Node(1, [Node(2, [Node(3)])]),
        "address": {"street": "s", "since": date(2020, 1, 1)},
        "point": Point(1, datetime(2026, 1, 1, tzinfo=UTC)),
        "user": UserId(9),
        "short": "s",
        "sequence": [date(2026, 1, 1)],
        "by_name": {"a": Item("a", 1.0)},
    }
    return Everything(**{**values, **fields})


class All(Typed):
    payload: Everything


def test_every_type_comes_back_equal():
    payload = everything()
    text = stored(All, payload)
    back = comes_back(All, text)
    assert back == payload
    assert type(back.items[0]) is Item
    assert (type(back.ratio), type(back.tags), type(back.many)) == (float, set, tuple)
    assert json.loads(text)["price"] == "12.50"
    assert stored(All, json.loads(text)) == text


def test_a_dict_may_hold_values_or_their_json():
    class Cart(Typed):
        payload: Address

    for since in (date(2020, 1, 1), "2020-01-01"):
        text = stored(Cart, {"street": "s", "since": since})
        assert text == '{"street":"s","since":"2020-01-01"}'
    assert comes_back(Cart, text) == {"street": "s", "since": date(2020, 1, 1)}


def test_payloads_from_php_fit_too():

    @dataclass
    class Settings:
        colours: dict[str, str]
        price: Decimal
        ratio: float
        at: datetime
        inner: Node | None = None

    job = job_for(Settings)
    text = '{"colours":[],"price":12.5,"ratio":1,"at":"2026-01-02 03:04:05"}'
    assert comes_back(job, text) == Settings(
        {}, Decimal("12.5"), 1.0, datetime(2026, 1, 2, 3, 4, 5)
    )
    assert "expected" in misfit(job, text.replace("[]", "[1]"))

    @dataclass
    class Empty:
        all: str = "default"

    assert comes_back(job_for(Empty), "[]") == Empty()
    assert comes_back(job_for(Point), '{"x":1}') == Point(1)


@dataclass
class Both:
    a: int | str
    b: float | None
    c: dict[str, tuple[int, ...]]
    d: list[Colour]
    e: datetime | None
    f: Decimal


@given(
    st.builds(
        Both,
        st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.dictionaries(st.text("abc"), st.lists(st.integers()).map(tuple)),
        st.lists(st.sampled_from(Colour)),
        st.none() | st.datetimes(timezones=st.none() | st.just(UTC)),
        st.decimals(allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_dispatched_comes_back_equal(value):
    job = job_for(Both)
    back = comes_back(job, stored(job, value))
    assert back == value
    assert type(back.a) is type(value.a)


def test_hooks_see_the_rebuilt_payload(engine):
    class Hooked(Typed):
        payload: Item

        def onSuccess(self):
            type(self).hooked = self.payload

    drive(execute_hook(run(Hooked, '{"name":"a","price":1}')))
    assert Hooked.hooked == Item("a", 1.0)


def test_on_failure_of_a_misfit_sees_the_payload_as_stored_and_the_context():
    class Misfit(Typed):
        payload: Item

        def onFailure(self):
            type(self).hooked = self.payload, self.context.attempt

    ended = run(Misfit, '{"name":5}')
    assert has_hook(ended)
    drive(execute_hook(ended))
    assert Misfit.hooked == ({"name": 5}, 1)


def test_dispatch_sync_rebuilds_the_payload(engine):
    class Back(Job):
        payload: Item

        def handle(self):
            return self.payload

    assert Back().dispatchSync(Item("a", 1.5)) == Item("a", 1.5)
