"""What the URLs of servers have in common."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(url: str) -> SplitResult:
    """The parts of `url`; its port can be read.

    Raises ValueError when it is none, or when characters of a password seem to have ended a part
    too soon: what is left names another server. The text never quotes the URL.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("it is no URL; allowed: driver://user:password@host:port/name") from None
    if "#" in url or (parts.netloc and "@" in parts.path + parts.query):
        raise ValueError("# ? / @ in a user's name or password are written %23 %3F %2F %40")
    return parts
