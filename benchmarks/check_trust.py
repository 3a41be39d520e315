"""Try to break what is around the sums, as often as it takes: `python -m benchmarks.check_trust`.

Interrupts at random moments of first calls, two of them in a row, forks under busy threads, saved
states that somebody else wrote, and files in the place of kernels. With `--share 0.1` a tenth of
it. Prints a line for each kind, and exits with 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._trust import caches, forks, interrupts, states

Wrong = Iterator[str | None]


def first_calls(count: int, rng: random.Random) -> Wrong:
    """Interrupt first calls of Python."""
    os.environ["STREAMLOSS_SMALL_BATCH"] = "0"
    moments = [(rng.choice(list(interrupts.CALLS)), 2.0 * rng.random()) for _ in range(count)]
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda moment: interrupts.first_call(*moment), moments)


def command_lines(count: int, rng: random.Random) -> Wrong:
    """Interrupt commands, once or twice."""
    path = interrupts.make_file(Path(tempfile.mkdtemp()))
    evaluate = ["evaluate", path, "--true", "y", "--pred", "p"]
    commands = [evaluate, ["losses"], [*evaluate, "--loss", "rmse", "--json"]]
    moments = [(rng.choice(commands), 2.5 * rng.random(), rng.randint(1, 2)) for _ in range(count)]
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda moment: interrupts.command_line(*moment), moments)


def double_interrupts(count: int, rng: random.Random) -> Wrong:
    """Interrupt calls on data without end, twice."""
    yield interrupts.twice(count, rng.randrange(1 << 30))


def busy_forks(count: int, rng: random.Random) -> Wrong:
    """Fork under three busy threads."""
    yield forks.busy(count)


def saved_states(count: int, rng: random.Random) -> Wrong:
    """Change saved states and seal them anew."""
    yield from states.mutations(count, rng.randrange(1 << 30))


def cached_code(count: int, rng: random.Random) -> Wrong:
    """Damage kernels, or let others have written them."""
    cache, kinds = caches.warm(), [*caches.kinds(), "damaged"]
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(
            lambda k: caches.attempt(cache, kinds[k % len(kinds)], random.Random(k)), range(count)
        )


KINDS: dict[Callable[[int, random.Random], Wrong], int] = {
    saved_states: 20_000,
    busy_forks: 2000,
    double_interrupts: 200,
    cached_code: 200,
    first_calls: 250,
    command_lines: 250,
}
"""What is tried, and how often."""


def main() -> int:
    """Try everything and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[kind.__name__ for kind in KINDS])
    given = parser.parse_args()
    failed = 0
    for kind, full in KINDS.items():
        if given.only in (None, kind.__name__):
            count, begun = max(1, round(full * given.share)), time.perf_counter()
            wrong = [why for why in kind(count, random.Random(given.seed)) if why is not None]
            seconds = time.perf_counter() - begun
            print(
                f"{kind.__name__}: {count} tries, {len(wrong)} wrong, {seconds:.0f} s", flush=True
            )
            print(*wrong[:5], sep="\n", flush=True)
            failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
