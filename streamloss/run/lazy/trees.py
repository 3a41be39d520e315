"""Trees of tasks that merge what was made of chunks, each of some others, until there is one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
from dask._task_spec import Task as Node
from dask._task_spec import TaskRef
from dask.highlevelgraph import HighLevelGraph

from streamloss.support.maker import Task

Total = Callable[..., Any]
"""What makes the sum of its arguments; it can be pickled."""


def reduced_to_one(
    parts: Any, reduced: tuple[int, ...], name: str, total: Total, arity: int
) -> Any:
    """Return the totals of an array of parts along some axes, without these.

    Parameters
    ----------
    parts : dask array
        A part in each block.
    reduced : tuple of int
        The axes along which parts are merged; of each block of the others there is one.
    name : str
        What levels of the tree are called, with a place for their number.
    total : callable
        What a task does with some parts.
    arity : int
        How many parts a task merges.
    """
    rank = parts.ndim - len(reduced)
    for level in itertools.count():
        if parts.ndim == rank:
            break
        parts = merged(parts, reduced, name.format(level), total, arity)
    return parts


def merged(parts: Any, reduced: tuple[int, ...], name: str, total: Total, arity: int) -> Any:
    """Return parts of which each is the total of some; of all along reduced axes, without them.

    `dask.array.reduction` would do it with a further function in each chunk's task, for which
    dask then has to order the functions of the task each time it runs: a fifth of the time.
    """
    cut = [k for k in reduced if parts.numblocks[k] > 1]
    few = max(2, int(arity ** (1 / max(len(cut), 1))))
    groups = [
        [range(n)[start : start + step] for start in range(0, n, step)]
        for k, n in enumerate(parts.numblocks)
        for step in [few if k in reduced else 1]
    ]
    done = all(len(groups[k]) == 1 for k in reduced)
    kept = [k for k in range(parts.ndim) if not (done and k in reduced)]
    tasks: dict[Any, Any] = {}
    task = Task(total)
    for place in itertools.product(*(range(len(group)) for group in groups)):
        some = itertools.product(*(groups[k][i] for k, i in enumerate(place)))
        key = (name, *(place[k] for k in kept))
        tasks[key] = Node(key, task, *[TaskRef((parts.name, *block)) for block in some])
    chunks = tuple((1,) * len(groups[k]) if k in reduced else parts.chunks[k] for k in kept)
    return objects(tasks, name, chunks, [parts])


def objects(tasks: dict[Any, Any], name: str, chunks: tuple[Any, ...], before: list[Any]) -> Any:
    """Return the array with what each task gives in a block, of arrays that these need."""
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=before)
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(chunks), object))
