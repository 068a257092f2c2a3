"""Commands as they go over the wire: RESP, in versions 2 and 3 alike."""

from __future__ import annotations

from collections.abc import Sequence

Word = str | bytes | int | float


def packed(*words: Word) -> bytes:
    """One command."""
    return counted(len(words), encoded(words))


def counted(count: int, words: bytes) -> bytes:
    """The command of `count` encoded words."""
    return b"*%d\r\n%b" % (count, words)


def encoded(words: Sequence[Word]) -> bytes:
    """The words of a command, or some of them. A sixth of the time that redis-py takes. Who
    dispatches one job at a time pays it fourfold: a processor that has waited for the last reply
    has forgotten the code."""
    try:
        is_plain = "".join(words).isascii()  # type: ignore[arg-type]
    except TypeError:  # numbers or bytes are among them
        is_plain = False
    if is_plain:  # each character is a byte
        return "".join([f"${len(word)}\r\n{word}\r\n" for word in words]).encode()  # type: ignore[arg-type,str-bytes-safe]
    parts = []
    for word in words:
        raw = word if type(word) is bytes else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)
