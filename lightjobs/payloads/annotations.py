"""The annotations of a class, in all versions of Python."""

from __future__ import annotations

import sys
from typing import Any


def own_annotation(owner: type[Any], name: str) -> Any:
    """What annotates the attribute `name` in the body of the class `owner` itself; None if nothing
    does.

    From Python 3.14 on, annotations are worked out when they are asked for. They are not in the
    class's dict before that, and each may name something that does not exist. Such a name gives a
    ForwardRef here, so that it matters only where it stands.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(owner, format=Format.FORWARDREF).get(name)
    return vars(owner).get("__annotations__", {}).get(name)
