"""What the page's script does: refreshing, keys, copying."""

import re
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.model import NewJob, Status
from lightjobs.web.access import Everybody
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.store import Store
from tests.support.engines import Wrapped

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""Refreshes a page that may be refreshed."""


def waiting(page):
    """The number of waiting jobs in the head of the page."""
    return page.locator("dl.figures > div", has_text="Waiting").locator("dd")


def count(locator):
    return int(locator.inner_text().replace(",", ""))


def test_a_refresh_changes_numbers_and_keeps_focus_and_what_is_open(tabs, changed):
    with tabs() as page:
        page.goto(f"{changed.base}/queues/mail?poll=2")
        # Numbers may be missing at first; this waits for what is folded within them.
        folded = page.locator("#live details").first
        folded.locator("summary").press("Enter")
        expect(folded).to_have_attribute("open", "")
        before = count(waiting(page))
        button = page.locator("#live button", has_text="Pause").first
        button.focus()
        page.evaluate("document.activeElement.marked = true")
        changed.engine.push([NewJob("A", "mail", "{}")] * 3)
        expect(waiting(page)).to_have_text(str(before + 3))
        assert page.evaluate("document.activeElement.marked") is True
        assert folded.get_attribute("open") is not None


@contextmanager
def served(engine):
    """The page of `engine`, from this process. Yields its address."""
    app = WebApp(Store(engine), Everybody("read"), Options())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_numbers_that_were_missing_are_asked_for_at_once(tabs, monkeypatch):
    monkeypatch.setattr("lightjobs.web.visit.GLANCE", 0.0)
    monkeypatch.setattr("lightjobs.web.visit.PATIENCE", 30.0)
    engine = MemoryEngine()
    engine.push([NewJob("A", "mail", "{}")] * 3)
    told = threading.Event()

    def stats():
        told.wait(30)
        return engine.stats()

    with served(Wrapped(engine, stats=stats)) as base, tabs() as page:
        page.goto(f"{base}/queues?poll=off")
        expect(page.locator("#live")).to_contain_text("still being counted")
        told.set()
        expect(page.locator("#live")).to_contain_text("mail")


def test_a_refresh_leaves_folded_what_was_folded(tabs, changed):
    with tabs() as page:
        jobs = changed.engine.browse(Where(status=Status.FAILED))
        failed = next(job.id for job in jobs if job.error_lines)
        page.goto(f"{changed.base}/jobs/{failed}?poll=2")
        page.locator("#live details > summary").first.press("Enter")
        expect(page.locator("#live details[open]")).to_have_count(0)
        changed.engine.move("retry", Where(job_id=failed))
        expect(page.locator("#live .tag-waiting")).to_be_visible()
        assert page.locator("#live details[open]").count() == 0


def test_the_slash_goes_to_the_search_where_letters_are_only_letters(tabs, looked_at):
    with tabs() as page:
        page.goto(f"{looked_at.base}/jobs")
        page.keyboard.press("/")
        page.keyboard.type("gq?")
        assert page.locator("input[type=search]").input_value() == "gq?"
        page.keyboard.press("Enter")
        page.wait_for_url("**q=gq%3F*")


def test_while_text_is_selected_nothing_is_refreshed(tabs, changed):
    with tabs() as page:
        asked = []
        page.on("request", lambda each: asked.append(each.url) if is_poll(each) else None)
        page.goto(f"{changed.base}/queues/mail?poll=off")
        page.wait_for_load_state("networkidle")  # numbers that were missing are there
        asked.clear()
        page.evaluate("getSelection().selectAllChildren(document.querySelector('#live h2'))")
        page.evaluate(NOW)
        page.wait_for_timeout(300)
        assert asked == []
        assert page.evaluate("getSelection().toString()") != ""
        page.goto(f"{changed.base}/queues/mail?poll=2")
        page.wait_for_load_state("networkidle")
        asked.clear()
        page.evaluate("getSelection().selectAllChildren(document.querySelector('#live h2'))")
        page.evaluate(NOW)
        page.wait_for_timeout(300)
        assert asked == []
        page.evaluate("getSelection().removeAllRanges()")
        with page.expect_request(is_poll):
            page.evaluate(NOW)


def test_while_jobs_are_chosen_nothing_is_refreshed(tabs, changed):
    with tabs() as page:
        page.goto(f"{changed.base}/jobs?status=failed&poll=2")
        page.wait_for_load_state("networkidle")
        page.on("request", lambda each: asked.append(each.url) if is_poll(each) else None)
        asked = []
        box = page.locator("input[name=id]").first
        box.check()
        page.evaluate(NOW)
        page.wait_for_timeout(300)
        assert (asked, box.is_checked()) == ([], True)
        box.uncheck()
        with page.expect_request(is_poll):
            page.evaluate(NOW)


def is_poll(request):
    return request.headers.get("hx-request-type") == "partial"


def test_a_page_that_has_not_changed_is_not_sent_again(tabs, looked_at):
    with tabs() as page:
        page.goto(f"{looked_at.base}/about?poll=2")
        with page.expect_response(lambda answer: answer.status == 200 and is_poll(answer.request)):
            page.evaluate(NOW)
        with page.expect_response(lambda answer: answer.status == 304):
            page.evaluate(NOW)


def test_a_store_that_goes_away_is_said_and_the_page_stays_as_it_was(tabs, changed):
    with tabs(quiet=False) as page:
        page.goto(f"{changed.base}/queues/mail?poll=2")
        page.route("**/queues/mail*", lambda route: route.abort())
        page.evaluate(NOW)
        expect(page.locator("#polled")).to_contain_text("cannot be refreshed")
        assert count(waiting(page)) > 0
        page.unroute("**/queues/mail*")
        expect(page.locator("#polled")).to_have_text("")


def test_keys_lead_to_pages_and_show_what_there_are(tabs, looked_at):
    with tabs() as page:
        page.goto(looked_at.base)
        page.keyboard.press("g")
        page.keyboard.press("q")
        page.wait_for_url(f"{looked_at.base}/queues")
        page.keyboard.press("?")
        assert page.locator("dialog[open]").inner_text().startswith("Keys")
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0


def test_every_page_of_the_menu_has_a_key(tabs, looked_at):
    with tabs() as page:
        page.goto(looked_at.base)
        links = page.locator("nav a[data-key]").all()
        keys = [(link.get_attribute("data-key"), link.get_attribute("href")) for link in links]
        assert len(keys) == page.locator("header nav a").count()
        for key, path in keys:
            with page.expect_navigation():
                page.keyboard.press("g")
                page.keyboard.press(key)
            assert page.url == looked_at.base + path


def test_times_say_the_local_time_too(tabs, looked_at):
    with tabs(timezone_id="Asia/Tokyo") as page:
        page.goto(f"{looked_at.base}/queues/mail")
        title = page.locator("time[datetime]").first.get_attribute("title")
        assert re.search(r" UTC\n.*GMT\+9", title)
