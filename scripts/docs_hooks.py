"""What MkDocs does besides building the pages of docs/: it takes in the changelog and its
neighbors, and writes llms.txt and llms-full.txt."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages that are kept outside of docs/, and their places on the site."""

LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)

SHORT = "A job queue for Python that speaks Lightpack: nothing lost, on Redis or a database."

_pages: dict[str, str] = {}
"""The Markdown of each page, by its place on the site."""
_nav: list[Navigation] = []


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, place in OUTSIDE.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    _nav[:] = [nav]
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    text = relinked(markdown, page.file.src_uri)
    _pages[page.file.src_uri] = COMMENT.sub("", text)
    return text


def on_post_build(config: MkDocsConfig) -> None:
    site = Path(config.site_dir)
    (nav,) = _nav
    (site / "llms.txt").write_text(index(nav), encoding="utf-8")
    (site / "llms-full.txt").write_text(whole(nav), encoding="utf-8")


def relinked(markdown: str, place: str) -> str:
    """The text of the page with its links as they are on the site. In the repository they lead from
    where the page is kept."""
    sources = {place: name for name, place in OUTSIDE.items()}
    home = posixpath.dirname(sources.get(place, f"docs/{place}"))

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(home, found[2]))
        if target not in OUTSIDE and place not in sources:
            return found[0]
        there = OUTSIDE.get(target, target.removeprefix("docs/"))
        return found[1] + posixpath.relpath(there, posixpath.dirname(place) or ".") + found[3]

    return LINK.sub(link, markdown)


def index(nav: Navigation) -> str:
    """llms.txt: the pages with their first sentences."""
    lines = [f"# lightjobs\n\n> {SHORT}\n\nAll of it in one file: [llms-full.txt](llms-full.txt)\n"]
    for section, pages in sections(nav):
        lines.append(f"\n## {section}\n")
        for page in pages:
            text = _pages[page.file.src_uri]
            lines.append(f"- [{title(text)}]({page.url}){first_sentence(text)}")
    return "\n".join(lines) + "\n"


def whole(nav: Navigation) -> str:
    """llms-full.txt: all pages but the changelog, one after the other."""
    texts = [
        f"<!-- {page.file.src_uri} -->\n\n{_pages[page.file.src_uri].strip()}\n"
        for _, pages in sections(nav)
        for page in pages
        if page.file.src_uri != OUTSIDE["CHANGELOG.md"]
    ]
    return "\n\n".join(texts)


def sections(nav: Navigation) -> list[tuple[str, list[Page]]]:
    """The sections at the top of the navigation, each with all pages in it. The first page is
    left out: it is a list of the others."""
    found: list[tuple[str, list[Page]]] = []
    for item in nav.items:
        if isinstance(item, Page) and not item.is_homepage:
            found.append((str(item.title), [item]))
        elif isinstance(item, Section):
            found.append((item.title, below(item)))
    return found


def below(section: Section) -> list[Page]:
    """All pages in a section and in the sections within it."""
    pages: list[Page] = []
    for item in section.children:
        if isinstance(item, Page):
            pages.append(item)
        elif isinstance(item, Section):
            pages += below(item)
    return pages


def title(markdown: str) -> str:
    """The heading of a page."""
    found = re.search(r"^# (.*)", markdown, re.MULTILINE)
    return found[1] if found else ""


def first_sentence(markdown: str) -> str:
    """ ": " and the first sentence of a page's text, without links and code blocks; "" for none."""
    text = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    paragraphs = (each.strip() for each in text.split("\n\n"))
    prose = (each for each in paragraphs if re.match(r"[\w`\[\"*]", each))
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(next(prose, "").split()))
    sentence = re.split(r"(?<=[.!?]) ", plain)[0].rstrip(":")
    return sentence and f": {sentence}"
