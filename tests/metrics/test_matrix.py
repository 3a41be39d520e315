"""Results that are more than a number: read by labels, shown, compared, made arrays and frames."""

import copy
import pickle

import numpy as np
import pytest

import streamloss as sl
from streamloss.metrics.matrix import Confusion, PerClass

WORDS = np.array(["b", "cat"], object)
TEXT = Confusion(WORDS, np.array([0, 1]), np.array([1, 1]), np.array([3, 2]))


def test_a_matrix_is_read_by_its_labels() -> None:
    assert (TEXT["b", "cat"], TEXT["cat", "b"]) == (3, 0)
    assert type(TEXT["b", "cat"]) is int
    assert TEXT.shape == (2, 2)
    assert TEXT.tolist() == [[0, 3], [0, 2]]
    with pytest.raises(KeyError, match="dog"):
        TEXT["b", "dog"]
    for wrong in ("b", ("b",), 0):
        with pytest.raises(TypeError, match=r"a pair of labels \(true, pred\) is needed: got"):
            TEXT[wrong]
    with pytest.raises(TypeError, match="not iterable"):
        iter(TEXT)  # type: ignore[call-overload]


def test_a_matrix_becomes_an_array() -> None:
    assert np.asarray(TEXT).dtype == np.int64
    assert np.asarray(TEXT, np.float32).tolist() == [[0.0, 3.0], [0.0, 2.0]]
    tn, fp, fn, tp = np.ravel(TEXT)
    assert (tn, fp, fn, tp) == (0, 3, 0, 2)
    with pytest.raises(ValueError, match="by a copy only"):
        np.array(TEXT, copy=False)
    empty = sl.Accumulator("confusion_matrix").result()
    assert np.asarray(empty).shape == (0, 0)


def test_shares_of_nothing_are_nan() -> None:
    for normalize, expected in {
        "true": [[0.5, 0.5], [np.nan, np.nan]],
        "pred": [[1.0, 1.0], [0.0, 0.0]],
        "all": [[0.5, 0.5], [0.0, 0.0]],
    }.items():
        found = sl.evaluate(sl.ConfusionMatrix(normalize), [0, 0], [0, 1])
        assert np.array_equal(np.asarray(found), expected, equal_nan=True)
        assert found[1, 0] == expected[1][0] or np.isnan(found[1, 0])


def test_what_is_shown() -> None:
    assert repr(TEXT).splitlines() == [
        "true \\ pred  b  cat",
        "          b  0    3",
        "        cat  0    2",
    ]
    third = sl.evaluate(sl.ConfusionMatrix("true"), [7, 7, 7], [7, 7, 8])
    assert repr(third).splitlines()[1:] == [
        "          7  0.666667  0.333333",
        "          8       nan       nan",
    ]
    ids = np.arange(13)
    assert repr(Confusion(ids, ids, ids, ids)) == "<Confusion of 13 labels, 13 pairs>"
    evil = PerClass(np.array(["\x1b[31m", "x" * 99], object), np.array([0.5, np.nan]))
    assert repr(evil) == rf"<PerClass \x1b[31m: 0.5, {'x' * 23}…: nan>"
    assert repr(PerClass(ids, ids / 2)).endswith("11: 5.5, 1 more>")


def test_a_mapping_of_labels() -> None:
    found = PerClass(np.array(["a", "b"], object), np.array([0.5, np.nan]))
    assert (found["a"], "a" in found, "c" in found, len(found)) == (0.5, True, False, 2)
    assert list(found) == found.keys() == ["a", "b"]
    assert dict(found.items())["a"] == 0.5
    assert np.asarray(found)[0] == 0.5
    with pytest.raises(KeyError, match="c"):
        found["c"]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        TEXT.weights[0] = 1


def test_results_are_compared() -> None:
    other = Confusion(TEXT.labels, TEXT.true, TEXT.pred, np.array([3, 4]))
    floats = Confusion(TEXT.labels, TEXT.true, TEXT.pred, np.array([3.0, 2.0]))
    assert copy.deepcopy(TEXT) == TEXT == pickle.loads(pickle.dumps(TEXT))
    assert TEXT not in (other, floats, "matrix")
    values = PerClass(np.array([1, 2]), np.array([0.5, np.nan]))
    assert pickle.loads(pickle.dumps(values)) == values
    assert values != PerClass(np.array([1, 3]), np.array([0.5, np.nan]))
    assert values != {1: 0.5}
    for each in (TEXT, values):
        with pytest.raises(TypeError, match="unhashable"):
            hash(each)


def test_frames_of_a_matrix() -> None:
    frame = TEXT.to_pandas()
    assert (frame.index.name, frame.columns.name) == ("true", "pred")
    assert frame.loc["b", "cat"] == 3
    series = PerClass(WORDS, np.array([0.5, 1.0])).to_pandas()
    assert series.to_dict() == {"b": 0.5, "cat": 1.0}


def test_tables_of_results() -> None:
    columns = {name: column.tolist() for name, column in TEXT.to_dict().items()}
    assert columns == {"true": ["b", "cat"], "pred": ["cat", "cat"], "weight": [3, 2]}
    values = PerClass(WORDS, np.array([0.5, 1.0])).to_dict()
    assert {name: column.tolist() for name, column in values.items()} == {
        "label": ["b", "cat"],
        "value": [0.5, 1.0],
    }


def test_slices_of_results(rng: np.random.Generator) -> None:
    true, pred, by = rng.integers(0, 3, (3, 30))
    specs = ["confusion_matrix", sl.F1("none"), "accuracy"]
    slices = sl.evaluate(specs, true, pred, by={"g": by})
    assert "Confusion" in repr(slices).splitlines()[-1]
    for key in range(3):
        alone = sl.evaluate(specs, true[by == key], pred[by == key])
        for spec in specs:
            assert slices[spec][key] == alone[spec]
    assert slices.overall == sl.evaluate(specs, true, pred)
    outputs = sl.evaluate("confusion_matrix", true.reshape(15, 2), pred.reshape(15, 2), axis=0)
    assert outputs[1] == sl.evaluate("confusion_matrix", true[1::2], pred[1::2])
