"""The bytes of an accumulator: canonical, readable by others, and refused when not whole."""

import itertools
import json
import math
import pickle
import struct
from collections.abc import Callable
from fractions import Fraction
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from tests.reference import LARGEST, TINY, exact, truths, wild

RNG = np.random.default_rng(8)
Y, P, W = RNG.standard_normal((3, 4000)) * 10.0 ** RNG.integers(-3, 4, (3, 4000))
NAN = math.nan


@sl.loss
class Scaled(NamedTuple):
    """A user's loss."""

    scale: float = 1.0
    shift: sl.NonNegative = 0.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.scale * abs(y_true - y_pred) + self.shift


@sl.loss("scaled_by_name", "sbn")
class Named(NamedTuple):
    """A user's loss that has a name."""

    scale: float = 1.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.scale * abs(y_true - y_pred)


def cells(*shape: int) -> tuple[np.ndarray, ...]:
    return tuple(RNG.standard_normal((3, *shape)))


MAKERS: dict[str, Callable[[], sl.Accumulator]] = {
    "empty": lambda: sl.Accumulator("mae"),
    "empty with an axis": lambda: sl.Accumulator("mae", axis=(0, -1), nan="omit"),
    "no elements": lambda: sl.accumulate("mae", [], []),
    "scalar": lambda: sl.accumulate("mae", Y, P, W),
    "losses": lambda: sl.accumulate(["mae", "huber:delta=0.1", sl.Quantile(0.9)], Y, P),
    "root": lambda: sl.accumulate("rmse", Y, P),
    "user": lambda: sl.accumulate(Scaled(0.1, shift=1e-300), Y, P, W),
    "users": lambda: sl.accumulate([Named(1 / 3), "sbn:scale=2"], Y, P),
    "axis": lambda: sl.accumulate("mae", *cells(30, 4), axis=0),
    "axis of numpy": lambda: sl.accumulate("mae", *cells(30, 4), axis=np.int64(0)),
    "axes": lambda: sl.accumulate(["mae", "mse"], *cells(3, 4, 5), axis=(0, -1)),
    "axes of numpy": lambda: sl.accumulate("mae", *cells(3, 4, 5), axis=tuple(np.arange(2))),
    "no axis": lambda: sl.accumulate("mae", *cells(3, 4), axis=()),
    "many cells": lambda: sl.accumulate("mae", *cells(3, 200, 2), axis=0),
    "no cells": lambda: sl.accumulate("mae", *cells(3, 0), axis=0),
    "empty cells": lambda: sl.accumulate("mae", *cells(0, 3), axis=0),
    "not finite": lambda: sl.accumulate("mae", [NAN, math.inf, 1.0], [0, 0, 0], [1, -1, NAN]),
    "largest": lambda: sl.accumulate("value", [LARGEST, LARGEST, -TINY]),
    "zero": lambda: sl.accumulate("value", [-0.0, 0.0]),
    "negative": lambda: sl.Accumulator("mae") - sl.accumulate("mae", Y, P, W),
    "every exponent": lambda: sl.accumulate(
        "value", wild(RNG, 3000), None, wild(RNG, 3000, -30, 30)
    ),
    "masked": lambda: sl.accumulate("mae", Y, P, W, where=P > 0, nan="omit"),
}


# An independent reader and writer, made from the docstring of streamloss.exact.bytes alone


class Column(NamedTuple):
    type: str
    place: int
    planes: list[list[int]]
    widths: list[int]

    @property
    def sums(self) -> list[int]:
        """The numbers that digits make, in units of 2**-1074."""
        digits = zip(*self.planes, strict=True)
        return [sum(d << 32 * (self.place + k) for k, d in enumerate(each)) for each in digits]


class Written(NamedTuple):
    version: int
    header: dict[str, Any]
    columns: dict[str, Column]


