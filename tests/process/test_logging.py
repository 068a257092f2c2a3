"""The program's own logging takes precedence; lightjobs sets up only what is missing."""

from __future__ import annotations

import pytest

from tests.support.project import Project

pytestmark = pytest.mark.slow

SAYS = """
import logging
import logging.config

class Says(Job):
    def handle(self):
        self.context.logger.info("from the context %s", self.payload["n"])
        logging.getLogger("app.part").info("from the program %s", self.payload["n"])
"""

DJANGO = """
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"short": {"format": "DJANGO %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "short"}},
    "loggers": {"app": {"handlers": ["console"], "level": "INFO"}},
})
"""


def logged(project: Project, set_up: str, *options: str) -> str:
    project.jobs(SAYS + set_up)
    project.push("Says", {"n": 1}, {"n": 2})
    return project.drain(*options).err


@pytest.mark.parametrize("workers", [0, 1])
def test_without_a_set_up_of_the_program_the_log_goes_to_standard_error(
    project: Project, workers: int
) -> None:
    err = logged(project, "", f"--workers={workers}")
    assert err.count("INFO lightjobs.job: from the context 1") == 1
    assert err.count("INFO app.part: from the program 2") == 1


@pytest.mark.parametrize("workers", [0, 1])
def test_basic_config_of_the_program_takes_effect(project: Project, workers: int) -> None:
    set_up = 'logging.basicConfig(level=logging.INFO, format="OURS %(message)s")'
    err = logged(project, set_up, f"--workers={workers}")
    assert err.count("OURS from the context 1\n") == 1
    assert err.count("OURS from the program 2\n") == 1
    assert err.count("from the ") == 4


def test_a_root_handler_of_the_program_prints_each_line_once(project: Project) -> None:
    err = logged(
        project,
        "logging.root.addHandler(logging.StreamHandler())\nlogging.root.setLevel(logging.INFO)\n",
    )
    assert err.count("from the context 1") == err.count("from the program 1") == 1


@pytest.mark.parametrize("workers", [0, 1])
def test_logging_config_does_not_silence_jobs(project: Project, workers: int) -> None:
    err = logged(project, DJANGO, f"--workers={workers}")
    assert err.count("DJANGO from the program 1\n") == 1
    assert err.count("from the program 1") == 1, "it has a handler, so ours must not print it, too"
    assert err.count("INFO lightjobs.job: from the context 2") == 1


def test_logging_config_within_a_job_does_not_silence_the_next(project: Project) -> None:
    project.jobs(
        SAYS
        + "\n\nclass Sets(Job):\n    def handle(self):\n"
        + "\n".join(f"        {line}" for line in DJANGO.strip().splitlines())
        + "\n        logging.disable(logging.CRITICAL)\n"
    )
    project.push("Sets", {})
    project.push("Says", {"n": 1})
    err = project.drain().err
    assert "INFO lightjobs.job: from the context 1" in err


def test_a_level_that_the_program_has_chosen_stays(project: Project) -> None:
    err = logged(project, "logging.root.setLevel(logging.ERROR)\n")
    assert "from the" not in err


def test_handlers_that_a_job_adds_are_gone_after_it(project: Project) -> None:
    project.jobs(
        "import logging\n"
        "class Adds(Job):\n"
        "    def handle(self):\n"
        "        logging.root.addHandler(logging.StreamHandler())\n"
        "        logging.root.warning('once')\n"
    )
    project.push("Adds", {}, {}, {})
    err = project.drain().err
    assert err.count("once") == 3
    assert "Adds left the root logger changed; put back" in err
