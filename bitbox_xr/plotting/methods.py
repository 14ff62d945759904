"""The methods of `.bitbox.plot` on Datasets. Each one calls a function of `bitbox_xr.plotting`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from bitbox_xr.core.method_groups import MethodGroup
from bitbox_xr.core.types import PValue, Statistic
from bitbox_xr.core.variables import RECORDING
from bitbox_xr.plotting import chance as chance_plots
from bitbox_xr.plotting import estimates as estimate_plots
from bitbox_xr.plotting import expressivity, inference, pairs, raster, specification
from bitbox_xr.plotting import groups as group_plots
from bitbox_xr.plotting import values as value_plots
from bitbox_xr.plotting.signal_methods import SignalsPlotMethods

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

__all__ = ["PlotMethods", "SignalsPlotMethods"]


class PlotMethods(MethodGroup):
    """Plots of a result, `result.bitbox.plot.…`. Each draws on `ax` or `fig` if given, and returns it."""

    _called, _of = "result.bitbox.plot", "results"

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def matrix(
        self,
        *,
        statistic: str | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot a statistic of every pair. See `bitbox_xr.plotting.pairs.matrix`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> stats = child.bitbox.imitation(model, width=2, step=1, max_lag=1, stats=True)
        >>> ax = stats.bitbox.plot.matrix(statistic="corr_abs_mean", ax=Figure(layout="constrained").subplots())
        >>> ax.images[0].get_array().shape
        (12, 12)
        """
        return pairs.matrix(self._result, statistic=statistic, vmin=vmin, vmax=vmax, cmap=cmap, ax=ax)

    def lag_profile(
        self,
        pair: tuple[str, str] | None = None,
        *,
        chance: xr.Dataset | None = None,
        level: float = 0.9,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot one pair's mean correlation at each lag. See `bitbox_xr.plotting.pairs.lag_profile`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> profile = child.bitbox.lag_profile(model, width=2, step=1, max_lag=1)
        >>> ax = profile.bitbox.plot.lag_profile(("AU12", "AU12"), ax=Figure(layout="constrained").subplots())
        >>> ax.get_legend().get_texts()[0].get_text().splitlines()[0]
        'best lag −0.40 s, r = 0.67'
        """
        return pairs.lag_profile(self._result, pair, chance=chance, level=level, vmin=vmin, vmax=vmax, ax=ax)

    def over_time(
        self,
        pair: tuple[str, str] | None = None,
        *,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot one pair's correlation and lag over time. See `bitbox_xr.plotting.pairs.over_time`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> fig = result.bitbox.plot.over_time(("AU12", "AU12"), fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_xlabel()
        'time (middle of the window),\xa0s'
        """
        return pairs.over_time(self._result, pair, vmin=vmin, vmax=vmax, cmap=cmap, fig=fig)

    def expressivity(
        self,
        metric: str = "activations_per_minute",
        *,
        relative: bool | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot a metric of each coefficient and scale. See `bitbox_xr.plotting.expressivity.expressivity`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> result = face.bitbox.expressivity(scales=[1, 2])
        >>> ax = result.bitbox.plot.expressivity("frequency", ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'coefficient'
        """
        return expressivity.expressivity(
            self._result, metric, relative=relative, vmin=vmin, vmax=vmax, cmap=cmap, ax=ax
        )

    def asymmetry(self, *, vmin: float | None = None, vmax: float | None = None, ax: "Axes | None" = None) -> "Axes":
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
        return expressivity.asymmetry(self._result, vmin=vmin, vmax=vmax, ax=ax)

    def events(
        self,
        *,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot each activation at its time. See `bitbox_xr.plotting.raster.events`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> found = face.bitbox.events(scales=[1], min_rise=0.2)
        >>> found.bitbox.plot.events(ax=Figure(layout="constrained").subplots()).get_xlabel()
        'time, s'
        """
        return raster.events(self._result, vmin=vmin, vmax=vmax, cmap=cmap, ax=ax)

    def values(
        self,
        variable: str,
        *,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot a number for each landmark, signal or scale. See `bitbox_xr.plotting.values.values`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> ax = face.bitbox.quality().bitbox.plot.values("noise", ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'signal'
        """
        return value_plots.values(self._result, variable, vmin=vmin, vmax=vmax, ax=ax)

    def estimates(
        self,
        *,
        by: PValue = "p_fwe",
        alpha: float = 0.05,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot the estimates of a contrast with their intervals. See `bitbox_xr.plotting.estimates.estimates`.

        >>> import numpy as np
        >>> from matplotlib.figure import Figure
        >>> values = {"excess": (("recording", "condition"), np.random.default_rng(0).normal(size=(9, 2)))}
        >>> summary = xr.Dataset(values, {"condition": ["rest", "task"]})
        >>> found = summary.bitbox.contrast(variable="excess", within="condition", rng=0)
        >>> found.bitbox.plot.estimates(ax=Figure(layout="constrained").subplots()).get_xlabel()
        'difference'
        """
        return estimate_plots.estimates(self._result, by=by, alpha=alpha, vmin=vmin, vmax=vmax, ax=ax)

    def significant_pairs(
        self,
        found: xr.Dataset,
        *,
        statistic: str | None = None,
        by: PValue = "p_fwe",
        alpha: float = 0.05,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
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
        >>> ax.get_xlabel()
        'framed: family-wise p ≤ 0.05, 2 of 12 pairs'
        """
        return inference.significant_pairs(
            self._result,
            found,
            statistic=statistic,
            by=by,
            alpha=alpha,
            vmin=vmin,
            vmax=vmax,
            cmap=cmap,
            ax=ax,
        )

    def matched_pairs(
        self,
        *,
        by: PValue = "p_fwe",
        alpha: float = 0.05,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot matched pairs beside chance, ranked. See `bitbox_xr.plotting.chance.matched_pairs`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> from matplotlib.figure import Figure
        >>> found = child.bitbox.significance(model, width=2, step=1, max_lag=1, n=99, rng=0, progress=False)
        >>> ax = found.bitbox.plot.matched_pairs(ax=Figure(layout="constrained").subplots())
        >>> ax.get_yticklabels()[0].get_text()
        'AU06'
        """
        return chance_plots.matched_pairs(self._result, by=by, alpha=alpha, vmin=vmin, vmax=vmax, ax=ax)

    def null_distribution(
        self,
        *,
        statistic: Statistic | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot one pair beside its surrogates. See `bitbox_xr.plotting.chance.null_distribution`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> windows = {"width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), n=19, rng=0, **windows)
        >>> ax = found.bitbox.plot.null_distribution(ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'mean absolute correlation'
        """
        return chance_plots.null_distribution(self._result, statistic=statistic, vmin=vmin, vmax=vmax, ax=ax)

    def groups(
        self,
        variable: str,
        *,
        by: str,
        dim: str = RECORDING,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Plot a variable of a summary by group or condition. See `bitbox_xr.plotting.groups.groups`.

        >>> from matplotlib.figure import Figure
        >>> values = {"excess": (("recording", "condition"), [[0.1, 0.3], [0.2, 0.5]])}
        >>> summary = xr.Dataset(values, {"condition": ["rest", "task"]})
        >>> ax = summary.bitbox.plot.groups("excess", by="condition", ax=Figure(layout="constrained").subplots())
        >>> [label.get_text() for label in ax.get_xticklabels()]
        ['rest\\nn = 2', 'task\\nn = 2']
        """
        return group_plots.groups(self._result, variable, by=by, dim=dim, vmin=vmin, vmax=vmax, ax=ax)

    def over_time_by_chance(
        self,
        *,
        level: float = 0.9,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot one pair over time, with surrogates. See `bitbox_xr.plotting.inference.over_time_by_chance`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> windows = {"width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), n=19, rng=0, **windows)
        >>> fig = found.bitbox.plot.over_time_by_chance(fig=Figure(layout="constrained"))
        >>> fig.axes[0].get_legend().get_texts()[0].get_text()
        '90% of 14 surrogates'
        """
        return inference.over_time_by_chance(self._result, level=level, vmin=vmin, vmax=vmax, cmap=cmap, fig=fig)

    def lag_distribution(
        self,
        *,
        level: float = 0.9,
        vmin: float | None = None,
        vmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "Axes":
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
        return inference.lag_distribution(self._result, level=level, vmin=vmin, vmax=vmax, ax=ax)

    def specification_curve(
        self,
        variable: str | None = None,
        *,
        preregistered: Mapping[str, object] | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
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
        'settings, by mean correlation'
        """
        return specification.specification_curve(
            self._result, variable, preregistered=preregistered, vmin=vmin, vmax=vmax, fig=fig
        )
