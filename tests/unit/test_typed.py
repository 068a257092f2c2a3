import enum
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightjobs
from lightjobs import Job, JobDefinitionError, PayloadError
from lightjobs.dispatching.new_jobs import new_jobs
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.hooks import execute_hook, has_hook
from lightjobs.model import Done, Failed
from lightjobs.payloads import annotations

from .support import run


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)


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


class Typed(Job):
    """Keeps what its last run was given."""

    seen = None
    attempts = 9

    def handle(self):
        type(self).seen = self.payload


class All(Typed):
    payload: Everything


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


class Order(TypedDict):
    id: int
    items: list[Item]


class Buy(Typed):
    payload: Order


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


def test_annotations_that_are_text_are_read_as_what_they_say(project):
    code = (
        "from __future__ import annotations\n"
        "from typing import NotRequired, TypedDict\n"
        "from lightjobs import Job\n"
        "class Mail(TypedDict):\n    to: str\n    copies: NotRequired[int]\n"
        "class SendMail(Job):\n    payload: Mail\n    def handle(self): ...\n"
    )
    project({"more_jobs.py": code})
    import more_jobs

    assert stored(more_jobs.SendMail, {"to": "ann"}) == '{"to":"ann"}'
    assert refusal(more_jobs.SendMail, {"copies": 1}) == "payload.to: missing"


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


@pytest.mark.parametrize("annotation", [dict, dict[str, Any], Any, Mapping[str, Any]])
def test_an_annotation_that_takes_every_object_changes_nothing(annotation):
    assert job_for(annotation)._typed is None


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (list[int], "not a JSON object"),
        (str, "not a JSON object"),
        (Node | None, "not a JSON object"),
        (dict[int, str], "allowed: str, int"),
        (dict[str, bytes], r"For\.payload\.\* is bytes; allowed"),
        (dict[str, object()], "allowed: str, int"),
        (dict[str, str | date], "cannot be told apart in JSON"),
        (dict[str, Item | Address], "cannot be told apart in JSON"),
        (dict[str, Literal[b"x"]], "allowed: str, int"),
        ("Nowhere", "Nowhere.* cannot be read"),
        (timedelta, "For.payload is timedelta; allowed"),
    ],
)
def test_a_payload_that_json_cannot_hold_is_refused_at_class_definition(annotation, reason):
    with pytest.raises(JobDefinitionError, match=reason):
        job_for(annotation)


def test_a_field_that_json_cannot_hold_is_refused_with_its_class():
    @dataclass
    class Holds:
        raw: bytes

    with pytest.raises(JobDefinitionError, match=r"Holds\.raw is bytes; allowed"):
        job_for(Holds)

    class Array(msgspec.Struct, array_like=True):
        x: int

    with pytest.raises(JobDefinitionError, match="Array; allowed"):
        job_for(Array)


def test_a_subclass_inherits_the_type_and_the_nearest_annotation_counts():
    class Heir(Buy):
        pass

    class Other(Buy):
        payload: Node

    assert "missing" in refusal(Heir, {})
    assert stored(Other, Node(1)) == '{"value":1,"children":[]}'


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


def test_annotations_that_are_only_there_when_asked_for_are_read(monkeypatch):
    """As in Python 3.14, here for all versions."""
    asked = []

    def get_annotations(owner, format):
        asked.append(format)
        return {"payload": Item, "other": None} if owner.__name__ == "Lazy" else {}

    annotationlib = SimpleNamespace(
        get_annotations=get_annotations, Format=SimpleNamespace(FORWARDREF="forwardref")
    )
    monkeypatch.setitem(sys.modules, "annotationlib", annotationlib)
    monkeypatch.setattr(annotations, "sys", SimpleNamespace(version_info=(3, 14)))
    job = type("Lazy", (Typed,), {})
    assert refusal(job, {"name": 1, "price": 2}).startswith("payload.name: expected")
    assert set(asked) == {"forwardref"}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="raises NameError before Python 3.14")
def test_a_name_that_does_not_exist_is_refused_for_the_payload_alone():
    class Other(Typed):
        payload: Item
        other: Missing  # noqa: F821

    assert comes_back(Other, '{"name":"a","price":1}') == Item("a", 1.0)
    with pytest.raises(JobDefinitionError, match=r"payload is annotated 'Missing', .*NameError"):

        class Wrong(Typed):
            payload: Missing  # noqa: F821

    with pytest.raises(JobDefinitionError, match="cannot be read: NameError"):

        @lightjobs.job()
        def wrong(payload: Missing):  # noqa: F821
            pass
