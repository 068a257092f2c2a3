"""What the URLs of all servers have in common."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


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
