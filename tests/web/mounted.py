"""What holds for the page under the prefix /jobs of any program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

SAME = {"Sec-Fetch-Site": "same-origin"}


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


Send = Callable[..., Answer]
"""Called with a method, a path, headers and the fields of a form. Sends cookies back."""


def links(text: str) -> list[str]:
    """All addresses in a page."""
    return re.findall(r'(?:href|src|action|hx-get)="([^"#]+)"', text)


def check_mounted(send: Send) -> None:
    """The page works for somebody who may write: all its addresses stay under the prefix and lead
    somewhere, and a change comes back to it. There is a queue called "mail"."""
    for path in ("/jobs/", "/jobs/queues", "/jobs/queues/mail", "/jobs/about"):
        page = send("GET", path)
        assert page.status == 200, (path, page)
        found = set(links(page.text))
        assert len(found) > 5
        for link in found:
            assert link.startswith("/jobs/"), (path, link)
            assert send("GET", link.replace("&amp;", "&")).status == 200, (path, link)
    form = {"action": "pause", "queue": "mail", **hidden(send("GET", "/jobs/queues").text)}
    answer = send("POST", "/jobs/queues", SAME, form)
    assert (answer.status, answer.headers["Location"]) == (303, "/jobs/queues"), answer
    page = send("GET", "/jobs/queues")
    assert "Queue mail is paused." in page.text
    poll = {"HX-Request-Type": "partial"}
    tag = send("GET", "/jobs/queues", poll).headers["ETag"]
    assert send("GET", "/jobs/queues", {**poll, "If-None-Match": tag}).status == 304
    assert send("GET", "/jobs/api/queues").text.startswith("{")
    assert send("GET", "/jobs/nope").status == 404
    assert send("GET", "/jobs/health").text == '{"store": "up"}\n'


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the first form in a page that are not the page's own."""
    form = text.partition("<form")[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    return {name: value for name, value in found.items() if name not in ("action", "queue")}
