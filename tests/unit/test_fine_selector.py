import asyncio
import os
import resource
import select
import time

import pytest

from lightjobs.workers import fine_selector
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="the system has no epoll")


def lateness(loop, seconds):
    started = time.perf_counter()
    loop.run_until_complete(asyncio.sleep(seconds))
    return time.perf_counter() - started - seconds


@pytest.fixture
def loop():
    made = fine_selector.new_event_loop()
    yield made
    made.close()


def test_a_short_wait_ends_on_time(loop):
    # epoll alone would wait for 3 ms: 0.7 ms too long, each time. A busy machine is late by itself.
    wait_until(lambda: min(lateness(loop, 0.0023) for _ in range(50)) < 0.0005)


def test_a_descriptor_that_becomes_ready_ends_a_short_wait(loop):
    reader, writer = os.pipe()
    woken = []

    async def wait():
        loop.add_reader(reader, lambda: woken.append(time.perf_counter()))
        loop.call_later(0.005, os.write, writer, b"x")
        started = time.perf_counter()
        await asyncio.sleep(0.09)
        return started

    started = loop.run_until_complete(wait())
    loop.remove_reader(reader)
    os.close(reader)
    os.close(writer)
    assert woken[0] - started < 0.08


def test_beyond_the_first_1024_descriptors_the_loop_works_as_python_s():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip(f"this process may have only {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    taken = []
    try:
        while not taken or taken[-1] < 1100:
            taken.append(os.dup(0))
        loop = fine_selector.new_event_loop()
        assert lateness(loop, 0.0023) >= 0
        loop.close()
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_loop_that_is_not_python_s_own_is_left_as_it_is(monkeypatch):
    class Theirs(asyncio.SelectorEventLoop):
        pass

    monkeypatch.setattr(asyncio, "new_event_loop", Theirs)
    loop = fine_selector.new_event_loop()
    assert type(loop) is Theirs
    loop.close()