def seal(body: bytes, version: int = 2, magic: bytes = b"strmloss") -> bytes:
    head = magic + struct.pack("<IQ", version, len(body))
    return head + blake2b(head + body, digest_size=16).digest() + body


def read(data: bytes) -> Written:
    magic, version, length = struct.unpack_from("<8sIQ", data)
    body = data[36:]
    assert (magic, length) == (b"strmloss", len(body))
    assert data == seal(body, version)
    size = int.from_bytes(body[:4], "little")
    header, rest = json.loads(body[4 : 4 + size]), body[4 + size :]
    (count,), at, entries = struct.unpack_from("<I", rest), 4, []
    for _ in range(count):
        name, at = rest[at + 1 : at + 1 + rest[at]].decode(), at + 1 + rest[at]
        letter, place, numbers, planes = struct.unpack_from("<BHQH", rest, at)
        at += 13 + planes
        entries.append((name, chr(letter), place, numbers, list(rest[at - planes : at])))
    columns = {}
    for name, letter, place, numbers, widths in entries:
        planes = []
        for width in widths:
            ends = range(at, at + numbers * width, width)
            planes.append(
                [int.from_bytes(rest[k : k + width], "little", signed=True) for k in ends]
            )
            at += numbers * width
        columns[name] = Column(letter, place, planes, widths)
    assert at == len(rest)
    return Written(version, header, columns)


def with_header(data: bytes, **changes: Any) -> bytes:
    body = data[36:]
    size = int.from_bytes(body[:4], "little")
    text = json.dumps(json.loads(body[4 : 4 + size]) | changes).encode()
    return seal(struct.pack("<I", len(text)) + text + body[4 + size :])


def test_another_reader_recovers_the_exact_sums() -> None:
    acc = sl.accumulate(["mae", "mse"], Y, P, W)
    version, header, columns = read(acc.to_bytes())
    assert (version, header["axis"], header["nan"], header["shape"]) == (2, None, "propagate", [])
    assert header["losses"] == [["absolute_error", []], ["squared_error", []]]
    assert list(columns) == ["sum0", "sum1", "weights", "elements"]
    assert [column.type for column in columns.values()] == ["s", "s", "s", "c"]
    assert columns["elements"].planes == [[4000]]
    sums = [Fraction(columns[name].sums[0], 2**1074) for name in ("sum0", "sum1", "weights")]
    assert sums == [exact(W * abs(P - Y)), exact(W * ((P - Y) * (P - Y))), exact(W)]


def test_another_reader_recovers_cells_and_parameters() -> None:
    y, p, w = cells(6, 2, 3)
    _, header, columns = read(sl.accumulate(sl.Huber(0.1), y, p, w, axis=(0, 2)).to_bytes())
    assert header["losses"] == [["huber", [(0.1).hex()]]]
    assert (header["axis"], header["shape"]) == ([0, 2], [2])
    assert columns["elements"].planes == [[18, 18]]
    assert columns["rows"].planes == [[6, 6]]
    for cell, weights in enumerate(columns["weights"].sums):
        assert Fraction(weights, 2**1074) == exact(w[:, cell])


def test_another_reader_recovers_counts() -> None:
    y = [NAN, math.inf, -math.inf, 1.0, 2.0, NAN]
    acc = sl.accumulate("value", y, None, [1, 1, 1, 0, NAN, 1], where=[True] * 5 + [False])
    columns = read(acc.to_bytes()).columns
    assert {name: column.planes for name, column in columns.items() if column.type != "s"} == {
        "sum0.flags": [[2], [1], [1]],
        "weights.flags": [[1], [0], [0]],
        "elements": [[5]],
        "nonzero": [[4]],
        "masked": [[1]],
    }
    assert [columns[name].sums for name in ("sum0", "weights")] == [[0], [3 << 1074]]


def test_users_losses_are_named_by_module_and_class() -> None:
    losses = read(MAKERS["users"]().to_bytes()).header["losses"]
    assert losses == [[f"{__name__}:Named", [x.hex()]] for x in (1 / 3, 2.0)]


