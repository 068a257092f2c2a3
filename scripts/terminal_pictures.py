"""`make pictures`: the pictures of the terminal in the documentation, docs/pictures/terminal-*.svg.

What the quickstart says is typed into a terminal of 80 columns, and what appears is drawn as text.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tests.support.documents import ROOT, blocks

FOLDER = ROOT / "docs/pictures"
COLUMNS = 80
WIDTH, HEIGHT, MARGIN = 8.4, 19, 16
"""Of a character, of a line, and around all of them, in pixels."""

COLORS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "90": "#8b949e",
}
TEXT, GROUND, PROMPT = "#e6edf3", "#0d1117", "#8b949e"

STYLE = re.compile(r"\x1b\[([\d;]*)m")
OTHER = re.compile(r"\x1b\[[\d;?]*[A-LN-Za-ln-z]|\r")

PICTURES = {
    "work": (
        "A worker in the terminal: four jobs are done, one has failed",
        ["python shop.py", "lightjobs job:stats", "lightjobs job:work --stop-when-empty"],
    ),
    "failed": (
        "The failed jobs in the terminal, then what is stored of one of them",
        ["lightjobs job:failed", "lightjobs job:show {failed}"],
    ),
}
"""What each picture shows, and the commands that are typed."""


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        project = Path(made)
        typed("lightjobs init", project)
        for code in blocks("docs/quickstart.md", "Write a job"):
            (project / code.splitlines()[0].removeprefix("# ")).write_text(code)
        for name, (title, commands) in PICTURES.items():
            lines: list[str] = []
            for command in commands:
                failed = newest_failed(project) if "{failed}" in command else ""
                command = command.replace("{failed}", failed)
                lines += [f"\x1b[90m$\x1b[0m {command}", *typed(command, project), ""]
            svg = drawn(title, lines[:-1])
            (FOLDER / f"terminal-{name}.svg").write_text(svg, encoding="utf-8")
    return 0


def typed(command: str, project: Path) -> list[str]:
    """The lines that `command` prints to a terminal."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, COLUMNS))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(project), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        command, shell=True, cwd=project, env=environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    printed = b""
    while part := read(ours):
        printed += part
    os.close(ours)
    if process.wait() != 0:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    shown = OTHER.sub("", printed.decode()).replace(str(project), "/srv/shop")
    return shown.rstrip("\n").split("\n")


def read(descriptor: int) -> bytes:
    """What was printed since; b"" once the program has ended."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # how Linux says that nobody has the other end
        return b""


def newest_failed(project: Path) -> str:
    """The id of the failed job."""
    found = re.search(r"^\s*(\d+)", "\n".join(typed("lightjobs job:failed", project)[1:]), re.M)
    assert found is not None
    return found[1]


def drawn(title: str, lines: list[str]) -> str:
    """The picture of `lines`, which may have colors."""
    lines = [part for line in lines for part in folded(line)]
    width = COLUMNS * WIDTH + 2 * MARGIN
    height = len(lines) * HEIGHT + 2 * MARGIN
    rows = "\n".join(
        f'<text y="{MARGIN + HEIGHT * n + 14}">{"".join(spans(line))}</text>'
        for n, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="{TEXT}" '
        f'xml:space="preserve">\n<title>{escape(title)}</title>\n'
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n{rows}\n</svg>\n'
    )


def folded(line: str) -> Iterator[str]:
    """The line in parts of 80 characters, as the terminal breaks it."""
    column, part = 0, ""
    for token in re.findall(r"\x1b\[[\d;]*m|.", line):
        if not token.startswith("\x1b"):
            if column == COLUMNS:
                yield part
                column, part = 0, ""
            column += 1
        part += token
    yield part


def spans(line: str) -> Iterator[str]:
    """The colored parts of a line. Each has its place and its length, whatever font there is."""
    column, color = 0, ""
    for n, part in enumerate(STYLE.split(line)):
        if n % 2:
            color = next((COLORS[code] for code in part.split(";") if code in COLORS), "")
            continue
        for found in re.finditer(r"\S+(?: \S+)*", part):
            at, word = column + found.start(), found[0]
            fill = f' fill="{color}"' if color else ""
            yield (
                f'<tspan x="{MARGIN + at * WIDTH:g}" textLength="{len(word) * WIDTH:g}"{fill}>'
                f"{escape(word)}</tspan>"
            )
        column += len(part)


if __name__ == "__main__":
    sys.exit(main())
