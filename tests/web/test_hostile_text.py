"""Text of jobs is shown, and never becomes part of the page."""

from html.parser import HTMLParser

import pytest

from lightjobs.model import NewJob
from lightjobs.web.options import Options

from .addresses import NAMES, address
from .hostile import HOSTILE, MARK, fill

CONTROLS = "\x1b[31m\u202e"


@pytest.fixture
def hostile(engine):
    return fill(engine)


class Tags(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.attributes = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        self.attributes += [name for name, _ in attributes]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", ["read", "write"])
def test_text_of_jobs_never_becomes_part_of_a_page(visit, hostile, name, level):
    client = visit(level, Options(links={MARK: "https://logs.example/?q={id}"}))
    text = client.get(address(name, hostile) + f"?poll={MARK}&q={HOSTILE}").text
    tags = Tags(text)
    assert MARK not in text
    assert "img" not in tags.found
    assert [each for each in tags.attributes if each.startswith("on")] == []


@pytest.mark.parametrize("name", ["overview", "queues", "queue", "batches", "batch"])
def test_text_of_jobs_is_shown_as_it_is(visit, hostile, name):
    text = visit("write").get(address(name, hostile)).text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


@pytest.mark.parametrize("path", ["/nope/", "/queues/"])
def test_what_a_visitor_sends_never_becomes_part_of_a_page(visit, path):
    client = visit("write")
    client.set_cookie("lightjobs_done", HOSTILE)
    answers = [
        client.get(path + MARK),
        client.get("/", query_string={"a": MARK, MARK: "a", "poll": HOSTILE}),
        client.post("/queues", data={"action": MARK}, headers={"Authorization": "Bearer x"}),
        client.post(
            "/queues",
            data={"action": "pause", "queue": HOSTILE * 10},
            headers={"Authorization": "Bearer x"},
        ),
    ]
    for answer in answers:
        assert MARK not in answer.text
        assert "img" not in Tags(answer.text).found


def test_characters_that_nobody_sees_are_shown_as_escapes(visit, engine):
    engine.push([NewJob(f"A{CONTROLS}", "mail", "{}")])
    text = visit().get("/queues/mail").text
    assert not any(char in text for char in CONTROLS if not char.isprintable())
    assert r"A\x1b[31m\u202e" in text
