import io
import json
import logging
import os
import re
import threading

import pytest

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.execution.run import Run
from lightjobs.model import Done
from lightjobs.workers import job_log, logging_setup

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

        def make(self, log_format="text", quiet=False, color=False):
            return job_log.make(log_format, quiet, color, self.descriptor)

        def text(self):
            return (tmp_path / "lines").read_text(encoding="utf-8")

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
    assert written.text().splitlines() == [
        " [PROCESSING]........ App\\Jobs\\Pay #ID: 7",
        f" [PROCESSED]......... {name} #ID: 7 (12.3 ms)",
        f" [RELEASED].......... {name} #ID: 7 until 2030-01-02 03:04:05 UTC",
        f" [FAILED]............ {name} #ID: 7 ValueError: no",
        f" [FAILED]............ {name} #ID: 7 ValueError: no (attempt 1, will be retried)",
        f" [LOST].............. {name} #ID: 7 its outcome was refused: another worker has the job",
        f" [CANCELLED]......... {name} #ID: 7 its outcome is dropped",
    ]


def test_colour_is_used_only_when_asked_for_and_always_ended(written):
    print_all(written.make(color=True))
    for line in written.text().splitlines():
        assert line.startswith("\x1b[")
        assert line.count("\x1b[0m") == line.count("\x1b[") / 2


def test_json_has_an_object_a_line(written):
    print_all(written.make("json"), queue="mail")
    objects = [json.loads(line) for line in written.text().splitlines()]
    events = ["processing", "processed", "released", "failed", "failed", "lost", "cancelled"]
    assert [o["event"] for o in objects] == events
    first = objects[0]
    assert (first["handler"], first["id"], first["queue"], first["attempt"]) == (
        "App\\Jobs\\Pay",
        "7",
        "mail",
        1,
    )
    assert objects[1]["ms"] == 12.3
    assert objects[3]["reason"] == "ValueError: no"
    assert objects[3]["retry_at"] is None
    assert objects[4]["retry_at"] > objects[0]["time"] > 1.7e9


def test_quiet_prints_nothing(written):
    print_all(written.make(quiet=True))
    print_all(written.make("json", quiet=True))
    assert written.text() == ""


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\r", "\u202e", "\ud83d", "\x00"])
def test_nothing_of_a_job_acts_on_the_terminal_or_breaks_a_line(written, log_format, hostile):
    printed = written.make(log_format)
    printed.started(claim(f"H{hostile}", queue=f"q{hostile}"))
    printed.ended(run(Ends, json.dumps({"boom": hostile})))
    printed.flush()
    text = written.text()
    assert text.count("\n") == 2
    assert all(char.isprintable() for char in text.replace("\n", ""))
    if log_format == "json":
        assert json.loads(text.splitlines()[0])["handler"] == f"H{hostile}"


def test_colour_lets_nothing_of_a_job_through_either(written):
    printed = written.make(color=True)
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
    assert len(written.text()) < 400


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
    assert max(sizes) <= job_log.WRITE_BYTES
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


def test_a_reader_that_went_away_does_not_stop_the_worker():
    reading, writing = os.pipe()
    os.close(reading)
    printed = job_log.make("text", False, False, writing)
    printed.ended(done("1"))
    printed.flush()
    os.close(writing)


def formatted(monkeypatch, log_format, quiet=False):
    """Configure logging as in a fresh process, log a few records, return what was written."""
    stream = io.StringIO()
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(logging_setup.sys, "stderr", stream)
    logging_setup.configure(log_format, quiet)
    logger = logging.getLogger("lightjobs.job")
    logger.info("info %s", "\x1b[31m", extra={"job_id": "7"})
    try:
        raise ValueError("\x1b[32m")
    except ValueError:
        logger.exception("error")
    return stream.getvalue()


def test_the_log_is_text_without_escapes_or_one_json_object_a_line(monkeypatch):
    text = formatted(monkeypatch, "text")
    assert "INFO lightjobs.job: info \\x1b[31m" in text
    assert "\x1b" not in text
    assert "\nTraceback" in text
    objects = [json.loads(line) for line in formatted(monkeypatch, "json").splitlines()]
    assert (objects[0]["level"], objects[0]["job_id"]) == ("info", "7")
    assert "ValueError" in objects[1]["exception"]


def test_quiet_logs_only_warnings_and_errors(monkeypatch):
    assert "info" not in formatted(monkeypatch, "text", quiet=True)
    assert "error" in formatted(monkeypatch, "text", quiet=True)


def test_an_application_that_set_up_logging_keeps_it():
    before = list(logging.root.handlers)
    assert before
    logging_setup.configure("json", False)
    assert logging.root.handlers == before


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


def test_a_logging_handler_that_raises_does_not_reach_the_worker(written, monkeypatch):
    class Raises(logging.Handler):
        def emit(self, record):
            raise OSError("the disk is full")

    monkeypatch.setattr(logging.getLogger("lightjobs.worker"), "handlers", [Raises()])
    written.make().ended(run(Ends, '{"boom":"no"}'))
