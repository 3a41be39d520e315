"""Text for a terminal: names of files and losses may hold characters that control a terminal."""

from __future__ import annotations


def shown(text: object) -> str:
    r"""Return text in which characters that cannot be seen are spelled as `repr` spells them.

    They are control characters, those that turn the direction of writing, and halves of characters,
    all of which names of files can have.

    Examples
    --------
    >>> print(shown("a\x1b]0;b\x07 é"))
    a\x1b]0;b\x07 é
    """
    return "".join([c if c.isprintable() else repr(c)[1:-1] for c in str(text)])
