"""Another version of numba is asked whether it rounds products and sums apart."""

from collections.abc import Iterator

import numba
import pytest

from streamloss.kernels import internals
from streamloss.run.gpu import launch


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(numba, "__version__", "0.99.0")
    launch._rounds_apart.cache_clear()
    launch._kernel.cache_clear()
    launch._configured.cache_clear()
    yield
    launch._rounds_apart.cache_clear()


def test_it_does() -> None:
    assert launch._rounds_apart()


def test_its_options_have_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(context: object) -> None:
        raise AttributeError("_nvvm_options")

    monkeypatch.setattr(internals, "forbid_fma", renamed)
    assert not launch._rounds_apart()
