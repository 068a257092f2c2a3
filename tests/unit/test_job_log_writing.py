"""How the lines of the job log are written: whole, by threads and processes at once."""

import contextlib
import json
import os
import threading
import time

import pytest

from lightjobs.workers.logs import buffered, logging_setup

from .log_lines import done, written_fixture  # noqa: F401
from .support import claim


def test_lines_are_written_whole_at_most_4096_bytes_at_a_time(written, monkeypatch):
    sizes = []
    original = os.write

    def write(descriptor, data):
        sizes.append(len(data))
        assert bytes(data).endswith(b"\n")
        return original(descriptor, data)

    printed = written.make()
    for n in range(1000):
        printed.ended(done(str(n)))
    monkeypatch.setattr(os, "write", write)
    printed.flush()
    monkeypatch.undo()
    assert max(sizes) <= buffered.WRITE_BYTES
    assert len(sizes) < 1000 * 120 / 4096 + 10
    assert [line.split("#ID: ")[1].split()[0] for line in written.text().splitlines()] == [
        str(n) for n in range(1000)
    ]


@pytest.mark.timeout(5, method="signal")
@pytest.mark.parametrize("length", [1000, 4000, 5000])
def test_a_line_longer_than_a_write_is_written_too(written, length):
    printed = written.make("json")
    printed.started(claim("H" * length))
    printed.started(claim("after"))
    printed.flush()
    objects = [json.loads(line) for line in written.text().splitlines()]
    assert [o["handler"] for o in objects] == ["H" * length, "after"]


def test_threads_may_print_and_flush_at_once(written):
    printed = written.make()

    def prints(name):
        for n in range(300):
            printed.ended(done(f"{name}-{n}"))
            if n % 7 == 0:
                printed.flush()

    threads = [threading.Thread(target=prints, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    printed.flush()
    ids = [line.split("#ID: ")[1].split()[0] for line in written.text().splitlines()]
    assert sorted(ids) == sorted(f"{name}-{n}" for name in "abc" for n in range(300))


def test_a_thread_that_comes_too_late_to_write_writes_nothing(written):
    """Not even the time before a line."""
    log = written.make()
    log.started(claim())
    log._writing.acquire()
    thread = threading.Thread(target=log.flush)
    thread.start()
    time.sleep(0.1)  # it has seen the line, and waits for the lock
    log._lines.clear()
    log._writing.release()
    thread.join()
    assert written.text() == ""


def test_a_reader_that_went_away_does_not_stop_the_worker():
    reading, writing = os.pipe()
    os.close(reading)
    printed = logging_setup.make("text", False, writing)
    printed.ended(done("1"))
    printed.flush()
    os.close(writing)


@pytest.mark.timeout(5, method="signal")
def test_an_event_of_the_worker_does_not_wait_for_a_reader_and_is_written_later(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    printed = logging_setup.make("json", False, writing)
    printed.event("stopping", "for people", reason="SIGTERM")
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while os.read(reading, 1 << 20):
            pass
    printed.event("stopped", "for people", status=0)
    lines = os.read(reading, 1 << 20).decode().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["stopping", "stopped"]
    os.close(reading)
    os.close(writing)


@pytest.mark.timeout(30, method="signal")
def test_long_json_lines_of_several_processes_stay_whole_in_a_pipe_that_is_full():
    (reading, writing), begin = os.pipe(), os.pipe()

    def write():
        os.close(reading)
        printed = logging_setup.make("json", False, writing)
        os.read(begin[0], 1)
        for _ in range(50):
            printed.started(claim("H" * 30_000))
            printed.started(claim("H" * 300))
            printed.flush()

    processes = [forked(write) for _ in range(3)]
    os.write(begin[1], b"123")
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        text = lines.read()
    for pid in processes:
        os.waitpid(pid, 0)
    for descriptor in begin:
        os.close(descriptor)
    lengths = [len(json.loads(line)["handler"]) for line in text.splitlines()]
    assert sorted(lengths) == [300] * 150 + [30_000] * 150


def forked(function):
    """The id of a new process that calls `function` and ends."""
    pid = os.fork()
    if not pid:
        try:
            function()
        finally:
            os._exit(0)
    return pid


@pytest.mark.timeout(5, method="signal")
def test_a_signal_handler_may_log_while_lines_are_written(written, monkeypatch):
    printed = written.make("json")
    original = os.write

    def write(descriptor, data):
        monkeypatch.setattr(os, "write", original)
        printed.event("ready", "from a signal handler")
        return original(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    printed.started(claim())
    printed.flush()
    assert [each["event"] for each in written.objects()] == ["processing", "ready"]
