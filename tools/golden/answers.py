"""Where the answers of frameworks are kept, and the format that they are written in."""

import sys
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"
sys.path.insert(0, str(GOLDEN.parent))

from golden._format import decode, dtype_of, encode, outcome, write  # noqa: E402
from golden.keras_magnitudes import scale_of  # noqa: E402

__all__ = ["GOLDEN", "decode", "dtype_of", "encode", "outcome", "scale_of", "write"]
