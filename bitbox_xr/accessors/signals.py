"""The `.bitbox` accessor of DataArrays: the functions of the package as methods of signals.

The accessor computes nothing when it is created, and stores only the array.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import pandas as pd
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.accessors.faces import FaceMethods
from bitbox_xr.accessors.pairs import PairMethods
from bitbox_xr.core import signal_set
from bitbox_xr.core.method_groups import MethodGroup
from bitbox_xr.core.selection import selected
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.measures import tables
from bitbox_xr.plotting.methods import SignalsPlotMethods
from bitbox_xr.preprocessing.interval_tables import IntervalsLike
from bitbox_xr.preprocessing.standardisation import Center, Scale

__all__ = ["SignalsAccessor"]


@xr.register_dataarray_accessor("bitbox")
class SignalsAccessor(PairMethods, FaceMethods, MethodGroup):
    """Measures of signals, `x.bitbox.…`; see the functions of the same names."""

    _called, _of = "x.bitbox", "signals"

    def __init__(self, x: xr.DataArray) -> None:
        self._x = x

    @property
    def fps(self) -> float:
        """Frames per second; raises ValueError if the frame times are not regular.

        >>> import numpy as np
        >>> bx.signals(np.zeros((100, 1)), fps=25).bitbox.fps
        25.0
        """
        return signal_set.rate(self._x)

    @property
    def kind(self) -> str:
        """Kind of the signals, such as expression, landmark, pose or motion-energy.

        >>> import numpy as np
        >>> bx.signals(np.zeros((100, 153)), kind="landmark-can", fps=25).bitbox.kind
        'landmark-can'
        """
        return str(self._x.attrs.get("kind", "expression"))

    def align(
        self, y: "SignalsLike", *, fps: float | None = None, offset: float = 0.0, max_gap: float | None = None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """Bring these signals and those of y to the same regular frame times: see `bitbox_xr.align`.

        >>> import numpy as np
        >>> x, y = (bx.signals(np.zeros((60, 1)), fps=fps) for fps in (30, 25))
        >>> [a.sizes["time"] for a in x.bitbox.align(y)]
        [50, 50]
        """
        return bx.align(self._x, y, fps=fps, offset=offset, max_gap=max_gap)

    def resample(self, fps: float, *, max_gap: float | None = None) -> xr.DataArray:
        """Resample the signals to another frame rate: see `bitbox_xr.resample`.

        >>> x = bx.signals([[0.0], [3.0], [4.0]], time=[0.0, 0.3, 0.4])
        >>> x.bitbox.resample(10, max_gap=0.3).values[:, 0]
        array([0., 1., 2., 3., 4.])
        """
        return bx.resample(self._x, fps, max_gap=max_gap)

    def fill_gaps(self, *, max_gap: float) -> xr.DataArray:
        """Interpolate short gaps linearly: see `bitbox_xr.fill_gaps`.

        >>> import numpy as np
        >>> x = bx.signals([[0.0], [np.nan], [2.0]], fps=10)
        >>> x.bitbox.fill_gaps(max_gap=0.2).values[:, 0]
        array([0., 1., 2.])
        """
        return bx.fill_gaps(self._x, max_gap=max_gap)

    def smooth(self, width: float) -> xr.DataArray:
        """Smooth the signals by a Gaussian: see `bitbox_xr.smooth`.

        >>> x = bx.signals([[0.0], [0.0], [1.0], [0.0], [0.0]], fps=10)
        >>> x.bitbox.smooth(0.2).values[:, 0].round(2)
        array([0.04, 0.24, 0.47, 0.24, 0.04])
        """
        return bx.smooth(self._x, width)

    def detrend(self, width: float) -> xr.DataArray:
        """Subtract the running median of the signals: see `bitbox_xr.detrend`.

        >>> x = bx.signals([[1.0], [1.0], [5.0], [1.0], [1.0]], fps=10)
        >>> x.bitbox.detrend(0.4).values[:, 0]
        array([0., 0., 4., 0., 0.])
        """
        return bx.detrend(self._x, width)

    def standardize(
        self,
        *,
        reference: "SignalsLike | Mapping[str, object] | None" = None,
        center: Center | None = "mean",
        scale: Scale | None = "std",
        dead_band: float = 0.0,
    ) -> xr.DataArray:
        """Express the signals in units of their spread at rest: see `bitbox_xr.standardize`.

        >>> x = bx.signals([[1.0], [3.0], [5.0]], fps=10)
        >>> x.bitbox.standardize(scale=None).values[:, 0]
        array([-2.,  0.,  2.])
        """
        return bx.standardize(self._x, reference=reference, center=center, scale=scale, dead_band=dead_band)

    def annotate(self, intervals: "IntervalsLike", *, name: str = "condition") -> xr.DataArray:
        """Label frames by the intervals in which they lie: see `bitbox_xr.annotate`.

        >>> phases = pd.DataFrame({"onset": [0, 1], "offset": [1, 3], "label": ["baseline", "task"]})
        >>> bx.signals([[0.0], [0.0], [0.0]], fps=1).bitbox.annotate(phases).condition.values.tolist()
        ['baseline', 'task', 'task']
        """
        return bx.annotate(self._x, intervals, name=name)

    def mask(
        self,
        intervals: "IntervalsLike | None" = None,
        *,
        labels: str | Sequence[str] | None = None,
        regions: str | Sequence[str] | None = None,
        where: xr.DataArray | None = None,
    ) -> xr.DataArray:
        """Set frames, or regions of the face in them, to missing: see `bitbox_xr.mask`.

        >>> x = bx.signals([[0.0], [9.0], [0.0]], fps=30)
        >>> x.bitbox.mask(where=x.isel(signal=0) > 1).values[:, 0]
        array([ 0., nan,  0.])
        """
        return bx.mask(self._x, intervals, labels=labels, regions=regions, where=where)

    def regularity(self) -> xr.Dataset:
        """Report the frame rate, its regularity, lost frames and gaps: see `bitbox_xr.regularity`.

        >>> import numpy as np
        >>> times = np.delete(np.arange(60) / 30, [20, 21])
        >>> found = bx.signals(np.zeros((58, 1)), time=times).bitbox.regularity()
        >>> found.fps.item(), found.lost.item()
        (30.0, 2)
        """
        return bx.regularity(self._x)

    def quality(self, *, by: str | None = None) -> xr.Dataset:
        """Describe losses, masks, noise, activity and range of the signals: see `bitbox_xr.quality`.

        >>> import numpy as np
        >>> x = bx.signals(np.sin(np.arange(60.0) / 9)[:, None], fps=30)
        >>> x[:6] = np.nan
        >>> x.bitbox.quality().lost_share.values
        array([0.1])
        """
        return bx.quality(self._x, by=by)

    def magnitudes(self, *, angular: bool = True, fps: float | None = None) -> xr.DataArray:
        """Reduce landmarks or a pose to norms: see `bitbox_xr.magnitudes`.

        >>> pose = bx.signals([[3.0, 4.0, 0.0, 0.1, 0.0, 0.0]], kind="pose", fps=30)
        >>> pose.bitbox.magnitudes(angular=False).values
        array([[5.]])
        """
        return bx.magnitudes(self._x, angular=angular, fps=fps)

    def to_bitbox(self) -> dict[str, Any]:
        """Convert the signals to a Bitbox dictionary: see `bitbox_xr.to_bitbox`.

        >>> import numpy as np
        >>> d = bx.signals(np.zeros((3, 2)), fps=30, names=["GE0", "GE1"]).bitbox.to_bitbox()
        >>> d["type"], d["data"].shape
        ('expression', (3, 2))
        """
        return bx.to_bitbox(self._x)

    def sel(self, **labels: Any) -> xr.DataArray:
        """Select by labels, as ``.sel()``; if there is no such signal, the message names the nearest one.

        >>> x = bx.signals([[0.0, 1.0], [0.5, 0.0]], fps=25, names=["AU04_r", "AU12_r"])
        >>> x.bitbox.sel(signal="AU12_r").values
        array([1., 0.])
        >>> x.bitbox.sel(signal="AU12")
        Traceback (most recent call last):
            ...
        KeyError: "sel(): expected a label of signal (AU04_r, AU12_r), got 'AU12'; the nearest name is 'AU12_r'"
        """
        return selected(self._x, labels)

    def report(self, path: str | PathLike[str], *, title: str | None = None) -> None:
        """Write a report as one HTML file: the data quality and a picture of the signals.

        See `bitbox_xr.report` on reports of signals together with results.

        >>> import tempfile
        >>> from pathlib import Path
        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     face.bitbox.report(f"{folder}/face.html", title="Anna")
        ...     "Data quality" in Path(folder, "face.html").read_text(encoding="utf-8")
        True
        """
        bx.report(self._x, path, title=title)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save the signals as a NetCDF file: see `bitbox_xr.to_netcdf`.

        >>> import numpy as np
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
        """Make a tidy table: one row for each time and signal.

        >>> x = bx.signals([[0.0, 1.0], [0.5, 0.0]], fps=25, names=["AU04", "AU12"])
        >>> x.bitbox.to_frame()[["time", "signal", "expression"]]
           time signal  expression
        0  0.00   AU04         0.0
        1  0.00   AU12         1.0
        2  0.04   AU04         0.5
        3  0.04   AU12         0.0
        """
        return tables.to_frame(self._x)

    @property
    def plot(self) -> SignalsPlotMethods:
        """Plots of the signals, for example `x.bitbox.plot.decomposition()`.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> from matplotlib.figure import Figure
        >>> fig = face.bitbox.plot.decomposition("AU12", min_rise=0.2, fig=Figure(layout="constrained"))
        >>> print(fig.get_suptitle())
        AU12 of face, all scales aggregated
        5 activations chosen (rise at least 0.2; red), 195 are counted by default (the others grey)
        """
        return SignalsPlotMethods(self._x)
