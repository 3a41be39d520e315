"""What PyTorch has and is not here."""

from __future__ import annotations

REASONS = {
    "CTCLoss": "its loss is one of whole alignments, not a sum over elements or rows",
    "AdaptiveLogSoftmaxWithLoss": "it holds trainable parameters",
    "LinearCrossEntropyLoss": "it holds trainable parameters",
}
REASONS |= {
    "ctc_loss": REASONS["CTCLoss"],
    "linear_cross_entropy": "it multiplies matrices: pass the logits to cross_entropy",
}


def error(module: str, name: str) -> Exception:
    """Return what to raise for a name that a module does not have."""
    if name in REASONS:
        return NotImplementedError(f"{module}.{name} is not implemented: {REASONS[name]}")
    return AttributeError(f"module {module!r} has no attribute {name!r}")
