"""The parts of the documentation that are written by the code."""

import re

import pytest

import lightjobs
from lightjobs.cli import web
from lightjobs.env import SECRETS
from scripts import docs_classes, docs_reference
from tests.support.documents import ROOT, page


def text(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", docs_reference.PAGES)
def test_the_generated_parts_are_what_the_code_says(name):
    assert docs_reference.PART.search(text(name))
    assert text(name) == docs_reference.generated(text(name)), "run: make docs-reference"


def test_every_command_is_in_the_reference():
    assert set(docs_reference.names()) <= set(page("docs/reference/commands.md").headings)


def test_each_option_is_in_the_part_of_its_command():
    part = docs_reference.command("job:work")
    assert "| `--max-memory SIZE` | " in part
    assert " | `25` | `JOB_GRACE` |" in part
    assert "`--log-format` | Format of the log. Allowed: `text`, `json`. | `text` |" in part
    assert "--outage" not in docs_reference.command("schedule:work")  # hidden


def test_every_setting_is_in_the_reference():
    documented = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text("reference/settings.md")))
    read = {
        key
        for path in (ROOT / "config").glob("*.py")
        for key in re.findall(r'env\("(\w+)"', path.read_text())
    }
    files = {name for name in documented if name.removesuffix("_FILE") in SECRETS}
    assert documented - (files - set(SECRETS)) == read | web.VARIABLES


@pytest.mark.parametrize("name", ["reference/settings.md", "reference/metrics.md"])
def test_each_row_says_what_it_means(name):
    rows = [
        row
        for part in docs_reference.PART.finditer(text(name))
        for row in docs_reference.rows(part[4]).items()
    ]
    assert len(rows) > 20
    of_web = 1 if name.endswith("settings.md") else 0
    for word, cells in rows:
        assert cells[1 if len(cells) == 3 else 3 - of_web], word


def test_a_new_row_begins_with_the_words_of_the_code_and_keeps_those_of_the_page():
    new = docs_reference.settings("jobs", "")
    assert "| `JOB_LEASE` | `lease` | Seconds after which the jobs of a worker that has gone" in new
    kept = docs_reference.settings("jobs", "| `JOB_LEASE` | `lease` | Patience. | 7 |")
    assert "| `JOB_LEASE` | `lease` | Patience. | 30 |" in kept
    assert (
        "| `lightjobs_runs_total` | counter | `queue`, `handler`, `outcome` | Runs that have"
        in (docs_reference.metrics("worker", ""))
    )


def test_all_that_can_be_imported_is_in_the_reference():
    documented = text("reference/classes.md")
    names = {name for name in lightjobs.__all__ if not name.startswith("_")}
    missing = {name for name in names if not re.search(rf"\b{name}\b", documented)}
    assert missing - {"Lock", "Limiter"} == set()  # what lock() and limiter() return
    headings = page("docs/reference/classes.md").headings
    assert {"Job", "JobContext", "Backoff", "engine", "worker", "lock", "limiter"} <= set(headings)


def test_a_class_is_shown_with_its_attributes_and_its_public_methods():
    part = docs_classes.topic("jobs")
    assert "| `attempts` | `1` | How many times the job is run at most" in part
    assert (
        "| `dispatch(payload=None, *, connection=None)` | Store the job and return its id." in part
    )
    assert "`Backoff(attempts=4, base=2.0, cap=120.0, jitter=0.5)`" in part
    assert "__init_subclass__" not in part
    assert "_typed" not in part


@pytest.mark.parametrize("name", [*docs_classes.TOPICS, "errors"])
def test_each_class_method_and_error_has_words(name):
    cells = [row[-1] for row in docs_reference.rows(docs_classes.topic(name)).values()]
    assert cells
    assert "" not in cells
