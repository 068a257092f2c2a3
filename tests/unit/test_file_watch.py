"""Sleeping until a file is written to."""

from __future__ import annotations

import subprocess
import sys
import time
from threading import Timer
from types import SimpleNamespace

import pytest

from lightjobs.engines.sql import file_watch
from lightjobs.engines.sql.file_watch import GAP_SECONDS, POLL_SECONDS, SOON_SECONDS, Watch


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "jobs.sqlite-wal"
    path.touch()
    return path


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(file_watch, "TRUST_SECONDS", 60.0)


def write(file):
    with file.open("ab") as opened:
        opened.write(b"x")


def slept(watch, seconds=0.3):
    started = time.monotonic()
    watch.sleep(seconds)
    return time.monotonic() - started


def test_a_write_ends_the_sleep(file):
    watching = Watch(file)
    Timer(0.2, write, [file]).start()
    assert 0.02 < slept(watching, 60) < 30


def test_without_a_write_the_sleep_goes_on(file):
    assert slept(Watch(file)) >= 0.29


def test_after_a_write_sleeps_are_short_for_a_while(file, monkeypatch):
    """The kernel reports the write at once; other connections see the change some time later."""
    watching = Watch(file)
    write(file)
    slept(watching)
    pauses = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)
    with monkeypatch.context() as patch:
        patch.setattr(file_watch, "time", clock)
        for _ in SOON_SECONDS:
            watching.sleep(0.3)
    assert pauses == list(SOON_SECONDS)
    assert slept(watching) >= 0.29


def test_after_a_seen_change_sleeps_are_long_again(file):
    watching = Watch(file)
    write(file)
    slept(watching)
    watching.rest()
    assert slept(watching) >= 0.29


def test_a_file_that_is_written_to_all_the_time_does_not_wake_all_the_time(file):
    watching = Watch(file)
    started, woken = time.monotonic(), 0
    while time.monotonic() - started < 0.3:
        write(file)
        watching.sleep(0.3)
        watching.rest()
        woken += 1
    assert woken <= (time.monotonic() - started) / GAP_SECONDS + 2


@pytest.mark.parametrize("missing", ["the file", "inotify"])
def test_without_inotify_sleeps_are_short(file, monkeypatch, missing):
    if missing == "the file":
        file.unlink()
    else:
        monkeypatch.setattr(file_watch, "_watching", lambda path: None)
    assert slept(Watch(file)) < POLL_SECONDS + 0.1


def test_a_watch_that_outlives_the_module_os_is_closed_silently(file):
    """At the end of the interpreter, the watches of threads that still run are collected last."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from lightjobs.engines.sql import file_watch\n"
        "watching = file_watch.Watch(Path(sys.argv[1]))\n"
        "file_watch.os = None\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, ended.stderr) == (0, "")
