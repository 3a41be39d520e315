"""What PyTorch has and is not here."""

ABSENT = {
    "CTCLoss": "its loss is one of whole alignments, not a sum over elements or rows",
    "AdaptiveLogSoftmaxWithLoss": "it holds trainable parameters",
    "LinearCrossEntropyLoss": "it holds trainable parameters",
}
ABSENT |= {
    "ctc_loss": ABSENT["CTCLoss"],
    "linear_cross_entropy": "it multiplies matrices: pass the logits to cross_entropy",
}
"""The reason why a class or function is not offered, by its name."""
