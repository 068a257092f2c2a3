"""Text from jobs, made safe to print on a terminal."""

from __future__ import annotations


def escaped(text: str) -> str:
    """`text` with control characters, lone surrogates and bidirectional marks shown as escapes.

    A payload or an exception may hold terminal escape sequences, so all text from jobs passes
    through here before it is printed.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def escaped_lines(text: str) -> str:
    """As `escaped`, but line ends are kept and a tab becomes four spaces: for tracebacks."""
    return "\n".join(escaped(line.replace("\t", "    ")) for line in text.split("\n"))


def shortened(text: str, limit: int = 60) -> str:
    """`text` escaped and cut to `limit` characters, to show a wrong value in an error message."""
    text = escaped(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
