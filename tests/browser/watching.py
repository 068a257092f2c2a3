"""A tab of the browser, and all that goes wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

UNFOLD = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
}"""
"""Opens all that is folded in a page."""

VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy", event.violatedDirective, event.blockedURI));
"""

PATIENCE = 20_000.0
"""Milliseconds. How long a page may take on a busy machine."""

expect.set_options(timeout=PATIENCE)


def follow(control: Locator) -> None:
    """Click on a link or button that leads to another page, and wait for that page. A click alone
    may return while the old page still stands, and the test would read what that one says."""
    with control.page.expect_navigation():
        control.click()


@contextmanager
def tab(browser: Browser, *, quiet: bool = True, **options: object) -> Iterator[Page]:
    """A tab of a browser without any history. The test fails at the end if a script was in error or
    refused by the policy, if there was an alert, if another host was asked, or if an answer said
    that something is wrong, unless not `quiet`."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    troubles: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            troubles.append(f"console: {message.text}")

    def dialog(opened: Dialog) -> None:
        troubles.append(f"alert: {opened.message}")
        opened.dismiss()

    def request(sent: Request) -> None:
        if not sent.url.startswith(("http://127.0.0.1:", "data:")):
            troubles.append(f"asked elsewhere: {sent.url}")

    def response(answer: Response) -> None:
        if answer.status >= 400:
            troubles.append(f"{answer.status}: {answer.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("dialog", dialog)
    page.on("request", request)
    page.on("response", response)
    try:
        yield page
    finally:
        context.close()
    assert not (quiet and troubles), troubles
