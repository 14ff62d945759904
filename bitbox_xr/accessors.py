"""`.bitbox` on DataArrays and Datasets: the functions of the package, one line a method.

The accessors hold nothing and compute nothing on creation; xarray keeps one an object. Their examples begin with
`import numpy as np` and `import bitbox_xr as bx`.
"""

from collections.abc import Hashable
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core import signal_set
from bitbox_xr.measures import results
from bitbox_xr.plotting.methods import PlotMethods, SignalsPlotMethods

__all__ = ["ResultAccessor", "SignalsAccessor"]


@xr.register_dataarray_accessor("bitbox")
class SignalsAccessor:
    """Measures of a signal set, `x.bitbox.…`; what each takes and returns is told by the function of its name."""

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    @property
    def fps(self) -> float:
        """Frames per second; ValueError where the clock is not regular.

        >>> bx.signals(np.zeros((100, 1)), fps=25).bitbox.fps
        25.0
        """
        return signal_set.rate(self._x)

    @property
    def kind(self) -> str:
        """Kind of the signals: expression, landmark, landmark-can, pose or rectangle.

        >>> bx.signals(np.zeros((100, 153)), kind="landmark-can", fps=25).bitbox.kind
        'landmark-can'
        """
        return str(self._x.attrs.get("kind", "expression"))

    def imitation(
        self, y: Any, *, width: float = 0.5, step: float | None = None, lag: float | None = None, causal: bool = True,
        polarity: bool = True, min_valid: float = 0.75, fps: float | None = None, stats: bool = False,
    ) -> xr.Dataset:  # fmt: skip
        """How well these signals imitate y's: `bitbox_xr.imitation`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, lag=0.6)
        >>> result.lag.sel(signal1="AU12", signal2="AU12").values[:3]
        array([-0.4       , -0.4       , -0.53333336], dtype=float32)
        """
        options: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        return bx.imitation(self._x, y, **options, min_valid=min_valid, fps=fps, stats=stats)

    def coordination(
        self, y: Any = None, *, width: float = 0.5, step: float | None = None, lag: float | None = None,
        polarity: bool = True, min_valid: float = 0.75, fps: float | None = None, stats: bool = False,
    ) -> xr.Dataset:  # fmt: skip
        """How closely these signals and y's (or each other) move together: `bitbox_xr.coordination`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.coordination(model, width=2, lag=0.3, stats=True)
        >>> result.corr_mean.sel(signal1="AU12", signal2="AU12").round(2).item()
        0.74
        """
        return bx.coordination(
            self._x, y, width=width, step=step, lag=lag, polarity=polarity, min_valid=min_valid, fps=fps, stats=stats
        )

    def lag_profile(
        self, y: Any = None, *, measure: str = "imitation", width: float = 0.5, step: float | None = None,
        lag: float | None = None, causal: bool = True, polarity: bool = True, min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """Mean correlation at each lag: `bitbox_xr.lag_profile`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> profile = child.bitbox.lag_profile(model, width=2, step=1, lag=0.6)
        >>> profile.best_lag.sel(signal1="AU12", signal2="AU12").item()
        -0.36666666666666664
        """
        options: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        return bx.lag_profile(self._x, y, measure=measure, **options, min_valid=min_valid, fps=fps)

    def significance(
        self, y: Any = None, *, measure: str = "imitation", surrogates: str = "shift", n: int = 199,
        rng: int | np.random.Generator | None = None, signed: bool = False, pairs: str = "all",
        partners: list[Any] | None = None, progress: bool = True, width: float = 0.5, step: float | None = None,
        lag: float | None = None, causal: bool = True, polarity: bool = True, min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """Imitation or coordination against chance: `bitbox_xr.significance`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> found = child.bitbox.significance(model, width=2, step=1, lag=0.6, n=19, rng=0, progress=False)
        >>> found.p.sel(signal1="AU12", signal2="AU12").item()
        0.05
        """
        windows: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        chance: dict[str, Any] = {"surrogates": surrogates, "n": n, "rng": rng, "signed": signed, "partners": partners}
        rest: dict[str, Any] = {"pairs": pairs, "progress": progress, "min_valid": min_valid, "fps": fps}
        return bx.significance(self._x, y, measure=measure, **windows, **chance, **rest)

    def lag_map(
        self, y: Any = None, *, pair: tuple[str, str], measure: str = "imitation", width: float = 0.5,
        step: float | None = None, lag: float | None = None, causal: bool = True, polarity: bool = True,
        min_valid: float = 0.75, fps: float | None = None,
    ) -> xr.DataArray:  # fmt: skip
        """Correlation of one pair in every window at every lag: `bitbox_xr.lag_map`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> found = child.bitbox.lag_map(model, pair=("AU12", "AU12"), width=2, step=1, lag=0.6)
        >>> found.mean("window").idxmax("lag").round(3).item()
        -0.367
        """
        options: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        return bx.lag_map(self._x, y, pair=pair, measure=measure, **options, min_valid=min_valid, fps=fps)

    def surrogate_windows(
        self, y: Any = None, *, pair: tuple[str, str], measure: str = "imitation", surrogates: str = "shift",
        n: int = 199, rng: int | np.random.Generator | None = None, partners: list[Any] | None = None,
        width: float = 0.5, step: float | None = None, lag: float | None = None, causal: bool = True,
        polarity: bool = True, min_valid: float = 0.75, fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """One pair window by window beside its surrogates: `bitbox_xr.surrogate_windows`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), n=19, rng=0, width=2, step=1, lag=0.6)
        >>> found.null_corr.sizes
        Frozen({'surrogate': 19, 'window': 27})
        """
        windows: dict[str, Any] = {"width": width, "step": step, "lag": lag, "causal": causal, "polarity": polarity}
        chance: dict[str, Any] = {"surrogates": surrogates, "n": n, "rng": rng, "partners": partners}
        rest: dict[str, Any] = {"measure": measure, "min_valid": min_valid, "fps": fps}
        return bx.surrogate_windows(self._x, y, pair=pair, **windows, **chance, **rest)

    def expressivity(
        self, *, scales: Any = None, aggregate: bool = False, robust: bool = False, precision: int = 16,
        fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """How often and how strongly each coefficient is activated: `bitbox_xr.expressivity`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> face.bitbox.expressivity(scales=[1, 2]).rate.sel(coefficient="AU12").round(1).values
        array([49., 22.])
        """
        options: dict[str, Any] = {"scales": scales, "aggregate": aggregate, "robust": robust}
        return bx.expressivity(self._x, **options, precision=precision, fps=fps)

    def events(
        self, *, scales: Any = None, aggregate: bool = False, precision: int = 16, fps: float | None = None
    ) -> xr.Dataset:
        """The activations, one by one: `bitbox_xr.events`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> found = face.bitbox.events(scales=[1, 2], aggregate=True)
        >>> found.time[found.coefficient == "AU12"].values[:3].round(2)
        array([1.5 , 2.77, 4.07])
        """
        return bx.events(self._x, scales=scales, aggregate=aggregate, precision=precision, fps=fps)

    def diversity(
        self, *, scales: Any = None, aggregate: bool = False, robust: bool = False, magnitude: bool = True,
        precision: int = 16, fps: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """How evenly activations are spread over coefficients: `bitbox_xr.diversity`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> face.bitbox.diversity(scales=[1, 2]).overall.round(2).values
        array([0.97, 0.97])
        """
        options: dict[str, Any] = {"scales": scales, "aggregate": aggregate, "robust": robust, "magnitude": magnitude}
        return bx.diversity(self._x, **options, precision=precision, fps=fps)

    def asymmetry(self, *, reference: Any = None, fps: float | None = None) -> xr.Dataset:
        """How unlike the sides of the face are: `bitbox_xr.asymmetry`.

        >>> face = np.random.default_rng(0).normal(size=(2, 153))
        >>> result = bx.signals(face, kind="landmark-can", fps=30).bitbox.asymmetry()
        >>> result.asymmetry.sel(feature="eye").round(2).values
        array([3.01, 2.74])
        """
        return bx.asymmetry(self._x, reference=reference, fps=fps)

    def kinematics(self, *, angular: bool = False, fps: float | None = None) -> xr.Dataset:
        """How far and how fast points move: `bitbox_xr.kinematics`.

        >>> head = bx.signals(np.outer(np.arange(30), [0.1, 0, 0, 0, 0, 0]), kind="pose", fps=30)
        >>> found = head.bitbox.kinematics()
        >>> found.speed.round(3).item(), found.speed.attrs["units"]
        (3.0, 'mm/s')
        """
        return bx.kinematics(self._x, angular=angular, fps=fps)

    def smoothness(self, *, angular: bool = False, fps: float | None = None) -> xr.Dataset:
        """How smoothly points move: `bitbox_xr.smoothness`.

        >>> head = bx.signals(np.outer(np.sin(np.arange(30) / 5), [0, 0, 0, 0, 0.1, 0]), kind="pose", fps=30)
        >>> head.bitbox.smoothness(angular=True).ldj.round(2).item()
        -2.92
        """
        return bx.smoothness(self._x, angular=angular, fps=fps)

    def relative_motion(
        self, *, reference: Any = "mean", angular: bool = False, fps: float | None = None
    ) -> xr.Dataset:
        """How far points are from where they were: `bitbox_xr.relative_motion`.

        >>> head = bx.signals(np.outer(np.arange(30), [0.1, 0, 0, 0, 0, 0]), kind="pose", fps=30)
        >>> head.bitbox.relative_motion(reference=0).distance_max.round(3).item()
        2.9
        """
        return bx.relative_motion(self._x, reference=reference, angular=angular, fps=fps)

    def align(
        self, y: Any, *, fps: float | None = None, offset: float = 0.0, max_gap: float | None = None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """These signals and y's on one regular clock: `bitbox_xr.align`.

        >>> x, y = (bx.signals(np.zeros((60, 1)), fps=fps) for fps in (30, 25))
        >>> [a.sizes["time"] for a in x.bitbox.align(y)]
        [50, 50]
        """
        return bx.align(self._x, y, fps=fps, offset=offset, max_gap=max_gap)

    def resample(self, fps: float, *, max_gap: float | None = None) -> xr.DataArray:
        """At another rate: `bitbox_xr.resample`.

        >>> x = bx.signals([[0.0], [3.0], [4.0]], time=[0.0, 0.3, 0.4])
        >>> x.bitbox.resample(10, max_gap=0.3).values[:, 0]
        array([0., 1., 2., 3., 4.])
        """
        return bx.resample(self._x, fps, max_gap=max_gap)

    def fill_gaps(self, *, max_gap: float) -> xr.DataArray:
        """Short gaps bridged by straight lines: `bitbox_xr.fill_gaps`.

        >>> x = bx.signals([[0.0], [np.nan], [2.0]], fps=10)
        >>> x.bitbox.fill_gaps(max_gap=0.2).values[:, 0]
        array([0., 1., 2.])
        """
        return bx.fill_gaps(self._x, max_gap=max_gap)

    def regularity(self) -> xr.Dataset:
        """Rate, regularity, lost frames and gaps: `bitbox_xr.regularity`.

        >>> times = np.delete(np.arange(60) / 30, [20, 21])
        >>> found = bx.signals(np.zeros((58, 1)), time=times).bitbox.regularity()
        >>> found.fps.item(), found.lost.item()
        (30.0, 2)
        """
        return bx.regularity(self._x)

    def magnitudes(self, *, angular: bool = True, fps: float | None = None) -> xr.DataArray:
        """Norms of landmarks or pose: `bitbox_xr.magnitudes`.

        >>> pose = bx.signals([[3.0, 4.0, 0.0, 0.1, 0.0, 0.0]], kind="pose", fps=30)
        >>> pose.bitbox.magnitudes(angular=False).values
        array([[5.]])
        """
        return bx.magnitudes(self._x, angular=angular, fps=fps)

    def to_bitbox(self) -> dict[str, Any]:
        """One of Bitbox's dictionaries: `bitbox_xr.to_bitbox`.

        >>> d = bx.signals(np.zeros((3, 2)), fps=30, names=["GE0", "GE1"]).bitbox.to_bitbox()
        >>> d["type"], d["data"].shape
        ('expression', (3, 2))
        """
        return bx.to_bitbox(self._x)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save as a whole file or none: `bitbox_xr.to_netcdf`.

        >>> import tempfile
        >>> x = bx.signals(np.zeros((3, 2)), fps=30)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     x.bitbox.to_netcdf(f"{folder}/x.nc")
        ...     with bx.open_netcdf(f"{folder}/x.nc") as back:
        ...         back.identical(x)
        True
        """
        bx.to_netcdf(self._x, path)

    def to_frame(self) -> pd.DataFrame:
        """A tidy table, one row a time and signal.

        >>> x = bx.signals([[0.0, 1.0], [0.5, 0.0]], fps=25, names=["AU04", "AU12"])
        >>> x.bitbox.to_frame()[["time", "signal", "expression"]]
           time signal  expression
        0  0.00   AU04         0.0
        1  0.00   AU12         1.0
        2  0.04   AU04         0.5
        3  0.04   AU12         0.0
        """
        return results.to_frame(self._x)

    @property
    def plot(self) -> SignalsPlotMethods:
        """Pictures of signals: `x.bitbox.plot.decomposition()`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> fig = face.bitbox.plot.decomposition("AU12", fig=Figure(layout="constrained"))
        >>> fig.axes[0].get_title(loc="left")
        'AU12 and its 199 activations, all scales aggregated'
        """
        return SignalsPlotMethods(self._x)


@xr.register_dataset_accessor("bitbox")
class ResultAccessor:
    """What can be done with a result, `result.bitbox.…`."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def stats(self) -> xr.Dataset:
        """Statistics over windows: `bitbox_xr.window_stats`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, lag=0.6)
        >>> result.bitbox.stats().n_windows.sel(signal1="AU12", signal2="AU12").item()
        27
        """
        return bx.window_stats(self._result)

    def matched(self) -> xr.Dataset:
        """Only pairs of one label, signal1 == signal2, along the dimension `pair`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> child.bitbox.imitation(model, width=2, step=1, lag=0.6).bitbox.matched().corr.sizes
        Frozen({'window': 27, 'pair': 12})
        """
        return results.matched(self._result)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save as a whole file or none: `bitbox_xr.to_netcdf`.

        >>> import tempfile
        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, lag=0.6)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result.bitbox.to_netcdf(f"{folder}/imitation.nc")
        ...     with bx.open_netcdf(f"{folder}/imitation.nc") as back:
        ...         back.identical(result)
        True
        """
        bx.to_netcdf(self._result, path)

    def to_frame(self, dim_order: list[Hashable] | None = None) -> pd.DataFrame:
        """A tidy table, one row a combination of the result's labels.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> table = child.bitbox.imitation(model, width=2, step=1, lag=0.6).bitbox.to_frame()
        >>> table.loc[0, ["window", "signal1", "signal2", "lag"]].astype(str).tolist()
        ['1.6', 'AU01', 'AU01', '-0.6']
        """
        return results.to_frame(self._result, dim_order)

    @property
    def plot(self) -> PlotMethods:
        """Pictures: `result.bitbox.plot.matrix()` and so on.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> result = child.bitbox.imitation(model, width=2, step=1, lag=0.6)
        >>> ax = result.bitbox.plot.matrix(ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'signal2 (of y: bitbox-xr demo, seed 0, model)'
        """
        return PlotMethods(self._result)
