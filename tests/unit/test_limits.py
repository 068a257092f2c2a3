"""The limits of a worker process, by a clock and a memory that the test sets."""

import mmap
from types import SimpleNamespace

import pytest

from lightjobs.workers import limits
from lightjobs.workers.limits import Limits, resident_bytes
from lightjobs.workers.options import Options
from lightjobs.workers.stop_flag import StopFlag

MIB = 1024 * 1024


@pytest.fixture
def world(monkeypatch):
    made = SimpleNamespace(now=1000.0, memory=50 * MIB)
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(limits, "resident_bytes", lambda: made.memory)
    return made


def limited(**options):
    stop = StopFlag()
    return Limits(Options(**options), stop), stop


def test_without_limits_a_worker_goes_on(world):
    watched, stop = limited()
    world.now += 1e6
    world.memory *= 1000
    watched.check()
    assert not stop.raised
    assert not watched.outgrown


def test_a_worker_stops_when_its_time_is_up_and_not_before(world):
    watched, stop = limited(cooldown=60)
    world.now += 59.9
    watched.check()
    assert not stop.raised
    world.now += 0.1
    watched.check()
    watched.check()
    assert stop.raised == 1, "a second time would cut off the jobs that run"
    assert stop.reason == "--cooldown is over"
    assert not watched.outgrown


def test_a_worker_stops_as_outgrown_beyond_its_memory_and_not_before(world):
    watched, stop = limited(max_memory=100 * MIB)
    world.memory = 100 * MIB
    watched.check()
    assert not stop.raised
    world.memory += 1
    watched.check()
    assert stop.raised
    assert watched.outgrown


def test_the_memory_is_what_this_process_occupies_not_what_it_has_reserved():
    before = resident_bytes()
    with mmap.mmap(-1, 512 * MIB) as memory:
        assert resident_bytes() - before < 128 * MIB
        memory[: 256 * MIB] = bytes(256 * MIB)
        assert 200 * MIB < resident_bytes() - before < 400 * MIB
