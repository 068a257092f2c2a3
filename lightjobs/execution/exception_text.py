"""The text that is kept with a failed job: its exception, told whole within 16 KiB."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import Path

from ..errors import JobTimeout, PayloadError, PermanentJobFailure, UnknownHandler

EXCEPTION_BYTES = 16 * 1024
"""A failed job keeps at most this much of its exception's text."""

MESSAGE_BYTES = 8 * 1024
"""At most this much of it is the message of one exception, so that its traceback has room."""

_OWN = (UnknownHandler, PayloadError)
"""Errors of lightjobs, whose causes tell a user nothing."""

_SELF_EXPLANATORY = (PermanentJobFailure, JobTimeout, *_OWN)
"""Errors whose text says enough without the name of their type."""

_OWN_FOLDER = str(Path(__file__).parent.parent)


def describe(error: BaseException) -> str:
    """The text of `error` that is kept with a failed job: its type and message, and its traceback
    without lightjobs' own frames; then the same of the members of a group, and of the exceptions
    that it was caused by or raised while handling. At most EXCEPTION_BYTES of UTF-8. Never raises.
    """
    kept = b""
    try:
        for part in _parts(error, "", {id(error)}):
            kept += _encoded(part)
            if len(kept) >= EXCEPTION_BYTES:
                break
    except BaseException:  # of a class that is hostile beyond its text: the first part is there
        pass
    return (kept or _encoded(_headline(error)))[:EXCEPTION_BYTES].decode("utf-8", "ignore")


def _encoded(text: str) -> bytes:
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace")


def _parts(error: BaseException, member: str, seen: set[int]) -> Iterator[str]:
    """The text of `error` and of those related to it. `member` says of which group it is part."""
    yield _headline(error) + _traceback(error)
    yield from _related(error, member, seen)


def _related(error: BaseException, member: str, seen: set[int]) -> Iterator[str]:
    if isinstance(error, _OWN):
        return
    for relation, other in _relations(error):
        if id(other) in seen:
            continue
        seen.add(id(other))
        is_member = relation.startswith("member")
        label = f"{member}, {relation}" if member else relation
        yield f"\n\n{label[0].upper()}{label[1:]}: "
        yield from _parts(other, label if is_member else member, seen)


def _relations(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        members = error.exceptions
        for number, other in enumerate(members, 1):
            yield f"member {number} of {len(members)}", other
    if error.__cause__ is not None:
        yield "caused by", error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield "raised while handling", error.__context__


def _headline(error: BaseException) -> str:
    try:
        if isinstance(error, _SELF_EXPLANATORY):
            text = str(error)
        else:
            text = "".join(traceback.format_exception_only(error)).removesuffix("\n")
    except BaseException:
        text = f"{type(error).__name__} (its text could not be made)"
    return _encoded(text)[:MESSAGE_BYTES].decode("utf-8", "ignore")


def _traceback(error: BaseException) -> str:
    try:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__, limit=-50)
            if not frame.filename.startswith(_OWN_FOLDER + os.sep)
        ]
        if not frames:
            return ""
        lines = "".join(traceback.format_list(frames)).rstrip()
    except Exception:
        return ""
    return f"\n\nTraceback (most recent call last):\n{lines}"
