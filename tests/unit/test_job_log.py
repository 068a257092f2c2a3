import contextlib
import io
import json
import logging
import os
import pty
import re
import threading
import time
from datetime import datetime, timedelta

import pytest

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.execution.run import Run
from lightjobs.model import Done
from lightjobs.workers.logs import buffered, json_log, logging_setup
from lightjobs.workers.logs.text_log import TextJobLog

from .support import claim, run


class Ends(Job):
    retryAfter = "2030-01-02 03:04:05"

    def handle(self):
        if "release" in self.payload:
            self.release("2030-01-02 03:04:05")
        if "boom" in self.payload:
            raise ValueError(self.payload["boom"])


@pytest.fixture
def written(tmp_path):
    """Makes lines of a format; `text()` is what they have written."""

    class Written:
        def __init__(self):
            self.descriptor = os.open(tmp_path / "lines", os.O_RDWR | os.O_CREAT | os.O_APPEND)

        def make(self, log_format="text", quiet=False):
            return logging_setup.make(log_format, quiet, self.descriptor)

        def colored(self):
            return TextJobLog(self.descriptor, color=True)

        def text(self):
            return (tmp_path / "lines").read_text(encoding="utf-8")

        def objects(self):
            return [json.loads(line) for line in self.text().splitlines()]

    made = Written()
    yield made
    os.close(made.descriptor)


def print_all(printed, **fields):
    printed.started(claim("App\\Jobs\\Pay", id="7", **fields))
    for payload, attempts in (("{}", 1), ('{"release":1}', 1), ('{"boom":"no"}', 1)):
        result = run(Ends, payload, id="7", attempts=attempts)
        result.seconds = 0.0123
        printed.ended(result)
    printed.ended(run(Ends, '{"boom":"no"}', id="7", options='{"attempts":2}'))
    printed.lost(run(Ends, id="7"))
    printed.cancelled(run(Ends, id="7"))
    printed.flush()


