"""Calls of scikit-learn's metrics of regression."""

from __future__ import annotations

import numpy as np
from sklearn_calls import DEVIANCES, add, draw
from sklearn_scales import Floats


def regression(call: str) -> None:
    """Add what all averages over outputs have in common."""
    y, p, w = draw(7), draw(7), draw(7, low=0.0)
    y2, p2, w2 = draw(5, 3), draw(5, 3), draw(5)
    v = [0.3, 0.5, 1.7]
    add("plain", call, y_true=y, y_pred=p)
    add("positional", call, y, p)
    add("weighted", call, y_true=y, y_pred=p, sample_weight=w)
    add("long", call, y_true=draw(40), y_pred=draw(40), sample_weight=draw(40))
    add("one", call, y_true=y[:1], y_pred=p[:1])
    add("two", call, y_true=y[:2], y_pred=p[:2])
    add("perfect", call, y_true=y, y_pred=y)
    zero = w * np.array([1, 0, 1, 1, 0, 0, 1])
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=zero)
    signs = np.array([1.0, 1.0, -0.25, 1.0, 2.0, -0.5, 0.0])
    add("negative-weights", call, y_true=y, y_pred=p, sample_weight=signs)
    add("negative-sum", call, y_true=y, y_pred=p, sample_weight=-w)
    add("integer-weights", call, y_true=y, y_pred=p, sample_weight=[1, 2, 0, 3, 1, 1, 2])
    add("boolean-weights", call, y_true=y, y_pred=p, sample_weight=[True, False] * 3 + [True])
    add("lists", call, y_true=y.tolist(), y_pred=p.tolist(), sample_weight=w.tolist())
    add("tuples", call, y_true=(1.5, 2.0, 0.25), y_pred=(1.0, 2.5, 0.5))
    add("integers", call, y_true=[3, 1, 2, 7], y_pred=[2, 1, 4, 8])
    add("int32-uint8", call, y_true=np.int32([3, 1, 2, 7]), y_pred=np.uint8([2, 1, 4, 8]))
    add("uint8", call, y_true=np.uint8([0, 16, 255]), y_pred=np.uint8([16, 0, 1]))
    add("booleans", call, y_true=[True, False, True], y_pred=np.array([True, True, False]))
    add("column", call, y_true=y[:, None], y_pred=p[:, None], sample_weight=w)
    add("column-1d", call, y_true=y, y_pred=p[:, None])
    for how in ("raw_values", "uniform_average", v, np.array(v), [1, 0, 2], [-1.0, 3.0, 0.5]):
        name = how if isinstance(how, str) else type(how).__name__ + str(how[0])
        add(f"outputs-{name}", call, y_true=y2, y_pred=p2, multioutput=how)
        add(f"outputs-{name}-w", call, y_true=y2, y_pred=p2, sample_weight=w2, multioutput=how)
    add("raw-one", call, y_true=y, y_pred=p, sample_weight=w, multioutput="raw_values")
    add("raw-column", call, y_true=y[:, None], y_pred=p[:, None], multioutput="raw_values")
    add("lists-2d", call, y_true=y2.tolist(), y_pred=p2.tolist())
    for dtype in (np.float32, np.float16):
        a, b, c = y.astype(dtype), p.astype(dtype), w.astype(dtype)
        name = dtype.__name__
        add(name, call, y_true=a, y_pred=b, sample_weight=c)
        raw = {"y_true": y2.astype(dtype), "y_pred": p2.astype(dtype), "multioutput": "raw_values"}
        add(f"{name}-raw", call, **raw)
        add(f"{name}-outputs", call, **{**raw, "multioutput": v})
        add(f"{name}-uniform", call, **{**raw, "multioutput": "uniform_average"})
        add(f"{name}-list", call, y_true=a, y_pred=p.tolist(), multioutput="raw_values")
        add(f"{name}-integers", call, y_true=np.arange(7) % 3, y_pred=b, multioutput="raw_values")
        add(f"{name}-float64", call, y_true=a, y_pred=p, multioutput="raw_values")
        add(f"{name}-w64", call, y_true=a, y_pred=b, sample_weight=w, multioutput="raw_values")
        wide = {"sample_weight": w.tolist(), "multioutput": "raw_values"}
        add(f"{name}-w-list", call, y_true=a, y_pred=b, **wide)
    regression_errors(call, y, p, w)


