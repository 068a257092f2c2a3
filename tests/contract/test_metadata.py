"""metadata: what a project keeps next to its jobs."""

import subprocess
import sys

import pytest

from lightjobs.errors import PayloadError

VALUES = [
    None,
    0,
    "",
    [],
    {},
    "“quoted” … naïve, Ελλάδα, 💥\x00",
    {"cursor": [1, 2.5, None, {"deep": True}]},
    "x" * 1_000_000,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_what_was_set_last_is_got(engine, value):
    assert engine.metadata.get("cursor") is None
    engine.metadata.set("cursor", "before")
    engine.metadata.set("cursor", value)
    assert engine.metadata.get("cursor") == value
    assert engine.metadata.delete("cursor") is True
    assert engine.metadata.get("cursor") is None
    assert engine.metadata.delete("cursor") is False


def test_keys_are_told_apart_to_the_letter(engine):
    keys = ["mail", "Mail", "mail ", "maïl", "'; DROP TABLE jobs; --", "%s:key", "ü" * 150, "a:{b}"]
    for number, key in enumerate(keys):
        engine.metadata.set(key, number)
    assert [engine.metadata.get(key) for key in keys] == list(range(len(keys)))


@pytest.mark.parametrize("key", ["", "x" * 151, "a\nb", "\x00", 7, None])
def test_a_wrong_key_is_refused(engine, key):
    for verb in (engine.metadata.get, engine.metadata.delete, lambda k: engine.metadata.set(k, 1)):
        with pytest.raises(ValueError, match="allowed: 1 to 150 printable characters"):
            verb(key)


@pytest.mark.parametrize("value", [{1}, b"", float("nan"), {1: 2}, "\ud83d", "x" * 1_048_577])
def test_a_value_that_would_not_come_back_is_refused(engine, value):
    with pytest.raises(PayloadError, match="metadata 'cursor' cannot be kept: "):
        engine.metadata.set("cursor", value)
    assert engine.metadata.get("cursor") is None


def test_no_verb_about_jobs_sees_it(engine):
    engine.metadata.set("cursor", 1)
    assert engine.stats() == {}
    engine.maintain()
    assert engine.metadata.get("cursor") == 1


def test_other_processes_see_it(engine, environment, tmp_path):
    engine.metadata.set("cursor", {"at": 1})
    script = (
        "import lightjobs\n"
        "metadata = lightjobs.engine().metadata\n"
        "metadata.set('cursor', {'at': metadata.get('cursor')['at'] + 1})\n"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "", **environment},
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert engine.metadata.get("cursor") == {"at": 2}
