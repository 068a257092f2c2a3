"""Templates of the schedule's entries as text."""

import json

import pytest

from lightjobs.engines.slot_templates import read_template, template_text
from lightjobs.model import NewJob, Template

JOB = NewJob("App\\Jobs\\Sénd", "q💥", '{"a":"\\u0000"}', priority=2, options='{"attempts":3}')
TEMPLATE = Template(JOB, "0 6 * * *", "Europe/Berlin", True)


@pytest.mark.parametrize(
    "template",
    [TEMPLATE, Template(NewJob("h", "q", "{}"), "@daily", "UTC"), TEMPLATE._replace(zone="\udc80")],
)
def test_a_template_comes_back_from_its_text(template):
    text = template_text(template)
    assert read_template(text) == read_template(text.encode()) == template
    assert text.isascii()


def test_the_job_of_a_template_is_due_at_once():
    later = TEMPLATE._replace(job=JOB._replace(due=5.0))
    assert read_template(template_text(later)) == TEMPLATE


@pytest.mark.parametrize("text", [None, "", b"", "x", "[]", "1", "null", "{}", "[" * 10**5])
def test_text_that_is_no_template_is_none(text):
    assert read_template(text) is None


@pytest.mark.parametrize("key", ["handler", "payload", "priority", "options", "zone"])
def test_a_template_without_one_of_its_values_is_none(key):
    values = json.loads(template_text(TEMPLATE))
    assert read_template(json.dumps({**values, "more": 1})) == TEMPLATE
    del values[key]
    assert read_template(json.dumps(values)) is None
