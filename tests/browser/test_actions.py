"""Every change that pages offer, made by its button."""

import pytest

from lightjobs.watching.shown_status import SHOWN
from lightjobs.web.routes import PAGES
from tests.web.addresses import NAMES

from .addresses import addresses
from .watching import UNFOLD, follow

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

ACTING = [page for page in PAGES if page.actions]
MOST = 30
"""Buttons that one test presses."""

NAMED = "all => all.map(each => [each.getAttribute('value'), each.tagName])"
"""Of all controls at once: to ask each of hundreds takes seconds."""


def offered(page):
    """The actions that the buttons of this page carry out, each with its form or its button."""
    page.evaluate(UNFOLD)
    found = {}
    controls = page.locator("form[method=post] [name=action]")
    for place, (name, kind) in enumerate(controls.evaluate_all(NAMED)):
        if name in found:
            continue
        control = controls.nth(place)
        button = (
            control
            if kind == "BUTTON"
            else control.locator("xpath=ancestor::form").locator("button").first
        )
        if button.is_enabled():
            found[name] = button
    return found


def press(page, button):
    """Choose whatever must be chosen, press the button and answer the question, if one is asked.
    Returns what is said to have been done."""
    form = button.locator("xpath=ancestor::form")
    for choice in form.locator("select").all()[:1]:
        choice.select_option(index=1)
    for box in page.locator("#live input[type=checkbox]").all()[:1]:
        box.check()
    follow(button)
    question = page.locator("form.question")
    if question.count():
        assert question.locator("p").first.inner_text().strip().endswith((".", "?"))
        typed = question.locator("#typed")
        if typed.count():
            typed.fill(question.locator("label").inner_text().split()[-1].strip(":"))
        follow(question.locator("button.danger"))
    return page.locator("#done").inner_text()


@pytest.mark.parametrize("name", [page.name for page in ACTING])
def test_each_is_carried_out_and_says_what_it_has_done(tabs, changed, name):
    allowed = {page.name: page.actions for page in PAGES}[name]
    done = {}
    with tabs() as page:
        paths = addresses(name, changed.values)
        if name == "jobs":
            paths = [f"{paths[0]}?status={status}" for status in SHOWN]
        for _ in range(MOST):
            if name == "job":  # some are gone by now
                jobs = [each for each in changed.values["job"] if changed.engine.find(each)]
                paths = addresses(name, {"job": jobs})
            fresh = next(new_buttons(page, changed.base, paths, done), None)
            if fresh is None:
                break
            action, button = fresh
            done[action] = press(page, button)
            assert done[action].strip(), action
    assert set(done) == set(allowed)


def new_buttons(page, base, paths, done):
    """The next action of these pages that was not yet done."""
    for path in paths:
        page.goto(base + path)
        yield from ((each, found) for each, found in offered(page).items() if each not in done)


def test_a_question_can_be_left(tabs, changed):
    with tabs() as page:
        page.goto(f"{changed.base}/queues/mail")
        page.locator("summary", has_text="Clean up").click()
        page.locator("select").first.select_option("remove")
        follow(page.get_by_role("button", name="Count first"))
        follow(page.get_by_role("link", name="Leave it"))
        assert page.url == f"{changed.base}/queues/mail"
        assert page.locator("#done").inner_text() == ""


@pytest.mark.parametrize("name", NAMES)
def test_without_the_right_to_change_there_is_no_button(tabs, read_only, name):
    with tabs() as page:
        for path in addresses(name, read_only.values):
            page.goto(read_only.base + path)
            assert page.locator("form[method=post]").count() == 0
