"""Ledger: which batches are in a sum, so that one that comes twice is noticed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from streamloss.support.brief import brief

POLICIES = RAISE, IGNORE = "raise", "ignore"
"""What becomes of a batch that was there before."""

DIGEST_BYTES = 16
"""Bytes of the digest of an id: among a billion ids two are alike with a chance of 1e-21."""

Sets = tuple[frozenset[bytes], ...]


class Sums(Protocol):
    """A State or a Table."""

    def is_nothing(self) -> bool:
        """Return whether all counts and sums are zero."""


def digest(batch_id: Any) -> bytes:
    """Return the digest of the id of a batch, different for 1, "1" and b"1".

    It is the BLAKE2b, of 16 bytes, of a letter and what follows it: "s" and text in UTF-8, "b" and
    bytes, or "i" and an integer in hexadecimal. Halves of characters, which names of files can
    have, are encoded as if they were whole ones.

    Raises
    ------
    TypeError
        If it is neither text, bytes nor an integer.
    ValueError
        If it is empty: whoever forgets to fill it in gives it to all batches.
    """
    from hashlib import blake2b  # which `import streamloss` need not wait for

    if isinstance(batch_id, str):
        text = b"s" + batch_id.encode("utf-8", "surrogatepass")
    elif isinstance(batch_id, bytes):
        text = b"b" + batch_id
    elif isinstance(batch_id, int | np.integer) and not isinstance(batch_id, bool):
        text = b"i%x" % int(batch_id)
    else:
        raise TypeError(f"batch_id must be text, bytes or an integer: got {brief(batch_id)}")
    if len(text) == 1:
        raise ValueError(f"batch_id must not be empty: got {brief(batch_id)}")
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


def check_policy(on_repeat: Any) -> str:
    """Return what becomes of a batch that was there before, if there is such a policy.

    Raises
    ------
    ValueError
        If there is none.
    """
    if on_repeat not in POLICIES:
        raise ValueError(f"on_repeat must be 'raise' or 'ignore': got {brief(on_repeat)}")
    return str(on_repeat)


class Ledger:
    """The digests of the ids of batches; immutable.

    They are in several sets, each of more than the next: to add one copies few of them, and 20
    times each of a million in all.

    Attributes
    ----------
    sets : tuple of frozenset of bytes
        The digests; none of a sum without ids.
    untracked : bool
        Whether something without an id is in the sum as well. Of a ledger without ids its sum tells
        that.
    on_repeat : {"raise", "ignore"}
        What becomes of a batch that was there before.
    """

    __slots__ = ("on_repeat", "sets", "untracked")

    def __init__(self, sets: Sets = (), untracked: bool = False, on_repeat: str = RAISE) -> None:
        self.sets, self.untracked, self.on_repeat = sets, untracked, on_repeat

    @classmethod
    def of(cls, ids: Iterable[Any], on_repeat: str = RAISE) -> Ledger:
        """Return the ledger of ids.

        Raises
        ------
        TypeError, ValueError
            If one cannot be an id.

        Examples
        --------
        >>> ledger = Ledger.of(["file-1", 7])
        >>> len(ledger), 7 in ledger, "7" in ledger
        (2, True, False)
        """
        return cls.of_digests(map(digest, ids), False, on_repeat)

    @classmethod
    def of_digests(cls, digests: Iterable[bytes], untracked: bool, on_repeat: str) -> Ledger:
        """Return the ledger of digests of ids."""
        return cls(_with((), frozenset(digests)), untracked, on_repeat)

    def digests(self) -> list[bytes]:
        """Return the digests of all ids, sorted."""
        return sorted(frozenset().union(*self.sets))

    def __len__(self) -> int:
        return sum(map(len, self.sets))

    def __contains__(self, batch_id: Any) -> bool:
        found = digest(batch_id)
        return any([found in some for some in self.sets])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and self._what() == other._what()

    __hash__ = None  # type: ignore[assignment]

    def _what(self) -> tuple[list[bytes], bool, str]:
        return self.digests(), self.untracked, self.on_repeat

    def __reduce__(self) -> tuple[Any, ...]:
        return Ledger.of_digests, self._what()

    def __or__(self, other: Ledger) -> Ledger:
        """Return the ledger of the ids of both."""
        sets = self.sets
        for new in other.sets:
            for known in self.sets:
                new = new - known
            sets = _with(sets, new)
        return Ledger(sets, self.untracked or other.untracked, self.on_repeat)

    def __sub__(self, other: Ledger) -> Ledger:
        """Return the ledger without the ids of another, all of which it must have.

        Raises
        ------
        ValueError
            If it lacks some.
        """
        absent = len(other) - self.common(other)
        if absent:
            raise ValueError(
                f"ids of batches must be there to be taken out: got {absent} of {len(other)} that"
                " are not"
            )
        sets: Sets = ()
        for some in self.sets:
            for taken in other.sets:
                some = some - taken
            sets = _with(sets, some)
        return Ledger(sets, bool(sets) and (self.untracked or other.untracked), self.on_repeat)

    def common(self, other: Ledger) -> int:
        """Return how many ids both have."""
        return sum([len(a & b) for a in self.sets for b in other.sets])

    def without_ids(self) -> Ledger:
        """Return a ledger of nothing with the same policy."""
        return Ledger(on_repeat=self.on_repeat)

    def merged(
        self, sums: Sums | None, other: Ledger, part: Sums, sign: int
    ) -> tuple[Ledger, bool, bool]:
        """Return what is known of a sum to which a part is added, or from which it is taken out.

        Parameters
        ----------
        sums, part : State or Table
            What the ids of this ledger, and those of the other, are the ids of; None of nothing.
        other : Ledger
            The ids of the part.
        sign : int
            1 to add it, -1 to take it out.

        Returns
        -------
        Ledger, bool, bool
            The ids of the new sum; whether the old one is in it, and whether the part is.

        Raises
        ------
        ValueError
            If some batches are in both and that is not to be ignored, or cannot be: neither of
            both is all in the other. If some are to be taken out that are not there.
        """
        mine, theirs = self._beside(sums), other._beside(part)
        if sign < 0:
            return mine - theirs, True, True
        known = mine.common(theirs)
        if not known:
            return mine | theirs, True, True
        if self.on_repeat == IGNORE:
            if known == len(theirs) and not theirs.untracked:
                return self, True, False
            if known == len(mine) and not mine.untracked:
                return Ledger(theirs.sets, theirs.untracked, IGNORE), False, True
        raise ValueError(mine._refusal(theirs, known))

    def _beside(self, sums: Sums | None) -> Ledger:
        """Return the ledger with what its sum tells: without ids, whether that holds anything."""
        if self.sets or sums is None:
            return self
        return Ledger((), not sums.is_nothing(), self.on_repeat)

    def _refusal(self, other: Ledger, known: int) -> str:
        """Return why two are not merged that have some ids in common."""
        rule = "batches must not come twice"
        if self.on_repeat == IGNORE:
            rule = "batches must be all known or all new, and none without an id, to be ignored"
        return f"{rule}: got {known} of {len(other)} that are known"


NO_IDS = Ledger()
"""The ledger of what was added without ids."""


def _with(sets: Sets, new: frozenset[bytes]) -> Sets:
    """Return sets with another one, which takes in those that are no larger."""
    if not new:
        return sets
    while sets and len(sets[-1]) <= len(new):
        new |= sets[-1]
        sets = sets[:-1]
    return (*sets, new)
