"""The codes of all keys of a tally: of each column, and of the columns crossed.

Code 0 of a column is a missing key. Codes stay what they are, so that near rows can be added to
batch after batch; a `Table` has the keys themselves, in their order.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from streamloss.arrays.keys import Keyed, Kind, order, text_of_words
from streamloss.arrays.types import Array
from streamloss.kernels import codes as bodies
from streamloss.kernels.cpu import call

from .index import Index, TooMany
from .integers import Integers

ALL = 1 << 31
"""Keys that there may be where nobody counts them."""


class Memory:
    """Memory for the codes of some rows, the same each time.

    New memory is cleared by the system, batch after batch: of files by two keys that took a third
    of the time of the processor.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Any], Array] = {}

    def empty(self, number: int, rows: int, dtype: Any = np.int32) -> Array:
        """Return an array of so many rows, of which there is one of each number and dtype."""
        found = self._kept.get((number, dtype))
        if found is None or found.size < rows:
            found = self._kept[number, dtype] = np.empty(rows, dtype)
        return found[:rows]


def as_pairs(first: Array, second: Array, quick: bool, memory: Memory) -> Array:
    """Return a number for each pair of codes, as `kernels.codes.pair` does."""
    if quick:
        out = memory.empty(0, first.size, np.int64)
        call(bodies.pair, (), first, second, out)
        return out
    a, b = first.astype(np.int64), second.astype(np.int64)
    return np.where(a >= b, a * a + a + b, b * b + a)


def of_pairs(numbers: Array) -> tuple[Array, Array]:
    """Return the codes that numbers of pairs were made of."""
    root = np.sqrt(numbers.astype(np.float64)).astype(np.int64)
    root -= root * root > numbers
    root += (root + 1) * (root + 1) <= numbers
    rest = numbers - root * root
    return np.where(rest < root, rest, root), np.where(rest < root, root, rest - root)


class Words:
    """The numbers of texts of one fixed width, each a row of 64-bit integers.

    They are the codes of its words, paired one after another, and only a new one is made a text.
    """

    def __init__(self, kind: Kind, width: int) -> None:
        self._kind = kind
        self._words = [Index() for _ in range(width)]
        self._pairs = [Index() for _ in range(width)]
        self._texts = np.zeros(1, np.int32)

    def codes(self, words: Array, quick: bool, numbers_of: Any, lock: Any) -> Array:
        """Return the codes of texts, which `numbers_of` gives to texts as objects, under a lock."""
        found = self._codes(words, quick)
        last = int(found.max(initial=0))
        if last >= self._texts.size:
            with lock:
                rows = self._rows(np.arange(self._texts.size, last + 1))
                new = numbers_of(text_of_words(self._kind, rows).tolist())
                self._texts = np.concatenate([self._texts, np.array(new, np.int32)])
        out: Array = self._texts[found]
        return out

    def _codes(self, words: Array, quick: bool) -> Array:
        """Return the codes of rows."""
        found = np.zeros(len(words), np.int32)
        for k, (index, pairs) in enumerate(zip(self._words, self._pairs, strict=True)):
            out = np.empty(len(words), np.int32)
            index.codes(np.ascontiguousarray(words[:, k]), out, quick)
            if k:
                numbers = as_pairs(found, out, quick, Memory())
                out = np.empty(len(words), np.int32)
                pairs.codes(numbers, out, quick)
            found = out
        return found

    def _rows(self, codes: Array) -> Array:
        """Return the words of rows by their codes."""
        out = np.empty((codes.size, len(self._words)), np.int64)
        for k in range(len(self._words) - 1, 0, -1):
            codes, last = of_pairs(self._pairs[k].known[codes])
            out[:, k] = self._words[k].known[last]
        out[:, 0] = self._words[0].known[codes]
        return out


