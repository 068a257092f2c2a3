"""Payloads that do not fit their type are refused, with the path to what does not fit."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NotRequired, TypedDict
from uuid import UUID

import msgspec
import pytest

from lightjobs import PayloadError

from .typed_payloads import (
    Address,
    Buy,
    Colour,
    Item,
    Level,
    Node,
    Point,
    comes_back,
    job_for,
    misfit,
    refusal,
    stored,
)


def test_a_wrong_value_is_refused_at_dispatch_with_its_path(engine):
    good = {"name": "a", "price": 1}
    bad = {"id": 1, "items": [good, good, {"name": "secret", "price": "secret"}]}
    expected = "payload.items[2].price: expected a number, got a string"
    assert refusal(Buy, bad) == expected
    for call in (
        Buy().dispatch,
        Buy().dispatchSync,
        lambda value: Buy().setPayload(value).dispatch(),
        lambda value: Buy.dispatchMany([{"id": 1, "items": []}, value]),
    ):
        with pytest.raises(PayloadError, match="price"):
            call(bad)
    assert engine.stats() == {}


def test_a_stored_payload_that_no_longer_fits_fails_the_job_for_good_with_the_path():
    text = '{"id":1,"items":[{"name":"a","price":"secret"}]}'
    assert misfit(Buy, text) == "payload.items[0].price: expected a number, got a string"
    assert misfit(Buy, '{"items":[]}') == "payload.id: missing"


def test_unknown_fields_are_refused_at_dispatch_and_ignored_when_stored():
    assert refusal(Buy, {"id": 1, "items": [], "itemz": 1}) == (
        "payload.itemz: there is no such field; allowed: id, items"
    )
    assert comes_back(Buy, '{"id":1,"items":[],"new":5}') == {"id": 1, "items": []}


@pytest.mark.parametrize(
    ("annotation", "good", "bad", "reason"),
    [
        (int, 1, True, "expected a whole number, got true or false"),
        (int, 1, 1.0, "expected a whole number, got a number with a fraction"),
        (float, 1, True, "expected a number, got true or false"),
        (float, 1, 10**400, "expected a number, got one too large"),
        (bool, True, 1, "expected true or false, got a whole number"),
        (str, "", None, "expected a string, got null"),
        (str, "", b"x", "expected a string, got bytes"),
        (date, date(2026, 1, 1), datetime(2026, 1, 1), "expected an ISO 8601 date, got datetime"),
        (date, "2026-01-01", "pigs", "expected an ISO 8601 date, got another string"),
        (UUID, str(UUID(int=1)), "pigs", "expected a UUID, got another string"),
        (Decimal, "1.5", "pigs", "expected a decimal number, got another string"),
        (Decimal, 1, Decimal("nan"), "expected a decimal number, got another string"),
        (Colour, Colour.RED, "pigs", "expected one of 'red', 'blue'"),
        (Colour, "red", [], "expected one of 'red', 'blue'"),
        (Level, 1, True, "expected one of 1, 2"),
        (Literal[1], 1, True, "expected one of 1"),
        (tuple[int, str], (1, "a"), (1,), "expected a list of 2, got one of 1"),
        (list[int], (1, 2), "12", "expected a list, got a string"),
        (set[str], ["a"], {"a": 1}, "expected a list, got an object"),
        (dict[str, int], {"a": 1}, {1: 1}, "expected keys that are strings"),
        (int | None, None, "x", "expected a whole number or null, got a string"),
        (datetime | None, datetime(2026, 1, 1), Colour.RED, "expected an ISO 8601 time or null"),
        (Item, Item("a", 1), 5, "expected Item or an object, got a whole number"),
    ],
)
def test_each_type_takes_its_own_and_names_what_it_refuses(annotation, good, bad, reason):
    job = job_for(TypedDict("Holder", {"field": annotation}))
    stored(job, {"field": good})
    assert refusal(job, {"field": bad}).startswith(f"payload.field: {reason}")


class Line(msgspec.Struct, rename="camel", omit_defaults=True):
    from_point: Point
    via: list[Point] = []
    by_name: dict[str, Point] = {}
    end: Point | None = None


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"fromPoint": {"x": 1}, "z": 1}, "payload.z: there is no such field; allowed: fromPoint"),
        ({"fromPoint": {"x": 1, "z": 1}}, "payload.fromPoint.z: there is no such field"),
        ({"fromPoint": {"x": 1}, "via": [{"x": 1}, {"x": 1, "z": 1}]}, "payload.via[1].z: there"),
        ({"fromPoint": {"x": 1}, "byName": {"a": {"x": 1, "z": 1}}}, "payload.byName.a.z: there"),
        ({"fromPoint": {"x": 1}, "end": {"x": 1, "z": 1}}, "payload.end.z: there is no such"),
        ({"via": []}, "payload.fromPoint: missing"),
        ({"fromPoint": {}}, "payload.fromPoint.x: missing"),
    ],
)
def test_a_structs_unknown_and_missing_fields_are_refused_at_dispatch(payload, message):
    assert refusal(job_for(Line), payload).startswith(message)


class Circle(msgspec.Struct, tag=True):
    radius: int


class Square(msgspec.Struct, tag=True):
    side: int
    at: Point | None = None


class Drawing(msgspec.Struct):
    points: list[Point] | None = None
    start: tuple[Point, int] | None = None
    item: Item | None = None
    address: Address | None = None
    shape: Circle | Square | None = None


@pytest.mark.parametrize(
    ("fits", "place"),
    [
        ({"points": [{"x": 1}]}, ("points", 0)),
        ({"start": [{"x": 1}, 2]}, ("start", 0)),
        ({"item": {"name": "a", "price": 1.0}}, ("item",)),
        ({"address": {"street": "a", "since": "2026-01-02"}}, ("address",)),
        ({"shape": {"type": "Circle", "radius": 1}}, ("shape",)),
        ({"shape": {"type": "Square", "side": 1, "at": {"x": 1}}}, ("shape", "at")),
    ],
)
def test_an_unknown_field_is_refused_wherever_a_struct_has_an_object(fits, place):
    job = job_for(Drawing)
    stored(job, fits)
    within = fits
    for step in place:
        within = within[step]
    within["z"] = 1
    path = "".join(f"[{step}]" if step == 0 else f".{step}" for step in place)
    assert refusal(job, fits).startswith(f"payload{path}.z: there is no such field; allowed: ")


def test_a_structs_unknown_fields_are_ignored_in_the_store():
    job = job_for(Line)
    fits = {"fromPoint": {"x": 1}, "via": [], "end": None}
    job._typed.dump(fits)
    assert job._typed.load({**fits, "z": 1}) == Line(Point(1))


def test_the_path_reaches_through_dicts_tuples_unions_and_structs():
    class Deep(TypedDict):
        by_name: NotRequired[dict[str, list[Item | None]]]
        pair: NotRequired[tuple[int, Item]]
        point: NotRequired[Point]
        points: NotRequired[list[Point]]

    job = job_for(Deep)
    item = {"name": "a", "price": "x"}
    for payload, path in (
        ({"by_name": {"x": [None, item]}}, "payload.by_name.x[1].price"),
        ({"by_name": {"x": [None, Item("a", "x")]}}, "payload.by_name.x[1].price"),
        ({"pair": (1, item)}, "payload.pair[1].price"),
        ({"point": Point("x")}, "payload.point.x"),
        ({"points": [{"x": 1}, {"x": 1, "at": 5}]}, "payload.points[1].at"),
    ):
        assert refusal(job, payload).partition(": ")[0] == path
        text = json.dumps(payload, default=lambda value: {"x": "x", "name": "a", "price": "x"})
        assert misfit(job, text).partition(": ")[0] == path


def test_what_the_class_itself_refuses_is_refused_at_dispatch_and_fails_what_is_stored():
    @dataclass
    class Positive:
        n: int

        def __post_init__(self):
            if self.n < 0:
                raise ValueError("n is negative")

    job = job_for(Positive)
    reason = "payload: Positive refused it: ValueError: n is negative"
    assert refusal(job, {"n": -1}) == reason
    assert misfit(job, '{"n":-1}') == reason


def test_an_instance_is_checked_as_a_dict_is():
    assert refusal(job_for(Node), Node(True)).startswith("payload.value: expected a whole number")
    assert refusal(job_for(Item), Item(5, 1.0)).startswith("payload.name: expected a string")


def test_an_instance_of_a_subclass_is_refused_rather_than_cut_down():
    @dataclass
    class More(Item):
        more: int = 0

    assert "got More" in refusal(job_for(Item), More("a", 1, 2))


def test_a_payload_that_contains_itself_is_refused():
    node = Node(1)
    node.children.append(node)
    assert "contains itself" in refusal(job_for(Node), node)


def test_a_dispatch_without_a_payload_names_what_is_missing():
    assert refusal(Buy, Buy().getPayload()) == "payload.id: missing"
