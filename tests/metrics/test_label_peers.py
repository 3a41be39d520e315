"""The answers of scikit-learn and torchmetrics about labels, and where ours differ from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.golden._format import decode, read

GOLDEN = Path(__file__).parents[1] / "golden"
_, SKLEARN = read(GOLDEN / "sklearn_labels.jsonl")
_, TORCH = read(GOLDEN / "torchmetrics_labels.jsonl")

RATES: dict[str, Any] = {
    "precision": sl.Precision,
    "recall": sl.Recall,
    "specificity": sl.Specificity,
    "f1": sl.F1,
    "f1_score": sl.F1,
    "jaccard": sl.Jaccard,
    "jaccard_index": sl.Jaccard,
    "fbeta": lambda *args, **given: sl.FBeta(0.5, *args, **given),
}


def of(cases: list[dict[str, Any]], *starts: str) -> Any:
    """Parametrise a test by the cases of some functions."""
    some = [case for case in cases if case["id"].startswith(starts)]
    assert some
    return pytest.mark.parametrize("case", some, ids=lambda case: case["id"])


def near(found: Any, want: Any, rel: float) -> None:
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(want, float), rtol=rel, atol=rel
    )


def asked(metric: Any, args: dict[str, Any]) -> Any:
    """Return ours of the arguments of scikit-learn."""
    return sl.evaluate(metric, args["y_true"], args["y_pred"], args["sample_weight"])


def occurring(args: dict[str, Any]) -> list[Any]:
    """Return the labels of scikit-learn, which are those of elements of weight zero as well."""
    return sorted({*np.ravel(args["y_true"]).tolist(), *np.ravel(args["y_pred"]).tolist()})


def all_weigh(args: dict[str, Any]) -> bool:
    """Return whether each label is of an element of a weight that is not zero, as ours all are."""
    matrix = asked("confusion_matrix", args)
    return matrix.labels.tolist() == occurring(args)


@of(SKLEARN, "accuracy_score", "hamming_loss", "matthews_corrcoef", "balanced_accuracy_score")
def test_numbers_of_sklearn(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    metric: Any = case["call"]
    if "adjusted" in args:
        metric = sl.BalancedAccuracy(args["adjusted"])
    found = asked(metric, args)
    if case["call"] == "matthews_corrcoef" and np.isnan(found):
        assert want == 0.0  # where y_true or y_pred has one class alone
    else:
        near(found, want, 1e-12)


@of(SKLEARN, "cohen_kappa_score")
def test_kappa_of_sklearn(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    args = {"y_true": args["y1"], "y_pred": args["y2"], **args}
    found = asked(sl.CohenKappa(args["weights"] or "none"), args)
    if all_weigh(args) or args["weights"] is None:
        near(found, want, 1e-12)
    else:  # labels of elements of weight zero are numbered as well there
        assert found != want


@of(SKLEARN, "confusion_matrix")
def test_matrices_of_sklearn(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    found = asked(sl.ConfusionMatrix(args["normalize"] or "none"), args)
    places = [occurring(args).index(label) for label in found.labels.tolist()]
    want = want[np.ix_(places, places)]
    # shares of nothing are zero there
    near(np.nan_to_num(np.asarray(found)), want, 1e-12)


@of(SKLEARN, "precision_score", "recall_score", "f1_score", "jaccard_score", "fbeta_score")
def test_rates_of_sklearn(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    make = RATES[case["call"].removesuffix("_score")]
    over = "outputs" if np.ndim(args["y_true"]) == 2 else "classes"
    average = args["average"] or "none"
    found = asked(make(average, over=over), args)
    if average == "none":
        per = dict(zip(occurring(args) if over == "classes" else found.labels, want, strict=True))
        want = [per[label] for label in found.labels.tolist()]
        if case["call"] == "jaccard_score":  # which takes no zero_division of NaN
            found = np.nan_to_num(np.asarray(found))
    if case["call"] == "jaccard_score" and average in ("macro", "weighted", "samples"):
        each = asked(make("none", over=over), args)
        whole = average != "samples" and not np.isnan(each.values).any()
        if not whole or (over == "classes" and not all_weigh(args)):
            assert not found < want  # there what is 0 / 0 counts as zero
            return
    near(found, want, 1e-12)


@of(SKLEARN, "top_k_accuracy_score")
def test_top_k_of_sklearn(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    found = sl.evaluate(sl.TopKAccuracy(args["k"]), args["y_true"], args["y_score"])
    if "plain" in case["id"]:
        near(found, want, 1e-12)
    else:  # of equal scores the last classes come first there
        reverse = args["y_score"].shape[1] - 1
        turned = reverse - args["y_true"], args["y_score"][:, ::-1]
        near(sl.evaluate(sl.TopKAccuracy(args["k"]), *turned), want, 1e-12)


def of_torch(case: dict[str, Any]) -> tuple[str, dict[str, Any], Any]:
    """Return the name of a function without its task, its arguments and its answer."""
    return case["call"].partition("_")[2], decode(case["args"]), decode(case["outcome"])


@of(TORCH, "multiclass_precision", "multiclass_recall", "multiclass_specificity")
def test_rates_of_torchmetrics(case: dict[str, Any]) -> None:
    check_rate(case, "num_classes")


@of(TORCH, "multiclass_f1_score", "multiclass_jaccard_index")
def test_overlaps_of_torchmetrics(case: dict[str, Any]) -> None:
    check_rate(case, "num_classes")


@of(TORCH, "multilabel_precision", "multilabel_recall", "multilabel_specificity")
def test_rates_of_indicators_of_torchmetrics(case: dict[str, Any]) -> None:
    check_rate(case, "num_labels")


@of(TORCH, "multilabel_f1_score", "multilabel_jaccard_index")
def test_overlaps_of_indicators_of_torchmetrics(case: dict[str, Any]) -> None:
    check_rate(case, "num_labels")


def check_rate(case: dict[str, Any], size: str) -> None:
    """Compare a rate with torchmetrics', of which 0 / 0 is 0 and counts in means.

    Its means are over classes that y_true or y_pred has. It takes a label that is ignored for a
    class nevertheless, but in the mean of Jaccard's index.
    """
    name, args, want = of_torch(case)
    average, ignore = args["average"], args.get("ignore_index")
    over = "outputs" if size == "num_labels" else "classes"
    y, p = args["target"], args["preds"]
    kept = np.full(y.shape, True) if ignore is None else y != ignore
    pair = (y, p) if over == "outputs" else (y[kept], p[kept])
    each = sl.evaluate(RATES[name]("none", over=over), *pair)
    values = {label: 0.0 if value != value else value for label, value in each.items()}
    if average == "none":
        absent = 1.0 if name == "specificity" and kept.any() else 0.0
        near([values.get(label, absent) for label in range(args[size])], want, 1e-6)
        return
    if name == "specificity" and over == "classes" and average == "micro":
        return  # it counts absent classes, whose elements are all true negatives
    found = sl.evaluate(RATES[name](average, over=over), *pair)
    if average == "macro":
        some = [v for label, v in values.items() if name != "jaccard_index" or label != ignore]
        near(np.mean(some), want, 1e-6)
    elif np.isnan(each.values).any():
        assert np.nan_to_num(found) >= want - 1e-6
    elif not (name == "jaccard_index" and average == "micro" and ignore == 0):
        near(found, want, 1e-6)


@of(TORCH, "binary_")
def test_two_classes_of_torchmetrics(case: dict[str, Any]) -> None:
    name, args, want = of_torch(case)
    spelled = name.removesuffix("_index").removesuffix("_score")
    spec = f"{spelled}:scores=probabilities,threshold={args['threshold']}"
    near(sl.evaluate(spec, args["target"], args["preds"]), want, 1e-6)


@of(TORCH, "multiclass_confusion_matrix", "multiclass_matthews", "multiclass_cohen")
def test_agreement_of_torchmetrics(case: dict[str, Any]) -> None:
    name, args, want = of_torch(case)
    kept = args["target"] != args["ignore_index"]
    pair = args["target"], args["preds"]
    if name == "confusion_matrix":
        found = sl.evaluate(sl.ConfusionMatrix(ignore_index=args["ignore_index"]), *pair)
        for (a, b), value in np.ndenumerate(want):
            known = {a, b} <= set(found.labels.tolist())
            assert value == (found[a, b] if known else 0)
        return
    metric: Any = sl.Matthews(args["ignore_index"])
    if name == "cohen_kappa":
        metric = sl.CohenKappa(args["weights"], args["ignore_index"])
    found, labels = sl.evaluate(metric, *pair), {*pair[0][kept].tolist(), *pair[1][kept].tolist()}
    if name == "matthews_corrcoef" and np.isnan(found):
        assert want == 0.0
    elif name == "matthews_corrcoef" or args["weights"] == "none" or labels == set(range(5)):
        near(found, want, 1e-5)  # else absent classes are numbered as well there


@of(TORCH, "multiclass_accuracy")
def test_accuracy_of_torchmetrics(case: dict[str, Any]) -> None:
    """Its accuracy of classes is their recall, by default the mean of it."""
    _, args, want = of_torch(case)
    if "top_k" in args:
        found = sl.evaluate(sl.TopKAccuracy(args["top_k"]), args["target"], args["preds"])
        if "plain" in case["id"]:
            near(found, want, 1e-6)
        return
    kept = args["target"] != args["ignore_index"]
    pair = args["target"][kept], args["preds"][kept]
    each = sl.evaluate(sl.Recall("none"), *pair)
    if args["average"] == "macro":
        near(np.mean(np.nan_to_num(each.values)), want, 1e-6)
    elif args["average"] == "none":
        values = dict(zip(each.keys(), np.nan_to_num(each.values), strict=True))
        near([values.get(label, 0.0) for label in range(5)], want, 1e-6)
    else:
        near(sl.evaluate("accuracy", *pair), want, 1e-6)
