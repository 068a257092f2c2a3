"""`.env` in the environment of this process and of its children."""

import os

import pytest

from lightjobs import env
from lightjobs.errors import SettingsError


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


def test_a_secret_may_stand_in_a_file_and_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.delenv("REDIS_PASSWORD", raising=False)
    (tmp_path / "secret").write_text(" p w\n")
    assert env.env("REDIS_PASSWORD") == " p w"
    (tmp_path / "secret").write_text("new")
    assert env.env("REDIS_PASSWORD") == "new"
    monkeypatch.setenv("REDIS_PASSWORD", "set")
    assert env.env("REDIS_PASSWORD") == "set"


def test_a_file_of_the_environment_counts_before_a_value_in_dotenv(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DB_PSWD=dotenv\n")
    (tmp_path / "secret").write_text("file")
    env.forget()
    monkeypatch.delenv("DB_PSWD", raising=False)
    assert env.env("DB_PSWD") == "dotenv"
    monkeypatch.setenv("DB_PSWD_FILE", str(tmp_path / "secret"))
    assert env.env("DB_PSWD") == "file"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named_and_its_content_is_not(tmp_path, monkeypatch, content):
    path = tmp_path / "secret"
    if content:
        path.write_bytes(content)
    monkeypatch.setenv("REDIS_URL_FILE", str(path))
    with pytest.raises(SettingsError, match=f"REDIS_URL_FILE: {path} (is not|cannot be)"):
        env.env("REDIS_URL")


def test_other_keys_name_no_files(tmp_path, monkeypatch):
    (tmp_path / "log").write_text("lines")
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "log"))
    assert env.env("LOG") is None
