"""How to reach every page: what stands for the values in its path."""

from __future__ import annotations

from collections.abc import Mapping

from lightjobs.web import routes

EXAMPLES = {"queue": "mail", "job": "1", "batch": "b1"}
"""A value for each name in angle brackets of the paths."""


def address(name: str, values: Mapping[str, str] = EXAMPLES) -> str:
    """The path of the page `name`, with `values` in it."""
    urls = routes.table().bind("localhost")
    rule = next(iter(urls.map.iter_rules(name)))
    return urls.build(name, {each: values[each] for each in rule.arguments})


NAMES = [page.name for page in routes.PAGES]
