"""The annotations of a class or function, in all versions of Python."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any, ForwardRef


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


def of_parameter(function: FunctionType, name: str) -> Any:
    """What annotates the parameter `name`, evaluated if it is text; None if nothing does, or if it
    names what the module of `function` does not have."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        annotation = get_annotations(function, format=Format.FORWARDREF).get(name)
    else:
        annotation = function.__annotations__.get(name)
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, function.__globals__)
    except Exception:  # an annotation can be any expression and raise anything
        return None


def adopt_payload_type(job: type[Any], base: type[Any]) -> None:
    """Set on `job`, a class derived from `base`, the payload type that its nearest annotation of
    `payload` gives, unless a class no further away has set one itself, as the class made for a
    function does."""
    for owner in job.__mro__[: job.__mro__.index(base)]:
        if "_typed" in vars(owner):
            return
        if own_annotation(owner, "payload") is not None:
            from . import typed  # slow to import, and most jobs have no type

            job._typed = typed.of_class(job, base)
            return
