"""Kinds of errors: what texts have in common that differ by an id or a number."""

from __future__ import annotations

import re
from functools import lru_cache

from ...engines.where import error_class

LONGEST = 200
"""Characters that are looked at. ERROR_HEAD has more: its kind is that of the whole text."""

_CLASS = re.compile(r"[^\W\d]\w*([.\\][^\W\d]\w*)*")
"""The name of a class, which may have digits."""

_HEX = r"(?=[a-f]*\d)[0-9a-f]{8,}"

_VARYING = re.compile(
    rf"""
      \b[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b  # a UUID
    | \b(0x[0-9a-f]+|{_HEX})\b
    | \b\w*\d{{3}}\w*                                        # such as INV20391
    | (?<![^\W_])\d+
    """,
    re.IGNORECASE | re.VERBOSE,
)

_STARS = re.compile(r"\*([-:.,/+_]?\*)+")


def kind_of(exception: str | None) -> str | None:
    """What `exception` begins with: the class of the error or, where a job was failed by a text,
    that text with a * for each number and id in it. None without an error."""
    found = error_class(exception)
    return None if found is None else _kind(found)


def varies(kind: str) -> bool:
    """Whether texts of this kind may differ: otherwise it is the class of each."""
    return "*" in kind


@lru_cache(maxsize=4096)
def _kind(text: str) -> str:
    if _CLASS.fullmatch(text) and not re.fullmatch(_HEX, text, re.IGNORECASE):
        return text if len(text) <= LONGEST else text[:LONGEST] + "*"
    kind = _VARYING.sub("*", text[:LONGEST]) + ("*" if len(text) > LONGEST else "")
    return _STARS.sub("*", kind)
