"""The keys of rows beside dask arrays: read chunk by chunk, or here and cut to chunks."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
from dask._task_spec import DataNode
from dask.base import tokenize

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.key_codes import check_rank, some_rows
from streamloss.arrays.keys import Cut, Keyed, Kind, read_key
from streamloss.arrays.named import unnamed

from .trees import objects


class Key(NamedTuple):
    """A key of the rows of a call: lazy, or read here.

    Attributes
    ----------
    name : str
        What errors call it.
    given : object
        What the user gave, without what cuts it.
    cuts : tuple of Kind
        The bins or periods that a lazy key is to become, the first one first.
    lazy : dask array, optional
        Its chunks: arrays of numpy, or parts of a frame's column.
    read : Keyed, optional
        The key of all rows, if it is in memory.
    """

    name: str
    given: Any
    cuts: tuple[Kind, ...] = ()
    lazy: Any = None
    read: Keyed | None = None

    @classmethod
    def of(cls, name: str, given: Any, declared: str | None) -> Key:
        """Return a key, refused as far as what is known of it tells.

        Raises
        ------
        TypeError, ValueError
            As `read_key`; and if it is lazy, and no dask array or column.
        """
        source, cuts = given, list[Kind]()
        while isinstance(source, Cut):
            source, cuts = source.source, [source.kind, *cuts]
        source = unnamed(source)
        if not is_lazy(source):
            return cls(name, source, read=read_key(name, given, declared))
        key = cls(name, source, tuple(cuts), _chunks(name, source))
        read_key(name, as_cut(source._meta, key.cuts), declared)
        return key

    @property
    def rows(self) -> Any:
        """How many rows there are, NaN if that is not known."""
        return self.lazy.shape[0] if self.read is None else self.read.rows

    def pieces(self, sizes: tuple[int, ...]) -> Any:
        """Return a key in memory as an array of dask, of such chunks.

        It was read before, for a piece of a list may seem to be of another kind than the whole.

        Raises
        ------
        ValueError
            If a size is not known.
        """
        if any(size != size for size in sizes):
            raise ValueError("a key in memory cannot be cut to chunks of unknown size")
        assert self.read is not None
        name = f"streamloss-keys-{tokenize(*self.read, sizes)}"
        ends = [0, *itertools.accumulate(sizes)]
        keys = [(name, k) for k in range(len(sizes))]
        pieces = [some_rows(self.read, slice(*pair)) for pair in itertools.pairwise(ends)]
        nodes = {key: DataNode(key, piece) for key, piece in zip(keys, pieces, strict=True)}
        return objects(nodes, name, (sizes,), [])


def as_cut(chunk: Any, cuts: tuple[Kind, ...]) -> Any:
    """Return what a chunk of a key is to be read as."""
    for kind in cuts:
        chunk = Cut(chunk, kind)
    return chunk


def _chunks(name: str, key: Any) -> Any:
    """Return a lazy key as an array of one axis.

    Of a column it has the parts as they are: `to_dask_array` would make objects of categories and
    text.
    """
    if isinstance(key, da.Array):
        check_rank(name, key.shape)
        return key
    if not hasattr(type(key), "to_dask_array") or key.ndim != 1:
        raise TypeError(f"by {name!r} must be a dask array or column: got {type(key).__name__}")
    column = key.optimize()
    parts = column.__dask_keys__()
    sizes = (np.nan,) * len(parts)
    return da.Array(column.__dask_graph__(), parts[0][0], (sizes,), meta=np.empty(0, object))
