"""A package of lightjobs to measure: of a commit, or as it is now."""

from __future__ import annotations

import compileall
import io
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from ..machine import ROOT

CURRENT = "current"


class Tree(NamedTuple):
    """A folder with `lightjobs` in it, the Python that has its dependencies, and a name for it."""

    name: str
    folder: Path
    python: str


def current(folder: Path) -> Tree:
    """A copy of the package as it is, changes that are not committed included."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lightjobs", folder / "lightjobs", ignore=ignored)
    return _compiled(Tree(CURRENT, folder, sys.executable))


def of_commit(commit: str, folder: Path, repository: Path = ROOT) -> Tree:
    """The package of `commit` out of the archive that git makes. If that commit has other
    dependencies than the current tree, they are installed in a virtual environment in `folder`.
    Raises ValueError if there is no such commit."""
    try:
        name = _git(repository, "rev-parse", "--short=10", f"{commit}^{{commit}}").decode().strip()
    except ValueError:
        raise ValueError(f"there is no commit {commit}") from None
    archive = _git(repository, "archive", "--format=tar", name, "lightjobs", "pyproject.toml")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    theirs, ours = dependencies(folder), dependencies(repository)
    if theirs == ours:
        return _compiled(Tree(name, folder, sys.executable))
    print(f"{name} has other dependencies, which are installed: {', '.join(theirs)}", flush=True)
    return _compiled(Tree(name, folder, _installed(theirs, folder / "venv")))


def dependencies(folder: Path) -> list[str]:
    """What pyproject.toml asks for, sorted."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted(project["dependencies"])


def _git(repository: Path, *words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=repository, capture_output=True)
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def _installed(requirements: list[str], venv: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    return str(venv / "bin/python")


def _compiled(tree: Tree) -> Tree:
    # As pip does when it installs: the first worker would otherwise start later than the others.
    compileall.compile_dir(tree.folder / "lightjobs", quiet=1)
    return tree