class Column:
    """The codes of one key, of one kind. Several threads may ask for codes."""

    def __init__(self, kind: Kind, alone: bool) -> None:
        self.kind = kind
        self._lock = threading.Lock()
        self._index = Integers(alone)
        self._numbers: dict[Any, int] | None = {} if kind.name in ("text", "bytes") else None
        self._words: dict[int, Words] = {}
        self._last: tuple[Any, Array] | None = None

    @property
    def count(self) -> int:
        """How many codes there are, with 0."""
        return self._index.count if self._numbers is None else len(self._numbers) + 1

    @property
    def expected(self) -> int:
        """How many codes there may soon be."""
        return self._index.expected if self._numbers is None else 2 * self.count

    def forget(self, count: int) -> None:
        """Forget all codes from one on."""
        if self._numbers is None:
            self._index.forget(count)
        else:
            self._numbers = dict(list(self._numbers.items())[: count - 1])
            self._words.clear()
        self._last = None

    def values(self) -> Any:
        """Return the values by their codes, from that of code 1 on."""
        if self._numbers is None:
            return self._index.keys()
        out = np.empty(len(self._numbers), object)
        out[:] = list(self._numbers)
        return out

    def ordered(self) -> Array:
        """Return all codes of values in the order of these."""
        kind = self.kind.name, self.kind.detail
        if self._numbers is None and kind not in (("float", ()), ("int", ("unsigned",))):
            return self._index.ordered()
        return np.argsort(order(self.kind, self.values()), kind="stable") + 1

    def prepared(self, keyed: Keyed, quick: bool, most: int) -> Any:
        """Return what is needed of a batch beside its rows.

        Of a dictionary it is the code of each value, and that of a missing one behind them; where
        there are more values than keys may be, those that no row has get none.
        """
        if keyed.words is not None:
            width = keyed.words.shape[1]
            return self._words.setdefault(width, Words(keyed.kind, width))
        if keyed.codes is None:
            return None
        if self._last is not None and self._last[0] is keyed.values:  # as the batch before has it
            return self._last[1]
        out = np.zeros(len(keyed.values) + 1, np.int32)
        used: Any = slice(0, len(keyed.values))
        if len(keyed.values) > most:
            codes = np.asarray(keyed.codes)
            used = np.unique(codes[codes >= 0])
        values = keyed.values[used]
        if self._numbers is None:
            found = np.empty(len(values), np.int32)
            self._index.codes(np.ascontiguousarray(values, np.int64), found, quick, most)
            out[used] = found
        else:
            out[used] = self._numbers_of(values.tolist())
        if isinstance(used, slice) and not keyed.values.flags.writeable:  # nobody changes them
            self._last = keyed.values, out
        return out

    def _numbers_of(self, values: list[Any]) -> list[int]:
        """Return the codes of texts; new ones get theirs."""
        assert self._numbers is not None
        numbers = self._numbers
        for value in values:
            if value not in numbers:
                numbers[value] = len(numbers) + 1
        return [numbers[value] for value in values]

    def codes(
        self,
        keyed: Keyed,
        prepared: Any,
        some: slice,
        quick: bool,
        most: int,
        out: Array,
    ) -> Array:
        """Return the codes of some rows of a batch, in an array of as many rows if they fit there.

        They are 0 where the key is missing.
        """
        if keyed.codes is not None:
            return _looked_up(np.asarray(keyed.codes[some]), prepared, quick, out)
        rows = keyed.values[some] if keyed.words is None else keyed.words[some]
        if keyed.missing is None or not (missing := keyed.missing[some]).any():
            return self._found(rows, prepared, quick, most, out)
        some_rows = rows[~missing]
        codes = self._found(some_rows, prepared, quick, most, np.empty(len(some_rows), np.int32))
        out[:] = 0
        out[~missing] = codes
        return out

    def _found(self, rows: Array, prepared: Any, quick: bool, most: int, out: Array) -> Array:
        """Return the codes of rows that all have a key."""
        if prepared is not None:
            found: Array = prepared.codes(rows, quick, self._numbers_of, self._lock)
            return found
        dtype = np.int32 if rows.dtype == np.int32 else np.int64
        self._index.codes(np.ascontiguousarray(rows, dtype), out, quick, most)
        return out


def _looked_up(places: Array, table: Array, quick: bool, out: Array) -> Array:
    """Return the items of a table at places; of places that are negative the last one.

    With kernels that takes 0.7 ns a row, an index of numpy 3.9.
    """
    if not quick:
        out[:] = table[places]
        return out
    wide = places.dtype.itemsize > 4 or places.dtype == np.uint32
    places = np.ascontiguousarray(places, np.int64 if wide else np.int32)
    call(bodies.find_near, (), places, 0, table, out, np.zeros(3, np.int64))
    return out


