"""Text for a terminal, which would obey some of the characters that files and losses may have."""

from __future__ import annotations


def shown(text: object) -> str:
    r"""Return text with everything that is no visible character or space as Python spells it.

    So `repr` does it: control characters, those that turn the direction of writing, and halves of
    characters, as names of files can have them.

    Examples
    --------
    >>> print(shown("a\x1b]0;b\x07 é"))
    a\x1b]0;b\x07 é
    """
    return "".join([c if c.isprintable() else repr(c)[1:-1] for c in str(text)])
