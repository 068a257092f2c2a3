"""`.env` in the environment of this process and of its children."""

import os

import pytest

from lightjobs import env


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """`.env` with A=1 and B=1, put into the environment, in which B was set to 2."""
    monkeypatch.setattr(env, "_exported", {})
    monkeypatch.setenv("B", "2")
    monkeypatch.delenv("A", raising=False)
    (tmp_path / ".env").write_text("A=1\nB=1\n")
    env.forget()
    env.export()
    assert (os.environ["A"], os.environ["B"]) == ("1", "2")
    return tmp_path / ".env"


def test_what_is_read_again_is_the_present_dotenv_where_the_environment_is_not_real(exported):
    exported.write_text("A=7\nB=7\nC=${A}${B}\n")
    assert (env.env("A"), env.env("B")) == ("1", "2")
    env.forget()
    assert (env.env("A"), env.env("B"), env.env("C")) == ("7", "2", "72")


def test_a_value_that_is_set_later_is_real(exported, monkeypatch):
    monkeypatch.setenv("A", "5")
    assert env.env("A") == "5"
    assert env.for_children()["A"] == "5"


def test_what_is_no_longer_in_dotenv_stays(exported, tmp_path, monkeypatch):
    exported.unlink()
    env.forget()
    assert env.env("A") == "1"
    assert env.for_children()["A"] == "1"


def test_children_read_dotenv_themselves(exported):
    exported.write_text("A=7\nB=7\n")
    inherited = env.for_children()
    assert "A" not in inherited
    assert inherited["B"] == "2"


def test_a_dotenv_that_has_become_unreadable_takes_nothing_from_children(exported):
    exported.write_text("this is no line\n")
    assert env.for_children()["A"] == "1"
