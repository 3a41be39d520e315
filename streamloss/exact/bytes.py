"""How an accumulator is written as bytes.

=========  =====  ==========================================================================
offset     bytes  content
=========  =====  ==========================================================================
0          8      magic, ``b"strmloss"``
8          4      version of the format, 2
12         8      length of the body
20         16     BLAKE2b checksum (16 bytes) of everything else
36         body   length of the header (4 bytes), header, directory, planes
=========  =====  ==========================================================================

Numbers are little-endian. The header is JSON: for each loss its name (or ``module:Class`` for a
user's) and its parameters as hexadecimal floats; how a list of losses was spelled (null for one
that was no text, and for a single loss); axis, nan, shape (null without any update; of slices the
axes that each keeps), and the version of streamloss that wrote it, which readers ignore and the
first writers left out. Of slices it says before that: for each key its name, the kind that was
declared (or null), its kind ("missing" of a key that no row has), and the kind's unit, frequency or
edges; what becomes of missing keys, how many slices there may be, and how many there are (null for
no table). Of metrics of counts it says the kinds of the keys of cells and how many cells there are,
for each thing that such metrics ask for (null for no table).

The directory is the number of columns (4 bytes) and of each column: the length of its name (1), its
name, its type (1), the place of its lowest digit (2), how many numbers it has (8), how many planes
(2), and the width of each plane in bytes (1). The planes of all columns follow, in their order. A
plane is an integer of each cell, of the width 1, 2, 4 or 8, in two's complement.

=====================  ====  ====================================================================
column                 type  planes
=====================  ====  ====================================================================
key0, key1, ...        k     the values that slices have, in order: counts of units since 1970,
                             the bits of floats, the numbers of bins
..., of text or bytes  t     all of them, one after another, in UTF-8
key0.ends, ...         k     how many characters or bytes each has
key0.codes, ...        k     the place of each slice's value, their number for a missing one;
                             absent where these are 0, 1, 2, ...
sum0, sum1, ..., then  s     the exact sums of the losses and of the weights: the k-th plane counts
weights                      2**(32 (place + k)) units of 2**-1074, with digits from -2**31 to
                             2**31 - 1; no weights are as many as elements
sum0.flags, ...        f     three planes: how many terms are NaN, +inf, -inf; absent without any
elements, nonzero,     c     counts of elements, of nonzero weights (absent: as many), of elements
missing, masked, rows        omitted and masked (absent: none), and sizes of axis 0 (absent: the sum
                             of elements, omitted and masked)
batches                i     the digests of the ids of batches, 16 bytes each, one after another, in
                             ascending order: `exact.ledger.digest` says of what; absent without ids
batches.rules          i     1 if batches that come again are ignored, else 0, and 1 if something
                             without an id was added, else 0; absent if both are 0 or there is no id
cells0.key0, ...             of metrics of counts: all these columns for the cells within slices,
                             for each thing that such metrics ask for
=====================  ====  ====================================================================

Cells come in C order, those of a slice side by side; slices are sorted by their keys, the first key
first, missing ones last, and none is without counts and sums. All is as short as it can be:
planes as narrow as their numbers, no plane of zeros at either end but for the only one. So equal
accumulators, spelled alike, give equal bytes, however their sums are held; those with ids if their
batches, rules and what came without an id are the same. Only such bytes are read: whoever wrote
them, what `dump` would not write is refused, and before it is known how long the data are nothing
of that size is built. Columns that are added later have other names, and other types where they
are none of these: a version that does not know one refuses it.

Version 1, which had the integers cell by cell, is read by `bytes_v1`.
"""

from __future__ import annotations

import math
import struct
from hashlib import blake2b
from typing import Any, NamedTuple

from streamloss.arrays.kinds import NOTHING, Kind
from streamloss.losses.base import Loss, countings_of, rows_of
from streamloss.support.maker import version

from . import bytes_v1, planes
from .cells import COUNTS, Cells
from .counting import fits
from .header import CELLS, LONGEST, Header, corrupt, read_header, write_header
from .inner import CountedTable
from .ledger import NO_IDS, Ledger
from .saved import (
    BATCHES,
    Columns,
    of_cells,
    of_inner,
    of_ledger,
    of_table,
    to_cells,
    to_inner,
    to_ledger,
    to_table,
)
from .slicing import RULES, Slicing, cells_field, of_cells_field, of_fields
from .state import State
from .table import Table

