"""The results in an output folder, opened again."""

import html
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from bitbox_xr.cohort.status import DONE, FAILED, NOT_DONE, load
from bitbox_xr.cohort.storage import RECORDINGS, STATUS, SUMMARY, WINDOWS, result_file
from bitbox_xr.core.validation import listed, path_of
from bitbox_xr.io.netcdf import open_netcdf

__all__ = ["Cohort", "open_cohort"]


class Files(Mapping[str, xr.Dataset]):
    """Results by the name of their recording; each is opened lazily on access."""

    def __init__(self, out: Path, folder: str, names: list[str]) -> None:
        self._out, self._folder, self._names = out, folder, dict.fromkeys(names)

    def __getitem__(self, name: str) -> xr.Dataset:
        if name not in self._names:
            raise KeyError(f"expected one of the recordings that are done ({listed(self._names)}), got {name!r}")
        opened: xr.Dataset = open_netcdf(result_file(self._out, self._folder, name))
        return opened

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Cohort:
    """The results of a cohort: `.summary`, `.recordings`, `.windows` and `.status`."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.status: pd.DataFrame = load(out)

    @property
    def summary(self) -> xr.Dataset:
        """All recordings that are done `(recording, …)`, with covariates as coordinates; values are read on use."""
        file = self.out / SUMMARY
        if not file.is_file():
            raise FileNotFoundError(
                f"{self.out}: no recording is done, so there is no summary; see .status for reasons"
            )
        opened: xr.Dataset = open_netcdf(file)
        return opened

    @property
    def recordings(self) -> Files:
        """The result of each recording that is done, by name."""
        return Files(self.out, RECORDINGS, self._named(DONE))

    @property
    def windows(self) -> Files:
        """The windows of each recording whose windows were kept, by name."""
        kept = [name for name in self._named(DONE) if result_file(self.out, WINDOWS, name).is_file()]
        return Files(self.out, WINDOWS, kept)

    def _named(self, state: str) -> list[str]:
        return self.status.loc[self.status["state"] == state, "recording"].tolist()

    def __repr__(self) -> str:
        return f"<Cohort {str(self.out)!r}: {self.counted}>"

    def _repr_html_(self) -> str:
        failed = self._named(FAILED)
        named = f" ({listed(failed)})" if failed else ""
        return f"<p><b>Cohort</b> <code>{html.escape(str(self.out))}</code>: {self.counted}{html.escape(named)}</p>"

    @property
    def counted(self) -> str:
        """How many recordings are done, failed and, after a run that did not finish, not done."""
        done, failed, others = (len(self._named(state)) for state in (DONE, FAILED, NOT_DONE))
        return f"{done} recordings done, {failed} failed" + (f", {others} not done" if others else "")


def open_cohort(out: str | os.PathLike[str]) -> Cohort:
    """Open the results of a cohort.

    Parameters
    ----------
    out
        The output folder of `cohort.run()`.

    Returns
    -------
    Cohort
        `.summary`, a Dataset `(recording, …)` with covariates as coordinates; `.recordings` and `.windows`, Datasets by
        name of the recording, opened on access; `.status`, a DataFrame with one row per recording: state (done, failed
        or, after a run that did not finish, not done), message, seconds, retries.

    Raises
    ------
    FileNotFoundError
        If `out` is not the output folder of a cohort.

    Examples
    --------
    >>> from bitbox_xr import cohort
    >>> study = cohort.open("out")  # doctest: +SKIP
    >>> study.status.query("state == 'failed'")[["recording", "message"]]  # doctest: +SKIP
    >>> study.recordings["001"].corr_mean.sel(signal1="AU12", signal2="AU12")  # doctest: +SKIP
    """
    folder = path_of("cohort.open()", out, "a folder's name")
    if not (folder / STATUS).is_file():
        raise FileNotFoundError(f"expected an output folder of cohort.run(), got {folder}, which has no {STATUS}")
    return Cohort(folder)
