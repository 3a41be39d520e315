"""The names that dask knows results by: the same for the same call, and no other."""

from __future__ import annotations

import uuid
from typing import Any

from dask.base import tokenize

from streamloss.kernels.digests import (
    Uncacheable,
    function_digest,
    loss_digest,
    package_digest,
)
from streamloss.losses.base import Loss, computed_of

from .blocks import Blocks


def token_of(losses: tuple[Loss, ...], blocks: Blocks, *settings: Any) -> str:
    """Return a name for results that depend on these arrays, settings, and the losses' code."""
    names = [array.name for array in blocks.arrays]
    codes = [(loss.key, tuple(loss), digest_of(loss)) for loss in losses]
    parts = blocks.weights is None, blocks.where is None
    return str(tokenize(package_digest(), names, parts, codes, settings))


def digest_of(loss: Loss) -> Any:
    """Return a digest of a loss's code, a random one where it cannot be known."""
    own = type(loss)
    ends = [end for end in (own.finish, own.combine) if end is not None]
    try:
        codes = [loss_digest(type(part)) for part in computed_of([loss])]
        return codes, [function_digest(end) for end in ends]
    except (Uncacheable, AttributeError):
        return uuid.uuid4().hex
