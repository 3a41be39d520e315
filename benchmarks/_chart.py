"""The charts of pages: time and error of everybody, for all rows and for slices.

Figures are the answers of `benchmarks.peers` and `benchmarks.slices`.

They are written by hand, a line for each bar, so that a new chart differs where its figures do.
They bring a background of their own, since a page may be dark where the system is light.
"""

from xml.sax.saxutils import escape

OURS = "streamloss"
SHOWN = "weighted mae float32", "softmax float32"
"""The questions that are drawn: a sum, and a loss whose arithmetic takes most of the time."""

SLICES = "dense 10000 20", "sparse 1000000 20"
"""The questions on slices that are drawn: keys that are their own codes, and those that are not."""

WIDTH, BAR, TITLE = 720, 18, 44
NAMES, TIMES, ERRORS = 130, 370, 560
"""Where names end, how long the longest bar is, and where errors begin."""

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>Time and error of streamloss and of other libraries</title>
<style>
  text {{ font: 12px system-ui, sans-serif; fill: #24292f }}
  .title, .ours {{ font-weight: 600 }}
  .head {{ fill: #57606a }}
  .paper {{ fill: #ffffff }}
  .bar {{ fill: #afb8c1 }}
  .bar.ours {{ fill: #4051b5 }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }}
    .head {{ fill: #9198a1 }}
    .paper {{ fill: #1e2129 }}
    .bar {{ fill: #59636e }}
    .bar.ours {{ fill: #8c9eff }}
  }}
</style>
<rect class="paper" width="{width}" height="{height}" rx="6"/>"""


def figure(value):
    """Return a number of ulp in a few characters: 0.18, 54 or 2.5e8."""
    return f"{value:.2f}" if value < 10 else f"{value:.2g}".replace("e+0", "e").replace("e+", "e")


def text(x, y, words, kind="", end=False):
    """Return words at a place."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += ' text-anchor="end"' if end else ""
    return f'<text x="{x}" y="{y}"{attributes}>{escape(words)}</text>'


def bar(y, name, answer, most, time="of_read", shown="{:.1f}"):
    """Return a line with the name, a time and the error of an answer."""
    kind, shade = ("ours", "bar ours") if name == OURS else ("", "bar")
    length = round(answer[time] / most * (TIMES - 40))
    return "".join(
        [
            text(NAMES, y + 12, name, kind, end=True),
            f'<rect class="{shade}" x="{NAMES + 8}" y="{y + 2}" width="{length}" height="12"/>',
            text(NAMES + 14 + length, y + 12, shown.format(answer[time]), kind),
            text(ERRORS, y + 12, figure(answer["ulp"]), kind),
        ]
    )


def question(y, found):
    """Yield the lines of a question, the fastest first."""
    size = f"{found['size'] // 10**6} M {found['unit']}"
    yield from heads(y, f"{found['title']}, {size}", "time, in plain reads of the data")
    answers = sorted(found["answers"].items(), key=lambda item: item[1]["seconds"])
    for k, (name, answer) in enumerate(answers):
        yield bar(y + TITLE + BAR * k, name, answer, max(a["of_read"] for _, a in answers))


def slices(y, found):
    """Yield the lines of a question on slices, the fastest first."""
    title = f"Weighted mean absolute error, {found['rows'] // 10**6} M rows"
    keys = {"dense": "integers from 0 on", "sparse": "integers far apart"}[found["keys"]]
    yield from heads(y, f"{title}, {found['groups']:,} slices by {keys}", "milliseconds")
    answers = sorted(found["answers"].items(), key=lambda item: item[1]["seconds"])
    most = max(answer["seconds"] for _, answer in answers)
    for k, (name, answer) in enumerate(answers):
        shown = f"{1e3 * answer['seconds']:.0f}"
        yield bar(y + TITLE + BAR * k, name, answer, most, "seconds", shown)


def heads(y, title, time):
    """Yield the title of a question, and the heads of its columns."""
    yield text(16, y + 18, title, "title")
    yield text(NAMES + 8, y + 36, time, "head")
    yield text(ERRORS, y + 36, "error, in ulp of float64", "head")


def draw(found, path, names=SHOWN, lines_of=question):
    """Draw the questions that are shown into a file of SVG."""
    lines, y = [], 8
    for name in names:
        lines += lines_of(y, found[name])
        y += TITLE + BAR * len(found[name]["answers"]) + 12
    path.write_text("\n".join([HEAD.format(width=WIDTH, height=y), *lines, "</svg>", ""]))
