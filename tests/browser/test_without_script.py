"""A browser that runs no JavaScript: everything is there but the charts, which are tables then."""

import re

import pytest

from tests.web.addresses import NAMES

from .addresses import addresses
from .watching import follow

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("name", NAMES)
def test_what_needs_the_script_is_hidden_and_charts_are_tables(tabs, looked_at, name):
    with tabs(java_script_enabled=False) as page:
        for path in addresses(name, looked_at.values):
            page.goto(looked_at.base + path)
            assert not any(each.is_visible() for each in page.locator(".needs-script").all())
            assert page.locator("canvas").count() == 0
            for chart in page.locator(".chart").all():
                chart.locator("summary").click()
                assert chart.locator("table").is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_all_links_lead_somewhere(tabs, looked_at, name):
    with tabs(java_script_enabled=False) as page:
        page.goto(looked_at.base + addresses(name, looked_at.values)[0])
        links = [each.get_attribute("href") for each in page.locator("a[href]").all()]
        # Of those that differ in numbers only, such as the pages of jobs, one.
        some = {re.sub(r"\d+", "N", link): link for link in links if link.startswith("/")}
        assert some
        for link in some.values():
            assert page.request.get(looked_at.base + link).status == 200, link


def test_a_queue_is_paused_and_resumed(tabs, changed):
    with tabs(java_script_enabled=False) as page:
        page.goto(f"{changed.base}/queues/mail")
        follow(page.get_by_role("button", name="Pause"))
        assert page.locator("#done").inner_text() == "Queue mail is paused."
        assert "mail" in changed.engine.paused_queues()
        follow(page.get_by_role("button", name="Resume"))
        assert "mail" not in changed.engine.paused_queues()
