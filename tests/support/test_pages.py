"""The pages say what is there: files that they name, functions that walks pass, figures."""

import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import readme

ROOT = Path(__file__).parents[2]
WALKS = ROOT / "docs" / "internals" / "follow_a_number.md"

FOLDERS = "streamloss", "tests", "docs", "benchmarks", "examples", "tools"
"""Folders of the repository with texts, and with files that texts name."""

NAMED = re.compile(rf"\b(?:{'|'.join(FOLDERS)})/[\w/]+\.(?:md|py|txt)\b")
"""A file of the repository by its path."""

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
"""A link to another page."""


def texts() -> Iterator[Path]:
    """Yield the pages, and the modules, whose comments name files too."""
    yield from ROOT.glob("*.md")
    for folder in FOLDERS:
        yield from (path for kind in ("*.md", "*.py") for path in (ROOT / folder).rglob(kind))


def missing(path: Path) -> set[str]:
    """The files that a text names or links to, and that are not there."""
    text = path.read_text()
    found = {name for name in NAMED.findall(text) if not (ROOT / name).exists()}
    if path.suffix == ".md":
        found |= {link for link in LINK.findall(text) if not (path.parent / link).exists()}
    return found


def test_files_that_texts_name_exist() -> None:
    found = {str(path.relative_to(ROOT)): missing(path) for path in texts()}
    assert {path: names for path, names in found.items() if names} == {}


def test_functions_that_walks_pass_exist() -> None:
    blocks = re.findall(r"```text\n(.*?)```", WALKS.read_text(), re.DOTALL)
    names = {line.split()[0] for block in blocks for line in block.splitlines()}
    assert len(names) > 40
    for name in names:
        assert callable(pkgutil.resolve_name(f"streamloss.{name}")), name


def test_figures_on_pages_are_those_that_were_measured() -> None:
    for page, text in readme.pages():
        assert page.read_text() == text, f"{page.name}: run `python -m benchmarks.readme`"
