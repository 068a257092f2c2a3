"""Text from jobs, made safe for a terminal."""

from __future__ import annotations


def escaped(text: str) -> str:
    """`text` with control characters, lone surrogates and bidi marks shown as escapes.

    A payload or an exception may carry terminal escape sequences; nothing of a job reaches a
    terminal but through here.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def escaped_lines(text: str) -> str:
    """As `escaped`, but line ends stay: for tracebacks."""
    return "\n".join(escaped(line.replace("\t", "    ")) for line in text.split("\n"))


def shortened(text: str, limit: int = 60) -> str:
    """`text` escaped and cut to `limit` characters, for naming a wrong value in an error."""
    text = escaped(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