@pytest.mark.parametrize("kind", MAKERS)
def test_planes_are_as_narrow_and_as_few_as_they_can_be(kind: str) -> None:
    for column in read(MAKERS[kind]().to_bytes()).columns.values():
        for plane, width in zip(column.planes, column.widths, strict=True):
            bits = max([(x if x >= 0 else ~x).bit_length() for x in plane], default=0)
            assert width == min(w for w in (1, 2, 4, 8) if 8 * w > bits)
        if column.type == "s" and len(column.planes) > 1:
            assert any(column.planes[0])
            assert any(column.planes[-1])
        elif column.type != "s":
            assert column.place == 0


# Round trips


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_written_can_be_read(kind: str) -> None:
    acc = MAKERS[kind]()
    data = acc.to_bytes()
    assert isinstance(data, bytes)
    for form in (bytes, bytearray, memoryview):
        back = sl.Accumulator.from_bytes(form(data))
        assert back == acc
        assert back.to_bytes() == data
        assert (back.counts, back.shape, repr(back)) == (acc.counts, acc.shape, repr(acc))


@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_read_goes_on(kind: str) -> None:
    acc = MAKERS[kind]()
    back = sl.Accumulator.from_bytes(acc.to_bytes())
    assert (back + acc).to_bytes() == (acc + acc).to_bytes()
    assert (back - acc).to_bytes() == (acc - acc).to_bytes()


def test_results_go_on_in_every_bit() -> None:
    back = sl.Accumulator.from_bytes(sl.accumulate("mae", Y[:999], P[:999], W[:999]).to_bytes())
    back.update(Y[999:], P[999:], W[999:])
    want = truths(abs(P - Y), W)
    assert {reduction: back.result(reduction) for reduction in want} == want


def test_keys_are_spelled_as_before() -> None:
    spelled = ["sbn", Named(2.0)]
    back = sl.Accumulator.from_bytes(sl.accumulate(spelled, Y, P).to_bytes())
    assert list(back.result()) == spelled
    assert isinstance(MAKERS["scalar"]().result(), float)


@pytest.mark.parametrize("delta", [0.1, 1 / 3, 5e-324, LARGEST])
def test_parameters_keep_every_bit(delta: float) -> None:
    back = sl.Accumulator.from_bytes(sl.Accumulator(sl.Huber(delta)).to_bytes())
    assert back.losses == (sl.Huber(delta),)


# Canonical


@pytest.mark.parametrize("size", [1, 7, 64, 2049, 3999, 4000])
def test_bytes_do_not_depend_on_the_split(size: int) -> None:
    parts = [
        sl.accumulate("mae", Y[k : k + size], P[k : k + size], W[k : k + size])
        for k in range(0, 4000, size)
    ]
    assert sl.merge(parts[::-1]).to_bytes() == MAKERS["scalar"]().to_bytes()


def test_bytes_do_not_depend_on_the_way() -> None:
    want = sl.accumulate("mae", Y, P, axis=0).to_bytes()
    large = sl.accumulate("mae", [1e300], [0.0], axis=0)
    small = sl.accumulate("mae", [TINY * 4], [0.0], axis=0)
    ways = [
        sl.accumulate("mae", Y[::-1], P[::-1], axis=0),
        sl.accumulate("mae", Y, P, axis=0) + large - large,
        small + sl.accumulate("mae", Y, P, axis=0) + large - small - large,
        sl.accumulate("mae", Y, P, np.ones(4000), axis=0),
        pickle.loads(pickle.dumps(sl.accumulate("mae", Y, P, axis=0))),
    ]
    assert [way.to_bytes() for way in ways] == [want] * len(ways)


