"""Many recordings: a table of them in, one file a recording and one summary for statistics out, on dask.

`run()` measures every recording that a manifest names, each as one task that takes paths and leaves files; what is
there and made from the same is kept. `open()` opens what it left.
"""

from bitbox_xr.cohort.options import MEASURES
from bitbox_xr.cohort.results import Cohort
from bitbox_xr.cohort.results import open_cohort as open
from bitbox_xr.cohort.runner import run

__all__ = ["MEASURES", "Cohort", "open", "run"]


def __dir__() -> list[str]:
    """The public API, for completion."""
    return __all__
