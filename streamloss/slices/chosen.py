"""Some slices of a table, as users look at them: by their keys, as text, frames and files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from streamloss.arrays.types import Array
from streamloss.exact.reductions import Reduction
from streamloss.losses.base import Loss

from . import files, frames, shown
from .found import Loc, column, pairs
from .whole import Whole, taken


class Chosen:
    """Slices of a table, all or some, with what is read of them; `Slices` makes others of them."""

    _whole: Whole
    _rows: Array | None
    _totals: dict[str, int]

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The losses as values."""
        return self._whole.losses

    @property
    def names(self) -> tuple[Any, ...]:
        """The losses as they were spelled: the names of the results."""
        return self._whole.names

    @property
    def reduction(self) -> Reduction:
        """The reduction of all results."""
        return self._whole.reduction

    def __len__(self) -> int:
        return len(self._whole.table if self._rows is None else self._rows)

    def __getitem__(self, loss: Any) -> Array:
        """Return the results of a loss, as it was spelled: one for each slice, then axes kept."""
        return taken(self._whole.results(self._whole.place(loss)), self._rows)

    def __contains__(self, loss: object) -> bool:
        """Return whether there are results of a loss."""
        return loss in self.names

    @property
    def values(self) -> Array:
        """The results of the only loss; ValueError if there are several."""
        return self[self._only(None)]

    @property
    def by(self) -> dict[str, Array]:
        """The keys: an array for each, with one item for each slice, None where it is missing.

        Integers are an array of integers if none is missing; floats are NaN, times NaT if missing;
        bins are text. In subtotals of grouping sets it is `streamloss.ALL` where a set lacks the
        key.
        """
        return {key.name: column(key) for key in self._whole.keys(self._rows)}

    @property
    def counts(self) -> dict[str, Any]:
        """What was seen: arrays of one integer for each slice, over all axes kept, and totals.

        ``elements`` (N, without masked and omitted ones), ``nonzero_weights`` (K), ``nan``
        (elements omitted for a NaN), ``masked``, and ``rows`` (the sizes of axis 0). Totals are
        integers: ``missing_keys`` is how many rows have a key that is missing, in a slice of their
        own or dropped.
        """
        counts = self._whole.counts.items()
        return {name: taken(each, self._rows) for name, each in counts} | self._totals

    @property
    def overall(self) -> dict[Any, Any]:
        """The results of all slices together, by the names of the losses.

        They are the bits of `evaluate` without ``by``, of all rows whose keys were not dropped;
        after `worst` too those of the whole.
        """
        return {name: self._whole.overall(k) for k, name in enumerate(self.names)}

    @property
    def loc(self) -> Loc:
        """One slice by its keys, such as ``res.loc["AA", "JFK"]``: a dict of its results.

        A missing key is None. KeyError says what is near if there is no such slice.
        """
        return Loc(self._whole, self._rows)

    def __iter__(self) -> Iterator[tuple[Any, dict[Any, Any]]]:
        return pairs(self._whole, self._rows)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame: a column for each key, loss and count, one row a slice.

        Bins are an ordered categorical. Axes kept become columns such as ``mae[0]``, and a name
        that is there already gets an underscore. It needs pyarrow.
        """
        return frames.to_pandas(self._whole, self._rows)

    def to_polars(self) -> Any:
        """Return a polars DataFrame, with the columns of `to_pandas`. It needs pyarrow."""
        return frames.to_polars(self._whole, self._rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the columns of `to_pandas` as a stream of Arrow, which frames take. Needs pyarrow.

        Text is string, integers are int64 (uint64 above 2**63), results float64, counts int64.
        """
        table = frames.to_arrow(self._whole, self._rows, "an Arrow stream of Slices")
        return table.__arrow_c_stream__(requested_schema)

    def save(self, path: str | os.PathLike[str], *, format: str | None = None) -> None:
        """Write the columns of `to_pandas` to a file, in one step: after a crash, all or nothing.

        Results, which are rounded, read back to the same bits. Parquet and Arrow files have the
        types of columns as well. In CSV and JSON times are text as ISO 8601 has it, and durations
        and bytes are text as they are shown. JSON is a list of records, where NaN and the
        infinities are "NaN", "Infinity" and "-Infinity", and a missing key is null. In CSV that is
        empty, text is in quotes, and whole numbers have no point.

        Parameters
        ----------
        path : str or path
            The file, which is replaced if there is one. Its ending says the format: ``.parquet``,
            ``.csv``, ``.json``, ``.arrow`` or ``.feather``.
        format : {"parquet", "csv", "json", "arrow"}, optional
            The format, whatever the ending is.

        Raises
        ------
        ModuleNotFoundError
            If pyarrow is not installed, which all formats but JSON need.
        OSError
            If the file cannot be written.
        ValueError
            If there is no such format or ending, or the path is that of something else than a file;
            if a difference has no results.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import streamloss as sl
        >>> path = pathlib.Path(tempfile.mkdtemp(), "slices.json")
        >>> sl.evaluate("mae", [1.0, 2.0], [2.0, 2.5], by=["a", "b"]).worst(1).save(path)
        >>> print(path.read_text()[:40])
        [
        {"key": "a", "mae": 1.0, "elements": 1
        """
        files.save(self._whole, self._rows, path, format)

    def __repr__(self) -> str:
        return shown.as_text(shown.sheet(self._whole, self._rows))

    def _repr_html_(self) -> str:
        """Return the first and the last slices as a table, for notebooks."""
        return shown.as_html(shown.sheet(self._whole, self._rows))

    @property
    def _chosen(self) -> tuple[Whole, Array | None]:
        """The table and which of its slices these are, for modules of this folder."""
        return self._whole, self._rows

    def _only(self, loss: Any) -> Any:
        """Return the name of the loss that is meant, which need not be named if it is the only."""
        if loss is None and len(self.names) > 1:
            raise ValueError(f"there are several losses, {self._whole.known}: name one")
        return self.names[0] if loss is None else loss
