"""Takes out each guard of the library in turn, and shows that a test fails then.

    make proof-guards
    python -m tests.proofs.guards --only fence --at-a-time 1
    python -m tests.proofs.guards --list

The guards are in `guards.toml`. Each is taken out of a copy of the tree in a temporary folder, and
its test is run there; several at a time, in a copy each. Without any change all these tests must
pass.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("app_jobs", "config", "docs", "lightjobs", "scripts", "tests", "pyproject.toml")
"""What the tests need of the tree."""

SECONDS = 120.0
"""How long a test may take without its guard: one that hangs counts as caught."""

CAUGHT, NOT_CAUGHT = "caught", "NOT CAUGHT"


class Guard(NamedTuple):
    """A part of the library without which a promise is broken."""

    name: str
    protects: str
    """The promise, in a sentence."""
    file: str
    """Where it is, from the root of the tree."""
    text: str
    """The guard, which is in the file once."""
    instead: str
    """What takes its place."""
    test: str
    """The id of the test that must fail then."""


class Verdict(NamedTuple):
    word: str
    """CAUGHT, NOT_CAUGHT, or what keeps the guard from being tried."""
    seconds: float = 0.0


def guards() -> list[Guard]:
    """All guards, as `guards.toml` lists them."""
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["guard"]
    return [Guard(**fields) for fields in listed]


def problem(guard: Guard, root: Path = ROOT) -> str | None:
    """Why the guard cannot be taken out of the tree in `root`; None if it can."""
    file, test = root / guard.file, root / guard.test.partition("::")[0]
    if not file.is_file():
        return f"there is no file {guard.file}"
    if not test.is_file():
        return f"there is no test file {guard.test.partition('::')[0]}"
    times = file.read_text().count(guard.text)
    if times == 0:
        return "the text is no longer there"
    return None if times == 1 else f"the text is there {times} times"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = _options(arguments)
    chosen = [guard for guard in guards() if options.only in guard.name]
    if not chosen:
        print(f"there is no guard {options.only!r}; --list shows them", file=sys.stderr)
        return 2
    if options.list:
        for guard in chosen:
            print(f"{guard.name:34} {guard.protects}")
        return 0
    began = time.monotonic()
    verdicts = _verdicts(chosen, options.at_a_time)
    missed = [guard for guard in chosen if verdicts[guard].word != CAUGHT]
    minutes = (time.monotonic() - began) / 60
    print(f"{len(chosen) - len(missed)} of {len(chosen)} guards are caught, {minutes:.0f} minutes")
    for guard in missed:
        print(f"{guard.name}: {verdicts[guard].word}: {guard.protects}")
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.guards")
    parser.add_argument("--only", default="", metavar="NAME", help="guards with this in their name")
    parser.add_argument(
        "--at-a-time", type=int, default=2, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--list", action="store_true", help="show the guards and run nothing")
    return parser.parse_args(arguments)


def _verdicts(chosen: Sequence[Guard], at_a_time: int) -> dict[Guard, Verdict]:
    """What the test of each guard says without it. They are printed as they come."""
    verdicts = {}
    roots: queue.SimpleQueue[Path] = queue.SimpleQueue()
    with ExitStack() as opened:
        for _ in range(at_a_time):
            roots.put(opened.enter_context(_copied_tree()))
        pool = ThreadPoolExecutor(at_a_time)
        opened.callback(pool.shutdown, cancel_futures=True)
        root = roots.get()
        broken = _failing(root, chosen, at_a_time)
        roots.put(root)

        def judge(guard: Guard) -> Verdict:
            root = roots.get()
            try:
                return _verdict(root, guard, broken)
            finally:
                roots.put(root)

        awaited = {pool.submit(judge, guard): guard for guard in chosen}
        for done in as_completed(awaited):
            guard = awaited[done]
            verdicts[guard] = done.result()
            _print_row(guard, verdicts[guard])
    return verdicts


@contextmanager
def _copied_tree() -> Iterator[Path]:
    """A copy of the tree, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(folder, name))
            else:
                shutil.copy2(ROOT / name, folder)
        yield Path(folder)


def _failing(root: Path, chosen: Sequence[Guard], at_a_time: int) -> set[str]:
    """The tests that fail although nothing is taken out: what they say proves nothing."""
    tests = sorted({guard.test for guard in chosen})
    done = _run(root, "-rfE", "-n", str(at_a_time), "--dist", "loadgroup", *tests)
    if done.returncode == 0:
        return set()
    if unknown := re.findall(r"^ERROR: not found: (.+)$", done.stderr, re.MULTILINE):
        # Pytest leaves out the parameters of what it does not find, and runs nothing then.
        return {test for test in tests if any(test.partition("[")[0] in name for name in unknown)}
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?:@\S+)?(?: - .*)?$", done.stdout, re.MULTILINE)
    # On a busy machine a test may fail once.
    return {test for test in tests if test in failed and _run(root, test).returncode != 0}


def _verdict(root: Path, guard: Guard, broken: set[str]) -> Verdict:
    """What the guard's test says when the guard is not there. The file is put back."""
    why = problem(guard, root)
    if why is None and guard.test in broken:
        why = "its test fails with the guard, or does not exist"
    if why is not None:
        return Verdict(why)
    file = root / guard.file
    before, times = file.read_text(), file.stat()
    file.write_text(before.replace(guard.text, guard.instead))
    began = time.monotonic()
    try:
        status = _run(root, "-x", guard.test, seconds=SECONDS).returncode
        word = {0: NOT_CAUGHT, 1: CAUGHT}.get(status, f"pytest ends with status {status}")
    except subprocess.TimeoutExpired:
        word = CAUGHT
    finally:
        file.write_text(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # what is compiled stays valid
    return Verdict(word, time.monotonic() - began)


def _run(
    root: Path, *arguments: str, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pytest in the tree in `root`."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),  # before the tree that is installed
        # What is compiled is copied with the tree, and nothing is added to it: Python would take a
        # file that changes twice in a second for the same.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
    )


def _print_row(guard: Guard, verdict: Verdict) -> None:
    test = guard.test.partition("::")[2] or guard.test
    print(f"{guard.name:34} {verdict.word:12} {verdict.seconds:5.1f} s  {test}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
