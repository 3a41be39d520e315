"""The losses and scores of `sklearn.metrics` that are sums, exact and streaming.

Names, arguments, answers and errors are scikit-learn's; what is NaN, infinite or outside the
domain of a loss raises there, and here. Of dask arrays results are lazy and values are checked
when they are computed. docs/coming_from_sklearn.md lists the differences.
"""

from streamloss.compat.sklearn._absent import (
    d2_absolute_error_score,
    d2_brier_score,
    d2_log_loss_score,
    d2_pinball_score,
    max_error,
    median_absolute_error,
)
from streamloss.compat.sklearn._checks import InvalidParameterError, UndefinedMetricWarning
from streamloss.compat.sklearn._decisions import accuracy_score, hinge_loss, zero_one_loss
from streamloss.compat.sklearn._deviances import (
    d2_tweedie_score,
    mean_gamma_deviance,
    mean_poisson_deviance,
    mean_tweedie_deviance,
)
from streamloss.compat.sklearn._errors import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_pinball_loss,
    mean_squared_error,
    mean_squared_log_error,
    root_mean_squared_error,
    root_mean_squared_log_error,
)
from streamloss.compat.sklearn._probabilities import brier_score_loss, log_loss
from streamloss.compat.sklearn._scores import explained_variance_score, r2_score

__all__ = [
    "InvalidParameterError",
    "UndefinedMetricWarning",
    "accuracy_score",
    "brier_score_loss",
    "d2_absolute_error_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "explained_variance_score",
    "hinge_loss",
    "log_loss",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "r2_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "zero_one_loss",
]