def test_text_has_a_line_for_each_start_and_end(written):
    print_all(written.make())
    name = registry.handler_of(Ends)
    again = "(attempt 1, again at 2030-01-02 03:04:05 UTC)"
    lines = written.text().splitlines()
    assert [line[19:] for line in lines] == [
        " [PROCESSING]........ App\\Jobs\\Pay #ID: 7",
        f" [PROCESSED]......... {name} #ID: 7 (12.3 ms)",
        f" [RELEASED].......... {name} #ID: 7 until 2030-01-02 03:04:05 UTC",
        f" [FAILED]............ {name} #ID: 7 ValueError: no",
        f" [RETRIED]........... {name} #ID: 7 ValueError: no {again}",
        f" [LOST].............. {name} #ID: 7 its outcome was refused: another worker has the job",
        f" [CANCELLED]......... {name} #ID: 7 its outcome is dropped",
    ]
    for line in lines:
        assert abs(time.mktime(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")) - time.time()) < 60


def test_on_a_terminal_the_time_has_no_date_and_no_color_is_respected(monkeypatch):
    ours, theirs = pty.openpty()
    for no_color, color in (("", r"\x1b\[32m"), ("1", "")):
        monkeypatch.setenv("NO_COLOR", no_color)
        printed = logging_setup.make("text", False, theirs)
        printed.ended(done("1"))
        printed.flush()
        line = os.read(ours, 1000).decode()
        assert re.match(rf"\d\d:\d\d:\d\d{color} \[PROCESSED\]", line), line
    os.close(ours)
    os.close(theirs)


def test_colour_is_used_only_when_asked_for_and_always_ended(written):
    print_all(written.colored())
    for line in written.text().splitlines():
        assert line[19:].startswith("\x1b[")
        assert line.count("\x1b[0m") == line.count("\x1b[") / 2


def test_json_has_an_object_a_line(written):
    print_all(written.make("json"), queue="mail")
    objects = written.objects()
    events = ["processing", "processed", "released", "failed", "retried", "lost", "cancelled"]
    assert [o["event"] for o in objects] == events
    first = objects[0]
    assert (first["handler"], first["id"], first["queue"], first["attempt"]) == (
        "App\\Jobs\\Pay",
        "7",
        "mail",
        1,
    )
    assert objects[1]["ms"] == 12.3
    assert objects[2]["until"] == objects[4]["retry_at"] == "2030-01-02T03:04:05.000+00:00"
    for failed in objects[3:5]:
        assert failed["reason"] == "ValueError: no"
        assert failed["traceback"].startswith(
            "ValueError: no\n\nTraceback (most recent call last):"
        )


def test_all_json_lines_have_one_shape(written):
    printed = written.make("json")
    printed.of_worker("host:1:ab")
    printed.event("ready", "for people", seconds=0.5)
    print_all(printed, queue="mail")
    objects = written.objects()
    shape = ["time", "level", "event", "worker", "pid", "handler", "queue", "id", "attempt"]
    assert list(objects[0]) == [*shape[:5], "seconds"]
    for each in objects[1:]:
        assert list(each)[:9] == shape
    for each in objects:
        moment = datetime.fromisoformat(each["time"])
        assert moment.utcoffset() == timedelta(0)
        assert abs(moment.timestamp() - time.time()) < 60
        assert (each["worker"], each["pid"]) == ("host:1:ab", os.getpid())
        assert each["level"] == ("warning" if each["event"] in ("failed", "lost") else "info")


def test_the_time_of_json_lines_is_right_in_each_millisecond(written, monkeypatch):
    moments = [5_999, 6_000, 6_001, 5_999, 7_000, 1_999_999_999_999]
    times = iter(moments)
    monkeypatch.setattr(json_log, "time_ns", lambda: next(times) * 1_000_000 + 999_999)
    printed = written.make("json")
    for _moment in moments:
        printed.started(claim())
    printed.flush()
    found = [datetime.fromisoformat(each["time"]).timestamp() for each in written.objects()]
    assert found == [moment / 1000 for moment in moments]


def test_quiet_prints_nothing_as_text_and_only_warnings_as_json(written):
    print_all(written.make(quiet=True))
    assert written.text() == ""
    printed = written.make("json", quiet=True)
    printed.event("ready", "for people")
    print_all(printed)
    assert [each["event"] for each in written.objects()] == ["failed", "lost"]


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\r", "\u202e", "\ud83d", "\x00"])
def test_nothing_of_a_job_acts_on_the_terminal_or_breaks_a_line(written, log_format, hostile):
    printed = written.make(log_format)
    printed.started(claim(f"H{hostile}", queue=f"q{hostile}", id=f"7{hostile}"))
    printed.ended(run(Ends, json.dumps({"boom": hostile})))
    printed.flush()
    text = written.text()
    assert len(text.split("\n")) == 3
    assert all(char.isprintable() for char in text.replace("\n", ""))
    if log_format == "json":
        assert json.loads(text.splitlines()[0])["handler"] == f"H{hostile}"


def test_colour_lets_nothing_of_a_job_through_either(written):
    printed = written.colored()
    printed.started(claim("H\x1b]0;title\x07"))
    printed.ended(run(Ends, json.dumps({"boom": "\x1b]0;title\x07"})))
    printed.ended(done("7"))
    printed.flush()
    text = re.sub(r"\x1b\[\d+m", "", written.text())
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert "H\\x1b]0;title\\x07" in text


def test_a_long_reason_is_cut(written):
    printed = written.make()
    printed.ended(run(Ends, json.dumps({"boom": "x" * 10_000})))
    printed.flush()
    assert len(written.text()) < 420


def test_an_exception_without_text_has_its_type(written):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    class Silent(Job):
        def handle(self):
            raise Mute

    printed = written.make()
    printed.ended(run(Silent))
    printed.flush()
    assert written.text().endswith(" Mute\n")


def done(id):
    result = Run(claim("App\\Jobs\\Pay" + "é" * 20, id=id))
    result.outcome = Done(id, 1)
    return result


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


def log(monkeypatch, printed, quiet=False):
    """Configure logging as in a fresh process, log a few records, return what went to standard
    error."""
    stream = io.StringIO()
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(logging_setup.sys, "stderr", stream)
    logging_setup.configure(printed, quiet)
    logger = logging.getLogger("lightjobs.job")
    logger.info("info %s", "\x1b[31m", extra={"job_id": "7", "job_handler": "Pay"})
    try:
        try:
            raise KeyError("first")
        except KeyError as first:
            raise ValueError("\x1b[32m") from first
    except ValueError:
        logger.exception("error")
    return stream.getvalue()


def test_the_log_is_text_with_the_time_and_without_escapes(written, monkeypatch):
    text = log(monkeypatch, written.make())
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO lightjobs.job: info \\x1b\[31m\n", text)
    assert "\x1b" not in text
    assert "\nTraceback" in text
    assert written.text() == ""


def test_as_json_the_log_goes_into_the_stream_of_the_job_log(written, monkeypatch):
    printed = written.make("json")
    printed.of_worker("host:1:ab")
    printed.started(claim())
    assert log(monkeypatch, printed) == ""
    started, info, error = written.objects()
    assert started["event"] == "processing"
    assert (info["event"], info["level"], info["message"]) == ("log", "info", "info \x1b[31m")
    assert (info["id"], info["handler"], info["worker"]) == ("7", "Pay", "host:1:ab")
    assert (error["level"], error["logger"]) == ("error", "lightjobs.job")
    assert "ValueError" in error["traceback"]
    assert "KeyError: 'first'" in error["traceback"], "with its cause"


def test_as_json_a_failed_run_has_one_line(written, monkeypatch):
    printed = written.make("json")
    log(monkeypatch, printed)
    before = len(written.objects())
    printed.ended(run(Ends, '{"boom":"no"}'))
    printed.flush()
    assert [each["event"] for each in written.objects()[before:]] == ["failed"]


def test_a_record_that_cannot_be_told_does_not_stop_the_others(written, monkeypatch):
    printed = written.make("json")
    log(monkeypatch, printed)
    logging.getLogger("lightjobs.job").info("%d", "no number")
    logging.getLogger("lightjobs.job").info("after")
    assert written.objects()[-1]["message"] == "after"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_quiet_logs_only_warnings_and_errors(written, monkeypatch, log_format):
    text = log(monkeypatch, written.make(log_format, quiet=True), quiet=True) + written.text()
    assert "info" not in text
    assert "error" in text


def test_an_application_that_set_up_logging_keeps_it(written):
    before = list(logging.root.handlers)
    assert before
    logging_setup.configure(written.make("json"), False)
    assert logging.root.handlers == before


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


@pytest.mark.parametrize("make", [{}, {"log_format": "json"}, {"quiet": True}])
def test_what_a_failed_run_raised_is_logged_with_its_traceback(written, caplog, make):
    printed = written.make(**make)
    with caplog.at_level(logging.INFO, "lightjobs.worker"):
        for payload, options in (
            ("{}", None),
            ('{"release":1}', None),
            ('{"boom":"\\u001b[31m"}', None),
            ('{"boom":"again"}', '{"attempts":2}'),
        ):
            printed.ended(run(Ends, payload, id="7", options=options))
    name = registry.handler_of(Ends)
    heads = [f"job 7 ({name}, attempt 1) {how}" for how in ("failed for good", "failed, will be")]
    for_good, again = caplog.records
    assert [for_good.levelname, again.levelname] == ["WARNING", "INFO"]
    assert for_good.getMessage().startswith(heads[0] + ": ValueError: \\x1b[31m\n")
    assert again.getMessage().startswith(heads[1] + " retried: ValueError: again\n")
    for record in caplog.records:
        assert "Traceback (most recent call last):" in record.getMessage()
        assert "\x1b" not in record.getMessage()
        assert (record.job_id, record.job_handler) == ("7", name)
        assert (record.job_queue, record.job_attempt) == ("default", 1)
    assert [for_good.job_event, again.job_event] == ["failed", "retried"]


def test_a_logging_handler_that_raises_does_not_reach_the_worker(written, monkeypatch):
    class Raises(logging.Handler):
        def emit(self, record):
            raise OSError("the disk is full")

    monkeypatch.setattr(logging.getLogger("lightjobs.worker"), "handlers", [Raises()])
    written.make().ended(run(Ends, '{"boom":"no"}'))
