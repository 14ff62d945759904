"""`.bitbox` on DataArrays and Datasets: the functions of the package, one line a method.

The accessors hold nothing and compute nothing on creation; xarray keeps one an object.
"""

from collections.abc import Hashable
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import plotting, plotting_expressions, recording, results

__all__ = ["ResultAccessor", "SignalsAccessor"]


@xr.register_dataarray_accessor("bitbox")
class SignalsAccessor:
    """Measures of a signal set, `x.bitbox.…`; what each takes and returns is told by the function of its name."""

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    @property
    def fps(self) -> float:
        """Frames per second; ValueError where the clock is not regular."""
        return recording.rate(self._x)

    @property
    def kind(self) -> str:
        """Kind of the signals: expression, landmark, landmark-can, pose or rectangle."""
        return str(self._x.attrs.get("kind", "expression"))

    def imitation(
        self, y: Any, *, width: float = 0.5, step: float | None = None, lag: float | None = None, causal: bool = True,
        polarity: bool = True, min_valid: float = 0.75, fps: float | None = None, stats: bool = False,
    ) -> xr.Dataset:  # fmt: skip
        """How well these signals imitate y's: `bitbox_xr.imitation`."""
        options: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        return bx.imitation(self._x, y, **options, min_valid=min_valid, fps=fps, stats=stats)

    def coordination(
        self, y: Any = None, *, width: float = 0.5, step: float | None = None, lag: float | None = None,
        polarity: bool = True, min_valid: float = 0.75, fps: float | None = None, stats: bool = False,
    ) -> xr.Dataset:  # fmt: skip
        """How closely these signals and y's (or each other) move together: `bitbox_xr.coordination`."""
        return bx.coordination(
            self._x, y, width=width, step=step, lag=lag, polarity=polarity, min_valid=min_valid, fps=fps, stats=stats
        )

    def lag_profile(
        self, y: Any = None, *, measure: str = "imitation", width: float = 0.5, step: float | None = None,
        lag: float | None = None, causal: bool = True, polarity: bool = True, min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """Mean correlation at each lag: `bitbox_xr.lag_profile`."""
        options: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        return bx.lag_profile(self._x, y, measure=measure, **options, min_valid=min_valid, fps=fps)

    def significance(
        self, y: Any = None, *, measure: str = "imitation", surrogates: str = "shift", n: int = 199,
        rng: int | np.random.Generator | None = None, signed: bool = False, pairs: str = "all",
        partners: list[Any] | None = None, progress: bool = True, width: float = 0.5, step: float | None = None,
        lag: float | None = None, causal: bool = True, polarity: bool = True, min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """Imitation or coordination against chance: `bitbox_xr.significance`."""
        windows: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        chance: dict[str, Any] = {"surrogates": surrogates, "n": n, "rng": rng, "signed": signed, "partners": partners}
        rest: dict[str, Any] = {"pairs": pairs, "progress": progress, "min_valid": min_valid, "fps": fps}
        return bx.significance(self._x, y, measure=measure, **windows, **chance, **rest)

    def expressivity(
        self, *, scales: Any = None, aggregate: bool = False, robust: bool = False, precision: int = 16,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """How often and how strongly each coefficient is activated: `bitbox_xr.expressivity`."""
        options: dict[str, Any] = {"scales": scales, "aggregate": aggregate, "robust": robust}
        return bx.expressivity(self._x, **options, precision=precision, fps=fps)

    def events(
        self, *, scales: Any = None, aggregate: bool = False, precision: int = 16, fps: float | None = None
    ) -> xr.Dataset:
        """The activations, one by one: `bitbox_xr.events`."""
        return bx.events(self._x, scales=scales, aggregate=aggregate, precision=precision, fps=fps)

    def diversity(
        self, *, scales: Any = None, aggregate: bool = False, robust: bool = False, magnitude: bool = True,
        precision: int = 16, fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """How evenly activations are spread over coefficients: `bitbox_xr.diversity`."""
        options: dict[str, Any] = {"scales": scales, "aggregate": aggregate, "robust": robust, "magnitude": magnitude}
        return bx.diversity(self._x, **options, precision=precision, fps=fps)

    def asymmetry(self, *, reference: Any = None) -> xr.Dataset:
        """How unlike the sides of the face are: `bitbox_xr.asymmetry`."""
        return bx.asymmetry(self._x, reference=reference)

    def align(
        self, y: Any, *, fps: float | None = None, offset: float = 0.0, max_gap: float | None = None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """These signals and y's on one regular clock: `bitbox_xr.align`."""
        return bx.align(self._x, y, fps=fps, offset=offset, max_gap=max_gap)

    def resample(self, fps: float, *, max_gap: float | None = None) -> xr.DataArray:
        """At another rate: `bitbox_xr.resample`."""
        return bx.resample(self._x, fps, max_gap=max_gap)

    def fill_gaps(self, *, max_gap: float) -> xr.DataArray:
        """Short gaps bridged by straight lines: `bitbox_xr.fill_gaps`."""
        return bx.fill_gaps(self._x, max_gap=max_gap)

    def regularity(self) -> xr.Dataset:
        """Rate, regularity, lost frames and gaps: `bitbox_xr.regularity`."""
        return bx.regularity(self._x)

    def magnitudes(self, *, angular: bool = True) -> xr.DataArray:
        """Norms of landmarks or pose: `bitbox_xr.magnitudes`."""
        return bx.magnitudes(self._x, angular=angular)

    def to_bitbox(self) -> dict[str, Any]:
        """One of Bitbox's dictionaries: `bitbox_xr.to_bitbox`."""
        return bx.to_bitbox(self._x)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save as a whole file or none: `bitbox_xr.to_netcdf`."""
        bx.to_netcdf(self._x, path)

    def to_frame(self) -> pd.DataFrame:
        """A tidy table, one row a time and signal."""
        return results.to_frame(self._x)

    @property
    def plot(self) -> "SignalsPlotMethods":
        """Pictures of signals: `x.bitbox.plot.decomposition()`."""
        return SignalsPlotMethods(self._x)


class SignalsPlotMethods:
    """Pictures of a signal set; each draws into `fig` if given, and returns it."""

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    def decomposition(
        self, coefficient: str | None = None, *, scales: Any = 6, precision: int = 16, fps: float | None = None,
        fig: Any = None,
    ) -> Any:  # fmt: skip
        """One signal, its responses at temporal scales, its activations: `plotting_expressions.decomposition`."""
        return plotting_expressions.decomposition(
            self._x, coefficient, scales=scales, precision=precision, fps=fps, fig=fig
        )


@xr.register_dataset_accessor("bitbox")
class ResultAccessor:
    """What can be done with a result, `result.bitbox.…`."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def stats(self) -> xr.Dataset:
        """Statistics over windows: `bitbox_xr.window_stats`."""
        return bx.window_stats(self._result)

    def matched(self) -> xr.Dataset:
        """Only pairs of one label, signal1 == signal2, along the dimension `pair`."""
        return results.matched(self._result)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save as a whole file or none: `bitbox_xr.to_netcdf`."""
        bx.to_netcdf(self._result, path)

    def to_frame(self, dim_order: list[Hashable] | None = None) -> pd.DataFrame:
        """A tidy table, one row a combination of the result's labels."""
        return results.to_frame(self._result, dim_order)

    @property
    def plot(self) -> "PlotMethods":
        """Pictures: `result.bitbox.plot.matrix()` and so on."""
        return PlotMethods(self._result)


class PlotMethods:
    """Pictures of a result, `result.bitbox.plot.…`; each draws into `ax` or `fig` if given, and returns it."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def matrix(self, *, statistic: str = "corr_mean", ax: Any = None) -> Any:
        """A statistic of every pair: `bitbox_xr.plotting.matrix`."""
        return plotting.matrix(self._result, statistic=statistic, ax=ax)

    def lag_profile(self, pair: tuple[str, str] | None = None, *, ax: Any = None) -> Any:
        """Mean correlation of a pair at each lag: `bitbox_xr.plotting.lag_profile`."""
        return plotting.lag_profile(self._result, pair, ax=ax)

    def over_time(self, pair: tuple[str, str] | None = None, *, fig: Any = None) -> Any:
        """Correlation and lag of a pair over time: `bitbox_xr.plotting.over_time`."""
        return plotting.over_time(self._result, pair, fig=fig)

    def expressivity(self, metric: str = "rate", *, ax: Any = None) -> Any:
        """A metric at each scale of each coefficient: `plotting_expressions.expressivity`."""
        return plotting_expressions.expressivity(self._result, metric, ax=ax)

    def asymmetry(self, *, ax: Any = None) -> Any:
        """Asymmetry over time by feature: `plotting_expressions.asymmetry`."""
        return plotting_expressions.asymmetry(self._result, ax=ax)
