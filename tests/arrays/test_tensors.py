"""Tensors of other libraries, where they are installed."""

from typing import Any

import numpy as np
import pytest

import streamloss as sl


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64"]
)
def test_torch_tensors(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    y = torch.arange(12).reshape(3, 4).to(getattr(torch, dtype))
    p = y.to(torch.float64).numpy() + 0.25
    assert sl.evaluate("mae", y, p) == 0.25
    assert sl.evaluate("mae", y.T, p.T, y.T[:, :1]) == 0.25


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_torch_tensors_that_require_a_gradient(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    y = torch.ones(6, dtype=getattr(torch, dtype), requires_grad=True)
    assert sl.evaluate("mae", y, y * 3, y[::2].repeat(2)) == 2.0


def test_torch_views_that_conjugate_or_negate() -> None:
    torch = pytest.importorskip("torch")
    y = torch.tensor([3 + 4j, 1j])
    assert sl.evaluate("mae", y.conj(), [3 - 4j, -1j]) == 0.0
    assert sl.evaluate("mae", y.conj().imag, [-4.0, -1.0]) == 0.0


def test_torch_masks_and_tensors_elsewhere() -> None:
    torch = pytest.importorskip("torch")
    y = torch.arange(4.0)
    assert sl.evaluate("mae", y, y * 0, where=y > 2) == 3.0
    with pytest.raises(TypeError, match=r"y_true must be .*CPU.*meta"):
        sl.evaluate("mae", y.to("meta"), y)


def test_a_thread_that_flushes_subnormals_is_refused() -> None:
    torch = pytest.importorskip("torch")
    if not torch.set_flush_denormal(True):
        pytest.skip("this CPU cannot")
    try:
        for nan in ("propagate", "raise"):
            with pytest.raises(RuntimeError, match="subnormal"):
                sl.evaluate("mae", [1.0], [2.0], nan=nan)
        with pytest.raises(RuntimeError, match="subnormal"):
            sl.evaluate("mae", [1.0], [2.0], reduction="none")
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16", "bfloat16", "float32"])
def test_jax_arrays(dtype: str) -> None:
    jnp = pytest.importorskip("jax.numpy")
    y = jnp.arange(12).reshape(3, 4).astype(dtype)
    p = np.asarray(y).astype(np.float64) + 0.25
    assert sl.evaluate("mae", y, p) == 0.25
    assert sl.evaluate("mae", y[::-1].T, p[::-1].T, y[:1].T) == 0.25


def test_arrays_of_several_devices_are_read_as_numpy_reads_them() -> None:
    class Sharded:
        """An array as JAX has it on several devices."""

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.arange(3.0)

        def __dlpack__(self, **how: Any) -> Any:
            raise BufferError("__dlpack__ only supported for unsharded arrays.")

        def __dlpack_device__(self) -> Any:
            raise BufferError("__dlpack__ only supported for unsharded arrays.")

    assert sl.evaluate("mae", Sharded(), np.zeros(3)) == 1.0
