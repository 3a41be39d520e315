"""Write the tables of differences into the pages: `python -m tools.docs.differences [--check]`.

docs/differences.toml has a row for each way in which an interface of `streamloss.compat` answers
otherwise than its framework does or its page says. A page of docs/ has a table where it has the
marks `<!-- differences: torch: begin -->` and `end`, and the rows that quote the framework's page
at `<!-- differences: torch pages: begin -->`. tests/compat/test_differences.py runs the calls.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
DATA = DOCS / "differences.toml"
MARKS = re.compile(
    r"(<!-- differences: (\w+)((?: pages)?): begin -->\n).*?(<!-- differences: \2\3: end -->)",
    re.DOTALL,
)


class Framework(NamedTuple):
    """What the pages call a framework, and the version that was asked."""

    name: str
    version: str


class Difference(NamedTuple):
    """A row of the tables.

    `names` are the functions and classes that differ, `what` is the circumstance; `theirs` is what
    the framework does, `ours` what streamloss does. `page` is what the framework's page says,
    which tells why; without one `why` does. `call` is an example, an expression, and `gives` both
    answers: {theirs, ours}, or one for both. `golden` is a pattern of the ids of golden cases.
    """

    names: list[str]
    what: str
    theirs: str
    ours: str
    page: str = ""
    why: str = ""
    call: str = ""
    gives: Any = None
    golden: str = ""

    def answer(self, who: str) -> Any:
        """Return the answer to the call of "theirs" or "ours", None where it is not known."""
        return self.gives.get(who) if isinstance(self.gives, dict) else self.gives


def read() -> tuple[dict[str, Framework], dict[str, list[Difference]]]:
    """Return the frameworks, and the rows of each."""
    found = tomllib.loads(DATA.read_text())
    frameworks = {key: Framework(**each) for key, each in found.pop("frameworks").items()}
    rows = {key: [Difference(**row) for row in found.pop(key)] for key in frameworks}
    if found:
        raise ValueError(f"{DATA.name} has rows of a framework without a name: {sorted(found)}")
    return frameworks, rows


def golden(framework: str, ids: Iterable[str]) -> dict[str, str]:
    """Return what is the circumstance of each golden case in which we differ."""
    patterns = [(row.what, re.compile(row.golden)) for row in read()[1][framework] if row.golden]
    found = [(each, what) for each in ids for what, pattern in patterns if pattern.search(each)]
    if len(found) > len(dict(found)):
        raise ValueError(f"a golden case of {framework} belongs to two rows of {DATA.name}")
    return dict(found)


def table(framework: Framework, rows: list[Difference], pages: bool) -> Iterator[str]:
    """Yield the lines of a table: of the rows that quote a page, or of the others."""
    heads = ("the page", "the code", "here") if pages else (framework.name, "here", "why")
    yield line("what", *heads)
    yield line(*["---"] * 4)
    for row in rows:
        if bool(row.page) is pages:
            what = f"{row.what}: `{row.call}`" if row.call else row.what
            said = with_answer(row, "theirs"), with_answer(row, "ours")
            yield line(what, *((row.page, *said) if pages else (*said, row.why)))


def with_answer(row: Difference, who: str) -> str:
    """Return what somebody does, and the answer to the example."""
    said = row.theirs if who == "theirs" else row.ours
    answer = row.answer(who)
    return said if answer is None else ": ".join(filter(None, [said, f"`{answer}`"]))


def line(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def filled(text: str) -> str:
    """Return a page with its tables written anew."""
    frameworks, rows = read()

    def written(match: re.Match[str]) -> str:
        begin, key, pages, end = match.groups()
        return begin + "\n".join([*table(frameworks[key], rows[key], bool(pages)), end])

    return MARKS.sub(written, text)


def main(*options: str) -> int:
    """Write the pages, or say which of them are not as they would be written."""
    stale = 0
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text()
        new = filled(text)
        if new == text:
            continue
        stale += 1
        if "--check" in options:
            print(f"{page.relative_to(DOCS.parent)} is not as {DATA.name} has it")
        else:
            page.write_text(new)
    return stale if "--check" in options else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
