"""The kinds of results that a report knows: which variables its tables have, and how rows are sorted."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs

__all__ = ["Kind", "kind_of"]


class Kind(NamedTuple):
    """A kind of result.

    A result is of the first kind whose `marker` it has. `columns` are the variables of its tables. Rows are sorted by
    `order`: the largest absolute value first, or the smallest value first if `ascending`, or the largest value first if
    it says how far a pair is above chance (`above_chance`). `averaged` are the variables of which a report on a study
    shows means over recordings, the one that groups are compared in first.
    """

    name: str
    marker: str
    columns: tuple[str, ...]
    order: str
    averaged: tuple[str, ...] = ()
    ascending: bool = False
    above_chance: bool = False

    def present(self, result: xr.Dataset) -> list[str]:
        """The columns that a result has."""
        return [name for name in self.columns if name in result.data_vars]

    def is_one_sided(self, attrs: Attrs) -> bool:
        """Whether only values above chance count, not those below it: not in a two-sided test of mean correlations."""
        return self.above_chance and not (attrs.get("statistic") == "corr_mean" and attrs.get("polarity", 1))

    def ranks(self, values: np.ndarray, attrs: Attrs) -> np.ndarray:
        """Numbers by which rows with these values of `order` are sorted, the largest first."""
        if self.ascending:
            return -values
        return values if self.is_one_sided(attrs) else abs(values)


KINDS = (
    Kind(
        "significance", "surrogate_z",
        ("observed", "null_mean", "excess", "surrogate_z", "p", "p_fwe", "q"), "surrogate_z",
        averaged=("excess", "surrogate_z"), above_chance=True,
    ),
    Kind(
        "contingency", "answered",
        ("n_given", "answered", "chance", "answered_above_chance", "odds_ratio", "latency", "p", "p_fwe", "q"),
        "answered_above_chance", averaged=("answered_above_chance", "answered", "latency"), above_chance=True,
    ),
    Kind(
        "lag profile", "profile", ("best_lag", "r_at_best_lag", "at_limit", "n_windows"), "r_at_best_lag",
        averaged=("best_lag",),
    ),
    Kind(
        "windowed correlation", "corr_mean",
        ("corr_mean", "corr_abs_mean", "corr_std", "corr_lag", "follow_share", "lead_share", "n_windows"), "corr_mean",
        averaged=("corr_mean", "corr_abs_mean", "corr_lag"),
    ),
    Kind(
        "expressivity", "expressivity",
        ("activations_per_minute", "frequency", "mean", "std", "max", "eligible_time"), "activations_per_minute",
        averaged=("activations_per_minute", "mean"),
    ),
    Kind("diversity", "overall", ("overall", "frame_wise"), "overall", averaged=("overall", "frame_wise")),
    Kind("motion", "range", ("range", "path", "speed", "acceleration", "valid"), "speed", averaged=("speed", "path")),
    Kind("smoothness", "ldj", ("ldj", "jerk", "valid"), "ldj", averaged=("ldj",)),
    Kind(
        "motion from a reference", "distance_mean",
        ("distance_min", "distance_mean", "distance_std", "distance_max", "valid"), "distance_mean",
        averaged=("distance_mean",),
    ),
    Kind(
        "contrast", "estimate",
        ("estimate", "ci_low", "ci_high", "d", "t", "p", "p_fwe", "q", "n_recordings", "n_missing"), "p",
        ascending=True,
    ),
    Kind(
        "quality of the signals", "lost_share",
        ("lost_share", "masked_share", "noise", "activations_per_minute", "value_range"), "lost_share",
        averaged=("lost_share", "noise"),
    ),
    Kind("events", "rise", ("magnitude", "rise", "width", "z"), "rise"),
    Kind("asymmetry", "asymmetry", ("asymmetry",), "asymmetry", averaged=("asymmetry",)),
)  # fmt: skip


def kind_of(result: xr.Dataset) -> Kind | None:
    """The kind of a result; None if it is of no known one.

    >>> kind_of(xr.Dataset({"surrogate_z": 0.1})).name
    'significance'
    """
    return next((kind for kind in KINDS if kind.marker in result.variables), None)