MAGIC, VERSION = b"strmloss", 2
_HEAD = struct.Struct("<8sIQ16s")


class Saved(NamedTuple):
    """What bytes hold."""

    header: Header
    slicing: Slicing | None
    state: State | Table | None


def dump(
    losses: tuple[Loss, ...],
    specs: Any,
    axis: Any,
    nan: str,
    state: State | Table | None,
    slicing: Slicing | None = None,
    ledger: Ledger = NO_IDS,
) -> bytes:
    """Return the bytes of an accumulator, with its slicing if it has slices, and ids if it has any.

    Raises
    ------
    ValueError
        If the losses are more than what can be read again.
    """
    columns: list[planes.Stored] = []
    kinds: tuple[Kind, ...] = ()
    slices, inner = None, tuple[Table, ...]()
    if isinstance(state, State):
        columns = of_cells(Cells.of_state(state))
    elif state is not None:
        state = state.canonical()
        columns, kinds, slices = of_table(state), state.kinds, len(state)
        inner = state.inner if isinstance(state, CountedTable) else ()
        columns += of_inner(inner)
    more = {} if slicing is None else slicing.fields(kinds, slices)
    if countings_of(losses):
        told = cells_field([(one.kinds, len(one)) for one in inner])
        more[CELLS] = None if state is None else told
    shape = None if state is None else state.shape
    text = write_header(Header(losses, specs, axis, nan, shape), version(), more)
    columns += of_ledger(ledger)
    return _sealed([struct.pack("<I", len(text)), text, *planes.write(columns)])


def _sealed(parts: list[Any]) -> bytes:
    """Return a body with the head before it."""
    length = sum([len(part) for part in parts])
    digest = blake2b(struct.pack("<8sIQ", MAGIC, VERSION, length), digest_size=16)
    for part in parts:
        digest.update(part)
    return b"".join([_HEAD.pack(MAGIC, VERSION, length, digest.digest()), *parts])


def load(data: Any) -> tuple[Header, State | None]:
    """Return the header and the state of an accumulator without slices.

    Raises
    ------
    ValueError
        As `load_any`, and if it has slices.
    """
    header, slicing, state = load_any(data)
    if slicing is not None or isinstance(state, Table):
        raise ValueError("data must have no slices: got those of an accumulator with by")
    return header, state


def load_any(data: Any) -> Saved:
    """Return what bytes hold, with slices or without.

    Raises
    ------
    ValueError
        As `load_all`, and if there are ids of batches.
    """
    saved, ledger = load_all(data)
    if ledger.sets:
        raise ValueError(f"data must have no ids of batches: got {len(ledger)}")
    return saved


def load_all(data: Any) -> tuple[Saved, Ledger]:
    """Return what bytes hold, and the ids of the batches in it.

    Raises
    ------
    ValueError
        If the data is no whole, unchanged accumulator of a known version.
    """
    data = memoryview(data).cast("B")
    found, body = _opened(data)
    size = int.from_bytes(body[:4], "little")
    if len(body) < 4 or size > min(len(body) - 4, LONGEST):
        raise corrupt(f"its header cannot have {size} bytes")
    text, rest = bytes(body[4 : 4 + size]), body[4 + size :]
    if found == 1:
        header, _ = read_header(text)
        return Saved(header, None, bytes_v1.read_state(header, rest)), NO_IDS
    header, more = read_header(text, RULES)
    counts, told = bool(countings_of(header.losses)), more.get(CELLS)
    if counts != (CELLS in more):
        raise corrupt("it has cells of no metric, or a metric without")
    if not more:
        state, ledger = _state(header, rest)
        return Saved(header, None, state), ledger
    slicing, kinds, slices = None, tuple[Kind, ...](), None
    if "by" in more:
        slicing, kinds = of_fields(more)
        slices = more["slices"]
        if slicing.fields(kinds, slices) != {n: x for n, x in more.items() if n != CELLS}:
            raise corrupt("the keys of its header are not spelled so")
    inner = None if told is None else of_cells_field(told)
    if inner is not None and cells_field(inner) != told:
        raise corrupt("the cells of its header are not spelled so")
    names = () if slicing is None else slicing.names
    table, ledger = _table(header, _Keys(names, kinds, slices, inner), rest)
    return Saved(header, slicing, table), ledger


