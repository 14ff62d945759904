"""`.bitbox` on Datasets: what can be done with a result."""

from collections.abc import Hashable
from os import PathLike

import pandas as pd
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.measures import results
from bitbox_xr.plotting.methods import PlotMethods

__all__ = ["ResultAccessor"]


@xr.register_dataset_accessor("bitbox")
class ResultAccessor:
    """Statistics, tables, files and pictures of a result, `result.bitbox.…`."""

    def __init__(self, result: xr.Dataset) -> None:
        self._result = result

    def stats(self) -> xr.Dataset:
        """Statistics over windows: `bitbox_xr.window_stats`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=0.6)
        >>> result.bitbox.stats().n_windows.sel(signal1="AU12", signal2="AU12").item()
        27
        """
        return bx.window_stats(self._result)

    def matched(self) -> xr.Dataset:
        """Only pairs of one label, signal1 == signal2, along the dimension `pair`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> child.bitbox.imitation(model, width=2, step=1, max_lag=0.6).bitbox.matched().corr.sizes
        Frozen({'window': 27, 'pair': 12})
        """
        return results.matched(self._result)

    def to_netcdf(self, path: str | PathLike[str]) -> None:
        """Save as a whole file or none: `bitbox_xr.to_netcdf`.

        >>> import tempfile
        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=0.6)
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
        >>> table = child.bitbox.imitation(model, width=2, step=1, max_lag=0.6).bitbox.to_frame()
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
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=0.6)
        >>> ax = result.bitbox.plot.matrix(ax=Figure(layout="constrained").subplots())
        >>> ax.get_xlabel()
        'signal2 (of y: bitbox-xr demo, seed 0, model)'
        """
        return PlotMethods(self._result)
