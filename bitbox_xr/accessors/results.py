"""The `.bitbox` accessor of Datasets: statistics, tables, files and plots of a result."""

from collections.abc import Hashable, Sequence
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.method_groups import MethodGroup
from bitbox_xr.core.selection import selected
from bitbox_xr.measures import results, tables
from bitbox_xr.plotting.methods import PlotMethods
from bitbox_xr.reporting.methods import methods

__all__ = ["ResultAccessor"]


@xr.register_dataset_accessor("bitbox")
class ResultAccessor(MethodGroup):
    """Statistics, tables, files and plots of a result, `result.bitbox.…`."""

    _called, _of = "result.bitbox", "results"

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def stats(self, *, by: str | None = None) -> xr.Dataset:
        """Compute mean correlation, mean lag and their spread over windows; with `by`, for each label.

        See `bitbox_xr.window_stats` on all statistics.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> result.bitbox.stats().n_windows.sel(signal1="AU12", signal2="AU12").item()
        27
        """
        return bx.window_stats(self._result, by=by)

    def matched(self) -> xr.Dataset:
        """Select the pairs of the same signal in both people, along the dimension `pair`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> child.bitbox.imitation(model, width=2, step=1, max_lag=1).bitbox.matched().corr.sizes
        Frozen({'window': 27, 'pair': 12})
        """
        return results.matched(self._result)

    def sel(self, **labels: Any) -> xr.Dataset:
        """Select by labels, as ``.sel()``; if there is no such signal, the message names the nearest one.

        >>> summary = xr.Dataset({"excess": ("pair", [0.1, 0.2])}, {"pair": ["AU04_r", "AU12_r"]})
        >>> summary.bitbox.sel(pair="AU12_r").excess.item()
        0.2
        >>> summary.bitbox.sel(pair="AU12")
        Traceback (most recent call last):
            ...
        KeyError: "sel(): expected a label of pair (AU04_r, AU12_r), got 'AU12'; the nearest name is 'AU12_r'"
        """
        return selected(self._result, labels)

    def contrast(
        self,
        *,
        variable: str,
        between: str | None = None,
        groups: Sequence[object] | None = None,
        within: str | None = None,
        covariates: Sequence[str] = (),
        n: int = 4999,
        rng: int | np.random.Generator | None = None,
    ) -> xr.Dataset:
        """Compare groups (`between`) or conditions (`within`) of a study in a variable, by permutation tests.

        See `bitbox_xr.contrast` on all options.

        >>> values = np.random.default_rng(0).normal(1, 1, (16, 2))
        >>> summary = xr.Dataset({"excess": (("recording", "pair"), values)}, {"pair": ["AU04", "AU12"]})
        >>> summary.bitbox.contrast(variable="excess", rng=0).p_fwe.values
        array([0.0202, 0.0002])
        """
        return bx.contrast(
            self._result,
            variable=variable,
            between=between,
            groups=groups,
            within=within,
            covariates=covariates,
            n=n,
            rng=rng,
        )

    def methods(self) -> str:
        """Describe in plain English how the result was made: a methods paragraph with references.

        The text follows from the attributes of the result. Read it against your study before you use it.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> print(face.bitbox.expressivity(scales=[1, 2]).bitbox.methods().split(". ")[2])
        Activations were local maxima of a Mexican-hat wavelet transform at durations of 1 and 2 s (PyWavelets ...; Lee
        et al., 2019)
        """
        return methods(self._result)

    def report(self, path: str | PathLike[str], *, title: str | None = None) -> None:
        """Write a report as one HTML file: data quality, settings, results, pictures and methods.

        See `bitbox_xr.report` on reports of several results, and of studies.

        >>> import tempfile
        >>> from pathlib import Path
        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     face.bitbox.expressivity(scales=[1, 2]).bitbox.report(f"{folder}/face.html", title="Anna")
        ...     "<h1>Anna</h1>" in Path(folder, "face.html").read_text(encoding="utf-8")
        True
        """
        bx.report(self._result, path, title=title)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save the result as a NetCDF file: see `bitbox_xr.to_netcdf`.

        >>> import tempfile
        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result.bitbox.to_netcdf(f"{folder}/imitation.nc")
        ...     with bx.open_netcdf(f"{folder}/imitation.nc") as back:
        ...         back.identical(result)
        True
        """
        bx.to_netcdf(self._result, path)

    def to_frame(self, dim_order: list[Hashable] | None = None, *, long: bool = False) -> pd.DataFrame:
        """Make a tidy table: one row for each combination of labels, with the units of its columns in `attrs["units"]`.

        `dim_order` is the order of the dimensions, the one that changes most slowly first. The metrics of
        `expressivity` are columns; with `long=True` there is one row for each.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> table = child.bitbox.imitation(model, width=2, step=1, max_lag=1).bitbox.to_frame()
        >>> table.loc[0, ["window", "signal1", "signal2", "lag"]].astype(str).tolist()
        ['2.0', 'AU01', 'AU01', '-0.96666664']
        >>> table.attrs["units"]["lag"]
        's'
        """
        return tables.to_frame(self._result, dim_order, long=long)

    @property
    def plot(self) -> PlotMethods:
        """Plots of the result, for example `result.bitbox.plot.matrix()`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> from matplotlib.figure import Figure
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> ax = result.bitbox.plot.matrix(ax=Figure(layout="constrained").subplots())
        >>> ax.get_title(loc="left").splitlines()[0]
        'Imitation of model by participant'
        """
        return PlotMethods(self._result)