class Keys:
    """The codes of the keys of rows: of one key, or of several crossed.

    Attributes
    ----------
    names : tuple of str
        What the keys are called.
    kinds : tuple of Kind
        Their kinds.
    most : int
        How many combinations there may be.
    """

    def __init__(self, names: tuple[str, ...], kinds: tuple[Kind, ...], most: int) -> None:
        self.names, self.kinds, self.most = names, kinds, most
        self._columns = [Column(kind, len(kinds) == 1) for kind in kinds]
        self._pairs = [Index() for _ in kinds[1:]]

    @property
    def count(self) -> int:
        """How many codes there are, with 0, which with several keys is nobody's."""
        if self._pairs:
            return self._pairs[-1].count
        return self._columns[0].count

    def prepared(self, keyeds: list[Keyed], quick: bool) -> list[Any]:
        """Return what is needed of a batch beside its rows."""
        pairs, most = zip(self._columns, keyeds, strict=True), self._most_of_one
        return [column.prepared(keyed, quick, most) for column, keyed in pairs]

    def codes(
        self,
        keyeds: list[Keyed],
        prepared: list[Any],
        some: slice,
        quick: bool,
        memory: Memory,
    ) -> Array:
        """Return the codes of some rows of a batch, in memory that the next ones take again.

        Raises
        ------
        TooMany
            If there would be more combinations than allowed.
        """
        rows, most = some.stop - some.start, self._most_of_one
        columns = zip(self._columns, keyeds, prepared, strict=True)
        found = memory.empty(0, rows)
        for k, (column, keyed, known) in enumerate(columns):
            codes = column.codes(keyed, known, some, quick, most, memory.empty(k and 1, rows))
            if k:
                numbers = as_pairs(found, codes, quick, memory)
                codes, index = memory.empty(0, rows), self._pairs[k - 1]
                index.codes(numbers, codes, quick, self.most if k == len(self._pairs) else ALL)
            found = codes
        if self.count - 1 > self.most:
            raise TooMany
        return found

    @property
    def _most_of_one(self) -> int:
        """How many values one of the keys may have."""
        return ALL if self._pairs else self.most

    @property
    def counts(self) -> list[int]:
        """How many codes there are of each key and of the pairs."""
        return [column.count for column in self._columns] + [each.count for each in self._pairs]

    def forget(self, counts: list[int]) -> None:
        """Forget all codes but so many: no thread may be looking."""
        own = len(self._columns)
        for column, count in zip(self._columns, counts[:own], strict=True):
            column.forget(count)
        for pairs, count in zip(self._pairs, counts[own:], strict=True):
            pairs.forget(count)

    @property
    def expected(self) -> int:
        """How many codes there may soon be."""
        if self._pairs:
            return self._pairs[-1].expected
        return self._columns[0].expected

    def ordered(self, used: Array) -> tuple[Array, list[tuple[Any, Array | None]]]:
        """Return codes in use, those of one key in its order, and what `columns` says of them.

        If it is in use, the code of a missing key is the last.
        """
        if self._pairs:
            codes = np.flatnonzero(used)
            return codes, [*self.columns(codes)]
        column = self._columns[0]
        codes = column.ordered()
        if not used.all():
            codes = codes[used[codes]]
        values = column.values()[codes - 1]
        if not used[0]:
            return codes, [(values, None)]
        places = np.arange(len(codes) + 1)
        places[-1] = -1
        return np.append(codes, 0), [(values, places)]

    def columns(self, codes: Array) -> list[tuple[Any, Array]]:
        """Return the values of each key, and which of them combinations have, below 0 for none."""
        places: list[Array] = []
        for index in reversed(self._pairs):
            codes, last = of_pairs(index.known[codes])
            places.append(last)
        places.append(codes)
        pairs = zip(self._columns, reversed(places), strict=True)
        return [(column.values(), place.astype(np.int64) - 1) for column, place in pairs]
