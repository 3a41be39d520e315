"""Ledgers: digests of ids, sets of them, and how they are saved."""

import itertools
import math
import pickle
import random
import struct
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact.bytes import dump, load, load_all, load_any
from streamloss.exact.ledger import NO_IDS, Ledger, digest
from tests.exact.test_bytes2_refused import I1, I2, columns, entry
from tests.exact.test_format import read, seal

IDS = st.one_of(st.text(min_size=1), st.binary(min_size=1), st.integers())


def hashed(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


# Ids


@pytest.mark.parametrize(
    ("batch_id", "text"),
    [
        ("file-0042", b"sfile-0042"),
        ("é", b"s\xc3\xa9"),
        ("\udcff", b"s\xed\xb3\xbf"),
        (b"\0\xff", b"b\0\xff"),
        (0, b"i0"),
        (255, b"iff"),
        (-255, b"i-ff"),
        (1 << 4000, b"i1" + b"0" * 1000),
    ],
)
def test_digests_are_of_a_letter_and_the_id(batch_id: Any, text: bytes) -> None:
    assert digest(batch_id) == hashed(text)


@given(st.lists(IDS, max_size=8))
def test_ids_are_told_apart(ids: list[Any]) -> None:
    distinct = {(type(each), each) for each in ids}
    assert len(Ledger.of(ids)) == len(distinct)


# Sets


NUMBERS = st.frozensets(st.integers(0, 30), max_size=20)


@given(st.lists(NUMBERS, max_size=6), NUMBERS)
def test_ledgers_are_sets(some: list[frozenset[int]], other: frozenset[int]) -> None:
    ledger, known = Ledger(), frozenset[int]()
    for ids in some:
        ledger, known = ledger | Ledger.of(ids), known | ids
    assert ledger == Ledger.of(known)
    assert ledger.digests() == sorted(map(digest, known))
    assert (len(ledger), ledger.common(Ledger.of(other))) == (len(known), len(known & other))
    assert [k in ledger for k in range(31)] == [k in known for k in range(31)]
    assert [len(a) > len(b) for a, b in itertools.pairwise(ledger.sets)].count(False) == 0
    assert len(ledger) == len(frozenset().union(*ledger.sets)) == sum(map(len, ledger.sets))
    assert pickle.loads(pickle.dumps(ledger)) == ledger
    if other <= known:
        assert ledger - Ledger.of(other) == Ledger.of(known - other)
    else:
        count = len(other - known)
        with pytest.raises(ValueError, match=f"got {count} of {len(other)} that are not"):
            ledger - Ledger.of(other)


def test_ledgers_do_not_change() -> None:
    ledger = Ledger.of(range(5))
    before = ledger.sets
    assert len(ledger | Ledger.of([7])) == 6
    assert len(ledger - Ledger.of([3])) == 4
    assert ledger.sets is before
    assert ledger != object()
    assert ledger != Ledger.of(range(5), "ignore")
    with pytest.raises(TypeError, match="unhashable"):
        hash(ledger)


def test_to_add_to_many_copies_few() -> None:
    ledger, copied, count = Ledger(), 0, 20_000
    for k in range(count):
        before = ledger.sets
        ledger = ledger | Ledger.of([k])
        copied += sum([len(some) for some in ledger.sets if some not in before])
    assert len(ledger) == count
    assert copied <= count * math.log2(2 * count)


# Bytes


def acc_of(*ids: Any, on_repeat: str = "raise", by: Any = None, **options: Any) -> sl.Accumulator:
    acc = sl.Accumulator("mae", by=by, on_repeat=on_repeat, **options)
    keys = None if by is None else ["x", "y"]
    for batch_id in ids:
        acc.update([1.0, 2.0], [1.5, 4.0], by=keys, batch_id=batch_id)
    return acc


MAKERS: dict[str, Callable[[], sl.Accumulator]] = {
    "one": lambda: acc_of("a"),
    "many": lambda: acc_of(*range(100)),
    "ignored": lambda: acc_of("a", 1, on_repeat="ignore"),
    "untracked": lambda: acc_of(None, b"a"),
    "both": lambda: acc_of("a", None, on_repeat="ignore"),
    "axis": lambda: acc_of("a", "b", axis=0),
    "omit": lambda: acc_of("a", nan="omit"),
    "slices": lambda: acc_of("a", "b", by="k"),
    "slices, both": lambda: acc_of("a", None, by="k", on_repeat="ignore"),
    "no elements": lambda: sl.Accumulator("mae").update([], [], batch_id="a"),
    "negative": lambda: acc_of("a") - acc_of(None, None),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_written_can_be_read(kind: str) -> None:
    acc = MAKERS[kind]()
    data = acc.to_bytes()
    back = sl.Accumulator.from_bytes(data)
    assert back == acc
    assert (back.batches, back.on_repeat) == (acc.batches, acc.on_repeat)
    assert back.tally.ledger == acc.tally.ledger
    assert back.to_bytes() == data
    assert acc.batches > 0
    for read_without in (load, load_any):
        with pytest.raises(ValueError, match=f"no ids of batches: got {acc.batches}"):
            read_without(data)


@pytest.mark.parametrize("kind", MAKERS)
def test_without_the_columns_of_ids_it_is_the_same_without_ids(kind: str) -> None:
    acc = MAKERS[kind]()
    saved, _ = load_all(acc.to_bytes())
    header = saved.header
    fields = header.losses, header.specs, header.axis, header.nan, saved.state, saved.slicing
    bare = dump(*fields)
    found, rest = read(acc.to_bytes()).columns, read(bare).columns
    assert {name: c for name, c in found.items() if not name.startswith("batches")} == rest
    assert sl.Accumulator.from_bytes(bare) == acc
    assert sl.Accumulator.from_bytes(bare).batches == 0


def test_bytes_do_not_depend_on_the_way() -> None:
    ids: list[Any] = [*range(40), "a", b"a", None]
    data = acc_of(*ids).to_bytes()
    rng = random.Random(3)
    for _ in range(5):
        rng.shuffle(ids)
        parts = [acc_of(*ids[k::3]) for k in range(3)]
        assert acc_of(*ids).to_bytes() == sl.merge(parts).to_bytes() == data
    assert (acc_of(*ids, "more") - acc_of("more")).to_bytes() == data


def test_without_ids_nothing_is_written() -> None:
    plain = acc_of(None, None)
    for other in (acc_of(None, None, on_repeat="ignore"), acc_of(None, "a", None) - acc_of("a")):
        assert other.to_bytes() == plain.to_bytes()
    assert acc_of().to_bytes() == acc_of(on_repeat="ignore").to_bytes()
    assert sl.Accumulator.from_bytes(acc_of(on_repeat="ignore").to_bytes()).on_repeat == "raise"


def test_another_reader_recovers_ids() -> None:
    found = read(acc_of("b", 17, b"c", None, on_repeat="ignore").to_bytes()).columns
    assert list(found) == ["sum0", "elements", "batches", "batches.rules"]
    digests = b"".join(sorted(map(hashed, (b"sb", b"i11", b"bc"))))
    assert found["batches"].type == found["batches.rules"].type == "i"
    assert bytes([x % 256 for x in found["batches"].planes[0]]) == digests
    assert found["batches"].widths == [1]
    assert found["batches.rules"].planes == [[1, 1]]
    for acc, rules in (acc_of("a", None), [0, 1]), (acc_of("a", on_repeat="ignore"), [1, 0]):
        assert read(acc.to_bytes()).columns["batches.rules"].planes == [rules]
    assert "batches.rules" not in read(acc_of("a").to_bytes()).columns


def body_of(data: bytes) -> tuple[bytes, bytes]:
    """Return the header and the columns of bytes."""
    size = int.from_bytes(data[36:40], "little")
    return data[36 : 40 + size], data[40 + size :]


@pytest.mark.parametrize("kind", ["one", "both", "slices, both", "axis"])
def test_every_changed_byte_is_refused(kind: str) -> None:
    data = MAKERS[kind]().to_bytes()
    for at, change in itertools.product(range(len(data)), (0x01, 0x80, 0xFF)):
        damaged = bytearray(data)
        damaged[at] ^= change
        with pytest.raises(ValueError, match="data"):
            load_all(damaged)
    for stop in range(len(data)):
        with pytest.raises(ValueError, match="data"):
            load_all(data[:stop])


@pytest.mark.parametrize("kind", ["one", "both", "slices, both", "axis"])
def test_changed_bytes_with_a_right_checksum_are_refused_or_read_whole(kind: str) -> None:
    head, body = body_of(MAKERS[kind]().to_bytes())
    rng, whole = random.Random(5), 0
    for at in range(len(body)):
        for value in {body[at] ^ 1, body[at] ^ 0x80, 0, 2, 255, rng.randrange(256)} - {body[at]}:
            data = seal(head + body[:at] + bytes([value]) + body[at + 1 :])
            try:
                acc = sl.Accumulator.from_bytes(data)
            except ValueError as error:
                assert len(str(error)) < 400  # noqa: PT017  # one that is read is right as well
            else:
                whole += 1
                assert acc.to_bytes() == data
    assert whole > 16  # other ids, other sums


ONE, OTHER = (
    np.frombuffer(min(hashed(b"sa"), hashed(b"sb")), I1),
    np.frombuffer(max(hashed(b"sa"), hashed(b"sb")), I1),
)
SUM, ELEMENTS = (
    entry("sum0", "s", [np.array([5], I1)], 33),
    entry("elements", "c", [np.array([4], I1)]),
)
BOTH, RULES = (
    entry("batches", "i", [np.concatenate([ONE, OTHER])]),
    entry("batches.rules", "i", [np.array([1, 1], I1)]),
)


def rules(*values: Any) -> tuple[bytes, bytes]:
    return entry("batches.rules", "i", [np.array(values)])


COLUMNS: dict[str, list[tuple[bytes, bytes]]] = {
    "in disorder": [entry("batches", "i", [np.concatenate([OTHER, ONE])])],
    "twice": [entry("batches", "i", [np.concatenate([ONE, ONE])])],
    "cut": [entry("batches", "i", [np.concatenate([ONE, OTHER[:-1]])])],
    "none": [entry("batches", "i", [ONE[:0]])],
    "wide": [entry("batches", "i", [np.concatenate([ONE, OTHER]).astype(I2)])],
    "two planes": [entry("batches", "i", [ONE, OTHER])],
    "a place": [entry("batches", "i", [ONE], 1)],
    "another type": [entry("batches", "t", [ONE])],
    "another name": [entry("batch", "i", [ONE])],
    "columns twice": [BOTH, BOTH],
    "rules alone": [RULES],
    "rules first": [RULES, BOTH],
    "rules of nothing": [BOTH, rules(np.int8(0), np.int8(0))],
    "rules of two": [BOTH, rules(np.int8(2), np.int8(0))],
    "rules below": [BOTH, rules(np.int8(-1), np.int8(1))],
    "one rule": [BOTH, rules(np.int8(1))],
    "three rules": [BOTH, rules(np.int8(1), np.int8(1), np.int8(1))],
    "wide rules": [BOTH, rules(np.int16(1), np.int16(1))],
    "two planes of rules": [BOTH, entry("batches.rules", "i", [np.array([1, 1], I1)] * 2)],
    "rules of another type": [BOTH, entry("batches.rules", "k", [np.array([1, 1], I1)])],
}


@pytest.mark.parametrize("what", COLUMNS)
@pytest.mark.parametrize("by", [None, "k"])
def test_ids_that_cannot_be_are_refused(by: Any, what: str) -> None:
    data = acc_of("a", "b", None, on_repeat="ignore", by=by).to_bytes()
    head, body = body_of(data)
    right = columns(BOTH, RULES)[4:]
    entries = b"".join([BOTH[0], RULES[0]])
    values = right[len(entries) :]
    at = body.index(entries)
    before, kept = body[4:at], body[at + len(entries) : len(body) - len(values)]
    count = int.from_bytes(body[:4], "little") - 2

    def with_columns(some: list[tuple[bytes, bytes]]) -> bytes:
        names, planes = b"".join([e for e, _ in some]), b"".join([p for _, p in some])
        number = struct.pack("<I", count + len(some))
        return seal(head + number + before + names + kept + planes)

    assert with_columns([BOTH, RULES]) == data
    assert load_all(with_columns([]))[1] == NO_IDS
    with pytest.raises(ValueError, match="data is corrupt"):
        load_all(with_columns(COLUMNS[what]))


def test_nothing_has_no_ids() -> None:
    head, body = body_of(sl.Accumulator("mae", axis=0).to_bytes())
    assert body == columns()
    with pytest.raises(ValueError, match="data is corrupt"):
        load_all(seal(head + columns(BOTH)))


def test_many_ids_are_small() -> None:
    few, many = (acc_of(*range(n)).to_bytes() for n in (1, 1001))
    assert len(many) - len(few) < 16_100
