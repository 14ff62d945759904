"""Cohorts: measure every recording of a study in parallel, and collect the results in one summary for statistics.

`run()` measures the recordings that a manifest (a table) names, each as one task of a dask worker, and keeps results
that are up to date. `open()` opens the results again.
"""

from bitbox_xr.cohort.measures import MEASURES
from bitbox_xr.cohort.preregistration import deviations
from bitbox_xr.cohort.results import Cohort, MeasureResults
from bitbox_xr.cohort.results import open_cohort as open
from bitbox_xr.cohort.runner import run

__all__ = ["MEASURES", "Cohort", "MeasureResults", "deviations", "open", "run"]


def __dir__() -> list[str]:
    """The public API, for completion."""
    return __all__
