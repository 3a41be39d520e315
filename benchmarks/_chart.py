"""The chart of the README: time and error of everybody, from the answers of `benchmarks.peers`.

It is written by hand, a line for each bar, so that a new chart differs where its figures do. It
brings a background of its own, since a page may be dark where the system is light.
"""

from xml.sax.saxutils import escape

OURS = "streamloss"
SHOWN = "weighted mae float32", "softmax float32"
"""The questions that are drawn: a sum, and a loss whose arithmetic takes most of the time."""

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


def bar(y, name, answer, most):
    """Return a line with the name, the time and the error of an answer."""
    kind, shade = ("ours", "bar ours") if name == OURS else ("", "bar")
    length = round(answer["of_read"] / most * (TIMES - 40))
    return "".join(
        [
            text(NAMES, y + 12, name, kind, end=True),
            f'<rect class="{shade}" x="{NAMES + 8}" y="{y + 2}" width="{length}" height="12"/>',
            text(NAMES + 14 + length, y + 12, f"{answer['of_read']:.1f}", kind),
            text(ERRORS, y + 12, figure(answer["ulp"]), kind),
        ]
    )


def question(y, found):
    """Yield the lines of a question, the fastest first."""
    size = f"{found['size'] // 10**6} M {found['unit']}"
    yield text(16, y + 18, f"{found['title']}, {size}", "title")
    yield text(NAMES + 8, y + 36, "time, in plain reads of the data", "head")
    yield text(ERRORS, y + 36, "error, in ulp of float64", "head")
    answers = sorted(found["answers"].items(), key=lambda item: item[1]["seconds"])
    for k, (name, answer) in enumerate(answers):
        yield bar(y + TITLE + BAR * k, name, answer, max(a["of_read"] for _, a in answers))


def draw(found, path):
    """Draw the questions that are shown into a file of SVG."""
    lines, y = [], 8
    for name in SHOWN:
        lines += question(y, found[name])
        y += TITLE + BAR * len(found[name]["answers"]) + 12
    path.write_text("\n".join([HEAD.format(width=WIDTH, height=y), *lines, "</svg>", ""]))
