"""The table: a row for each loss and some of its parameters. **A new loss gets its row here.**

A row has the loss, its formula, what draws data of its domain, and by how many ulp the loss may
miss the formula. A formula of arithmetic alone (no ulp) is numpy's on whole arrays of float64, with
the operations in the order of the loss's contract, so that every bit is the same. The others are
the textbook's on `Decimal`s of 50 digits. They return the loss, or the loss and the scale whose ulp
its error is measured in: its largest term, where terms may cancel.
"""

from __future__ import annotations

import numpy as np

from streamloss import losses as sl
from tests.losses.truth import elements, rows
from tests.losses.truth.decimals import softplus
from tests.losses.truth.draws import (
    any_signs,
    counts,
    counts_and_logs,
    equal_or_not,
    first_of_reals,
    flags,
    hard_logits,
    label_rows,
    labels,
    logit_rows,
    logits,
    moments,
    multi_labels,
    plain_vectors,
    positive,
    probabilities,
    probability_rows,
    ranked,
    reals,
    relations,
    rows_of,
    share_rows,
    signs,
    sixteenths,
    some_weights,
    vectors,
    weight_rows,
    weighted_logits,
)
from tests.losses.truth.row import Truth

HIGH = 1.0 - 1e-7

TABLE = [
    Truth(sl.AbsoluteError(), elements.absolute, reals),
    Truth(sl.SquaredError(), elements.squared, reals),
    Truth(sl.RootMeanSquaredError(), elements.squared, reals),
    *(Truth(sl.Huber(delta), elements.huber(delta), reals) for delta in (1.0, 0.5, 1e-3, 1e200)),
    *(Truth(sl.SmoothL1(beta), elements.smooth_l1(beta), reals) for beta in (1.0, 0.0, 0.1, 3e5)),
    Truth(sl.LogCosh(), elements.log_cosh, reals, 4),
    *(Truth(sl.Quantile(q), elements.quantile(q), reals) for q in (0.5, 0.1, 0.975)),
    Truth(sl.Value(), lambda y: y, first_of_reals),
    Truth(sl.AbsolutePercentageError(), elements.percentage(2.0**-52, 1.0), reals),
    Truth(sl.AbsolutePercentageError(1e-7, 100.0), elements.percentage(1e-7, 100.0), reals),
    Truth(
        sl.SymmetricAbsolutePercentageError(), elements.symmetric_percentage(2.0**-52, 2.0), reals
    ),
    Truth(
        sl.SymmetricAbsolutePercentageError(1e-3, 1.0),
        elements.symmetric_percentage(1e-3, 1.0),
        reals,
    ),
    Truth(sl.EpsilonInsensitive(0.5), lambda y, p: np.maximum(np.abs(p - y) - 0.5, 0.0), reals),
    Truth(sl.SquaredLogError(), elements.squared_log(-1.0), positive, 6),
    Truth(sl.SquaredLogError(1e-7), elements.squared_log(1e-7), reals, 6),
    Truth(sl.PoissonDeviance(), elements.poisson_deviance, positive, 10),
    Truth(sl.PoissonDeviance(), elements.poisson_deviance, counts, 10),
    Truth(sl.GammaDeviance(), elements.gamma_deviance, positive, 10),
    Truth(sl.TweedieDeviance(0.0), lambda y, p: (p - y) * (p - y), reals),
    Truth(sl.TweedieDeviance(1.0), elements.poisson_deviance, counts, 10),
    Truth(sl.TweedieDeviance(2.0), elements.gamma_deviance, positive, 10),
    *(
        Truth(sl.TweedieDeviance(k), elements.tweedie(k), positive, 4)
        for k in (-1.5, 1.25, 1.5, 3.0)
    ),
    Truth(sl.TweedieDeviance(1.5), elements.tweedie(1.5), counts, 4),
    Truth(sl.Poisson(), elements.poisson(1e-7), counts, 3),
    Truth(sl.PoissonNLL(), elements.poisson_nll(True, False, 1e-8), counts_and_logs, 4),
    Truth(sl.PoissonNLL(1.0, 1.0), elements.poisson_nll(True, True, 1e-8), counts_and_logs, 4),
    Truth(sl.PoissonNLL(0.0, 1.0, 1e-3), elements.poisson_nll(False, True, 1e-3), counts, 4),
    Truth(sl.GaussianNLL(), elements.gaussian_nll(False, 1e-6), moments, 5),
    Truth(sl.GaussianNLL(1.0, 1e-3), elements.gaussian_nll(True, 1e-3), moments, 5),
    Truth(sl.KLDivergence(), elements.kl_divergence, lambda rng, n: probabilities(rng, n)[::-1], 4),
    Truth(sl.KLDivergence(1.0), elements.kl_divergence_of_logs, reals, 4),
    Truth(sl.LogLoss(), elements.log_loss(1e-7), probabilities, 3),
    Truth(sl.LogLoss(1e-2), elements.log_loss(1e-2), probabilities, 3),
    Truth(sl.BinaryCrossEntropy(), elements.binary(1e-7, HIGH, 0.0), probabilities, 4),
    Truth(sl.BinaryCrossEntropy(0.0, 1.0), elements.binary(0.0, 1.0, 0.0), probabilities, 4),
    Truth(sl.BinaryCrossEntropy(smoothing=0.1), elements.binary(1e-7, HIGH, 0.1), probabilities, 4),
    Truth(sl.BinaryCrossEntropyWithLogits(), elements.with_logits(0.0), logits, 4),
    Truth(sl.BinaryCrossEntropyWithLogits(0.1), elements.with_logits(0.1), logits, 4),
    Truth(
        sl.WeightedBinaryCrossEntropyWithLogits(), elements.weighted_with_logits, weighted_logits, 5
    ),
    *(
        Truth(sl.BinaryFocal(*p), elements.binary_focal(*p), probabilities, 9)
        for p in ((2.0, 0.25, 0, 1e-7, HIGH, 0.0), (1.5, 0.4, 1, 1e-3, 0.99, 0.1))
    ),
    *(
        Truth(sl.BinaryFocalWithLogits(*p), elements.binary_focal_with_logits(*p), hard_logits, 9)
        for p in ((2.0, 0.25, 0, 0.0), (1.5, 0.4, 1, 0.1))
    ),
    Truth(sl.Hinge(), elements.hinge, signs),
    Truth(sl.Hinge(1.0), lambda y, x: elements.hinge(2.0 * y - 1.0, x), logits),
    Truth(sl.SquaredHinge(), lambda s, x: elements.hinge(s, x) * elements.hinge(s, x), signs),
    Truth(sl.SquaredHinge(1.0), lambda y, x: elements.hinge(2.0 * y - 1.0, x) ** 2, hard_logits),
    Truth(sl.HingeEmbedding(), elements.hinge_embedding(1.0), any_signs),
    Truth(sl.HingeEmbedding(0.3), elements.hinge_embedding(0.3), any_signs),
    Truth(sl.SoftMargin(), lambda y, x: softplus(-y * x), signs, 2),
    Truth(sl.MarginRanking(), elements.margin_ranking(0.0), ranked),
    Truth(sl.MarginRanking(0.3), elements.margin_ranking(0.3), ranked),
    Truth(sl.ZeroOne(), lambda y, p: y != p, equal_or_not),
    Truth(sl.ZeroOneRow(), lambda y, p: np.any(y != p, axis=1), rows_of(flags, flags)),
    Truth(sl.Brier(), rows.brier, rows_of(labels, probability_rows)),
    Truth(sl.ClassHinge(), rows.class_hinge, rows_of(labels, logit_rows)),
    *(
        Truth(sl.SoftmaxCrossEntropy(s), rows.softmax(s), rows_of(label_rows, logit_rows), 4)
        for s in (0.0, 0.1)
    ),
    *(
        Truth(
            sl.WeightedSoftmaxCrossEntropy(s),
            rows.softmax(s),
            rows_of(label_rows, logit_rows, weight_rows),
            4,
        )
        for s in (0.0, 0.1)
    ),
    *(
        Truth(
            sl.SparseSoftmaxCrossEntropy(s), rows.sparse_softmax(s), rows_of(labels, logit_rows), 4
        )
        for s in (0.0, 0.1)
    ),
    *(
        Truth(
            sl.WeightedSparseSoftmaxCrossEntropy(s),
            rows.sparse_softmax(s),
            rows_of(labels, logit_rows, weight_rows),
            4,
        )
        for s in (0.0, 0.1)
    ),
    Truth(
        sl.ClassWeight(),
        lambda y, x, w: rows.chosen(y, w),
        rows_of(labels, logit_rows, weight_rows),
    ),
    Truth(sl.NLL(), lambda y, x: -rows.chosen(y, x), rows_of(labels, logit_rows)),
    Truth(
        sl.WeightedNLL(),
        lambda y, x, w: -(rows.chosen(y, w) * rows.chosen(y, x)),
        rows_of(labels, logit_rows, weight_rows),
    ),
    *(
        Truth(
            sl.CategoricalCrossEntropy(*p), rows.categorical(*p), rows_of(label_rows, share_rows), 4
        )
        for p in ((1e-7, HIGH, 0.0, True), (1e-3, 0.99, 0.1, True), (1e-12, 1.0, 0.0, False))
    ),
    *(
        Truth(
            sl.SparseCategoricalCrossEntropy(*p),
            rows.sparse_categorical(*p),
            rows_of(labels, share_rows),
            2,
        )
        for p in ((1e-7, HIGH, True), (1e-12, 1.0, False), (0.1, 0.9, True, True))
    ),
    *(
        Truth(sl.CategoricalFocal(*p), rows.focal(*p), rows_of(label_rows, share_rows), 5)
        for p in ((0.25, 2.0, 1e-7, HIGH, 0.0), (0.4, 1.5, 1e-3, 0.99, 0.1))
    ),
    *(
        Truth(
            sl.CategoricalFocalWithLogits(*p),
            rows.focal_with_logits(*p),
            rows_of(label_rows, logit_rows),
            6,
        )
        for p in ((0.25, 2.0, 1e-7, HIGH, 0.0), (0.4, 1.5, 1e-3, 0.99, 0.1))
    ),
    *(
        Truth(
            sl.GeneralizedCrossEntropy(q), rows.generalized(q), rows_of(labels, probability_rows), 4
        )
        for q in (0.5, 0.7)
    ),
    Truth(sl.KLDivergenceRow(), rows.kl_row(1e-7), rows_of(label_rows, label_rows), 3),
    Truth(sl.CategoricalHinge(), rows.categorical_hinge, rows_of(label_rows, logit_rows)),
    Truth(sl.MultiMargin(), rows.multi_margin(1.0, False), rows_of(labels, logit_rows)),
    Truth(sl.MultiMargin(2.0, 0.5), rows.multi_margin(0.5, True), rows_of(labels, logit_rows)),
    Truth(sl.MultiMargin(1.5), rows.powered_margin(1.0, 1.5), rows_of(labels, logit_rows), 5),
    Truth(
        sl.WeightedMultiMargin(),
        rows.multi_margin(1.0, False),
        rows_of(labels, logit_rows, weight_rows),
    ),
    Truth(
        sl.WeightedMultiMargin(2.0, 0.5),
        rows.multi_margin(0.5, True),
        rows_of(labels, logit_rows, weight_rows),
    ),
    Truth(sl.MultiLabelMargin(), rows.multi_label_margin, rows_of(multi_labels, logit_rows)),
    Truth(sl.MultiLabelSoftMargin(), rows.soft_margins, rows_of(flags, logit_rows), 4),
    Truth(
        sl.WeightedMultiLabelSoftMargin(),
        rows.soft_margins,
        rows_of(flags, logit_rows, weight_rows),
        4,
    ),
    Truth(sl.CosineSimilarity(), rows.cosine_similarity(1e-7), rows_of(vectors, vectors)),
    Truth(sl.CosineSimilarity(0.1), rows.cosine_similarity(0.1), rows_of(vectors, vectors)),
    Truth(sl.CosineDistance(), lambda y, p: 1.0 - rows.inner(p, y), rows_of(vectors, vectors)),
    Truth(sl.CosineEmbedding(), rows.cosine_embedding(0.0), rows_of(relations, vectors, vectors)),
    Truth(
        sl.CosineEmbedding(0.2), rows.cosine_embedding(0.2), rows_of(relations, vectors, vectors)
    ),
    *(
        Truth(
            sl.TripletMargin(m, p, e, s),
            rows.triplet(m, p == 2.0, e, s),
            rows_of(*[plain_vectors] * 3),
        )
        for m, p, e, s in ((1.0, 2.0, 1e-6, 0), (0.5, 2.0, 0.0, 1), (1.0, 1.0, 1e-6, 1))
    ),
    Truth(
        sl.TripletMargin(p=3.0), rows.powered_triplet(3.0, 1e-6), rows_of(*[plain_vectors] * 3), 5
    ),
    Truth(
        sl.PairwiseSquaredError(), rows.pairwise, rows_of(sixteenths, sixteenths, some_weights), 5
    ),
]
