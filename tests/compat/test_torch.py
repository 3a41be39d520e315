"""What PyTorch answered, case by case, of numpy and of dask arrays in uneven chunks."""

from __future__ import annotations

import functools
import inspect
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from golden._compare import assert_same, attempt, eps_of
from golden._format import decode, read
from golden.torch_scale import scale

from streamloss.compat import torch as ours
from streamloss.compat.torch import functional
from tools.docs.differences import golden

HEADER, CASES = read(Path(__file__).parents[1] / "golden" / "torch.jsonl")
BY_ID = {case["id"]: case for case in CASES}
EXCLUDED = golden("torch", BY_ID)
"""Cases in which we differ, and what of; docs/differences.toml has them all."""

KEPT = [case for case in CASES if case["id"] not in EXCLUDED]


def prepare(case: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the function of a case and its arguments by keyword."""
    args = decode(case["args"])
    if case["call"] in functional.__all__:
        return getattr(functional, case["call"]), args
    made = getattr(ours, case["call"])
    init = decode(case["init"])
    names = inspect.signature(made.forward).parameters
    inputs = dict(zip(list(names)[1:], args, strict=True))
    return lambda **inputs: made(**init)(*inputs.values()), inputs


def call(case: dict[str, Any], lazy: bool = False) -> tuple[Any, list[str]]:
    """Return the result or error of a case, and the names of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = attempt(lambda: computed(case) if lazy else called(*prepare(case)))
    return found, [w.category.__name__ for w in caught]


@functools.cache
def of_numpy(name: str) -> tuple[Any, list[str]]:
    """Return the result and warnings of a case, which several tests look at."""
    return call(BY_ID[name])


def called(function: Any, args: dict[str, Any]) -> Any:
    return function(**args)


def computed(case: dict[str, Any]) -> Any:
    """Return the result of a case of dask arrays, of which nothing is computed early."""
    function, args = prepare(case)
    args = {k: cut(v) if isinstance(v, np.ndarray) else v for k, v in args.items()}
    with dask.config.set(scheduler=too_early):
        lazy = function(**args)
    assert isinstance(lazy, da.Array)
    found = lazy.compute(scheduler="sync")
    assert (found.dtype, found.shape) == (lazy.dtype, lazy.shape)
    return found


def too_early(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("nothing may be computed when a lazy loss is made")


def cut(array: Any) -> Any:
    """Return a dask array of uneven chunks, of every axis."""
    chunks = tuple((size - size // 2, size // 2) if size > 1 else (size,) for size in array.shape)
    return da.from_array(array, chunks=chunks)


def functional_args(case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the function that a case comes to, and all its arguments by keyword."""
    _, args = prepare(case)
    if case["call"] in functional.__all__:
        return case["call"], args
    function = getattr(ours, case["call"]).function
    names = inspect.signature(function).parameters
    inputs = dict(zip(names, args.values(), strict=False))
    return function.__name__, {**inputs, **decode(case["init"])}


def bound(case: dict[str, Any]) -> dict[str, Any]:
    """Return eps, scale and terms for `assert_same`."""
    outcome = case["outcome"]
    if "error" in outcome:
        return {"eps": 0.0}
    function, args = functional_args(case)
    arrays = [v for v in args.values() if isinstance(v, np.ndarray)]
    eps = max(eps_of(dtype) for dtype in [outcome["dtype"], *(a.dtype for a in arrays)])
    size = scale(function, args, tuple(outcome["shape"]))
    return {"eps": eps, "scale": size, "terms": terms(arrays)}


def terms(arrays: list[Any]) -> int:
    """Return how many numbers a result may sum."""
    try:
        return int(np.prod(np.broadcast_shapes(*(a.shape for a in arrays))))
    except ValueError:
        return max(a.size for a in arrays)


@pytest.mark.parametrize("case", KEPT, ids=[case["id"] for case in KEPT])
def test_golden(case: dict[str, Any]) -> None:
    found, warned = of_numpy(case["id"])
    assert_same(case["outcome"], found, **bound(case))
    assert warned == case.get("warns", [])


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_dask_arrays_give_the_bits_of_numpy(case: dict[str, Any]) -> None:
    found, warned = of_numpy(case["id"])
    lazy, warned_too = call(case, lazy=True)
    assert warned_too == warned
    if isinstance(found, Exception):
        assert type(lazy) is type(found), lazy
    else:
        assert not isinstance(lazy, Exception), lazy
        assert (lazy.dtype, lazy.shape) == (found.dtype, found.shape)
        assert lazy.tobytes() == found.tobytes()


def test_what_differs_does_differ() -> None:
    for name in EXCLUDED:
        with pytest.raises(AssertionError):
            assert_same(BY_ID[name]["outcome"], of_numpy(name)[0], **bound(BY_ID[name]))


def test_there_are_cases_of_every_name() -> None:
    assert len(CASES) >= 350
    called = {case["call"] for case in CASES}
    assert called == {*functional.__all__, *ours.__all__} - {"functional"}


def bare(signature: inspect.Signature) -> str:
    """Return a signature as text, without annotations."""
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(parameters))


@pytest.mark.parametrize("name", HEADER["signatures"])
def test_signatures(name: str) -> None:
    first, _, method = name.partition(".")
    found = getattr(ours, first, None) or getattr(functional, first)
    found = getattr(found, method) if method else found
    assert bare(inspect.signature(found)) == HEADER["signatures"][name]


@pytest.mark.parametrize("name", HEADER["representations"])
def test_representations(name: str) -> None:
    made = getattr(ours, name)()
    assert repr(made).startswith(HEADER["representations"][name])
    assert repr(made) == f"{name}()"


def test_options_are_attributes() -> None:
    loss = ours.CrossEntropyLoss(weight=[1.0, 2.0], ignore_index=-1, label_smoothing=0.5)
    assert (loss.weight, loss.ignore_index, loss.label_smoothing) == ([1.0, 2.0], -1, 0.5)
    assert loss.reduction == "mean"
    loss.reduction = "sum"
    assert loss([[0.0, 0.0]], [1]) == 1.75 * np.log(2.0)


def test_the_deprecated_arguments_set_the_reduction_once_and_warn() -> None:
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        loss = ours.L1Loss(size_average=False)
    assert loss.reduction == "sum"
    assert loss([1.0, 2.0], [0.0, 0.0]) == 3.0


def test_criteria_can_be_pickled() -> None:
    loss = pickle.loads(pickle.dumps(ours.HuberLoss(delta=0.5)))
    assert loss([2.0], [0.0]) == 0.875


def test_inputs_may_be_named() -> None:
    assert ours.L1Loss()(input=[1.0], target=[3.0]) == 2.0
    assert ours.L1Loss().forward(target=[1.0], input=[3.0]) == 2.0
    assert ours.PoissonNLLLoss()(log_input=[0.0], target=[3.0]) == 1.0


@pytest.mark.parametrize(
    "name", ["CTCLoss", "LinearCrossEntropyLoss", "AdaptiveLogSoftmaxWithLoss"]
)
def test_what_is_missing_says_why(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"{name} is not implemented: it"):
        getattr(ours, name)


@pytest.mark.parametrize("name", ["ctc_loss", "linear_cross_entropy"])
def test_functions_that_are_missing_say_why(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"{name} is not implemented: it"):
        getattr(functional, name)


@pytest.mark.parametrize("module", [ours, functional])
def test_other_names_are_no_attributes(module: Any) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"{module.__name__!r} has no attribute")):
        module.Linear  # noqa: B018


def test_a_distance_may_be_any_function_of_arrays() -> None:
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(3, 8, 4))

    def manhattan(x: Any, y: Any) -> Any:
        return abs(x - y).sum(axis=-1)

    loss = ours.TripletMarginWithDistanceLoss(distance_function=manhattan, swap=True)
    near, far, other = (manhattan(arrays[i], arrays[k]) for i, k in ((0, 1), (0, 2), (1, 2)))
    expected = np.maximum(0.0, 1.0 + near - np.minimum(far, other)).mean()
    assert loss(*arrays) == pytest.approx(expected, rel=1e-15)
    lazy = loss(*(da.from_array(array, chunks=(3, 4)) for array in arrays))
    assert float(lazy.compute()) == loss(*arrays)


@pytest.mark.parametrize("p", [0.0, np.inf])
def test_norms_that_are_no_sums(p: float) -> None:
    a, b, c = np.array([[[1.0, 2.0]], [[1.0, 5.0]], [[0.0, 1.0]]])
    near, far = (1.0, 2.0) if p == 0.0 else (3.0, 1.0)
    assert functional.triplet_margin_loss(a, b, c, margin=9.0, p=p, eps=0.0) == 9.0 + near - far


def test_values_are_checked_with_their_chunk() -> None:
    input = da.from_array(np.array([0.5, 1.5]), chunks=1)
    lazy = functional.binary_cross_entropy(input, np.ones(2))
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        lazy.compute(scheduler="sync")


def test_sums_are_exact() -> None:
    """float32 sums of torch lose small terms beside large ones; one chunk at a time as well."""
    input = np.float32([1e8, 1.0, 1.0, 1.0])
    zeros = np.zeros(4, np.float32)
    assert functional.l1_loss(input.astype(np.float64), zeros) == 25000000.75
    lazy = functional.l1_loss(da.from_array(input, chunks=1).astype(np.float64), zeros)
    assert lazy.compute() == 25000000.75


@pytest.mark.parametrize("options", [{"reduction": "sum"}, {}, {"weight": np.ones(4, np.float32)}])
def test_float32_results_are_rounded_once(options: dict[str, Any]) -> None:
    """Rounded to float64 first, 1 + 2**-24 + 2**-80 is the middle between two float32."""
    input = np.float32([1.0, 2.0**-24, 2.0**-80, 0.0])
    result = functional.l1_loss(input, np.zeros(4, np.float32), **options)
    count = 1 if "reduction" in options else 4
    assert result == np.float32(1.0 + 2.0**-23) / count


def test_empty_means_are_nan() -> None:
    for name in ("l1_loss", "multi_margin_loss", "multilabel_margin_loss", "cross_entropy"):
        shape = (0, 3) if name != "l1_loss" else (0,)
        labels = np.zeros(shape if "label" in name else 0, np.int64)
        target = np.zeros(0) if name == "l1_loss" else labels
        function = getattr(functional, name)
        assert np.isnan(function(np.zeros(shape), target))
        assert function(np.zeros(shape), target, reduction="sum") == 0.0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cross_entropy", {"weight": np.ones(8), "label_smoothing": 0.5}),
        ("binary_cross_entropy_with_logits", {"weight": np.ones(8), "pos_weight": np.ones((1, 8))}),
        ("multilabel_soft_margin_loss", {"weight": np.ones(8)}),
        ("gaussian_nll_loss", {"var": 2.0}),
        ("kl_div", {"reduction": "sum"}),
    ],
)
def test_weights_beside_dask_arrays_are_not_spread_in_memory(name: str, options: Any) -> None:
    shape = (10**8, 8)
    input = da.zeros(shape, chunks=(10**6, 8))
    labels = da.zeros(shape[:1], dtype=np.int64, chunks=10**6)
    target = {"cross_entropy": labels, "kl_div": np.asarray(1.0)}.get(name, input)
    lazy = getattr(functional, name)(input, target, **options)
    assert len(pickle.dumps(dict(lazy.__dask_graph__()), protocol=5)) < 10**6


def of_unknown_size(array: Any) -> Any:
    """Return a dask array whose rows dask cannot count: every second one."""
    rows = da.from_array(np.arange(len(array)), chunks=3)
    return da.from_array(array, chunks=(3, *array.shape[1:]))[rows % 2 == 0]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("l1_loss", {}),
        ("mse_loss", {"reduction": "none"}),
        ("kl_div", {"target": np.array([0.5, 0.25, 2.0]), "reduction": "sum"}),
        ("cross_entropy", {"target": np.arange(10) % 3, "weight": np.array([1.0, 2.0, 0.5])}),
        ("nll_loss", {"target": np.arange(10) % 3, "ignore_index": 1}),
        ("multi_margin_loss", {"target": np.arange(10) % 3, "weight": np.array([1.0, 2.0, 0.5])}),
        ("gaussian_nll_loss", {"var": 0.5}),
        ("gaussian_nll_loss", {"var": np.linspace(0.5, 2.0, 10)[:, None]}),
        ("kl_div", {"reduction": "batchmean"}),
        ("binary_cross_entropy_with_logits", {"weight": np.array([1.0, 2.0, 0.5])}),
    ],
)
def test_rows_of_unknown_number(name: str, options: Any) -> None:
    rng = np.random.default_rng(3)
    args = {"input": rng.normal(size=(10, 3)), "target": rng.uniform(size=(10, 3)), **options}
    lazy = {k: of_unknown_size(v) if np.shape(v)[:1] == (10,) else v for k, v in args.items()}
    known = {k: v[::2] if np.shape(v)[:1] == (10,) else v for k, v in args.items()}
    function = getattr(functional, name)
    assert function(**lazy).compute(scheduler="sync").tobytes() == function(**known).tobytes()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: functional.hinge_embedding_loss(*np.uint8([[9], [4]]), reduction="sum"), 9),
        (lambda: functional.soft_margin_loss([-800.0], [1.0]), 800.0),
        (lambda: functional.multilabel_margin_loss([[np.nan, 1.0]], [[0, -1]]), np.nan),
    ],
)
def test_what_we_say_where_torch_differs(found: Any, expected: Any) -> None:
    assert np.array_equal(found(), np.asarray(expected).reshape(found().shape), equal_nan=True)


def test_tensors_are_taken_for_arrays() -> None:
    torch = pytest.importorskip("torch")
    input, target = torch.tensor([[0.5, 2.0]], requires_grad=True), torch.tensor([1])
    found = ours.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]))(input, target)
    assert (type(found), found.dtype) == (np.float32, np.float32)
    half = torch.tensor([1.0, 2.5], dtype=torch.bfloat16)
    assert functional.mse_loss(half, half * 0).dtype.name == "bfloat16"


def test_an_argument_that_is_none_is_named() -> None:
    with pytest.raises(TypeError, match="var must be an array of numbers: got None"):
        functional.gaussian_nll_loss([1.0], [2.0], None)
