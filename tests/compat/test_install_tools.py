"""`scripts/enable-backports` copies what the machine has, once, and breaks nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "enable-backports"
DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main
"""
COPY = """\
Types: deb
URIs: http://mirror.example/debian
Suites: trixie-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
ONE_LINE = "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main contrib\n"


class Machine:
    """A machine with an apt of its own: a folder, and an apt-get that only says yes or no."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sources.list.d").mkdir()
        (root / "os-release").write_text("ID=debian\nVERSION_CODENAME=trixie\n")
        self.program("sudo", 'exec "$@"')
        self.program("apt-get", "exit 0")

    def program(self, name: str, source: str) -> None:
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{source}\n")
        path.chmod(0o755)

    def source(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def run(self) -> subprocess.CompletedProcess[str]:
        path = f"{self.root}{os.pathsep}{os.environ['PATH']}"
        env = {"PATH": path, "APT_ETC": str(self.root), "OS_RELEASE": str(self.root / "os-release")}
        return subprocess.run([str(SCRIPT)], env=env, capture_output=True, text=True)

    def made(self) -> dict[str, str]:
        found = (self.root / "sources.list.d").glob("lightjobs*")
        return {path.name: path.read_text() for path in found}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_deb822_source_is_copied(machine):
    machine.source("sources.list.d/a-first.sources", "Types: deb\nURIs: http://x\nSuites: nodistro")
    machine.source("sources.list.d/debian.sources", DEB822)
    assert machine.run().returncode == 0
    assert machine.made() == {"lightjobs-backports.sources": COPY}


def test_a_one_line_source_is_copied(machine):
    machine.source(
        "sources.list", f"# deb http://no trixie main\ndeb http://x sid main\n{ONE_LINE}"
    )
    assert machine.run().returncode == 0
    copy = ONE_LINE.replace("trixie", "trixie-backports")
    assert machine.made() == {"lightjobs-backports.list": copy}


def test_a_second_run_changes_nothing(machine):
    machine.source("sources.list.d/debian.sources", DEB822)
    machine.run()
    again = machine.run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert machine.made() == {"lightjobs-backports.sources": COPY}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", ONE_LINE + ONE_LINE.replace("trixie", "trixie-backports")),
        ("sources.list.d/debian.sources", DEB822.replace("-updates", "-backports")),
    ],
)
def test_backports_that_are_there_are_left_alone(machine, name, text):
    machine.source(name, text)
    assert machine.run().returncode == 0
    assert machine.made() == {}


def test_a_source_that_is_switched_off_is_not_copied(machine):
    machine.source("sources.list.d/debian.sources", f"Enabled: no\n{DEB822}")
    assert machine.run().returncode == 1
    assert machine.made() == {}


def test_a_mirror_without_backports_is_said_in_one_line_and_leaves_nothing(machine):
    machine.source("sources.list.d/debian.sources", DEB822)
    machine.program("apt-get", "exit 100")
    done = machine.run()
    assert done.returncode == 1
    assert (
        done.stderr == "no backports: apt cannot read trixie-backports from the machine's mirror\n"
    )
    assert machine.made() == {}


def test_a_machine_without_a_source_is_said_in_one_line(machine):
    done = machine.run()
    assert done.returncode == 1
    assert done.stderr == "no backports: apt has no source of trixie to copy\n"