def test_bytes_of_many_cells_do_not_depend_on_the_way() -> None:
    y, p, w = cells(40, 300)
    whole = sl.accumulate("mae", y, p, w, axis=0)
    parts = [
        sl.accumulate("mae", *rows, axis=0)
        for rows in zip(*(a[:, None] for a in (y, p, w)), strict=True)
    ]
    assert sl.merge(parts).to_bytes() == sl.merge(parts[::-1]).to_bytes() == whole.to_bytes()


# Refusals

SMALL = {kind: MAKERS[kind] for kind in ("empty", "scalar", "user", "axes", "not finite")}


@pytest.mark.parametrize("kind", SMALL)
def test_every_changed_byte_is_refused(kind: str) -> None:
    data = SMALL[kind]().to_bytes()
    for at, change in itertools.product(range(len(data)), (0x01, 0x80, 0xFF)):
        damaged = bytearray(data)
        damaged[at] ^= change
        with pytest.raises(ValueError, match="data"):
            sl.Accumulator.from_bytes(damaged)


@pytest.mark.parametrize("kind", SMALL)
def test_every_truncation_and_extension_is_refused(kind: str) -> None:
    data = SMALL[kind]().to_bytes()
    for wrong in (*(data[:stop] for stop in range(len(data))), data[1:], data + b"\0", data + data):
        with pytest.raises(ValueError, match="data"):
            sl.Accumulator.from_bytes(wrong)


FOREIGN = {
    "nothing": b"",
    "zeros": bytes(100),
    "text": b"streamloss" * 20,
    "pickle": pickle.dumps({"a": 1}),
    "numpy": b"\x93NUMPY\x01\x00" + bytes(100),
    "parquet": b"PAR1" + bytes(100) + b"PAR1",
    "magic alone": b"strmloss",
    "magic and zeros": b"strmloss" + bytes(100),
    "another magic": seal(bytes(20), magic=b"strmlost"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_data_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="data"):
        sl.Accumulator.from_bytes(FOREIGN[kind])


@pytest.mark.parametrize("version", [0, 3, 99, 2**32 - 1])
def test_other_versions_are_refused_by_number(version: int) -> None:
    data = seal(MAKERS["scalar"]().to_bytes()[36:], version)
    with pytest.raises(ValueError, match=rf"version 1 or 2: got {version}$"):
        sl.Accumulator.from_bytes(data)


UNKNOWN = [
    ([["no_such_module:Loss", []]], "no_such_module:Loss"),
    ([["nowhere", []]], "nowhere"),
    ([["huber", [(-1.0).hex()]]], "delta"),
]


@pytest.mark.parametrize(("losses", "named"), UNKNOWN)
def test_losses_that_are_not_here_are_refused_by_name(losses: Any, named: str) -> None:
    data = MAKERS["scalar"]().to_bytes()
    with pytest.raises(ValueError, match=named):
        sl.Accumulator.from_bytes(with_header(data, losses=losses))


WRONG = [
    {"shape": [2]},
    {"shape": [0]},
    {"shape": None},
    {"losses": [["absolute_error", []]] * 2},
    {"losses": []},
    {"nan": "skip"},
    {"losses": [["huber", []]], "specs": ["mae", "mse"]},
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_a_header_that_does_not_fit_is_refused(changes: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sl.Accumulator.from_bytes(with_header(MAKERS["scalar"]().to_bytes(), **changes))


# Size


@pytest.mark.parametrize("kind", ["scalar", "root", "user", "not finite", "every exponent"])
def test_a_scalar_loss_takes_at_most_two_kilobytes(kind: str) -> None:
    acc = MAKERS[kind]()
    assert len(acc.to_bytes()) <= 2048
    assert len(pickle.dumps(acc)) <= 2048


def test_the_size_does_not_grow_with_the_data() -> None:
    acc = sl.accumulate("mae", Y, P, W)
    size = len(acc.to_bytes())
    for _ in range(40):
        acc.merge(acc)
    assert len(acc.to_bytes()) <= size + 60
