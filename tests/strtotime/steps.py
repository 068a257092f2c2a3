"""Counts the work of a call, independently of the machine and its load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import lightjobs.strtotime

_PACKAGE = str(Path(lightjobs.strtotime.__file__).parent)


def steps(call: Callable[[], object]) -> int:
    """How many lines of lightjobs.strtotime `call` executes, counting a line in a loop each time,
    plus how many built-in functions it calls. Work inside a built-in function is not counted."""
    count = 0

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename.startswith(_PACKAGE) else None

    def on_built_in(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(on_call)
    sys.setprofile(on_built_in)
    try:
        call()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return count
