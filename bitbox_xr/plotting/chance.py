"""Plots of effects beside chance: all matched pairs ranked, and one pair with its null distribution."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.types import PValue, Statistic
from bitbox_xr.core.variables import PAIR, SURROGATE, WINDOW
from bitbox_xr.measures.results import matched
from bitbox_xr.plotting.captions import (
    P_VALUES,
    attrs_of_part,
    counts_text,
    options_text,
    pair_of,
    pair_text,
    subject_text,
    surrogates_text,
    with_sign,
    write_title,
)
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.style import (
    CHANCE_BAND,
    CHANCE_COLOUR,
    COLUMN_MM,
    LINE_COLOUR,
    MARK_COLOUR,
    axes,
    legend_above,
    points,
    select_variable,
    styled,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["matched_pairs", "null_distribution"]

NORMAL_95 = 1.96  # standard deviations on both sides of the mean that include 95 % of a normal distribution
ROW_MM, MARGIN_MM, DISTRIBUTION_MM = 2.7, 26.0, 60.0
MIN_BARS, MAX_BARS = 8, 30
STATISTICS = {"corr_abs_mean": "mean absolute correlation", "corr_mean": "mean correlation"}
LIMITS = {"corr_abs_mean": (0.0, 1.0), "corr_mean": (-1.0, 1.0)}  # of each statistic


@styled
def matched_pairs(
    found: xr.Dataset,
    *,
    by: PValue = "p_fwe",
    alpha: float = 0.05,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the pairs of the same signal as dots, the largest effect at the top, each beside its chance interval.

    The interval is that of its surrogates: their mean ± 1.96 standard deviations, which includes about 95 % of them,
    cut off at the limits of a correlation (0 and 1 for absolute correlations). The distance of a dot from the middle of
    its interval is the effect. A pair without a correlation has neither a dot nor an interval. Significant pairs are
    red.

    Parameters
    ----------
    found
        Result of `bitbox_xr.significance`, of one recording, for matched pairs or for all pairs, of which the matched
        ones are plotted.
    by
        Which p-value decides: "p", "p_fwe" or "q"; see `significant_pairs`.
    alpha
        Pairs with a p-value of at most `alpha` are red.
    vmin, vmax
        Limits of the statistic. Default: as the data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure, which is large enough for all pairs.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `found` is not a result of `significance`, has further dimensions, or no signal of both people.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import significance
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=1)
    >>> found = significance(x, y, width=2, step=1, max_lag=1, n=99, rng=0, pairs="matched", progress=False)
    >>> ax = matched_pairs(found, ax=Figure(layout="constrained").subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()][:2]
    ['AU06', 'AU12']
    """
    if by not in P_VALUES:
        raise ValueError(f"expected by to be one of {', '.join(P_VALUES)}, got {by!r}")
    found = found if PAIR in found.dims else matched(found)
    remedy = "use the result of bx.significance(x, y)"
    observed, mean, std, p = (
        select_variable(found, name, (PAIR,), remedy).values for name in ("observed", "null_mean", "null_std", by)
    )
    mean = np.where(np.isnan(observed), np.nan, mean)
    order = np.argsort(-np.nan_to_num(observed - mean, nan=-np.inf), kind="stable")
    rows = np.arange(len(order))
    ax = axes(ax, COLUMN_MM[1], MARGIN_MM + ROW_MM * max(len(order), 5))
    statistic = str(found.attrs.get("statistic", ""))
    ends = (mean[order] + side * NORMAL_95 * std[order] for side in (-1, 1))
    low, high = (np.clip(end, *LIMITS.get(statistic, (-np.inf, np.inf))) for end in ends)
    ax.hlines(rows, low, high, color=CHANCE_BAND, linewidth=3.0, label="chance, 95 %")
    ax.plot(mean[order], rows, "|", color=CHANCE_COLOUR, markersize=4)
    out = p[order] <= alpha
    for chosen, colour, label in ((~out, LINE_COLOUR, "observed"), (out, MARK_COLOUR, f"{P_VALUES[by]} ≤ {alpha:g}")):
        ax.plot(observed[order][chosen], rows[chosen], "o", color=colour, markersize=3, label=label)
    labels = [str(label) for label in found[PAIR].values[order]]
    write_labels(ax.yaxis, labels, _spacing(ax, len(rows)))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(vmin, vmax), xlabel=STATISTICS.get(statistic, "statistic"))
    ax.grid(axis="x", color="0.9", linewidth=0.4)
    legend_above(ax)
    mark_clipped(ax, along="x")
    tested = int(np.isfinite(p).sum())
    significant = f"{counts_text(int(out.sum()), tested, 'pair')} significant"
    windows = options_text(attrs_of_part(found))
    tests = surrogates_text(found.attrs)
    write_title(ax, subject_text(found), [significant, *tests, *(one for one in windows if one not in tests)])
    return ax


