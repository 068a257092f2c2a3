"""What the URLs of all servers have in common."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

_HOSTS = re.compile(r"(?P<head>[^:/?#]+://([^/?#]*@)?)(?P<hosts>[^/?#@]*)(?P<rest>.*)", re.DOTALL)
"""The parts of a URL around its hosts, which some servers allow to be several, each with a port."""


def split(url: str) -> SplitResult:
    """The parts of `url`. Its port is valid or None.

    Raises ValueError for text that is not a URL, and for a URL in which characters of a password
    seem to have ended a part too early: the rest would name another server. The message never
    quotes the URL.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL; allowed: driver://user:password@host:port/name") from None
    if "#" in url or (parts.netloc and "@" in parts.path + parts.query):
        raise ValueError("# ? / @ in a user name or password must be written as %23 %3F %2F %40")
    return parts


def split_hosts(url: str) -> tuple[str, list[tuple[str, int | None]]]:
    """`url` with only the first of its hosts, and all of them with their ports if it has several,
    separated by commas. Raises ValueError; the message never quotes the URL."""
    parts = _HOSTS.fullmatch(url)
    if parts is None or "," not in parts["hosts"]:
        return url, []
    texts = parts["hosts"].split(",")
    each = [split(f"server://{text}") for text in texts]
    hosts = [(unquote(host.hostname or ""), host.port) for host in each]
    if not all(host for host, _port in hosts):
        raise ValueError("one of its hosts is empty; allowed: host:port,host:port")
    return f"{parts['head']}{texts[0]}{parts['rest']}", hosts
