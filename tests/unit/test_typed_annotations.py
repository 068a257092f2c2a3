"""Which annotations of a payload are taken, and how they are read."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, Literal

import msgspec
import pytest

import lightjobs
from lightjobs import JobDefinitionError
from lightjobs.payloads import annotations

from .typed_payloads import Address, Buy, Item, Node, Typed, comes_back, job_for, refusal, stored


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
