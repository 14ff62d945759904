"""`.bitbox.plot` on DataArrays and Datasets: the pictures of the package, one line a method."""

from typing import Any

import xarray as xr

from bitbox_xr import plotting, plotting_expressions

__all__ = ["PlotMethods", "SignalsPlotMethods"]


class SignalsPlotMethods:
    """Pictures of a signal set; each draws into `fig` if given, and returns it."""

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    def decomposition(
        self, coefficient: str | None = None, *, scales: Any = 6, precision: int = 16, fps: float | None = None,
        fig: Any = None,
    ) -> Any:  # fmt: skip
        """One signal, its responses at temporal scales, its activations: `plotting_expressions.decomposition`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> fig = face.bitbox.plot.decomposition("AU12", scales=[1, 2], fig=Figure(layout="constrained"))
        >>> [ax.get_xlabel() for ax in fig.axes]
        ['', '', 'time, s']
        """
        return plotting_expressions.decomposition(
            self._x, coefficient, scales=scales, precision=precision, fps=fps, fig=fig
        )


class PlotMethods:
    """Pictures of a result, `result.bitbox.plot.…`; each draws into `ax` or `fig` if given, and returns it."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def matrix(self, *, statistic: str | None = None, ax: Any = None) -> Any:
        """A statistic of every pair: `bitbox_xr.plotting.matrix`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> stats = child.bitbox.imitation(model, width=2, step=1, lag=0.6, stats=True)
        >>> ax = stats.bitbox.plot.matrix(statistic="corr_abs_mean", ax=Figure(layout="constrained").subplots())
        >>> ax.images[0].get_array().shape
        (12, 12)
        """
        return plotting.matrix(self._result, statistic=statistic, ax=ax)

    def lag_profile(self, pair: tuple[str, str] | None = None, *, ax: Any = None) -> Any:
        """Mean correlation of a pair at each lag: `bitbox_xr.plotting.lag_profile`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> profile = child.bitbox.lag_profile(model, width=2, step=1, lag=0.6)
        >>> ax = profile.bitbox.plot.lag_profile(("AU12", "AU12"), ax=Figure(layout="constrained").subplots())
        >>> ax.get_legend().get_texts()[0].get_text()
        'best lag −0.367 s (outermost lag in 0% of windows)'
        """
        return plotting.lag_profile(self._result, pair, ax=ax)

    def over_time(self, pair: tuple[str, str] | None = None, *, fig: Any = None) -> Any:
        """Correlation and lag of a pair over time: `bitbox_xr.plotting.over_time`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> result = child.bitbox.imitation(model, width=2, step=1, lag=0.6)
        >>> fig = result.bitbox.plot.over_time(("AU12", "AU12"), fig=Figure(layout="constrained"))
        >>> fig.axes[1].get_xlabel()
        'time (middle of the window,\xa0s)'
        """
        return plotting.over_time(self._result, pair, fig=fig)

    def expressivity(self, metric: str = "rate", *, ax: Any = None) -> Any:
        """A metric at each scale of each coefficient: `plotting_expressions.expressivity`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> result = face.bitbox.expressivity(scales=[1, 2])
        >>> ax = result.bitbox.plot.expressivity("frequency", ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'coefficient'
        """
        return plotting_expressions.expressivity(self._result, metric, ax=ax)

    def asymmetry(self, *, ax: Any = None) -> Any:
        """Asymmetry over time by feature: `plotting_expressions.asymmetry`.

        >>> import numpy as np
        >>> import bitbox_xr as bx
        >>> from matplotlib.figure import Figure
        >>> face = np.random.default_rng(0).normal(size=(90, 153))
        >>> result = bx.signals(face, kind="landmark-can", fps=30).bitbox.asymmetry()
        >>> ax = result.bitbox.plot.asymmetry(ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'time, s'
        """
        return plotting_expressions.asymmetry(self._result, ax=ax)
