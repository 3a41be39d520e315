"""The chart of the README: time and error of everybody, from the answers of `benchmarks.peers`."""

OURS = "streamloss"
COLOURS = {True: "#c0392b", False: "#7f8c8d"}
EXACT = 0.5
"""Ulp: a correctly rounded result is no farther off; the axis starts a little before."""

# Text stays text and dates stay out, so that a new chart differs where its figures do.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "streamloss",
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def bars(axes, rows, key, start):
    """Draw a bar for each row from the start of a log axis, and its figure behind it."""
    for k, (name, answer) in enumerate(rows):
        value = max(answer[key], start)
        axes.barh(k, value - start, left=start, color=COLOURS[name == OURS], height=0.7)
        # long figures as powers of ten: 4e+08 is half an ulp of float32
        text = f"{answer[key]:.2g}" if key == "ulp" else f"{answer[key]:.3g}"
        text = text.replace("e+0", "e").replace("e+", "e")
        axes.annotate(text, (value, k), (4, 0), textcoords="offset points", va="center")
    axes.set(xscale="log", ylim=(len(rows) - 0.4, -0.6))
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0)


def draw_question(time, error, found):
    """Draw the two panels of a question, the fastest first."""
    rows = sorted(found["answers"].items(), key=lambda item: item[1]["seconds"])
    bars(time, rows, "of_read", 0.5)
    bars(error, rows, "ulp", EXACT / 5)
    most = max(answer["of_read"] for _, answer in rows)
    time.set_xlim(0.5, 2.5 * max(most, 10))
    time.xaxis.set_major_formatter("{x:g}")
    time.axvline(1, color="black", linewidth=0.8, linestyle=":")
    time.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label in time.get_yticklabels():
        label.set_color(COLOURS[True] if label.get_text() == OURS else "black")
    error.set_xlim(EXACT / 5, 1e17)
    error.set_xticks([1, 1e4, 1e8, 1e12])
    error.axvline(EXACT, color="black", linewidth=0.8, linestyle=":")
    error.set_yticks([])
    size = f"{found['size'] // 10**6} M {found['unit']}"
    time.set_title(f"{found['title']} ({size})", loc="left", fontweight="bold", fontsize=8)


def draw(found, path):
    """Draw all questions, two in a row, into a file of SVG."""
    # asv imports all modules here, matplotlib or not
    import matplotlib.pyplot as plt

    plt.switch_backend("svg")
    lines = [list(found.values())[k : k + 2] for k in range(0, len(found), 2)]
    heights = [max(len(each["answers"]) for each in line) + 4 for line in lines]
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            len(lines),
            4,
            figsize=(11, 0.17 * sum(heights)),
            width_ratios=[3, 2, 3, 2],
            height_ratios=heights,
            layout="constrained",
            squeeze=False,
        )
        for line, axes in zip(lines, grid, strict=True):
            for k in (0, 1):
                if k < len(line):
                    draw_question(axes[2 * k], axes[2 * k + 1], line[k])
                else:
                    axes[2 * k].set_axis_off(), axes[2 * k + 1].set_axis_off()
        for axes in grid[-1]:
            axes.set_xlabel("")
        for k in (0, 2):
            grid[-1][k].set_xlabel("time, in reads of the data")
            grid[-1][k + 1].set_xlabel("error, in ulp of float64")
        figure.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(figure)
