"""Text of jobs never runs, and makes nothing of the page but text."""

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import STATUSES
from tests.web import hostile
from tests.web.addresses import NAMES

from .addresses import addresses
from .conftest import show_in
from .watching import UNFOLD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def fill(engine):
    values = hostile.fill(engine)
    jobs = [job.id for status in STATUSES for job in engine.browse(Where(status=status))]
    return {**{name: [value] for name, value in values.items()}, "job": jobs}


@pytest.fixture(scope="module")
def harmful(tmp_path_factory):
    with show_in(tmp_path_factory.mktemp("hostile"), fill, "--write") as shown:
        yield shown


@pytest.mark.parametrize("name", NAMES)
def test_it_is_inert_also_when_the_page_is_refreshed(tabs, harmful, name):
    with tabs() as page:
        for path in addresses(name, harmful.values):
            page.goto(harmful.base + path)
            page.evaluate(UNFOLD)
            with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
                page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            page.wait_for_timeout(100)
            assert page.locator("img").count() == 0


def test_the_tab_of_these_tests_sees_what_would_run(tabs, harmful):
    image = "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')"

    def run():
        with tabs() as page:
            page.goto(harmful.base)
            page.evaluate(image)
            page.wait_for_timeout(200)

    with pytest.raises(AssertionError, match="script-src"):
        run()