def regression_errors(call: str, y: Floats, p: Floats, w: Floats) -> None:
    """Add what must be refused."""
    y2, p2 = draw(4, 2), draw(4, 2)
    for name, bad in (("nan", np.nan), ("inf", np.inf), ("-inf", -np.inf)):
        broken = np.where(np.arange(7) == 3, bad, p)
        add(f"{name}-y_true", call, y_true=broken, y_pred=p)
        add(f"{name}-y_pred", call, y_true=y, y_pred=broken, sample_weight=w)
        add(f"{name}-weights", call, y_true=y, y_pred=p, sample_weight=np.abs(broken))
        hidden = np.where(np.arange(7) == 3, 0.0, w)
        add(f"{name}-weight-zero", call, y_true=broken, y_pred=p, sample_weight=hidden)
    add("nan-float32", call, y_true=np.float32([1, np.nan]), y_pred=[1.0, 2.0])
    add("large-float32", call, y_true=np.float32([1, 2]), y_pred=[1e300, 2.0])
    add("large-float16", call, y_true=np.float16([1, 2]), y_pred=np.array([70000, 2]))
    add("length", call, y_true=y, y_pred=p[:6])
    add("length-weights", call, y_true=y, y_pred=p, sample_weight=w[:6])
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-2d", call, y_true=y2, y_pred=p2, sample_weight=np.ones((4, 2)))
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=2.0)
    add("weights-0d", call, y_true=y, y_pred=p, sample_weight=np.array(2.0))
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    sums = [1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.0]
    add("weights-sum-zero", call, y_true=y, y_pred=p, sample_weight=sums)
    raw = {"sample_weight": sums[:4], "multioutput": "raw_values"}
    add("weights-sum-zero-raw", call, y_true=y2, y_pred=p2, **raw)
    add("scalar", call, y_true=1.0, y_pred=2.0)
    add("text", call, y_true="1.0", y_pred=[2.0])
    add("texts", call, y_true=["one", "two"], y_pred=[2.0, 1.0])
    add("none", call, y_true=None, y_pred=[2.0])
    add("nones", call, y_true=[None, 1.0], y_pred=[2.0, 1.0])
    add("0d", call, y_true=np.array(1.0), y_pred=np.array(2.0))
    add("3d", call, y_true=np.ones((2, 2, 1)), y_pred=np.ones((2, 2, 1)))
    add("empty", call, y_true=[], y_pred=[])
    add("no-outputs", call, y_true=np.ones((3, 0)), y_pred=np.ones((3, 0)))
    add("outputs-differ", call, y_true=y2, y_pred=p2[:, :1])
    add("outputs-1d", call, y_true=y2, y_pred=p2[:, 0])
    add("outputs-one", call, y_true=y, y_pred=p, multioutput=[2.0])
    add("outputs-one-two", call, y_true=y, y_pred=p, multioutput=[2.0, 1.0])
    add("outputs-length", call, y_true=y2, y_pred=p2, multioutput=[1.0, 2.0, 3.0])
    add("outputs-nan", call, y_true=y2, y_pred=p2, multioutput=[1.0, np.nan])
    add("outputs-sum-zero", call, y_true=y2, y_pred=p2, multioutput=[1.0, -1.0])
    add("outputs-2d", call, y_true=y2, y_pred=p2, multioutput=[[1.0, 2.0]])
    add("outputs-2d-2", call, y_true=y2, y_pred=p2, multioutput=[[1.0, 2.0], [3.0, 1.0]])
    add("outputs-unknown", call, y_true=y2, y_pred=p2, multioutput="mean")
    add("outputs-none", call, y_true=y2, y_pred=p2, multioutput=None)
    add("outputs-number", call, y_true=y2, y_pred=p2, multioutput=2)
    add("outputs-variance", call, y_true=y2, y_pred=p2, multioutput="variance_weighted")


