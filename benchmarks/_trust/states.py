"""Saved states that somebody else wrote, with a right checksum: read whole or refused, at once."""

from __future__ import annotations

import gc
import json
import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

import streamloss as sl

SECONDS, SECONDS_A_BYTE, MEMORY = 0.02, 1e-8, 10e6
"""What a refusal may take."""

VALUES: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        1,
        2,
        64,
        10**7,
        2**31,
        2**63,
        10**400,
        0.5,
        1e999,
        "",
        "x",
        "mae",
        "huber",
    ),
    *([], [0], [-1], [0, 0], [0, 1], [2**32, 2**32], [10**7], [1.0], [[0]], {}, {"a": 1}, [None]),
    *([1] * 70, [["huber", ["0x1.0p+0"]]], [["absolute_error", []]] * 3, "\x1b[2J", "\ud800"),
]
"""What stands in the place of a part of a header."""


def seal(body: bytes, version: int = 2) -> bytes:
    """Return a state with a right checksum."""
    head = b"strmloss" + struct.pack("<IQ", version, len(body))
    return head + blake2b(head + body, digest_size=16).digest() + body


def written(header: Any, integers: bytes) -> bytes:
    """Return a state of a header and columns, spelled as `to_bytes` does."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return seal(struct.pack("<I", len(text)) + text + integers)


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the columns of a state."""
    size = int.from_bytes(data[36:40], "little")
    return json.loads(data[40 : 40 + size]), data[40 + size :]


def samples() -> list[bytes]:
    """Return states of every kind."""
    y, p = np.random.default_rng(0).standard_normal((2, 24))
    accumulators = [
        sl.Accumulator("mae"),
        sl.Accumulator("mse", axis=(0, -1), nan="omit"),
        sl.accumulate(["mae", "huber:delta=0.5", sl.Quantile(0.9)], y, p, abs(p)),
        sl.accumulate("rmse", y.reshape(4, 6), p.reshape(4, 6), axis=0),
        sl.accumulate(["r2", "mse"], y, p),
        sl.Accumulator("mae") - sl.accumulate("mae", [1.0, np.nan, np.inf], [0.0] * 3),
        sl.Accumulator("mae", by={"k": "int", "text": None}, missing="drop", max_slices=99),
        sl.accumulate(
            "mae", y, p, abs(p), by={"k": np.arange(24) % 5, "text": ["a", "é", None] * 8}
        ),
        sl.accumulate(
            "mse", y.reshape(12, 2), p.reshape(12, 2), axis=0, by=sl.bins(y[:12], [-1, 1])
        ),
    ]
    return [accumulator.to_bytes() for accumulator in accumulators]


def _header(data: bytes, rng: random.Random) -> bytes:
    header, integers = parts(data)
    name = rng.choice([*header, "more"])
    header[name] = rng.choice(VALUES)
    return written(header, integers)


def _item(data: bytes, rng: random.Random) -> bytes:
    """Change something within a part of the header."""
    header, integers = parts(data)
    lists = [value for value in header.values() if isinstance(value, list) and value]
    lists += [item for value in lists for item in value if isinstance(item, list) and item]
    some = rng.choice(lists)
    some[rng.randrange(len(some))] = rng.choice(VALUES)
    return written(header, integers)


def _spelling(data: bytes, rng: random.Random) -> bytes:
    """Write the same header in another way."""
    header, integers = parts(data)
    items = list(header.items())
    rng.shuffle(items)
    text = json.dumps(dict(items), indent=rng.choice([None, 0, 1])).encode()
    return seal(struct.pack("<I", len(text)) + text + integers)


def _bytes(data: bytes, rng: random.Random) -> bytes:
    body = bytearray(data[36:])
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return seal(bytes(body))


def _cut(data: bytes, rng: random.Random) -> bytes:
    body = data[36:]
    at, to = sorted(rng.choices(range(len(body) + 1), k=2))
    return seal(rng.choice([body[:at], body[:at] + body[to:], body + body[at:to]]))


def _column(data: bytes, rng: random.Random) -> bytes:
    """Change the directory: how many columns there are, or what one of them is."""
    header, columns = parts(data)
    changed = bytearray(columns)
    changed[rng.randrange(min(len(changed), 80))] = rng.choice([0, 1, 2, 3, 8, 115, 255])
    return written(header, bytes(changed) + rng.choice([b"", bytes(8), rng.randbytes(300)]))


def _deep(data: bytes, rng: random.Random) -> bytes:
    """Nest a part of the header, or make it long."""
    count = 10 ** rng.randint(1, 5)
    text = rng.choice([b"[" * count, b'{"a":' * count, b"[" + b"0," * count + b"0]", b"1" * count])
    return seal(struct.pack("<I", len(text)) + text)


CHANGES: list[Callable[[bytes, random.Random], bytes]] = [
    *(_header, _header, _item, _item, _spelling, _bytes, _bytes, _cut, _column, _column, _deep)
]


def refusal(data: bytes, measured: bool) -> str | None:
    """Read a state; return what is wrong if it is neither refused as it must be nor read whole."""
    if measured:
        tracemalloc.start()
    collects = gc.isenabled()
    gc.disable()  # all that the process holds may be collected meanwhile: 50 ms among many tests
    begun = time.thread_time()
    try:
        found = sl.Accumulator.from_bytes(data)
    except ValueError as error:
        seconds = time.thread_time() - begun
        if len(str(error)) > 400:
            return f"an error of {len(str(error))} characters"
        if not measured and seconds > SECONDS + SECONDS_A_BYTE * len(data):
            return f"refused after {seconds:.3f} s"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:100]}"
    else:
        again = found.to_bytes()
        # a default may have changed meanwhile, and another version have written it
        free = {name: parts(again)[0][name] for name in ("specs", "written_by")}
        spelled = parts(data)[0] | free
        if data != again and written(spelled, parts(data)[1]) != again:
            return f"read, but written as {again[36:136]!r}"
    finally:
        peak = tracemalloc.get_traced_memory()[1] if measured else 0
        tracemalloc.stop()
        if collects:
            gc.enable()
    return f"{peak / 1e6:.1f} MB to refuse" if peak > MEMORY else None


def mutations(count: int, seed: int) -> list[str]:
    """Change states so often; return what is wrong with any."""
    rng, states, bad = random.Random(seed), samples(), []
    for state in states:
        assert refusal(seal(state[36:]), False) is None
    # The first unknown loss is not timed: modules in which to look for its like are imported.
    refusal(written(parts(states[0])[0] | {"losses": [["mea", []]]}, b""), True)
    for k in range(count):
        change = rng.choice(CHANGES)
        try:
            data = change(rng.choice(states), rng)
        except (IndexError, ValueError):  # there is nothing of that kind to change
            data = seal(rng.randbytes(100))
        why = refusal(data, measured=k % 10 == 0)
        if why is not None:
            bad.append(f"{change.__name__}: {why}: {data[36:200]!r}")
    return bad
