"""What holds for every page of routes.PAGES in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.stores import STORES
from tests.web.addresses import NAMES

from . import plenty
from .addresses import addresses
from .conftest import show
from .watching import UNFOLD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PHONE = {"width": 375, "height": 740}

LOOSE_TABLES = """() => [...document.querySelectorAll("table:not(.u-legend)")].filter(
  (table) => [...table.querySelectorAll("tbody tr")].some(
    (row) => getComputedStyle(row).display !== "grid"))
  .map((table) => table.caption?.textContent)"""

WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 200))"""


def visited(page, shown, name):
    """Go to each address of the page `name`, yielding it."""
    for path in addresses(name, shown.values):
        answer = page.goto(shown.base + path, wait_until="load")
        assert answer.status == 200, path
        yield path


@pytest.mark.parametrize("name", NAMES)
def test_on_a_wide_screen_it_loads_and_refreshes_without_an_error(tabs, looked_at, name):
    with tabs(viewport={"width": 1280, "height": 800}) as page:
        for path in visited(page, looked_at, name):
            assert page.evaluate("document.documentElement.classList.contains('script')")
            with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
                page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            assert page.locator("#polled").inner_text() == ""
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 1280, (path, page.evaluate(WIDE))


@pytest.mark.parametrize(
    "store", ["redis-hash", pytest.param("postgresql", marks=pytest.mark.long)]
)
def test_it_loads_from_a_server(tabs, request, tmp_path, store):
    with show(STORES[store](request), tmp_path, plenty.fill, "--write") as shown, tabs() as page:
        for name in NAMES:
            for _ in visited(page, shown, name):
                assert page.locator("h1").count() == 1


GROUND = """() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"""
"""Red, green and blue, each of 0 to 255."""


# Only the colors differ in the dark.
SCHEMES = {"light": None, "dark": {"runOnly": ["color-contrast"]}}


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious_in_the_light_and_in_the_dark(tabs, looked_at, name):
    with tabs() as page:
        for path in visited(page, looked_at, name):
            page.evaluate(UNFOLD)
            for scheme, options in SCHEMES.items():
                page.emulate_media(color_scheme=scheme)
                assert (max(page.evaluate(GROUND)) < 64) == (scheme == "dark"), path
                found = Axe().run(page, options=options).response["violations"]
                grave = [
                    (each["id"], [node["html"] for node in each["nodes"]][:3])
                    for each in found
                    if each["impact"] in ("serious", "critical")
                ]
                assert grave == [], (path, scheme)


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone_it_scrolls_only_downwards_and_rows_are_cards(tabs, looked_at, name):
    with tabs(viewport=PHONE, is_mobile=True, has_touch=True) as page:
        for path in visited(page, looked_at, name):
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 375, (path, page.evaluate(WIDE))
            assert page.evaluate(LOOSE_TABLES) == [], path
