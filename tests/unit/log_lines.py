"""A job log that writes into a file, and what it is told of."""

import json
import os

import pytest

from lightjobs import Job
from lightjobs.execution.run import Run
from lightjobs.model import Done
from lightjobs.workers.logs import logging_setup
from lightjobs.workers.logs.text_log import TextJobLog

from .support import claim


class Ends(Job):
    retryAfter = "2030-01-02 03:04:05"

    def handle(self):
        if "release" in self.payload:
            self.release("2030-01-02 03:04:05")
        if "boom" in self.payload:
            raise ValueError(self.payload["boom"])


@pytest.fixture(name="written")
def written_fixture(tmp_path):
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


def done(id):
    result = Run(claim("App\\Jobs\\Pay" + "é" * 20, id=id))
    result.outcome = Done(id, 1)
    return result
