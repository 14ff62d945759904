"""Measures of behavioural signals, such as facial expressions and head movement, as labelled xarray objects."""

from bitbox_xr import accessors as _accessor  # registers the accessor .bitbox
from bitbox_xr import cohort, demo
from bitbox_xr.core.signal_set import from_bitbox, signals, to_bitbox
from bitbox_xr.inference.contingency import contingency
from bitbox_xr.inference.contrasts import contrast
from bitbox_xr.inference.multiverse import multiverse
from bitbox_xr.inference.significance import significance
from bitbox_xr.inference.single_pair import lag_map, surrogate_profiles, surrogate_windows
from bitbox_xr.io.annotations import open_intervals
from bitbox_xr.io.netcdf import open_netcdf, to_netcdf
from bitbox_xr.io.readers import open_recording, open_signals
from bitbox_xr.io.registry import register_reader
from bitbox_xr.measures.asymmetry import asymmetry
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import diversity, expressivity
from bitbox_xr.measures.lag_profiles import lag_profile
from bitbox_xr.measures.motion import kinematics, relative_motion, smoothness
from bitbox_xr.measures.quality import quality
from bitbox_xr.measures.social import coordination, imitation, window_stats
from bitbox_xr.preprocessing.alignment import align
from bitbox_xr.preprocessing.filters import detrend, smooth
from bitbox_xr.preprocessing.gaps import fill_gaps
from bitbox_xr.preprocessing.intervals import annotate
from bitbox_xr.preprocessing.masks import mask
from bitbox_xr.preprocessing.norms import magnitudes
from bitbox_xr.preprocessing.regularity import regularity
from bitbox_xr.preprocessing.resampling import resample
from bitbox_xr.preprocessing.standardisation import standardize
from bitbox_xr.reporting.document import report
from bitbox_xr.version import __version__ as __version__

del _accessor

__all__ = [
    "align",
    "annotate",
    "asymmetry",
    "cohort",
    "contingency",
    "contrast",
    "coordination",
    "demo",
    "detrend",
    "diversity",
    "events",
    "expressivity",
    "fill_gaps",
    "from_bitbox",
    "imitation",
    "kinematics",
    "lag_map",
    "lag_profile",
    "magnitudes",
    "mask",
    "multiverse",
    "open_intervals",
    "open_netcdf",
    "open_recording",
    "open_signals",
    "quality",
    "register_reader",
    "regularity",
    "relative_motion",
    "report",
    "resample",
    "signals",
    "significance",
    "smooth",
    "smoothness",
    "standardize",
    "surrogate_profiles",
    "surrogate_windows",
    "to_bitbox",
    "to_netcdf",
    "window_stats",
]


def __dir__() -> list[str]:
    """List the public API for tab completion, without the subpackages."""
    return [*__all__, "__version__"]
