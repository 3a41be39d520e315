"""What is refused of keys beside dask arrays: when a graph is built, in a chunk, and in merges."""

from typing import Any
from unittest import mock

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import streamloss as sl
from streamloss.run.slices.lazily import _TableOfChunk
from streamloss.support.maker import Maker
from tests.run.lazy.cuts import assert_equal, lazily

Y = np.arange(12.0)
LAZY = da.from_array(Y, chunks=4)
KEY = np.arange(12) % 3


def objects(values: Any) -> np.ndarray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


REFUSED: list[tuple[Any, str, Any, dict[str, Any]]] = [
    (ValueError, r"^by 'k' must have a key for each row .*got 11 .*\(12,\)", KEY[:11], {}),
    (ValueError, r"^by 'k' must have a key for each row .*got 1 .*\(12,\)", KEY[:1], {}),
    (ValueError, r"^by 'k' must have one axis: got shape \(6, 2\)", KEY.reshape(6, 2), {}),
    (TypeError, r"^by 'k' must hold .*complex128", KEY * 1j, {}),
    (ValueError, r"^missing must be one of", KEY, {"missing": "omit"}),
    (ValueError, r"^max_slices must be from 1", KEY, {"max_slices": 0}),
    (ValueError, r"^axis must reduce axis 0", KEY, {"axis": ()}),
    (ValueError, r"'none' .*takes no by", KEY, {"reduction": "none"}),
]


@pytest.mark.parametrize(("error", "message", "key", "options"), REFUSED, ids=range(len(REFUSED)))
def test_what_memory_is_refused_is_refused_in_the_same_words_when_the_graph_is_built(
    error: Any, message: str, key: Any, options: Any
) -> None:
    with pytest.raises(error, match=message) as plain:
        sl.evaluate("value", Y, by={"k": key}, **options)
    for y, by in (
        (LAZY, key),
        (Y, da.from_array(key, chunks=2)),
        (LAZY, da.from_array(key, chunks=2)),
    ):
        with pytest.raises(error, match=message) as caught:
            lazily(sl.evaluate, "value", y, by={"k": by}, **options)
        assert str(caught.value) == str(plain.value)


def test_other_lazy_keys_are_refused_by_name() -> None:
    frame = dd.from_pandas(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), npartitions=1)
    for value in (dask.delayed(np.ones)(12), frame, frame.a.sum()):
        with pytest.raises(TypeError, match=r"^by 'k' must be a dask array or column: got "):
            lazily(sl.evaluate, "value", LAZY, by={"k": value})
    with pytest.raises(ValueError, match=r"^by must have keys, each of its own name"):
        lazily(sl.evaluate, "value", LAZY, by={})
    with pytest.raises(TypeError, match=r"^by 'k' must hold numbers to have bins: got text"):
        lazily(sl.evaluate, "value", LAZY, by={"k": sl.bins(LAZY.astype("U4"), [0, 1])})
    with pytest.raises(TypeError, match=r"^by 'k' must hold times to have periods: got float"):
        lazily(sl.evaluate, "value", LAZY, by={"k": sl.period(LAZY, "day")})


def test_unknown_chunks_that_cannot_be_matched_are_refused() -> None:
    some = LAZY[LAZY > 0]
    key = da.from_array(KEY, chunks=4)
    for by in (KEY, key, da.from_array(KEY, chunks=6)[LAZY.rechunk(6) > 0], KEY.tolist()):
        with pytest.raises(
            ValueError, match=r"^y_true must have no unknown .*y_true\.compute_chunk"
        ):
            lazily(sl.evaluate, "value", some, by={"k": by})
    with pytest.raises(ValueError, match=r"^by 'k' must have no unknown .*compute_chunk_sizes"):
        lazily(sl.evaluate, "value", LAZY, by={"k": key[LAZY > 0]})
    column = dd.from_pandas(pd.Series(KEY).astype("category"), npartitions=3)
    for y in (Y, LAZY, np.ones(1)):
        with pytest.raises(
            ValueError, match=r"^by 'k' .*astype\(object\).to_dask_array\(lengths=T"
        ):
            lazily(sl.evaluate, "value", y, by={"k": column})
    known = column.astype(object).to_dask_array(lengths=True)
    want = sl.accumulate("value", Y, by={"k": KEY})
    assert_equal(lazily(sl.accumulate, "value", Y, by={"k": known}).compute(), want)


def test_axes_kept_must_have_known_chunks_or_one() -> None:
    y = da.from_array(np.ones((4, 6)), chunks=(2, 3))
    columns = y[:, da.from_array(np.arange(6), chunks=3) > 1]
    for axis in (None, (0, 1)):
        found = lazily(sl.accumulate, "value", columns, by=np.arange(4) % 2, axis=axis).compute()
        assert_equal(found, sl.accumulate("value", np.ones((4, 4)), by=np.arange(4) % 2, axis=axis))
    with pytest.raises(
        ValueError, match=r"^axis must keep axes with chunks of known sizes: got axis 1"
    ):
        lazily(sl.accumulate, "value", columns, by=np.arange(4) % 2, axis=0)


def test_chunks_that_turn_out_to_differ_are_refused() -> None:
    key = da.from_array(KEY, chunks=4)
    found = lazily(sl.evaluate, "value", LAZY[LAZY > 0], by={"k": key[LAZY < 8]})
    with pytest.raises(ValueError, match=r"^chunk \([02],\): by 'k' must have a key for each row"):
        found.compute()


