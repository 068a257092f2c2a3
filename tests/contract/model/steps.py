"""Marking the methods of a machine that are steps, and choosing steps.

Hypothesis could draw the methods as rules. But it draws all of them equally often, leaves out half
of them in an order, and begins with the simplest: of its first twenty orders, most have no job or
nobody who claims it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

Call = tuple[str, dict[str, Any]]
"""The name of a step and its arguments."""

_Method = TypeVar("_Method", bound=Callable[..., None])


def step(weight: int, /, **choices: Sequence[Any]) -> Callable[[_Method], _Method]:
    """Decorates a step that is taken `weight` times as often as one of weight 1, each of its
    arguments being one of the choices."""

    def mark(method: _Method) -> _Method:
        method.step = weight, choices  # type: ignore[attr-defined]
        return method

    return mark


def _steps(machine: type) -> dict[str, tuple[int, dict[str, Sequence[Any]]]]:
    found = {name: getattr(getattr(machine, name), "step", None) for name in dir(machine)}
    return {name: each for name, each in found.items() if each is not None}


def chosen(machine: type, count: int, seed: int) -> list[Call]:
    """So many steps of `machine`, always the same for a seed."""
    steps, random = _steps(machine), Random(seed)
    names = random.choices(list(steps), [weight for weight, _ in steps.values()], k=count)
    return [
        (name, {each: random.choice(choices) for each, choices in steps[name][1].items()})
        for name in names
    ]


def any_step(machine: type) -> st.SearchStrategy[Call]:
    """One step of `machine`, as Hypothesis draws it."""
    steps = _steps(machine)
    names = [name for name, (weight, _) in steps.items() for _ in range(weight)]

    def call(name: str) -> st.SearchStrategy[Call]:
        arguments = {each: st.sampled_from(choices) for each, choices in steps[name][1].items()}
        return st.tuples(st.just(name), st.fixed_dictionaries(arguments))

    return st.sampled_from(names).flatmap(call)
