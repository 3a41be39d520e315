"""What mkdocs puts into pages when it builds them: lists that the code has already.

A comment in a page is replaced: `<!-- objects: MODULE ... -->` by the reference of the public
objects of modules (`at level 3` within a section), `<!-- losses: MODULE -->` by the table of a
family of losses, `<!-- options: COMMAND -->` by the options of a command, `<!-- file: PATH -->` by
a page of the repository that is not in `docs/`.
"""

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import click

from streamloss.cli import commands
from streamloss.losses.names import LOSSES
from tools.site.docstrings import path_of

BAR = re.compile(r"\|(?=(?:[^`]*`[^`]*`)*[^`]*$)")
"""A bar before which code has ended: an even number of backticks follows."""


def on_page_markdown(markdown, **_):
    """Replace the comments of a page, and show sessions of Python as such."""
    for name, make in MAKERS.items():
        parts = re.split(f"<!-- {name}: (.+) -->", markdown)
        parts[1::2] = map(make, parts[1::2])
        markdown = "".join(parts)
    markdown = markdown.replace("<BLANKLINE>\n", "\n")  # what doctest writes for an empty line
    return re.sub(r"^```python\n(?=>>>)", "```pycon\n", markdown, flags=re.MULTILINE)


def objects(text):
    """Return the reference of modules: a table of their objects, then each of them once."""
    modules, _, level = text.partition(" at level ")
    found = {}
    for module in modules.split():
        found |= members(importlib.import_module(module))
    places = {id(m): path for path, m in found.items() if path.endswith(f".{m.__name__}")}
    rows = [
        (f"[`{path.rpartition('.')[2]}`][{places.get(id(member), path)}]", first_line(member))
        for path, member in found.items()
    ]
    directives = [
        f"::: {path}\n    options: {shown_as(member, level or 2)}"
        for path, member in found.items()
        if places.get(id(member), path) == path
    ]
    return "\n\n".join([table(("name", "what it is"), rows), *directives])


def members(module):
    """Return the public objects of a module by their paths, of a family's its losses."""
    family = {path_of(cls): cls for cls in LOSSES.values() if cls.__module__ == module.__name__}
    if family:
        return family
    found = {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    return {path: member for path, member in found.items() if not isinstance(member, ModuleType)}


def shown_as(member, level):
    """Return what mkdocstrings is told of an object; a loss's formula says what `point` does."""
    return {"heading_level": int(level)} | ({"members": False} if is_loss(member) else {})


def is_loss(member):
    """Return whether an object is one of our loss classes."""
    return LOSSES.get(getattr(member, "name", None)) is member


def first_line(member):
    """Return the first paragraph of a docstring, in one line."""
    text = (inspect.getdoc(member) or "").partition("\n\n")[0]
    return text.replace("\n", " ").replace("``", "`")


def losses(module):
    """Return the table of the losses of a family."""
    rows = []
    for path, cls in members(importlib.import_module(module)).items():
        fields = (f"{field}={default:g}" for field, default in cls._field_defaults.items())
        names = " ".join(code(each) for each in (cls.name, *cls.aliases))
        rows.append(
            (
                f"[`{cls.__name__}`][{path}]<br>{' '.join(map(code, fields))}",
                names,
                code(cls.formula),
            )
        )
    return table(("loss and parameters", "names", "formula"), rows)


def options(command):
    """Return the help of a command, and the table of its options."""
    found = commands.streamloss.commands[command]
    with click.Context(found, info_name=f"streamloss {command}") as context:
        usage = " ".join([context.command_path, *found.collect_usage_pieces(context)])
        records = [option.get_help_record(context) for option in found.get_params(context)]
    rows = [
        (code(record[0]), record[1].replace("  [", " ["))
        for record in records
        if record and record[1]
    ]
    text = inspect.cleandoc(found.help)
    return f"```text\n{usage}\n```\n\n{text}\n\n{table(('option', 'meaning'), rows)}"


def table(heads, rows):
    """Return a table of Markdown; bars are escaped, except in code, where they end no cell."""
    lines = [heads, ["---"] * len(heads), *([BAR.sub(r"\\\g<0>", c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text):
    """Return text as code."""
    return f"`{text}`"


def file(path):
    """Return a page of the repository, its links as from within `docs/`."""
    return Path(path).read_text().replace("](docs/", "](")


MAKERS = {"objects": objects, "losses": losses, "options": options, "file": file}
