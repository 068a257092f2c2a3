"""The settings JOB_WEB_… that are no options of the command: secrets, and what pages show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..env import env
from ..errors import SettingsError
from ..settings import values
from .access import Level
from .options import Options
from .redaction import Redaction


def secrets(*, write: bool) -> dict[str, Level]:
    """The passwords and what each allows: that of JOB_WEB_PASSWORD to change something, too, if
    `write`. Empty if none is set. Raises SettingsError."""
    password, reading = env("JOB_WEB_PASSWORD"), env("JOB_WEB_READ_PASSWORD")
    if reading is not None and reading == password:
        raise SettingsError(
            "JOB_WEB_READ_PASSWORD is the same as JOB_WEB_PASSWORD; allowed: another"
        )
    if write and reading is not None and password is None:
        raise SettingsError(
            "JOB_WEB_PASSWORD is not set; with JOB_WEB_READ_PASSWORD, --write needs both"
        )
    found: dict[str, Level] = {}
    if password is not None:
        found[password] = "write" if write else "read"
    if reading is not None:
        found[reading] = "read"
    return found


def options(*, hide_payloads: bool) -> Options:
    """The options of the page that stands alone. Raises SettingsError."""
    return Options(
        hide_payloads=hide_payloads,
        redaction=redaction((env("JOB_WEB_REDACT") or "").split()),
        links=links(_pairs(env("JOB_WEB_LINKS") or "")),
        slow=_slow(env("JOB_WEB_SLOW")),
    )


def hides_payloads() -> bool:
    """Whether JOB_WEB_HIDE_PAYLOADS is set. Raises SettingsError."""
    text = env("JOB_WEB_HIDE_PAYLOADS") or "false"
    try:
        return values.boolean(text)
    except ValueError as error:
        raise SettingsError(f"JOB_WEB_HIDE_PAYLOADS is {text!r}; allowed: {error}") from None


def redaction(more: list[str]) -> Redaction:
    """What is hidden, with the regular expressions `more`. Raises SettingsError."""
    try:
        return Redaction(more)
    except ValueError as error:
        raise SettingsError(f"JOB_WEB_REDACT: {error}") from None


def links(given: Mapping[str, str]) -> dict[str, str]:
    """`given`, addresses by their text, if they are such as a page may link to. Raises
    SettingsError."""
    for text, address in given.items():
        unknown = set(re.findall(r"\{[^}]*\}", address)) - {"{id}", "{trace_id}"}
        if unknown or urlsplit(address).scheme not in ("http", "https"):
            raise SettingsError(
                f"the link {text!r} of JOB_WEB_LINKS is {address!r}; allowed: an address with "
                "http:// or https://, and in it {id} and {trace_id}"
            )
    return dict(given)


def _pairs(text: str) -> dict[str, str]:
    """The links in `Logs=https://logs.example/?q={id} Trace=…`."""
    found = {}
    for part in text.split():
        name, equals, address = part.partition("=")
        if not (name and equals):
            raise SettingsError(
                f"JOB_WEB_LINKS has {part!r}; allowed: Name=https://…, several with spaces between"
            )
        found[name.replace("_", " ")] = address
    return found


def _slow(text: str | None) -> float:
    if text is None:
        return Options().slow
    try:
        return values.seconds(0)(text)
    except ValueError as error:
        raise SettingsError(f"JOB_WEB_SLOW is {text!r}; allowed: {error}") from None
