"""The results in an output folder, opened again."""

import html
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from bitbox_xr.cohort.measures import MEASURES
from bitbox_xr.cohort.preregistration import deviations
from bitbox_xr.cohort.quality_columns import with_quality
from bitbox_xr.cohort.status import DONE, FAILED, NOT_DONE, load
from bitbox_xr.cohort.storage import RECORDINGS, STATUS, SUMMARY, WINDOWS, result_file
from bitbox_xr.core.validation import listed, path_of
from bitbox_xr.io.netcdf import open_netcdf

__all__ = ["Cohort", "MeasureResults", "open_cohort"]


class Files(Mapping[str, xr.Dataset]):
    """Results by the name of their recording; each is opened lazily on access."""

    def __init__(self, of_measure: Path, folder: str, names: list[str]) -> None:
        self._of_measure, self._folder, self._names = of_measure, folder, dict.fromkeys(names)

    def __getitem__(self, name: str) -> xr.Dataset:
        if name not in self._names:
            raise KeyError(f"expected one of the recordings that are done ({listed(self._names)}), got {name!r}")
        opened: xr.Dataset = open_netcdf(result_file(self._of_measure, self._folder, name))
        return opened

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class MeasureResults:
    """The results of one measure: ``.summary``, ``.recordings`` and ``.windows``."""

    def __init__(self, folder: Path, done: list[str]) -> None:
        self.folder, self._done = folder, done

    @property
    def summary(self) -> xr.Dataset:
        """All recordings that are done `(recording, …)`, with covariates as coordinates; values are read on use."""
        file = self.folder / SUMMARY
        if not file.is_file():
            raise FileNotFoundError(
                f"{self.folder}: no recording is done, so there is no summary; see .status for reasons"
            )
        opened: xr.Dataset = open_netcdf(file)
        return opened

    @property
    def recordings(self) -> Files:
        """The result of each recording that is done, by name."""
        return Files(self.folder, RECORDINGS, self._done)

    @property
    def windows(self) -> Files:
        """The windows of each recording whose windows were kept, by name."""
        kept = [name for name in self._done if result_file(self.folder, WINDOWS, name).is_file()]
        return Files(self.folder, WINDOWS, kept)

    def __repr__(self) -> str:
        return f"<MeasureResults {self.folder.name!r}: {len(self._done)} recordings done>"


class Cohort(Mapping[str, MeasureResults]):
    """The results of a cohort by measure, and `.status`, a table with one row per recording.

    If there is only one measure, ``.summary``, ``.recordings`` and ``.windows`` are those of this measure.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.status: pd.DataFrame = load(out)

    def __getitem__(self, measure: str) -> MeasureResults:
        if measure not in self:
            raise KeyError(f"expected a measure of this cohort ({listed(self)}), got {measure!r}")
        done = self.status.loc[self.status[measure] == DONE, "recording"].tolist()
        return MeasureResults(self.out / measure, done)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.status if name in MEASURES)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, measure: object) -> bool:
        return measure in [*self]

    def with_quality(self, measure: str) -> xr.Dataset:
        """The summary of a measure with the quality of the signals behind it, which is another measure of the cohort.

        For measures of pairs each variable of `quality` is there twice: `noise1` is that of the first signal, of the
        manifest's signals, and `noise2` that of the second one, of the reference. For measures of one person it has its
        own name. It is NaN for recordings without quality. ``.bitbox.to_frame()`` makes a tidy table of the result.
        """
        return with_quality(self[measure].summary, self["quality"].summary)

    @property
    def summary(self) -> xr.Dataset:
        """The summary of the only measure."""
        return self._only("summary").summary

    @property
    def recordings(self) -> Files:
        """The results of the only measure, by recording."""
        return self._only("recordings").recordings

    @property
    def windows(self) -> Files:
        """The windows of the only measure, by recording."""
        return self._only("windows").windows

    @property
    def deviations(self) -> list[str]:
        """How the runs deviated from the TOML file of the first run: see `cohort.deviations`."""
        return deviations(self.out)

    def _only(self, what: str) -> MeasureResults:
        measures = [*self]
        if len(measures) != 1:
            got = f"{len(measures)} ({listed(measures)})" if measures else "none"
            example = measures[0] if measures else "imitation"
            raise AttributeError(f"expected one measure in {self.out}, got {got}; see [{example!r}].{what}")
        return self[measures[0]]

    def _named(self, state: str) -> list[str]:
        return self.status.loc[self.status["state"] == state, "recording"].tolist()

    def __repr__(self) -> str:
        return f"<Cohort {str(self.out)!r} ({listed(self)}): {self.counted}>"

    def _repr_html_(self) -> str:
        failed = self._named(FAILED)
        named = f" ({listed(failed)})" if failed else ""
        text = f"<code>{html.escape(str(self.out))}</code> ({html.escape(listed(self))})"
        return f"<p><b>Cohort</b> {text}: {self.counted}{html.escape(named)}</p>"

    @property
    def counted(self) -> str:
        """How many recordings are done (and how many of these with a warning), failed and not done."""
        done, failed, others = (len(self._named(state)) for state in (DONE, FAILED, NOT_DONE))
        warned = len(self.warned)
        of_done = f"{done} recordings done" + (f" ({warned} with a warning)" if warned else "")
        return f"{of_done}, {failed} failed" + (f", {others} not done" if others else "")

    @property
    def warned(self) -> pd.DataFrame:
        """The rows of `.status` of recordings that are done, but whose message is a warning."""
        return self.status[(self.status["state"] == DONE) & (self.status["message"] != "")]


def open_cohort(out: str | os.PathLike[str]) -> Cohort:
    """Open the results of a cohort.

    Parameters
    ----------
    out
        The output folder of `cohort.run()`.

    Returns
    -------
    Cohort
        By measure: ``.summary``, a Dataset `(recording, …)` with covariates as coordinates; ``.recordings`` and
        ``.windows``, Datasets by name of the recording, opened on access. `.status` is a DataFrame with one row per
        recording: state (done, failed or, after a run that did not finish, not done), message, seconds, retries, and
        the state of each measure.

    Raises
    ------
    FileNotFoundError
        If `out` is not the output folder of a cohort.

    Examples
    --------
    >>> from bitbox_xr import cohort
    >>> study = cohort.open("out")  # doctest: +SKIP
    >>> study.status.query("state == 'failed'")[["recording", "message"]]  # doctest: +SKIP
    >>> study["imitation"].summary.corr_mean.sel(pair="AU12").groupby("group").mean()  # doctest: +SKIP
    >>> study["imitation"].recordings["001"].corr_mean.sel(signal1="AU12", signal2="AU12")  # doctest: +SKIP
    """
    folder = path_of("cohort.open()", out, "a folder's name")
    if not (folder / STATUS).is_file():
        raise FileNotFoundError(f"expected an output folder of cohort.run(), got {folder}, which has no {STATUS}")
    return Cohort(folder)
