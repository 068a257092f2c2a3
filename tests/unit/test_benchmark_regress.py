"""The comparison of two trees: which package is measured, in which order, what the ratios say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.figures import Failed, Found
from benchmarks.options import arguments
from benchmarks.regress import __main__ as regress
from benchmarks.regress import tree as trees
from benchmarks.regress.figures import FIGURES, compare, line
from benchmarks.regress.stores import Store
from benchmarks.regress.tree import Tree, of_commit

PYPROJECT = '[project]\nname = "lightjobs"\ndependencies = ["click>=8", "redis"]\n'


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """Its only commit has a package that says "old", and its files say "new"."""
    folder = tmp_path / "repository"
    (folder / "lightjobs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "lightjobs/__init__.py").touch()
    (folder / "lightjobs/__main__.py").write_text("""print('{"figures": {"old": 1}}')""")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=old")
    (folder / "lightjobs/__main__.py").write_text("raise SystemExit('new')")
    return folder


def measured(tree, tmp_path):
    return regress.turn(tree, Store({}, lambda: None, {}, "lightjobs"), tmp_path, 10, ["drain"])


def test_the_package_of_the_commit_is_the_one_that_runs(repository, tmp_path):
    tree = of_commit("HEAD", tmp_path / "other", repository)
    assert tree.python == sys.executable
    assert measured(tree, tmp_path) == {"figures": {"old": 1}}


def test_a_turn_that_fails_ends_with_its_last_words(repository, tmp_path):
    with pytest.raises(Failed, match="ended with 1: new"):
        measured(Tree("current", repository, sys.executable), tmp_path)


def test_a_commit_with_other_dependencies_gets_them(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(trees, "_installed", lambda wanted, venv: f"python with {wanted}")
    (repository / "pyproject.toml").write_text(PYPROJECT.replace("8", "9"))
    tree = of_commit("HEAD", tmp_path / "other", repository)
    assert tree.python == "python with ['click>=8', 'redis']"


def test_the_order_of_the_dependencies_does_not_matter(repository, tmp_path):
    (repository / "pyproject.toml").write_text(
        '[project]\nname = "lightjobs"\ndependencies = ["redis", "click>=8"]\n'
    )
    assert of_commit("HEAD", tmp_path / "other", repository).python == sys.executable


def test_a_commit_that_is_not_there_is_refused(repository, tmp_path):
    with pytest.raises(ValueError, match="there is no commit none"):
        of_commit("none", tmp_path / "other", repository)


def test_the_trees_change_places_each_round(tmp_path, monkeypatch):
    turns = []

    def turn(tree, store, folder, jobs, groups):
        turns.append(tree.name)
        if len(turns) == 3:
            raise Failed("no")
        return {"figures": {"drain-cpu": len(turns)}, "errors": {}}

    monkeypatch.setattr(regress, "turn", turn)
    pair = (Tree("current", tmp_path, ""), Tree("old", tmp_path, ""))
    options = arguments("regress", None, ["redis"], ["--rounds=3"])
    found = regress._rounds(pair, Store({}, lambda: None, {}), tmp_path, options, 10, ["drain"])
    assert turns == ["current", "old", "old", "current", "current", "old"]
    assert found["drain-cpu"].figures == {"current": [1.0, 4.0, 5.0], "old": [2.0, 6.0]}
    assert found["drain-cpu"].errors == {"old": "no"}


def test_a_ratio_is_the_median_of_the_rounds_with_its_spread():
    compared = compare([10.0, 10.0, 30.0, 8.0], [10.0, 5.0, 10.0, 10.0])
    assert compared == (1.5, 0.8, 3.0)
    assert compared.within_noise
    assert not compare([2.0, 3.0], [1.0, 2.0]).within_noise
    assert compare([2.0], []) is None


@pytest.mark.parametrize(
    ("key", "figures", "ending"),
    [
        ("drain-cpu", [[10.0, 11.0], [12.0, 12.0]], "0.875  0.833-0.917    better"),
        ("drain-rate", [[10.0, 11.0], [12.0, 12.0]], "0.875  0.833-0.917    WORSE"),
        ("drain-rate", [[13.0, 11.0], [12.0, 12.0]], "1.000  0.917-1.083    within noise"),
        ("drain-rate", [[12.0], [12.0]], "1.000  1.000-1.000    one round"),
    ],
)
def test_what_is_printed_says_better_or_worse_outside_the_noise(key, figures, ending):
    text = line(key, Found(dict(zip(("current", "old"), figures, strict=True))))
    assert text.startswith(FIGURES[key].title)
    assert text.endswith(ending)


def test_what_is_printed_of_a_tree_that_failed_is_its_error():
    found = Found({"current": [1.0], "old": []}, {"old": "No such option: --concurrency"})
    assert line("drain-cpu", found).endswith("old: No such option: --concurrency")
