"""Other libraries' ways to compute what streamloss does: one small function each, in a table.

A peer takes the arrays of a question (see `questions`), converts them to its own type, and returns
a call that computes the answer and hands it over as a float: only that call is timed. To add one:

    @peer("library", "mae")
    def library_mae(y_true, y_pred):
        import library
        mine = [library.array(array) for array in (y_true, y_pred)]
        return lambda: float(library.mean(library.abs(mine[1] - mine[0])))

A library that is not installed is skipped and named.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from streamloss import get_num_threads

# What a library is told to use, where it can be told; serial ones use one thread whatever it is.
THREADS = get_num_threads()

PEERS: dict[str, list["Peer"]] = defaultdict(list)


@dataclass(frozen=True)
class Peer:
    """A way to compute the answer to a question.

    `works_in` is the type of its arithmetic: that of the data if None.
    """

    name: str
    prepare: Any
    works_in: str | None = None


def peer(name: str, *questions: str, works_in: str | None = None) -> Any:
    """Enter a function into the table, under the questions that it answers."""

    def enter(prepare: Any) -> Any:
        for question in questions:
            PEERS[question].append(Peer(name, prepare, works_in))
        return prepare

    return enter