def particular_regression() -> None:
    """Add what one function alone has."""
    y, p, w = draw(6), draw(6), draw(6)
    for call in ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error"):
        add("overflow", call, y_true=[1e308, 0.0], y_pred=[-1e308, 1.0])
        add("subnormal", call, y_true=[5e-324, 0.0], y_pred=[0.0, 0.0])
        signed = {"y_true": [-1.5, 2.0, -3.0], "y_pred": [1.0, -2.0, -3.5]}
        add("signed", call, **signed)
    add("overflow-float32", "mean_squared_error", y_true=np.float32([1e30, 0]), y_pred=[0.0, 1.0])
    overflow = {"y_true": [1e200, 0.0], "y_pred": [0.0, 1.0], "sample_weight": [0.0, 1.0]}
    add("overflow-weight-zero", "mean_squared_error", **overflow)
    for call in ("mean_squared_log_error", "root_mean_squared_log_error"):
        add("negative", call, y_true=[-0.5, 1.0, 0.0], y_pred=[0.5, -0.25, 0.0])
        for bad in (-1.0, -1.5, -1e300):
            add(f"y_true{bad}", call, y_true=[bad, 1.0], y_pred=[0.5, 0.5])
            add(f"y_pred{bad}", call, y_true=[0.5, 0.5], y_pred=[bad, 1.0])
            weights = {"sample_weight": [0.0, 1.0]}
            add(f"y_pred{bad}-w0", call, y_true=[0.5, 0.5], y_pred=[bad, 1.0], **weights)
    call = "mean_absolute_percentage_error"
    add("zero", call, y_true=[0.0, 1.0], y_pred=[1.0, 2.0])
    add("zero-zero", call, y_true=[0.0, 1.0], y_pred=[0.0, 2.0])
    add("zero-float32", call, y_true=np.float32([0, 1]), y_pred=np.float32([1, 2]))
    add("zero-float16", call, y_true=np.float16([0, 1]), y_pred=np.float16([1, 2]))
    add("negative", call, y_true=[-2.0, -1.0, 4.0], y_pred=[1.0, -3.0, -4.0])
    add("tiny", call, y_true=[1e-20, -1e-17], y_pred=[0.0, 1e-17])
    call = "mean_pinball_loss"
    for alpha in (0, 1, 0.1, 0.9, 0.25, True, np.float64(0.3), np.float32(0.3)):
        name = f"alpha-{type(alpha).__name__}{alpha}"
        add(name, call, y_true=y, y_pred=p, sample_weight=w, alpha=alpha)
        raw = {"multioutput": "raw_values", "alpha": alpha}
        add(f"{name}-float32", call, y_true=np.float32(y), y_pred=np.float32(p), **raw)
    for alpha in (-0.1, 1.5, np.nan, "0.5", None, [0.5]):
        add(f"alpha-bad-{alpha}", call, y_true=y, y_pred=p, alpha=alpha)
    determinations()


