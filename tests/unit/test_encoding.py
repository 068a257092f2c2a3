import contextlib
import json
from collections import OrderedDict, UserDict, defaultdict
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightjobs.errors import PayloadError
from lightjobs.payloads.encoding import decode, encode

NAN, INF = float("nan"), float("inf")
HALF = "\ud83d"


class Point(NamedTuple):
    x: int
    y: int


def nested(depth, leaf=1):
    value = leaf
    for _ in range(depth):
        value = [value]
    return {"a": value}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"a": NAN}, "payload.a is nan; JSON has no such number"),
        ({"a": INF}, "payload.a is inf; JSON has no such number"),
        ({"a": -INF}, "payload.a is -inf; JSON has no such number"),
        ({"a": {"b": [1, NAN]}}, "payload.a.b[1] is nan; JSON has no such number"),
        ({"a": {1, 2}}, "payload.a is a set; JSON has no such type"),
        ({"a": b"x"}, "payload.a is a bytes; JSON has no such type"),
        ({"a": [b"x"]}, "payload.a[0] is a bytes; JSON has no such type"),
        ({"a": ({}, {"b": b"x"})}, "payload.a[1].b is a bytes; JSON has no such type"),
        ({"a": [[[{1}]]]}, "payload.a[0][0][0] is a set; JSON has no such type"),
        ({"a": datetime(2026, 1, 1)}, "payload.a is a datetime; JSON has no such type"),
        ({"a": Decimal(1)}, "payload.a is a Decimal; JSON has no such type"),
        ({"a": object()}, "payload.a is a object; JSON has no such type"),
        ({"a": 1j}, "payload.a is a complex; JSON has no such type"),
        ({1: 2}, "payload has the key 1; keys must be strings"),
        ({None: 2}, "payload has the key None; keys must be strings"),
        ({True: 2}, "payload has the key True; keys must be strings"),
        ({"a": {2: 3}}, "payload.a has the key 2; keys must be strings"),
        ({"a": [{2: 3}]}, "payload.a[0] has the key 2; keys must be strings"),
        ({"a": HALF}, "payload.a holds half a surrogate pair; it is not text"),
        ({"a": ["x", HALF]}, "payload.a[1] holds half a surrogate pair; it is not text"),
        ({HALF: 1}, "a key of payload holds half a surrogate pair; it is not text"),
        ({"a": {HALF: 1}}, "a key of payload.a holds half a surrogate pair; it is not text"),
        (
            [],
            "payload must be a JSON object (a dict), not list; "
            "dispatchMany() takes several payloads",
        ),
        ("{}", "payload must be a JSON object (a dict), not str"),
        (None, "payload must be a JSON object (a dict), not NoneType"),
        (7, "payload must be a JSON object (a dict), not int"),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_with_its_path(payload, message):
    with pytest.raises(PayloadError) as caught:
        encode(payload)
    assert str(caught.value) == message


def test_a_payload_that_contains_itself_is_refused():
    payload = {}
    payload["a"] = [payload]
    with pytest.raises(PayloadError, match="contains itself"):
        encode(payload)


def test_a_payload_nested_too_deeply_is_refused():
    with pytest.raises(PayloadError, match="too deeply"):
        encode(nested(100_000))


def test_a_stored_payload_nested_too_deeply_is_refused():
    with pytest.raises(PayloadError):
        decode('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")


def test_tuples_even_named_ones_come_back_as_lists():
    assert decode(encode({"a": (1, (2, 3))})) == {"a": [1, [2, 3]]}
    assert decode(encode({"a": Point(1, 2)})) == {"a": [1, 2]}


def test_other_mappings_are_objects():
    assert encode(UserDict(a=1)) == encode(OrderedDict(a=1)) == '{"a":1}'
    assert encode(defaultdict(list, a=1)) == '{"a":1}'


def test_mappings_within_are_objects_or_refused_never_something_else():
    assert encode({"a": OrderedDict(b=1)}) == '{"a":{"b":1}}'
    with pytest.raises(PayloadError, match=r"payload\.a is a UserDict"):
        encode({"a": UserDict(b=1)})


def test_enumerations_are_stored_as_their_values():
    number, text = IntEnum("N", "one"), StrEnum("T", "two")
    assert decode(encode({"a": number.one, "b": text.two})) == {"a": 1, "b": "two"}


def test_a_payload_may_be_as_long_as_the_limit_and_no_longer():
    payload = {"a": "x" * 100}
    size = len('{"a":""}') + 100
    assert len(encode(payload, size)) == size
    with pytest.raises(PayloadError, match=r"108 bytes.*at most 107.*JOB_MAX_PAYLOAD"):
        encode(payload, size - 1)


def test_the_limit_counts_bytes_as_stored():
    with pytest.raises(PayloadError, match="32 bytes"):
        encode({"a": "🙂🙂"}, 31)
    assert len(encode({"a": "🙂🙂"}, 32).encode()) == 32


def test_the_default_limit_is_one_mebibyte():
    assert encode({"a": "x" * (1024 * 1024 - 8)})
    with pytest.raises(PayloadError, match="1,048,577 bytes"):
        encode({"a": "x" * (1024 * 1024 - 7)})


def test_the_text_is_what_php_reads():
    assert encode({"b": 1, "a": [True, None, 1.5, "é/\x00"]}) == (
        '{"b":1,"a":[true,null,1.5,"\\u00e9/\\u0000"]}'
    )


def test_a_python_without_c_writes_the_same_text(monkeypatch):
    payload = {"b": 1, "a": [True, None, 1.5, "é/\x00"]}
    written = encode(payload)
    monkeypatch.setattr("lightjobs.payloads.encoding._write", None)
    assert encode(payload) == written


def test_an_empty_payload_of_php_is_an_empty_object():
    assert decode("[]") == decode("{}") == decode(" [ ] ") == {}


@pytest.mark.parametrize("text", ["[1]", "1", "null", '"a"', "true", "[[]]", "[{}]", "0", '""'])
def test_a_stored_payload_that_is_not_an_object_is_refused(text):
    with pytest.raises(PayloadError, match="not an object"):
        decode(text)


@pytest.mark.parametrize("text", ["", "{", "{'a':1}", "undefined", '{"a":1}x', "\ufeff{}", b"\xff"])
def test_a_stored_payload_that_is_not_json_is_refused(text):
    with pytest.raises(PayloadError, match="not JSON"):
        decode(text)


@pytest.mark.parametrize("text", ['{"a":NaN}', '{"a":Infinity}', '{"a":' + "9" * 5000 + "}"])
def test_an_odd_stored_number_is_read_or_refused_with_an_error_of_ours(text):
    with contextlib.suppress(PayloadError):
        assert "a" in decode(text)


texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_a_payload_comes_back_equal(payload):
    text = encode(payload)
    assert text.isascii()
    assert decode(text) == payload
    assert json.loads(text) == payload


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text() | st.integers(), anything, max_size=3))
def test_a_payload_comes_back_equal_or_is_refused(payload):
    try:
        text = encode(payload)
    except PayloadError:
        return
    assert decode(text) == payload