class _Keys(NamedTuple):
    """What a header says of a table: its keys, how many slices it has, and its inner tables."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    slices: int | None
    inner: list[tuple[tuple[Kind, ...], int]] | None


def _opened(data: memoryview) -> tuple[int, memoryview]:
    """Return the version of data and their body, which is whole."""
    if len(data) < _HEAD.size or data[:8] != MAGIC:
        raise ValueError("data must be written by Accumulator.to_bytes: it does not begin like it")
    _, found, length, checksum = _HEAD.unpack_from(data)
    if found not in (1, VERSION):
        raise ValueError(f"data must have format version 1 or {VERSION}: got {found}")
    body = data[_HEAD.size :]
    if len(body) != length:
        raise ValueError(f"data must have a body of {length} bytes: got {len(body)}")
    digest = blake2b(data[: _HEAD.size - 16], digest_size=16)
    digest.update(body)
    if digest.digest() != checksum:
        raise corrupt("its checksum does not match")
    return found, body


def _state(header: Header, data: memoryview) -> tuple[State | None, Ledger]:
    """Return the state that columns hold, and its ids."""
    columns = _columns(header, data)
    if header.shape is None:
        _check([], data)
        return None, NO_IDS
    cells, ledger = to_cells(columns, header.rows, math.prod(header.shape)), to_ledger(columns)
    _check([*of_cells(cells.canonical()), *of_ledger(ledger)], data)
    return cells.state(header.shape), ledger


def _table(header: Header, keys: _Keys, data: memoryview) -> tuple[Table | None, Ledger]:
    """Return the table that columns hold, and its ids."""
    countings, (names, kinds, slices, told) = countings_of(header.losses), keys
    columns = _columns(header, data, len(kinds), told or [])
    if header.shape is None or (told is None and (slices is None or countings)):
        if header.shape is not None or slices is not None or told or {*kinds} - {NOTHING}:
            raise corrupt("it has axes, slices or kinds of no table")
        _check([], data)
        return None, NO_IDS
    if not names and told is not None:  # one slice, or none if nothing was seen
        if "elements" not in columns:
            raise corrupt("it counts no elements")
        slices = len(columns["elements"].planes[0]) // max(math.prod(header.shape), 1)
        slices = min(slices, 1)
    if slices is None:
        raise corrupt("it has cells of no slices")
    inner: tuple[Table, ...] = ()
    table = to_table(columns, (names, kinds), header.rows, header.shape, slices)
    if told is not None:
        inner = to_inner(columns, told, names, countings, bool(header.shape))
        table = CountedTable(table, inner)
    ledger, small = to_ledger(columns), table.canonical()
    inner = small.inner if isinstance(small, CountedTable) else ()
    _check([*of_table(small), *of_inner(inner), *of_ledger(ledger)], data)
    if small.kinds != kinds or len(table) != slices:
        raise corrupt(f"it has {len(table)} slices in place of {slices}, or keys of other kinds")
    if [(one.kinds, len(one)) for one in inner] != (told or []):
        raise corrupt("it has other cells than its header says")
    if not all([fits(small, *pair) for pair in zip(inner, countings, strict=False)]):
        raise corrupt("it has cells of no slice, or by keys that no metric has")
    return table, ledger


def _columns(header: Header, data: memoryview, keys: int = 0, inner: Any = ()) -> Columns:
    """Return the columns of data that may have those of so many keys, and of inner tables."""
    most = 2 * (header.rows + 1) + len(COUNTS) + 3 * keys + len(BATCHES)
    for (kinds, _), counting in zip(inner, countings_of(header.losses), strict=False):
        most += 2 * (rows_of(counting.parts) + 1) + len(COUNTS) + 3 * len(kinds)
    return planes.read(data, most)


def _check(columns: list[planes.Stored], data: memoryview) -> None:
    """Refuse data that are not just what columns are written as."""
    if not planes.are_written(columns, data):
        raise corrupt("its columns are not what they would be written as")
