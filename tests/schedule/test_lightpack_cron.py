"""Cron expressions as Lightpack reads them."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lightjobs import Job
from lightjobs.errors import JobDefinitionError
from lightjobs.schedule import Schedule
from tests.support.documents import ROOT
from tests.support.servers.programs import need


class Report(Job):
    def handle(self): ...


def entry(text, **options):
    return Schedule().job(Report).cron(text, **options)


def days(event, start="2024-01-01", count=31):
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    moments = (first + timedelta(days=n) for n in range(count))
    return [moment.day for moment in moments if event.isDueAt(moment)]


def minutes(event):
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    return [n for n in range(60) if event.isDueAt(noon + timedelta(minutes=n))]


MONDAYS = [1, 8, 15, 22, 29]
ROWS = {
    "0 9 1-7 * 1": (sorted({*range(1, 8), *MONDAYS}), [1]),
    "0 0 */5 * *": ([1, 6, 11, 16, 21, 26, 31], [5, 10, 15, 20, 25, 30]),
    "0 0 1,5-7 * *": ([1, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]),
    "10-30/5 * * * *": (
        [10, 15, 20, 25, 30],
        sorted({*range(10, 31), *range(0, 60, 5)}),
    ),
    "5/15 * * * *": ([5, 20, 35, 50], [0, 15, 30, 45]),
    "0 0 * * 7": ([7, 14, 21, 28], None),
    "0 0 * * MON": (MONDAYS, None),
}
"""The expressions of the docs: when they are due here, and in Lightpack (None: never)."""


@pytest.mark.parametrize("text", ROWS)
def test_what_the_docs_say_of_both_readings_is_true(text):
    ours, theirs = ROWS[text]
    due = minutes if text.endswith("* * * *") else days
    start = {} if due is minutes else {"start": f"2024-01-01 {text.split()[1]:0>2}:00"}
    assert due(entry(text), **start) == ours
    if theirs is None:
        with pytest.raises(JobDefinitionError, match="never due in Lightpack"):
            entry(text, lightpack=True)
    else:
        assert due(entry(text, lightpack=True), **start) == theirs


def test_the_docs_show_these_expressions():
    page = (ROOT / "docs/how-to/schedule.md").read_text(encoding="utf-8")
    table = page.split("## Cron expressions from Lightpack")[1].split("\n## ")[0]
    shown = re.findall(r"^\| `([^`@]+)`", table, re.MULTILINE)
    assert set(shown) == set(ROWS)


@pytest.mark.parametrize("text", ["0 9 1-7 * 1", "*/7 8-17 * * 1-5", "0 0 1,15 * *", "5 4 * * 0"])
def test_both_readings_have_names_of_their_own_and_at_keeps_the_reading(text):
    plain, marked = entry(text).entry(), entry(text, lightpack=True).entry()
    assert plain.name != marked.name
    assert marked.expression == f"{text} as in Lightpack"
    assert entry("0 9 1-7 * 1", lightpack=True).at("7:5").entry().expression.startswith("5 7 1-7 ")


@pytest.mark.parametrize("text", ["0 0 30 2 1", "0 0 * 13 *", "0 0 */0 * *", "0 0 *"])
def test_what_is_never_due_or_malformed_is_refused_at_once(text):
    with pytest.raises(JobDefinitionError):
        entry(text, lightpack=True)


RULE = r"""<?php
function due($expression, $current) {
    if ($expression === '*' || $expression == $current) return true;
    $range = explode('-', $expression);
    if (isset($range[1]) && $current >= (int) $range[0] && $current <= (int) $range[1]) return true;
    $step = explode('/', $expression);
    if (isset($step[1]) && $current % (int) $step[1] === 0) return true;
    return strpos($expression, ',') !== false
        && in_array($current, array_map('intval', explode(',', $expression)), true);
}
foreach (json_decode($argv[1]) as $field)
    $found[$field] = array_values(array_filter(range(0, 59), fn ($n) => due($field, $n)));
echo json_encode($found);
"""


def test_a_field_matches_what_php_compares_equal(tmp_path):
    from lightjobs.schedule.lightpack_cron import _matching

    fields = ["*", "05", "7", "1,5-7", "1-3,5-7", "10-30/5", "*/7", "5/15", "1,2,03", "50-60"]
    script = Path(tmp_path, "rule.php")
    script.write_text(RULE)
    run = [need("php"), str(script), json.dumps(fields)]
    found = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    assert {field: _matching(field, range(60)) for field in fields} == found
