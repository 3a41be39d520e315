"""Write figures of README and site from the answers of peers: `python -m benchmarks.readme`.

These are peers.json, processes.json and slices.json, each written by the module of its name.
"""

import json
import re
from pathlib import Path

from benchmarks import _chart, counts, peers, processes, slices

ROOT = Path(__file__).parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "speed.md"
GUIDE = ROOT / "docs" / "guides" / "slices.md"
GUIDE_OF_COUNTS = ROOT / "docs" / "guides" / "metrics.md"
CHART = ROOT / "docs" / "assets" / "peers.svg"
CHART_OF_SLICES = ROOT / "docs" / "assets" / "slices.svg"
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
WAITED = {
    OURS: (OURS,),
    "NumPy": ("NumPy", "pyarrow and NumPy"),
    **{name: (name,) for name in ("Polars", "DuckDB", "JAX", "PyTorch", "scikit-learn")},
    "dask.array": ("dask.array",),
}
"""The columns of the table of whole processes, in the same way."""

SHORT = "first", "file", "keys", "worker"
"""The questions to whole processes whose answers are in the README."""

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


def waits(found):
    """Yield the lines of the table of whole processes, in seconds."""
    answers = [each["answers"] for each in found.values()]
    columns = {
        head: names
        for head, names in WAITED.items()
        if any(name in each for name in names for each in answers)
    }
    yield line(["weighted mean absolute error, seconds", *columns])
    yield line(["---"] * (1 + len(columns)))
    for each in found.values():
        seconds = (
            [each["answers"][name]["seconds"] for name in names if name in each["answers"]]
            for names in columns.values()
        )
        yield line([each["title"], *(_shown(min(one)) if one else "" for one in seconds)])
    yield ""
    yield f"({'; '.join(sorted({conditions(each) for each in found.values()}))}.)"


KEYS = {"dense": "int32 from 0 on", "sparse": "int64 far apart"}
"""What keys of questions of slices are called."""


def by_slices(found):
    """Yield the lines of the table of slices: our time, how many times as long others take."""
    if not found:
        return
    peers = [name for name in next(iter(found.values()))["answers"] if name != OURS]
    heads = ["rows", "keys", "slices", f"{OURS}, ms", "MB", *peers]
    yield line(heads)
    yield line(["---"] * len(heads))
    for each in found.values():
        yield line(cells_of_slices(each, peers))
    yield ""
    errors = [f"{name} {worst_of(name, found)}" for name in (OURS, *peers)]
    yield f"The error of the worst slice, in ulp: {'; '.join(errors)}."
    yield f"({'; '.join(sorted({conditions(each) for each in found.values()}))}.)"


def cells_of_slices(found, peers):
    """Yield the cells of a row of the table of slices."""
    answers = found["answers"]
    ours = answers[OURS]["seconds"]
    yield from (f"{found['rows'] // 10**6} M", KEYS[found["keys"]], f"{found['groups']:,}")
    yield from (f"{float(f'{1e3 * ours:.3g}'):,g}", f"{found['bytes'] / 1e6:.2g}")
    for name in peers:
        yield f"{answers[name]['seconds'] / ours:.1f}" if name in answers else ""


def worst_of(name, found):
    """Return the largest error of slices in ulp, and how often their digits change."""
    answers = [each["answers"][name] for each in found.values() if name in each["answers"]]
    change = sum(not each["same"] for each in answers)
    digits = f", digits change from run to run in {change} of {len(answers)} rows"
    return f"{max(each['ulp'] for each in answers):.3g}{digits if change else ''}"


def slices_summary(found):
    """Yield sentences on slices, of the fewest rows that were asked for."""
    if not found:
        return
    rows = min(each["rows"] for each in found.values())
    some = [each for each in found.values() if each["rows"] == rows]
    for keys, name in KEYS.items():
        asked = [each for each in some if each["keys"] == keys]
        times = [1e3 * each["answers"][OURS]["seconds"] for each in asked]
        ratios = [fastest_of_others(each) / each["answers"][OURS]["seconds"] for each in asked]
        yield (
            f"By keys of {name}, {rows // 10**6} M rows in {asked[0]['groups']:,} to"
            f" {asked[-1]['groups']:,} slices take {min(times):.3g} to {max(times):.3g} ms;"
            f" the fastest of Polars and DuckDB takes {min(ratios):.1f} to {max(ratios):.1f}"
            " times as long."
        )
    many = max(some, key=lambda each: (each["groups"], -each["bytes"]))
    conditions_of_all = "; ".join(sorted({conditions(each) for each in some}))
    yield f"{many['groups']:,} slices hold {many['bytes'] / 1e6:.2g} MB. ({conditions_of_all}.)"


def by_counts(found):
    """Yield the lines of the table of metrics of counts: our time, and others' as multiples."""
    if not found:
        return
    names = dict.fromkeys(name for each in found.values() for name in each["answers"])
    others = [name for name in names if name != OURS]
    yield line(["", f"{OURS}, ms", *others])
    yield line(["---"] * (2 + len(others)))
    for each in found.values():
        answers, ours = each["answers"], each["answers"][OURS]["seconds"]
        ratios = [
            f"{answers[name]['seconds'] / ours:.3g}" if name in answers else "" for name in others
        ]
        yield line([f"`{counts.METRICS[each['metric']]}`", f"{1e3 * ours:.3g}", *ratios])
    yield ""
    rows = next(iter(found.values()))["rows"]
    yield (
        f"{rows // 10**6} million int64 labels of {counts.CLASSES} classes; of the area under the"
        " ROC curve labels of two and float32 scores, with its bracket, where torchmetrics and"
        " Keras have 200 thresholds."
        f" ({'; '.join(sorted({conditions(each) for each in found.values()}))}.)"
    )


def fastest_of_others(found):
    """Return the least time of all others."""
    return min(each["seconds"] for name, each in found["answers"].items() if name != OURS)


def _shown(seconds):
    """Return seconds as text; what is beyond others may be less than their noise, and below 0."""
    return "< 0.01" if seconds < 0.01 else f"{seconds:.2f}"


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


def pages():
    """Yield each page with figures, and the text that it should have."""
    found = json.loads(peers.FOUND.read_text())
    whole = json.loads(processes.FOUND.read_text())
    sliced = json.loads(slices.FOUND.read_text()) if slices.FOUND.exists() else {}
    short = {name: whole[name] for name in SHORT if name in whole}
    for page, speed, waited in (
        (README, [summary(found)], short),
        (PAGE, table(found), whole),
    ):
        text = between(page.read_text(), "speed", "\n".join(speed))
        text = between(text, "processes", "\n".join(waits(waited)))
        of_slices = by_slices if page == PAGE else slices_summary
        yield page, between(text, "slices", "\n".join(of_slices(sliced)))
    yield GUIDE, between(GUIDE.read_text(), "slices", "\n".join(slices_summary(sliced)))
    counted = json.loads(counts.FOUND.read_text()) if counts.FOUND.exists() else {}
    text = GUIDE_OF_COUNTS.read_text()
    yield GUIDE_OF_COUNTS, between(text, "counts", "\n".join(by_counts(counted)))


def main():
    """Draw the charts, and fill in the README and the pages."""
    _chart.draw(json.loads(peers.FOUND.read_text()), CHART)
    sliced = json.loads(slices.FOUND.read_text())
    _chart.draw(sliced, CHART_OF_SLICES, _chart.SLICES, _chart.slices)
    for page, text in pages():
        page.write_text(text)


if __name__ == "__main__":
    main()