def determinations() -> None:
    """Add what the coefficients of determination alone have."""
    flat, y = np.full(4, 2.5), draw(4)
    mixed, guess = np.stack([flat, y, draw(4)], axis=1), draw(4, 3)
    guess[:, 0] = 2.0
    hit = np.where(np.arange(3) == 0, flat[:, None], guess)
    for call in ("r2_score", "explained_variance_score"):
        for finite in (True, False):
            name = f"finite-{finite}"
            add(f"{name}-constant", call, y_true=flat, y_pred=y, force_finite=finite)
            add(f"{name}-constant-hit", call, y_true=flat, y_pred=flat, force_finite=finite)
            add(f"{name}-constant-off", call, y_true=flat, y_pred=flat + 1, force_finite=finite)
            one = {"y_true": [1.0], "y_pred": [2.0], "force_finite": finite}
            add(f"{name}-one", call, **one)
            add(f"{name}-one-raw", call, **one, multioutput="raw_values")
            add(f"{name}-two", call, y_true=[1.0, 3.0], y_pred=[2.0, 2.0], force_finite=finite)
            for how in ("raw_values", "uniform_average", "variance_weighted", [0.5, 1.0, 2.0]):
                spec = {"force_finite": finite, "multioutput": how}
                add(f"{name}-{how}", call, y_true=mixed, y_pred=guess, **spec)
                add(f"{name}-{how}-hit", call, y_true=mixed, y_pred=hit, **spec)
                weights = {"sample_weight": [1.0, 2.0, 0.0, 0.5]}
                add(f"{name}-{how}-w", call, y_true=mixed, y_pred=guess, **spec, **weights)
            spec = {"force_finite": finite, "multioutput": "variance_weighted"}
            add(f"{name}-all-constant", call, y_true=np.ones((3, 2)), y_pred=guess[:3, :2], **spec)
        add("finite-number", call, y_true=y, y_pred=flat, force_finite=1)
        add("finite-numpy", call, y_true=y, y_pred=flat, force_finite=np.bool_(False))
        add("variance-float32", call, y_true=np.float32(mixed), y_pred=np.float32(guess), **spec)
        add("large-mean", call, y_true=1e6 + mixed[:, 1], y_pred=1e6 + mixed[:, 2])
        add("mean-prediction", call, y_true=[1.0, 2.0, 3.0], y_pred=[2.0, 2.0, 2.0])


def differences() -> None:
    """Add what our answer differs in, or might be thought to."""
    third = [0.1, 0.1, 0.1]
    add("constant-rounded", "r2_score", y_true=third, y_pred=[0.1, 0.1, 0.2])
    add("constant-rounded-hit", "r2_score", y_true=third, y_pred=third)
    add("constant-rounded", "explained_variance_score", y_true=third, y_pred=[0.1, 0.1, 0.2])
    large = np.array([1e15 + 0.5, 1e15 + 1.25, 1e15 + 2.5, 1e15 + 3.125])
    add("mean-1e15", "r2_score", y_true=large, y_pred=large + np.array([0.5, -0.5, 0.25, 0.0]))
    # 0.1 + 0.2 - 0.3 is 2.8e-17, and 5.6e-17 in float64
    nearly = {
        "y_true": [1.0, 2.0, 4.0],
        "y_pred": [0.5, 0.5, 0.5],
        "sample_weight": [0.1, 0.2, -0.3],
    }
    add("weights-cancel", "mean_absolute_error", **nearly)
    many = {"sample_weight": [0.1] * 10 + [-1.0], "y_pred": [0.0] * 11}
    add("weights-cancel-wholly", "mean_absolute_error", y_true=[1.0] * 10 + [2.0], **many)
    half = {"y_true": np.float16([300.0, 0.0]), "y_pred": np.float16([0.0, 0.0])}
    add("float16-square", "mean_squared_error", **half)
    single = {"y_true": np.float32([2e19, 0.0, 0.0, 0.0]), "y_pred": np.float32([0.0] * 4)}
    add("float32-square", "mean_squared_error", **single)
    add("float32-square", "root_mean_squared_error", **single)
    zeros = np.float16([0.0, 1.0])
    add("float16-zeros", "mean_absolute_percentage_error", y_true=zeros, y_pred=zeros)
    wide = {"y_true": np.array([2**53, 2**53 + 1]), "y_pred": np.array([2**53 + 1, 2**53 + 1])}
    add("wide-integers", "accuracy_score", **wide)
    add("wide-integers", "mean_absolute_error", **wide)
    add("complex", "mean_absolute_error", y_true=np.array([1j, 1.0]), y_pred=[1.0, 2.0])
    power = {"y_true": [-3.0, 1.0, 0.5], "y_pred": [1.0, 2.0, 0.5], "power": -2}
    add("negative-mean", "d2_tweedie_score", **power)
    near = 1 + 1e-9 * np.arange(4)
    add("near", "mean_poisson_deviance", y_true=near, y_pred=near[::-1])
    add("near", "mean_gamma_deviance", y_true=near, y_pred=near[::-1])
    add("one-class", "hinge_loss", y_true=[1, 1], pred_decision=[2.0, 3.0])
    add("one-class-labels", "hinge_loss", y_true=[1, 1], pred_decision=[2.0, 3.0], labels=[-1, 1])