def test_a_chunk_with_other_kinds_is_refused() -> None:
    mixed = da.concatenate(
        [da.from_array(objects([1, 2]), chunks=2), da.from_array(objects(["a", "b"]), chunks=2)]
    )
    found = lazily(sl.evaluate, "value", LAZY[:4].rechunk(2), by={"k": mixed})
    with pytest.raises(TypeError, match=r"^by 'k': keys must be of one kind: got int and text$"):
        found.compute()
    whole = da.from_array(objects([1, "a", 2, "b"]), chunks=2)
    found = lazily(sl.evaluate, "value", LAZY[:4].rechunk(2), by={"k": whole})
    with pytest.raises(
        TypeError, match=r"^chunk \([01],\): by 'k' must hold keys of one kind: got int"
    ):
        found.compute()


def test_a_nan_or_a_missing_key_is_reported_with_the_chunk() -> None:
    holes = da.from_array(np.where(Y == 9.0, np.nan, Y), chunks=4)
    found = lazily(sl.evaluate, "value", holes, by=KEY, nan="raise")
    with pytest.raises(ValueError, match=r"^chunk \(2,\): nan='raise': 1 elements have a NaN"):
        found.compute()
    key = objects([None if k == 6 else "a" for k in range(12)])
    for by, place in ((key, "1"), (da.from_array(key, chunks=3), "3")):
        found = lazily(sl.evaluate, "value", LAZY, by={"k": by}, missing="raise")
        with pytest.raises(ValueError, match=rf"^chunk \({place},\): by 'k' must have no missing"):
            found.compute()
    assert (
        len(lazily(sl.evaluate, "value", LAZY, by=KEY, nan="raise", missing="raise").compute()) == 3
    )


def test_tables_of_another_version_are_not_merged() -> None:
    foreign = sl.accumulate("value", Y, by=KEY).tally.known
    assert foreign is not None
    foreign.maker = Maker("9.8.7", "other")
    with mock.patch.object(_TableOfChunk, "__call__", return_value=foreign):
        for y in (LAZY, LAZY.rechunk(12)):
            for call in (sl.evaluate, sl.accumulate):
                with pytest.raises(ValueError, match=r"what a worker computes must come .*9\.8\.7"):
                    lazily(call, "value", y, by=KEY).compute()


@pytest.mark.parametrize("chunks", [12, 4, 1])
def test_too_many_slices_are_refused(chunks: int) -> None:
    y, key = LAZY.rechunk(chunks), da.arange(12, chunks=chunks)
    found = lazily(sl.evaluate, "value", y, by={"k": key}, max_slices=12)
    assert len(found.compute()) == 12
    found = lazily(sl.evaluate, "value", y, by={"k": key}, max_slices=11)
    with pytest.raises(ValueError, match=r"by 'k' must have at most max_slices=11 different keys"):
        found.compute()


def test_a_slice_without_a_key_is_no_slice_too_many() -> None:
    key = da.from_array(objects([None, "a", "b"] * 4), chunks=2)
    assert len(lazily(sl.evaluate, "value", LAZY, by=key, max_slices=2).compute()) == 3


def test_a_lazy_update_that_fails_changes_nothing() -> None:
    acc = sl.Accumulator("value", by="k", nan="raise", max_slices=12).update(Y, by=KEY)
    before = acc.to_bytes()
    holes = da.from_array(np.where(Y == 9.0, np.nan, Y), chunks=4)
    failures: list[tuple[Any, str, Any, Any]] = [
        (ValueError, r"^chunk \(2,\): nan='raise'", holes, KEY),
        (ValueError, r"^by 'k' must have a key for each row", LAZY, KEY[:3]),
        (
            TypeError,
            r"^by 'k': keys must be of one kind: got int and text",
            LAZY,
            LAZY.astype("U4"),
        ),
        (
            ValueError,
            r"^by 'k' must have at most max_slices=12",
            LAZY,
            da.arange(100, 112, chunks=4),
        ),
        (ValueError, r"^by must name the keys \('k',\): got \('other',\)", LAZY, {"other": KEY}),
    ]
    for error, message, y, by in failures:
        with pytest.raises(error, match=message):
            acc.update(y, by=by)
        assert acc.to_bytes() == before
    assert_equal(acc.update(LAZY, by=KEY), sl.Accumulator.from_bytes(before).update(Y, by=KEY))


def test_declared_kinds_hold_in_every_chunk() -> None:
    acc = sl.Accumulator("value", by={"k": "int"})
    key = da.from_array(np.where(Y == 5.0, np.nan, 1.0), chunks=4)
    want = sl.Accumulator("value", by={"k": "int"}).update(Y, by=key.compute())
    assert_equal(acc.update(LAZY, by=key), want)
    with pytest.raises(ValueError, match=r"^chunk \(1,\): by 'k': keys must be ints: got 0\.5$"):
        acc.update(LAZY, by=da.from_array(np.where(Y == 5.0, 0.5, 1.0), chunks=4))
    with pytest.raises(TypeError, match=r"^by 'k': keys must be int: got text"):
        acc.update(LAZY, by=LAZY.astype("U4"))
    assert_equal(acc, want)
