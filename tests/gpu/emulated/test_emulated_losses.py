"""What a GPU makes of the compiled losses: the bits of the CPU."""

import pytest

from tests.gpu import cases


@pytest.mark.parametrize("name", ["AbsoluteError", "LogLoss", "SoftmaxCrossEntropy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses(name: str, dtype: str) -> None:
    records = cases.check(name, dtype, cases.FEW)
    assert len(records) > 5
    assert [record for record in records if record["wrong"]] == []
