"""What holds for the documentation as a whole; its examples are run by the other test_docs_*."""

import ast
import builtins
import re
import sys
import tomllib

import pytest

import lightjobs
from tests.support.documents import ROOT, page, pages, targets

DOCS = [name for name in pages() if name.startswith("docs/")]


@pytest.mark.parametrize("name", pages())
def test_every_link_leads_somewhere(name):
    for link, file, anchor in targets(name):
        assert (ROOT / file).exists(), f"{name}: {link} leads to no file"
        if anchor:
            assert anchor in page(file).anchors, f"{name}: {link} leads to no heading"


def test_the_index_leads_to_every_page():
    reached, unread = set(), ["docs/index.md"]
    while unread:
        name = unread.pop()
        reached.add(name)
        found = {file for _, file, _ in targets(name) if file.endswith(".md")}
        unread += [file for file in found if name.endswith("index.md") and file not in reached]
        reached |= found
    assert set(DOCS) <= reached


FOR_CONTRIBUTORS = (
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/benchmarks.md",
    "docs/glossary.md",
)
FOR_CONTRIBUTORS += tuple(name for name in DOCS if name.startswith("docs/decisions/"))
NO_LONGER = {"lightjobs/job.py", "job.py", "configured.py", "worker.py"}
"""Files of which the decisions tell that they are gone, or were not to be."""


def files_named(name):
    """The paths on a page: words of code that end with `/` or with what ends the names of source
    files. `*` and `<verb>` stand for any name."""
    read = page(name)
    code = " ".join([*re.findall("`([^`]+)`", read.prose), *(block.code for block in read.blocks)])
    code = re.sub(r"-m [\w.]+", "", code)  # a module, such as benchmarks.sql
    words = (word.rstrip(",:;)") for word in re.split(r"[\s(,]+", code))
    return {word for word in words if re.fullmatch(r"[\w./<>*-]*(/|\.(py|sql|lua|php|toml))", word)}


def exists(path, *homes):
    """Whether a file or folder has this path, from the root or from any folder of `homes`."""
    pattern = re.sub("<[a-z]+>", "*", path).rstrip("/")
    found = [
        ROOT / pattern,
        *(each for home in homes for each in ROOT.glob(f"{home}/**/{pattern}")),
    ]
    return any(each.exists() and each.is_dir() == path.endswith("/") for each in found)


@pytest.mark.parametrize("name", FOR_CONTRIBUTORS)
def test_every_file_that_is_named_exists(name):
    homes = ("lightjobs", "tests") if name == "CONTRIBUTING.md" else ("lightjobs",)
    assert [path for path in files_named(name) - NO_LONGER if not exists(path, *homes)] == []


def test_files_are_found_in_prose_tables_and_pictures():
    found = files_named("docs/architecture.md")
    assert len(found) > 80
    assert found >= {
        "workers/loop.py",
        "queries/<verb>.sql",
        "spawn.py",
        "strtotime/",
        "cli/work.py",
    }


def run_by_tests():
    """The page and heading of each block that a test asks for by their literal names."""
    for path in (ROOT / "tests").glob("*/test_docs_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                first, second = (getattr(each, "value", None) for each in node.args[:2])
                if isinstance(first, str) and first.endswith(".md"):
                    yield first, second


def test_every_python_block_is_run_by_a_test():
    run = set(run_by_tests())
    shown = {
        (name, block.heading)
        for name in pages()
        for block in page(name).blocks
        if block.language == "python"
    }
    assert shown == run & shown, f"run by no test_docs_*.py: {sorted(shown - run)}"


def unbound(code):
    """The names that a block uses and neither imports nor defines."""
    tree, bound = ast.parse(code), set(dir(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                bound |= {(each.asname or each.name).partition(".")[0] for each in node.names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                bound.add(node.name)
            case ast.Name(ctx=ast.Store()):
                bound.add(node.id)
            case ast.arg():
                bound.add(node.arg)
            case ast.ExceptHandler(name=str()):
                bound.add(node.name)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - bound


@pytest.mark.parametrize("name", pages())
def test_every_python_block_imports_what_is_not_the_readers_own(name):
    ours = {*dir(lightjobs), "lightjobs", "engine", *sys.stdlib_module_names}
    for block in page(name).blocks:
        if block.language == "python":
            missing = unbound(block.code) & ours
            assert not missing, f"{name}, {block.heading}: {sorted(missing)} not imported"


def test_readme_is_short_and_begins_with_demo_and_test():
    read = page("README.md")
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200
    assert re.findall(r"^make \S+", read.blocks[0].code, re.MULTILINE) == ["make demo", "make test"]
    assert read.blocks[0].code.count("\n") == 2


def test_readme_and_delivery_promise_the_same_word_for_word():
    promised = [re.findall("^> .*", page(n).prose, re.M) for n in ("README.md", "docs/delivery.md")]
    assert promised[0] == promised[1]
    assert " ".join(line.removeprefix("> ") for line in promised[0]) == (
        "At least once. A dispatch that returned is run until it completes, fails for good or is "
        "cancelled. Each claim carries a fence, an integer per job that only rises: of all the "
        "runs of one job, one outcome is accepted. Durability is the store's own."
    )


def test_every_figure_of_readme_is_one_of_the_benchmarks():
    section = page("README.md").prose.split("## Speed")[1].split("\n## ")[0]
    measured = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    figures = re.findall(r"\b\d[\d,]{2,}\b", section)
    assert [figure for figure in figures if not re.search(rf"\b{figure}\b", measured)] == []
    pictures = re.findall(r"\]\(docs/(benchmarks/\w+\.svg)\)", section)
    assert pictures
    assert [picture for picture in pictures if f"]({picture})" not in measured] == []


def test_the_source_distribution_names_files_that_exist():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in included if not (ROOT / name).exists()] == []
    assert {name for name in pages() if "/" not in name} <= set(included)


def test_ci_runs_targets_of_the_makefile():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    targets = set(re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = re.findall(r"- run: (.*)", workflow)
    assert steps
    assert {step.removeprefix("make ") for step in steps} <= targets
