"""Keys and groups as classes, setters and function jobs name them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lightjobs import Job, JobDefinitionError, JobExists, job
from lightjobs.dispatching.new_jobs import new_jobs
from lightjobs.model import KEY_LENGTH, Flow, Unique, stored_key


def flow_of(job, payload=None):
    (new,) = new_jobs(job, [payload or {}])
    return new.flow


class Sync(Job):
    handler = "Sync"
    unique = "active"

    def uniqueKey(self):
        return str(self.payload["customer"])

    def handle(self): ...


class Plain(Job):
    handler = "Plain"

    def handle(self): ...


class CallBank(Job):
    handler = "CallBank"
    groupLimit = 2

    def group(self):
        return self.payload.get("bank")

    def handle(self): ...


def test_a_plain_job_has_no_ties():
    assert flow_of(Plain()) is None


def test_a_key_is_of_the_handler():
    assert flow_of(Sync(), {"customer": 42}) == Flow(Unique("Sync:42", "active", 86400.0, "keep"))


def test_without_a_method_the_payload_is_the_key_in_any_order():
    first = flow_of(Plain().setUnique("waiting"), {"b": [1, 2], "a": "ü"})
    assert first == flow_of(Plain().setUnique("waiting"), {"a": "ü", "b": [1, 2]})
    assert first.unique.key == 'Plain:{"a":"ü","b":[1,2]}'
    assert first != flow_of(Plain().setUnique("waiting"), {"a": "ü", "b": [2, 1]})


def test_a_long_key_is_stored_as_a_hash():
    keys = {stored_key("H", "x" * length) for length in (252, 253, 254, 255, 1000)}
    assert len(keys) == 5
    assert max(map(len, keys)) == KEY_LENGTH
    assert stored_key("h" * 255, "a") != stored_key("h" * 255, "b")
    assert len(stored_key("h" * 255, "a")) <= KEY_LENGTH


def test_setters():
    made = Sync().setUnique("window").setUniqueFor(timedelta(minutes=5)).setWhenTaken("refuse")
    assert flow_of(made, {"customer": 1}).unique == Unique("Sync:1", "window", 300.0, "refuse")
    assert flow_of(Sync().setUnique(None), {"customer": 1}) is None
    assert flow_of(Plain().setGroup("a").setGroupLimit(3)) == Flow(group="a", group_limit=3)
    assert flow_of(CallBank().setGroup("mine"), {"bank": "b"}).group == "mine"


def test_a_setter_is_for_one_object():
    Plain().setUnique("active").setGroup("g")
    assert flow_of(Plain()) is None


def test_groups_are_decided_by_the_payload():
    (one, two, none) = new_jobs(CallBank(), [{"bank": "a"}, {"bank": 7}, {}])
    assert (one.flow, two.flow) == (Flow(group="a", group_limit=2), Flow(group="7", group_limit=2))
    assert none.flow is None


def test_function_jobs():
    @job(
        "Send",
        unique="active",
        uniqueFor="+1 hour",
        whenTaken="replace",
        uniqueKey=lambda payload: payload["to"],
        group=lambda payload: payload["tenant"],
        groupLimit=4,
    )
    def send(to: str, tenant: str, text: str): ...

    (new,) = new_jobs(send.as_job(), [{"to": "me", "tenant": "t", "text": "x"}])
    assert new.flow == Flow(Unique("Send:me", "active", 3600.0, "replace"), "t", 4)
    changed = send.setUnique("window").setGroup("x").setUniqueFor(5).setWhenTaken("keep")
    (new,) = new_jobs(
        changed.setGroupLimit(None).as_job(), [{"to": "me", "tenant": "t", "text": "x"}]
    )
    assert new.flow == Flow(Unique("Send:me", "window", 5.0, "keep"), "x", None)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("unique", "always", "waiting, active, window, or None"),
        ("unique", True, "waiting, active, window, or None"),
        ("uniqueFor", None, "a length of time such as"),
        ("uniqueFor", 0, "a length of time such as"),
        ("uniqueFor", "soon", "a length of time such as"),
        ("whenTaken", "drop", "keep, refuse, replace"),
        ("groupLimit", 0, "a whole number from 1"),
        ("groupLimit", True, "a whole number from 1"),
        ("groupLimit", 1.5, "a whole number from 1"),
    ],
)
def test_wrong_values_are_refused(name, value, allowed):
    with pytest.raises(JobDefinitionError, match=f"{name}.*allowed: {allowed}"):
        type("Wrong", (Job,), {name: value, "handle": lambda self: None})
    setter = f"set{name[0].upper()}{name[1:]}"
    with pytest.raises(JobDefinitionError, match=setter):
        getattr(Plain(), setter)(value)


@pytest.mark.parametrize("group", ["", "x" * 192, 1.5, True, b"a", "a\nb"])
def test_wrong_groups_are_refused(group):
    with pytest.raises(JobDefinitionError, match=r"CallBank\.group\(\).*allowed: text of 1 to 191"):
        new_jobs(CallBank(), [{"bank": group} if not isinstance(group, bytes) else Bank()])
    with pytest.raises(JobDefinitionError, match=r"setGroup\(\)"):
        Plain().setGroup(group)


class Bank(dict):
    def get(self, _name):
        return b"a"


@pytest.mark.parametrize("key", ["", 5, b"x"])
def test_wrong_keys_are_refused(key):
    class Wrong(Job):
        handler = "Wrong"
        unique = "active"

        def uniqueKey(self):
            return key

        def handle(self): ...

    with pytest.raises(JobDefinitionError, match=r"Wrong\.uniqueKey\(\).*allowed: text"):
        new_jobs(Wrong(), [{}])


def test_a_function_is_wanted():
    with pytest.raises(JobDefinitionError, match="uniqueKey='a'; allowed: a function"):
        job(uniqueKey="a")


def test_dispatch(engine):
    first = Sync().dispatch({"customer": 1})
    assert Sync().dispatch({"customer": 1}) == first
    assert Sync.dispatchMany([{"customer": 1}, {"customer": 2}, {"customer": 2}])[0] == first
    with pytest.raises(JobExists) as caught:
        Sync().setWhenTaken("refuse").dispatch({"customer": 1})
    assert str(caught.value) == f"the key Sync:1 is held by job {first}"
    assert engine.stats()["default"]["new"] == 2


def test_there_is_no_batch_and_no_link_before_outside_a_run():
    assert Plain().batch is None
    assert Plain().previous is None
