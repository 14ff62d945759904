"""The methods of `.bitbox.plot` on DataArrays and Datasets. Each one calls a function of `bitbox_xr.plotting`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from bitbox_xr.core.types import NoiseLike, PValue, ScalesLike, SignalsLike
from bitbox_xr.plotting import contingency, decomposition, expressivity, inference, pairs, specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["PlotMethods", "SignalsPlotMethods"]


class SignalsPlotMethods:
    """Plots of signals and of lag maps, `x.bitbox.plot.…`. Each draws on `fig` if given, and returns the figure."""

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    def decomposition(
        self,
        coefficient: str | None = None,
        *,
        scales: ScalesLike = 6,
        precision: int = 16,
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = None,
        noise: NoiseLike = None,
        fps: float | None = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot one signal and its response at each scale. See `bitbox_xr.plotting.decomposition.decomposition`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> fig = face.bitbox.plot.decomposition("AU12", scales=[1, 2], fig=Figure(layout="constrained"))
        >>> [ax.get_xlabel() for ax in fig.axes]
        ['', '', 'time, s']
        """
        return decomposition.decomposition(
            self._x,
            coefficient,
            scales=scales,
            precision=precision,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            fps=fps,
            fig=fig,
        )

    def answers(
        self,
        y: SignalsLike,
        pair: tuple[str, str],
        *,
        min_latency: float = 0.0,
        max_latency: float = 2.0,
        scales: ScalesLike = (0.5, 1.0, 2.0, 4.0),
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = 1.0,
        noise: NoiseLike = None,
        fps: float | None = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot how one signal answers the activations of one of y. See `bitbox_xr.plotting.contingency.answers`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> from matplotlib.figure import Figure
        >>> fig = child.bitbox.plot.answers(model, ("AU12", "AU12"), max_latency=1, fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_xlabel()
        'latency of the first answer, s'
        """
        return contingency.answers(
            self._x,
            y,
            pair,
            min_latency=min_latency,
            max_latency=max_latency,
            scales=scales,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            fps=fps,
            fig=fig,
        )

    def lag_heatmap(self, *, fig: "Figure | SubFigure | None" = None) -> "Figure | SubFigure":
        """Plot a lag map. See `bitbox_xr.plotting.inference.lag_heatmap`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> found = child.bitbox.lag_map(model, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
        >>> fig = found.bitbox.plot.lag_heatmap(fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_title()
        'best lag −0.400 s'
        """
        return inference.lag_heatmap(self._x, fig=fig)


class PlotMethods:
    """Plots of a result, `result.bitbox.plot.…`. Each draws on `ax` or `fig` if given, and returns it."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def matrix(self, *, statistic: str | None = None, ax: "Axes | None" = None) -> "Axes":
        """Plot a statistic of every pair. See `bitbox_xr.plotting.pairs.matrix`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> stats = child.bitbox.imitation(model, width=2, step=1, max_lag=1, stats=True)
        >>> ax = stats.bitbox.plot.matrix(statistic="corr_abs_mean", ax=Figure(layout="constrained").subplots())
        >>> ax.images[0].get_array().shape
        (12, 12)
        """
        return pairs.matrix(self._result, statistic=statistic, ax=ax)

    def lag_profile(self, pair: tuple[str, str] | None = None, *, ax: "Axes | None" = None) -> "Axes":
        """Plot one pair's mean correlation at each lag. See `bitbox_xr.plotting.pairs.lag_profile`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> profile = child.bitbox.lag_profile(model, width=2, step=1, max_lag=1)
        >>> ax = profile.bitbox.plot.lag_profile(("AU12", "AU12"), ax=Figure(layout="constrained").subplots())
        >>> ax.get_legend().get_texts()[0].get_text()
        'best lag −0.400 s (outermost lag in 0% of windows)'
        """
        return pairs.lag_profile(self._result, pair, ax=ax)

    def over_time(
        self, pair: tuple[str, str] | None = None, *, fig: "Figure | SubFigure | None" = None
    ) -> "Figure | SubFigure":
        """Plot one pair's correlation and lag over time. See `bitbox_xr.plotting.pairs.over_time`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> fig = result.bitbox.plot.over_time(("AU12", "AU12"), fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_xlabel()
        'time (middle of the window,\xa0s)'
        """
        return pairs.over_time(self._result, pair, fig=fig)

    def expressivity(self, metric: str = "activations_per_minute", *, ax: "Axes | None" = None) -> "Axes":
        """Plot a metric of each coefficient and scale. See `bitbox_xr.plotting.expressivity.expressivity`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> result = face.bitbox.expressivity(scales=[1, 2])
        >>> ax = result.bitbox.plot.expressivity("frequency", ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'coefficient'
        """
        return expressivity.expressivity(self._result, metric, ax=ax)

    def asymmetry(self, *, ax: "Axes | None" = None) -> "Axes":
        """Plot asymmetry over time. See `bitbox_xr.plotting.expressivity.asymmetry`.

        >>> import numpy as np
        >>> import bitbox_xr as bx
        >>> from matplotlib.figure import Figure
        >>> face = np.random.default_rng(0).normal(size=(90, 153))
        >>> result = bx.signals(face, kind="landmark-can", fps=30).bitbox.asymmetry()
        >>> ax = result.bitbox.plot.asymmetry(ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'time, s'
        """
        return expressivity.asymmetry(self._result, ax=ax)

    def significant_pairs(
        self,
        found: xr.Dataset,
        *,
        statistic: str | None = None,
        by: PValue = "p_fwe",
        alpha: float = 0.05,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot a matrix with significant pairs framed. See `bitbox_xr.plotting.inference.significant_pairs`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> from matplotlib.figure import Figure
        >>> windows = {"width": 2, "step": 1, "max_lag": 1}
        >>> result = child.bitbox.imitation(model, **windows, stats=True)
        >>> found = child.bitbox.significance(model, **windows, n=99, rng=0, pairs="matched", progress=False)
        >>> ax = result.bitbox.plot.significant_pairs(found, ax=Figure(layout="constrained").subplots())
        >>> ax.get_title(loc="left").splitlines()[-1]
        'framed: family-wise p ≤ 0.05, 2 of 12 pairs'
        """
        return inference.significant_pairs(self._result, found, statistic=statistic, by=by, alpha=alpha, ax=ax)

    def over_time_by_chance(
        self, *, level: float = 0.9, fig: "Figure | SubFigure | None" = None
    ) -> "Figure | SubFigure":
        """Plot one pair over time, with surrogates. See `bitbox_xr.plotting.inference.over_time_by_chance`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> windows = {"width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), n=19, rng=0, **windows)
        >>> fig = found.bitbox.plot.over_time_by_chance(fig=Figure(layout="constrained"))
        >>> fig.axes[0].get_legend().get_texts()[0].get_text()
        '90% of the surrogates'
        """
        return inference.over_time_by_chance(self._result, level=level, fig=fig)

    def lag_distribution(self, *, level: float = 0.9, ax: "Axes | None" = None) -> "Axes":
        """Plot how often each lag is the best one. See `bitbox_xr.plotting.inference.lag_distribution`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> windows = {"width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), n=19, rng=0, **windows)
        >>> ax = found.bitbox.plot.lag_distribution(ax=Figure(layout="constrained").subplots())
        >>> ax.get_ylabel()
        'share of windows'
        """
        return inference.lag_distribution(self._result, level=level, ax=ax)

    def specification_curve(
        self,
        variable: str | None = None,
        *,
        preregistered: Mapping[str, object] | None = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot an estimate under every setting. See `bitbox_xr.plotting.specification.specification_curve`.

        >>> import bitbox_xr as bx
        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> found = bx.multiverse("imitation", child, model, width=[1.0, 2.0], max_lag=[0.5, 1.0])
        >>> smile = found.sel(signal1="AU12", signal2="AU12")
        >>> fig = smile.bitbox.plot.specification_curve("corr_mean", fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_xlabel()
        'settings, by mean correlation over windows'
        """
        return specification.specification_curve(self._result, variable, preregistered=preregistered, fig=fig)
