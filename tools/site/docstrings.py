"""How docstrings in numpy's style become Markdown, and what a loss shows of itself."""

import ast
import re
from types import FunctionType

import griffe

import streamloss as sl

TABLE = re.compile(r"^(=+ +=[= ]*)\n(.+)\n\1\n((?:.*\n)*?)\1$", re.MULTILINE)
"""A simple table of reStructuredText: a line of heads and lines of cells between rulers."""

NAME = re.compile(r"(?<![`\[])`([A-Za-z]\w+)`(?![`\]])")
"""A name in single backticks, which stands for an object if there is one."""

POWER = re.compile(r"(?<=\w)\*\*(?=[\w-])(?=(?:[^`]*`[^`]*`)*[^`]*$)")
"""A power outside of code, which Markdown would take for the beginning of bold text."""

AMBIGUOUS = {"loss", "losses", "metrics", "reduce"}
"""Objects that have the names of parameters too."""


def path_of(member):
    """Return the path under which the reference has an object of the package."""
    family = member.__module__.startswith(("streamloss.losses.", "streamloss.metrics."))
    defined_there = family and isinstance(member, type) and hasattr(member, "formula")
    return f"{member.__module__ if defined_there else 'streamloss'}.{member.__name__}"


MEMBERS = {name: getattr(sl, name) for name in sl.__all__}
"""Every public object by its name."""

PATHS = {n: path_of(m) for n, m in MEMBERS.items() if isinstance(m, type | FunctionType)}
"""The path of every public function and class by its name."""


class Docstrings(griffe.Extension):
    """Rewrites every docstring, and gives losses a signature, their names and their formula."""

    def on_package(self, *, pkg, **_):
        """Rewrite what the package says of itself."""
        for obj in walk(pkg):
            if obj.is_class and obj.bases and str(obj.bases[0]) == "NamedTuple":
                obj.set_member("__init__", initializer(obj))
            if obj.docstring:
                text = TABLE.sub(as_markdown, obj.docstring.value)
                text = "\n".join(map(with_links, text.splitlines()))
                obj.docstring.value = with_formula(text, obj) if obj.is_class else text
                join(obj.docstring)


def walk(obj):
    """Yield an object and all that are defined in it."""
    yield obj
    for member in obj.members.values():
        if not member.is_alias:
            yield from walk(member)


def join(docstring):
    """Make one item of parameters that follow each other and have one description."""
    for section in docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.parameters:
            items = section.value
            for k in reversed(range(1, len(items))):
                if items[k].description == items[k - 1].description:
                    items[k - 1].name += f", {items.pop(k).name}"
                    items[k - 1].value = None


def as_markdown(found):
    """Return a table of reStructuredText as Markdown."""
    ruler, heads, rows = found.groups()
    starts = [run.start() for run in re.finditer("=+", ruler)]
    cuts = list(zip(starts, [*starts[1:], None], strict=True))
    lines = [[line[slice(*cut)].strip() for cut in cuts] for line in (heads, *rows.splitlines())]
    lines.insert(1, ["---"] * len(cuts))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def with_links(line):
    """Return a line of text with links in place of the names of what is public, and no bold."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    line = POWER.sub(r"\\*\\*", line)
    known = PATHS.keys() - AMBIGUOUS
    return NAME.sub(lambda n: f"[`{n[1]}`][{PATHS[n[1]]}]" if n[1] in known else n[0], line)


def initializer(cls):
    """Return the `__init__` that a NamedTuple has by its fields."""
    kind = griffe.ParameterKind.positional_or_keyword
    fields = [m for m in cls.members.values() if m.is_attribute and m.annotation is not None]
    named = [griffe.Parameter("self", kind=kind)]
    named += [
        griffe.Parameter(f.name, annotation=f.annotation, kind=kind, default=f.value)
        for f in fields
    ]
    return griffe.Function("__init__", parameters=griffe.Parameters(*named), parent=cls)


def with_formula(text, cls):
    """Return the docstring of a loss with its names and formula behind the first paragraph."""
    for decorator in cls.decorators:
        call = ast.parse(str(decorator.value), mode="eval").body
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "loss":
            names = " ".join(f"`{ast.literal_eval(name)}`" for name in call.args)
            formula = next((k.value.value for k in call.keywords if k.arg == "formula"), "")
            first, _, rest = text.partition("\n\n")
            return f"{first}\n\nNames: {names}\n\n```text\n{formula}\n```\n\n{rest}"
    return text
