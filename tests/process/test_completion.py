"""What a tab completes in real shells, at a terminal."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import outside
from tests.support.servers.programs import missing
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SETUPS = {
    "bash": 'eval "$(lightjobs completion bash)"',
    "zsh": 'autoload -Uz compinit && compinit -u -D && eval "$(lightjobs completion zsh)"',
    "fish": "lightjobs completion fish | source",
}
PROGRAM = """#!/bin/sh
[ "$1" = completion ] && exec {python} -m lightjobs "$@"
printf '%s\\n' "$@" > "{said}.part" && mv "{said}.part" "{said}"
"""


class Shell:
    """A shell at a terminal, in which `lightjobs` only notes with what it was called."""

    def __init__(self, name: str, folder: Path) -> None:
        self._said = folder / "said"
        (folder / "lightjobs").write_text(
            PROGRAM.format(python=shlex.quote(sys.executable), said=self._said)
        )
        (folder / "lightjobs").chmod(0o755)
        environment = {
            **outside(),
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "dumb",
        }
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            os.chdir(folder)
            os.execvpe(STARTS[name][0], STARTS[name], environment)
        self.shown = b""

    def run(self, line: str) -> None:
        """Type a line that has nothing to complete, and wait for its end."""
        self._type(f"{line}; echo en''d\n")
        self.shown = b""
        wait_until(self._has_ended, what="the end of the line")

    def completed(self, line: str) -> list[str]:
        """The arguments that lightjobs gets when this line, with its tabs, is typed."""
        self._said.unlink(missing_ok=True)
        self._type(f"{line}\n")
        wait_until(lambda: self._read() is None and self._said.exists(), what="the call")
        return self._said.read_text().splitlines()

    def _type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _read(self) -> None:
        while select.select([self._terminal], [], [], 0)[0]:
            self.shown += os.read(self._terminal, 65_536)

    def _has_ended(self) -> bool:
        self._read()
        return b"\nend" in self.shown.replace(b"\r", b"\n")

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.close(self._terminal)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    if not shutil.which(request.param):
        missing(request.param)
    shell = Shell(request.param, tmp_path)
    shell.run(SETUPS[request.param])
    yield shell
    shell.close()


def test_a_command_is_completed_across_its_colon(shell: Shell) -> None:
    assert shell.completed("lightjobs job:wo\t--stop-wh\t") == ["job:work", "--stop-when-empty"]
    assert shell.completed("lightjobs sched\tw\t") == ["schedule:work"]


def test_the_values_of_an_option_are_completed(shell: Shell) -> None:
    assert shell.completed("lightjobs job:work --log-format js\t") == [
        *("job:work", "--log-format", "json")
    ]
    assert shell.completed("lightjobs job:work --log-format=js\t") == [
        *("job:work", "--log-format=json")
    ]


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_bash_may_take_the_colon_for_a_part_of_words(shell: Shell) -> None:
    shell.run('COMP_WORDBREAKS="${COMP_WORDBREAKS//[:=]/}"')
    assert shell.completed("lightjobs job:wo\t--log-format=js\t") == [
        *("job:work", "--log-format=json")
    ]
