"""The list of guards stays true: each can still be taken out, and has a test."""

import re

import pytest

from tests.proofs import guards

GUARDS = guards.guards()


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guards_text_is_in_its_file_once_and_its_test_exists(guard):
    assert guards.problem(guard) is None
    assert guard.text != guard.instead
    file, _, function = guard.test.partition("::")
    name = function.partition("[")[0]
    assert re.search(rf"^(async )?def {name}\(", (guards.ROOT / file).read_text(), re.MULTILINE)


def test_no_two_guards_have_one_name():
    names = [guard.name for guard in GUARDS]
    assert sorted(set(names)) == sorted(names)


def test_a_text_that_is_gone_is_told():
    gone = GUARDS[0]._replace(text="no such text")
    assert guards.problem(gone) == "the text is no longer there"
    assert guards.problem(gone._replace(file="no/such.py")) == "there is no file no/such.py"


def test_a_name_that_no_guard_has_is_told(capsys):
    assert guards.main(["--only", "no such guard"]) == 2
    assert "there is no guard 'no such guard'" in capsys.readouterr().err


def test_the_list_shows_names_and_promises(capsys):
    assert guards.main(["--list", "--only", GUARDS[0].name]) == 0
    assert capsys.readouterr().out.split()[0] == GUARDS[0].name
