"""Names that are typed wrongly, and Lightpack's names."""

import importlib
import random

import click
import pytest

from lightjobs import cli, current

from .commands import dispatch, fail_all


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("job:wrok", "job:work"),
        ("jobs:work", "job:work"),
        ("JOB:WORK", "job:work"),
        ("work", "job:work"),
        ("queue:work", "job:work"),
        ("jobs:rnu", "jobs:run"),
        ("retry", "job:retry"),
        ("migrate", "migrate:up"),
        ("job", "job:dispatch"),
        ("schedule:lst", "schedule:list"),
        ("chekc", "check"),
    ],
)
def test_an_unknown_command_is_answered_with_what_is_like_it(call, typed, meant):
    status, out, err = call(typed)
    assert (status, out) == (2, "")
    assert f"there is no command {typed!r}; did you mean " in err
    assert meant in err.rpartition("did you mean")[2]


def test_what_is_like_nothing_is_only_unknown(call):
    assert call("xyzzy")[2].endswith("there is no command 'xyzzy'\n")


def misspelled(name):
    """`name` with two letters changed round, so that it is another one."""
    letters = list(name)
    at = random.Random(name).choice(
        [
            n
            for n in range(min(2, len(name) - 2), len(name) - 1)
            if name[n] != name[n + 1] and name[n + 1] != "-"
        ]
    )
    letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_every_command_and_option_with_letters_changed_round_is_recognized(call, name):
    err = call(misspelled(name))[2]
    assert name in err.rpartition("did you mean")[2]
    importlib.import_module(f"lightjobs.cli.{cli._COMMANDS[name]}")
    command = cli._Commands().get_command(click.Context(cli.cli), name)
    for option in command.params:
        if isinstance(option, click.Option):
            status, _out, err = call(name, f"{misspelled(option.opts[0])}=1")
            assert status == 2
            assert option.opts[0] in err.rpartition("did you mean")[2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("-q", "--queue"), ("-queue=a", "--queue"), ("--max_jobs=1", "--max-jobs"), ("-j", "--json")],
)
def test_a_short_or_differently_written_option_is_recognized(call, ready, typed, meant):
    command = "job:failed" if meant == "--json" else "job:work"
    status, _out, err = call(command, typed)
    assert status == 2
    assert meant in err.rpartition("did you mean")[2]


def test_lightpacks_names_stand_for_ours(call, ready):
    id = dispatch(call)
    call("job:stats")
    fail_all()
    assert call("jobs:retry", id)[1] == f"job {id} queued for retry\n"
    assert (
        call("jobs:run", "--workers=0", "--stop-when-empty", "--sleep=1", "--cooldown=60")[0] == 0
    )
    assert current.engine().stats() == {}


def test_lightpacks_names_have_the_environment_of_ours(call):
    assert "JOB_RETRY_QUEUE" in call("jobs:retry", "--help")[1]
    assert "JOB_QUEUE" in call("jobs:run", "--help")[1]
    assert "jobs:run" in call("--help")[1]
