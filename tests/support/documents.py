"""The documentation as the tests read it: pages, headings, links and code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"\s*```(\w*)\s*")
HEADING = re.compile(r"#+ (.*)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A code block, and the heading right above it."""

    heading: str
    language: str
    code: str


class Page(NamedTuple):
    """A Markdown file, by its path in the repository."""

    name: str
    headings: list[str]
    blocks: list[Block]
    prose: str
    """The text without its code blocks."""

    @property
    def anchors(self) -> set[str]:
        """What a link may name after `#`, by GitHub's rule."""
        words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in self.headings)
        return {word.replace(" ", "-") for word in words}

    @property
    def links(self) -> list[str]:
        """The targets of its links, but those to other sites."""
        return [link for link in LINK.findall(self.prose) if "://" not in link]


def pages() -> list[str]:
    """README, its neighbors, and all of docs/."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def page(name: str) -> Page:
    """The page of that name, such as docs/index.md."""
    read = Page(name, [], [], "")
    prose: list[str] = []
    language, code = None, ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True):
        fence = FENCE.fullmatch(line)
        if fence is None and language is not None:
            code += line  # a comment in it is no heading
        elif fence is None:
            if title := HEADING.match(line):
                read.headings.append(title[1])
            prose.append(line)
        elif language is None:
            language, code = fence[1], ""
        else:
            read.blocks.append(Block(read.headings[-1], language, code))
            language = None
    assert language is None, f"{name}: a code block does not end"
    return read._replace(prose="".join(prose))


def blocks(name: str, heading: str, *languages: str) -> list[str]:
    """The code blocks right below `heading` in one of `languages` (default: python), in order."""
    wanted = languages or ("python",)
    read = page(name)
    found = [b.code for b in read.blocks if b.heading == heading and b.language in wanted]
    assert found, f"{name} has no {' or '.join(wanted)} below {heading!r}: {read.headings}"
    return found


def run(code: str, module: str, **names: Any) -> dict[str, Any]:
    """The namespace that `code` leaves, run as the module of that name with `names` given."""
    namespace = {**names, "__name__": module}
    exec(compile(code, "documentation", "exec", dont_inherit=True), namespace)
    return namespace


def targets(name: str) -> Iterator[tuple[str, str, str]]:
    """For each link of a page: the link, the file it leads to, and the anchor there, or ""."""
    for link in page(name).links:
        file, _, anchor = link.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        yield link, path.resolve().relative_to(ROOT).as_posix(), anchor
