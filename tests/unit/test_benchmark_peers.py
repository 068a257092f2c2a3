"""What the benchmarks of peers read from processes, and how they start them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from benchmarks import io
from benchmarks.figures import Failed
from benchmarks.peers import ticks, usage
from benchmarks.peers.catalogue import EVERYBODY
from benchmarks.peers.concurrent import ON_POSTGRES, ON_REDIS
from benchmarks.peers.measure import Bench

BURN = "import time\nwhile time.process_time() < 0.2: pass\n"


def test_the_processor_time_of_a_process_includes_what_is_below_it_and_has_ended():
    nested = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\ninput()"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while usage.seconds(process.pid) < 0.2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert usage.seconds(process.pid) >= 0.2
        assert usage.memory(process.pid) > 1
        process.communicate()


def test_a_process_that_has_ended_uses_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert usage.seconds(process.pid) == 0
    assert usage.memory(process.pid) == 0


def test_counts_are_told_apart_by_worker(tmp_path):
    bench = Bench(str(tmp_path), {})
    ticks.make(str(tmp_path))
    count = "from benchmarks.peers.ticks import tick\nfor _ in range({}): tick()\ninput()"
    with (
        bench.another("a", [sys.executable, "-c", count.format(2)], "1") as counts,
        bench.another("b", [sys.executable, "-c", count.format(3)], "2"),
    ):
        deadline = time.monotonic() + 20
        while counts.total() < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert counts.by_worker() == {"1": 2, "2": 3}


def test_a_library_that_cannot_run_jobs_at_a_time_says_so():
    (rq,) = (way for way in ON_REDIS["threads"] if way.peer.name == "rq")
    with pytest.raises(Failed, match="not possible: a worker process of rq runs one job at a time"):
        rq.command(10)


def test_lightjobs_is_first_everywhere_as_the_first_name_is_compared():
    ways = [*ON_REDIS.values(), *ON_POSTGRES.values()]
    assert {each[0].peer.name for each in ways} == {EVERYBODY[0].name} == {"lightjobs"}


@pytest.mark.parametrize("words", [["--peers", "bullmq"], ["--concurrency", "100"]])
def test_a_run_of_some_does_not_go_where_the_figures_of_all_are(words, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["io", *words])
    assert io._arguments()[0].json.name == "io-quick.json"
    monkeypatch.setattr(sys, "argv", ["io", *words, "--json", f"{os.sep}tmp/own.json"])
    assert io._arguments()[0].json.name == "own.json"
    monkeypatch.setattr(sys, "argv", ["io"])
    assert io._arguments()[0].json.name == "io.json"
