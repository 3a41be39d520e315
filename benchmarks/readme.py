"""Write README's and the site's figures from peers.json: `python -m benchmarks.readme`."""

import json
import re
from pathlib import Path

from benchmarks import _chart
from benchmarks.peers import FOUND

ROOT = Path(__file__).parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "speed.md"
CHART = ROOT / "docs" / "assets" / "peers.svg"
OURS = "streamloss"
# The columns of the table, and who may stand in each: the faster one is taken.
COLUMNS = {
    "NumPy": ("NumPy",),
    "PyTorch": ("PyTorch",),
    "JAX": ("JAX",),
    "JAX in float64": ("JAX, in float64",),
    "TensorFlow": ("TensorFlow", "TensorFlow XLA"),
    "scikit-learn": ("scikit-learn",),
    "Polars": ("Polars",),
    "DuckDB": ("DuckDB",),
}
SUM = "sum memory float64"
SWEEPS = "mae", "weighted"
"""How the names of questions begin that cost little more than reading the data."""


def cells(name, found):
    """Return the cells of a question's row."""
    answers = found["answers"]
    ours = answers[OURS]
    yield f"{name}, {found['size'] // 10**6} M"
    yield f"{ours['of_read']:.2f}"
    yield f"{ours['ulp']:.2f}"
    for names in COLUMNS.values():
        seconds = [answers[name]["seconds"] for name in names if name in answers]
        yield f"{min(seconds) / ours['seconds']:.1f}" if seconds else ""


def table(found):
    """Yield the lines of the table, and what its figures are."""
    heads = ["", "reads of the data", "error, ulp", *COLUMNS]
    yield line(heads)
    yield line(["---"] * len(heads))
    for name, each in found.items():
        if not name.startswith("sum"):
            yield line(cells(name, each))
    yield ""
    if SUM in found:
        yield sums(found[SUM])
    yield f"({'; '.join(sorted({conditions(each) for each in found.values()}))}.)"


def sums(found):
    """Return a sentence on exact sums."""
    nanoseconds = {
        name: f"{each['seconds'] / found['size'] * 1e9:.2f} ns"
        for name, each in found["answers"].items()
    }
    others = [f"{name} {each}" for name, each in nanoseconds.items() if name != OURS]
    return (
        f"A sum alone, of float64 in one thread, takes {nanoseconds[OURS]} a term; "
        f"{'; '.join(others)}."
    )


def summary(found):
    """Return a sentence on the questions that cost little more than reading the data."""
    sweeps = [each for name, each in found.items() if name.startswith(SWEEPS)]
    times = [each["answers"][OURS]["of_read"] for each in sweeps]
    error = max(each["answers"][OURS]["ulp"] for each in found.values())
    return (
        f"A mean absolute error, weighted or not, or a weighted Huber loss takes"
        f" {min(times):.1f} to {max(times):.1f} plain reads of the data."
        f"\nNo result is more than {error:.2f} ulp off."
        f" ({'; '.join(sorted({conditions(each) for each in found.values()}))}.)"
    )


def line(texts):
    """Return a line of a table."""
    return f"| {' | '.join(texts)} |"


def conditions(found):
    """Return what a measurement depends on."""
    return (
        f"{found['when']}, {found['processor']}, {found['cores']} cores, "
        f"medians of {found['rounds']} rounds"
    )


def between(text, name, inner):
    """Return a text with what stands between two marks replaced."""
    marks = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = ".*".join(map(re.escape, marks))
    text, count = re.subn(
        pattern, lambda _: f"{marks[0]}\n{inner}\n{marks[1]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"a page must have the marks {' and '.join(marks)} once")
    return text


def main():
    """Draw the chart, and fill in the README and the page."""
    found = json.loads(FOUND.read_text())
    _chart.draw(found, CHART)
    for page, inner in ((README, summary(found)), (PAGE, "\n".join(table(found)))):
        page.write_text(between(page.read_text(), "speed", inner))


if __name__ == "__main__":
    main()
