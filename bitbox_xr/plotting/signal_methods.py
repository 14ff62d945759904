"""The methods of `.bitbox.plot` on DataArrays. Each one calls a function of `bitbox_xr.plotting`."""

from typing import TYPE_CHECKING

import xarray as xr

from bitbox_xr.core.method_groups import MethodGroup
from bitbox_xr.core.types import NoiseLike, ScalesLike, SignalsLike
from bitbox_xr.plotting import contingency, decomposition, lag_maps, recordings

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

__all__ = ["SignalsPlotMethods"]


class SignalsPlotMethods(MethodGroup):
    """Plots of signals and of lag maps, `x.bitbox.plot.…`. Each draws on `fig` if given, and returns the figure."""

    _called, _of = "x.bitbox.plot", "signals and lag maps"

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    def signals(
        self,
        *,
        by: str | None = None,
        fps: float | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot all signals over time, a panel for each. See `bitbox_xr.plotting.recordings.signals`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> fig = face.bitbox.plot.signals(fig=Figure(layout="constrained"))
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['AU04', 'AU12', 'AU45']
        """
        return recordings.signals(self._x, by=by, fps=fps, vmin=vmin, vmax=vmax, fig=fig)

    def kinematics(
        self,
        *,
        angular: bool = False,
        by: str | None = None,
        fps: float | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot position and speed over time. See `bitbox_xr.plotting.recordings.kinematics`.

        >>> import numpy as np
        >>> import bitbox_xr as bx
        >>> from matplotlib.figure import Figure
        >>> head = bx.signals(np.zeros((60, 6)), kind="pose", fps=30)
        >>> fig = head.bitbox.plot.kinematics(angular=True, fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_ylabel()
        'speed, rad/s'
        """
        return recordings.kinematics(self._x, angular=angular, by=by, fps=fps, vmin=vmin, vmax=vmax, fig=fig)

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
        vmin: float | None = None,
        vmax: float | None = None,
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
            vmin=vmin,
            vmax=vmax,
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
        vmin: float | None = None,
        vmax: float | None = None,
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
            vmin=vmin,
            vmax=vmax,
            fig=fig,
        )

    def lag_heatmap(
        self,
        *,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: "str | Colormap | None" = None,
        fig: "Figure | SubFigure | None" = None,
    ) -> "Figure | SubFigure":
        """Plot a lag map. See `bitbox_xr.plotting.lag_maps.lag_heatmap`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> found = child.bitbox.lag_map(model, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
        >>> fig = found.bitbox.plot.lag_heatmap(fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_title()
        'best −0.40 s'
        """
        return lag_maps.lag_heatmap(self._x, vmin=vmin, vmax=vmax, cmap=cmap, fig=fig)