@styled
def null_distribution(
    windows: xr.Dataset,
    *,
    statistic: Statistic | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the statistic of one pair beside those of its surrogates: what was observed against what chance gives.

    Parameters
    ----------
    windows
        Result of `bitbox_xr.surrogate_windows`.
    statistic
        "corr_abs_mean", the mean absolute correlation over windows, or "corr_mean". Default: as for
        `bitbox_xr.significance`: "corr_abs_mean", or "corr_mean" with `polarity=False`.
    vmin, vmax
        Limits of the statistic. Default: as the data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `windows` is not a result of `surrogate_windows`, or there is no such statistic.

    Notes
    -----
    `bitbox_xr.significance` also corrects for surrogates with fewer frames than the recording, and for the number of
    pairs. Publish its p-values.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import surrogate_windows
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=1)
    >>> windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=99, rng=0, width=2, step=1, max_lag=1)
    >>> ax = null_distribution(windows, ax=Figure(layout="constrained").subplots())
    >>> ax.get_legend().get_texts()[1].get_text()
    'observed: 0.75'
    """
    statistic = statistic or ("corr_abs_mean" if windows.attrs.get("polarity", 1) else "corr_mean")
    if statistic not in STATISTICS:
        raise ValueError(f"expected statistic to be corr_abs_mean or corr_mean, got {statistic!r}")
    remedy = "use the result of bx.surrogate_windows(x, y, pair=…)"
    null = select_variable(windows, "null_corr", (SURROGATE, WINDOW), remedy)
    one = select_variable(windows, "corr", (WINDOW,), remedy)
    strengths = [abs(values) if statistic == "corr_abs_mean" else values for values in (one, null)]
    observed, chance = float(strengths[0].mean(WINDOW)), strengths[1].mean(WINDOW).values
    chance = chance[np.isfinite(chance)]
    ax = axes(ax, COLUMN_MM[1], DISTRIBUTION_MM)
    bars = int(np.clip(round(2 * np.sqrt(len(chance))), MIN_BARS, MAX_BARS))
    ax.hist(chance, bars, color=CHANCE_BAND, edgecolor=CHANCE_COLOUR, linewidth=0.4, label=f"{len(chance)} surrogates")
    ax.axvline(observed, color=LINE_COLOUR, linewidth=1.4, label=f"observed: {with_sign(observed)}")
    legend_above(ax)
    ax.set(xlabel=STATISTICS[statistic], ylabel="number of surrogates", xlim=(vmin, vmax))
    ax.locator_params(axis="y", integer=True)
    as_large = (
        int((chance >= observed).sum()) if statistic == "corr_abs_mean" else int((abs(chance) >= abs(observed)).sum())
    )
    count = f"{counts_text(as_large, len(chance), 'surrogate')} at least as large"
    write_title(ax, pair_text(windows, pair_of(windows)), [count, *options_text(attrs_of_part(windows))])
    return ax


def _spacing(ax: "Axes", rows: int) -> float:
    """Distance of two rows, in points."""
    return float(points(ax)[1] / max(rows, 1))