POWERS = (-2, -0.5, 0, 1, 1.25, 1.9, 2, 2.5, 3, 7.5)


def deviances() -> None:
    """Add the deviances of Tweedie's family."""
    y, p, w = draw(7), draw(7), draw(7)
    for power in POWERS:
        for call in ("mean_tweedie_deviance", "d2_tweedie_score"):
            add(f"power{power}", call, y_true=y, y_pred=p, power=power)
            add(f"power{power}-w", call, y_true=y, y_pred=p, sample_weight=w, power=power)
            arrays = {"y_true": np.float32(y), "y_pred": np.float32(p)}
            add(f"power{power}-float32", call, **arrays, power=power)
        call = "mean_tweedie_deviance"
        add(f"power{power}-hit", call, y_true=y, y_pred=y, power=power)
        add(f"power{power}-integers", call, y_true=[1, 3, 2], y_pred=[2, 2, 5], power=power)
        for name, bad in (("zero", 0.0), ("negative", -1.0)):
            broken, hidden = np.where(np.arange(7) == 2, bad, p), np.where(np.arange(7) == 2, 0, w)
            add(f"power{power}-{name}-y_true", call, y_true=broken, y_pred=p, power=power)
            add(f"power{power}-{name}-y_pred", call, y_true=y, y_pred=broken, power=power)
            spec = {"sample_weight": hidden, "power": power}
            add(f"power{power}-{name}-y_pred-w0", call, y_true=y, y_pred=broken, **spec)
    bad = (0.5, 0.999, np.nan, np.inf, -np.inf, "1", None, [1])
    for power in bad:
        add(f"power-bad-{power}", "mean_tweedie_deviance", y_true=y, y_pred=p, power=power)
    for call in DEVIANCES:
        deviance_edges(call, y, p, w)


def deviance_edges(call: str, y: Floats, p: Floats, w: Floats) -> None:
    """Add what all deviances have in common."""
    add("plain", call, y_true=y, y_pred=p)
    add("positional", call, y, p)
    add("weighted", call, y_true=y, y_pred=p, sample_weight=w)
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=[0, 1, 2, 0, 1, 1, 3])
    add("lists", call, y_true=y.tolist(), y_pred=p.tolist())
    add("column", call, y_true=y[:, None], y_pred=p, sample_weight=w)
    add("float16", call, y_true=np.float16(y), y_pred=np.float16(p))
    add("float32-w64", call, y_true=np.float32(y), y_pred=np.float32(p), sample_weight=w)
    add("one", call, y_true=[1.5], y_pred=[2.0])
    add("constant", call, y_true=[2.0, 2.0], y_pred=[1.0, 3.0])
    add("zero", call, y_true=[0.0, 1.0, 2.0], y_pred=[0.5, 0.5, 1.0])
    add("outputs", call, y_true=draw(3, 2), y_pred=draw(3, 2))
    add("outputs-differ", call, y_true=draw(3, 2), y_pred=draw(3))
    add("nan", call, y_true=[np.nan, 1.0], y_pred=[1.0, 1.0])
    add("inf", call, y_true=[1.0, 1.0], y_pred=[1.0, np.inf])
    add("nan-weight", call, y_true=[1.0, 1.0], y_pred=[1.0, 2.0], sample_weight=[1.0, np.nan])
    add("length", call, y_true=y, y_pred=p[:3])
    add("length-weights", call, y_true=y, y_pred=p, sample_weight=w[:3])
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y[:2], y_pred=p[:2], sample_weight=[1.0, -1.0])
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=1.0)
    add("empty", call, y_true=[], y_pred=[])
    add("scalar", call, y_true=1.0, y_pred=2.0)
    add("0d", call, y_true=np.array(1.0), y_pred=np.array(2.0))
