"""Quality of the signals of a recording: what a model of a study needs as covariates.

Groups often differ in more than behaviour: one has flatter faces, a worse camera or more occlusions. Correlations and
counts change with these, so a study reports them and adjusts for them.
"""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.kinds import ACTIVE
from bitbox_xr.core.provenance import carried, result_attrs
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import name_faults
from bitbox_xr.core.variables import MASKED, RESERVED, SIGNAL, TIME, variable_attrs
from bitbox_xr.measures import activation_noise, activation_search
from bitbox_xr.measures.scales import Asked, Scales, chosen
from bitbox_xr.preprocessing.intervals import by_faults, labels_along_time

if TYPE_CHECKING:
    from bitbox_xr.kernels.activations.search import Found

__all__ = ["quality"]

NOISE_SCALE_S = 0.5
ACTIVITY = "activations above the noise, per minute of frames with values"
ACTIVATION_SCALES_S = (1.0, 2.0, 4.0)  # those that are shorter than the recording, aggregated
FALSE_ALARMS_PER_MINUTE = 1.0
PRECISION = 16


def quality(x: SignalsLike, *, by: str | None = None) -> xr.Dataset:
    """Describe the signals of a recording: losses, masks, noise, activity and range.

    Compare these between groups and conditions before you compare imitation or expressivity: noise and losses lower
    correlations, and a face that moves more has more to correlate. Use them as covariates, for example of `contrast`.

    Parameters
    ----------
    x
        Signals `(…, time, signal)` with regular times.
    by
        A coordinate of labels along time, as `annotate` makes it: each label is described by itself.

    Returns
    -------
    Dataset
        `(…, signal)`, with `by` `(…, condition, signal)`:

        - `lost_share`: share of frames that are missing, without masked ones
        - `masked_share`: share of frames that `mask` has set to missing
        - `noise`: standard deviation of the noise in the responses at a scale of 0.5 s, as `expressivity` estimates it;
          in units of the signal times √frames, as the responses
        - `activations_per_minute`: activations at the aggregated scales 1, 2 and 4 s (those shorter than the recording)
          that exceed the noise (`false_alarms_per_minute=1`), per minute of frames present. For expressions only.
        - `value_range`: largest minus smallest value

        The result is lazy if x is a dask array.

    Raises
    ------
    ValueError
        If the input is not valid, its times are not regular, or `by` is not a coordinate along time.

    Examples
    --------
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> quality(face).activations_per_minute.to_series().to_dict()
    {'AU04': 3.0, 'AU12': 5.0, 'AU45': 4.0}
    """
    x = as_signals(x)
    refuse("quality()", name_faults(RESERVED["quality"], x, dropped=(TIME,)) + by_faults(by, RESERVED["quality"], x=x))
    fps = rate(x)
    labels = labels_along_time("quality()", by, x)
    frames = [np.concatenate([np.arange(span.start, span.stop) for span in spans]) for spans in labels.spans]
    parts = [_of_frames(x, at, fps) for at in frames]
    if x.attrs.get("kind", "expression") in ACTIVE:
        counts = _activations(x, frames, fps)
        minutes = [
            x.isel({TIME: at}).notnull().sum(TIME).drop_vars(x.coords, errors="ignore") / fps / 60 for at in frames
        ]
        for part, count, length in zip(parts, counts, minutes, strict=True):
            part["activations_per_minute"] = count / length.where(length > 0)
    out = xr.concat(parts, labels.dims[0]) if labels.dims else parts[0]
    extra = [str(dim) for dim in x.dims if dim not in (TIME, SIGNAL)]
    out = out.transpose(*extra, *labels.dims, SIGNAL).assign_coords({**carried(x, SIGNAL), **labels.coords})
    for name in out.data_vars:
        long_name = ACTIVITY if name == "activations_per_minute" else None  # not that of expressivity()
        out[name].attrs = variable_attrs(str(name), long_name=long_name, units=str(x.attrs.get("units", "1")))
    options = {"fps": fps, "noise_scale": NOISE_SCALE_S, **labels.attrs}
    return out.assign_attrs(result_attrs("quality", options, x))


def _of_frames(x: xr.DataArray, at: np.ndarray, fps: float) -> xr.Dataset:
    """All variables but activations, over some frames, without coordinates."""
    missing = x.isnull().isel({TIME: at})
    masked = missing & x[MASKED].isel({TIME: at}) if MASKED in x.coords else xr.zeros_like(missing)
    own = x.isel({TIME: at})
    found = xr.Dataset(
        {
            "lost_share": (missing & ~masked).mean(TIME),
            "masked_share": masked.mean(TIME),
            "value_range": own.max(TIME) - own.min(TIME),
        }
    ).drop_vars(x.coords, errors="ignore")
    dims = [dim for dim in x.dims if dim != TIME]
    if x.sizes[TIME] / fps > NOISE_SCALE_S > 1 / fps:
        rest = np.zeros(x.sizes[TIME], bool)
        rest[at] = True
        search = Scales((NOISE_SCALE_S,), False, PRECISION, fps).search()
        found["noise"] = (dims, activation_search.noise_levels(x.data, search, (), rest)[..., 0, :])
    else:
        found["noise"] = (dims, np.full([x.sizes[dim] for dim in dims], np.nan))
    return found


def _activations(x: xr.DataArray, frames: list[np.ndarray], fps: float) -> list[xr.DataArray]:
    """Number of activations above the noise in each set of frames, `(…, signal)`; NaN for a short recording."""
    dims = [dim for dim in x.dims if dim != TIME]
    length = x.sizes[TIME] / fps
    durations = tuple(d for d in ACTIVATION_SCALES_S if d < length)
    if not durations:
        return [xr.DataArray(np.full([x.sizes[dim] for dim in dims], np.nan), dims=dims)] * len(frames)
    asked = Asked(durations, len(durations) > 1, PRECISION, None, FALSE_ALARMS_PER_MINUTE)
    scales = chosen(asked, fps=fps, frames=x.sizes[TIME], measure="quality")
    noise = activation_noise.levels(activation_noise.rest_of("quality", x, None, scales), scales)
    count = partial(_counts, frames=frames, total=x.sizes[TIME], signals=x.sizes[SIGNAL])
    shape = (len(frames), x.sizes[SIGNAL])
    found = activation_search.apply_to_activations(x.data, scales.search(), count, shape, noise)
    return [xr.DataArray(found[..., k, :], dims=dims) for k in range(len(frames))]


def _counts(found: "Found", frames: list[np.ndarray], total: int, signals: int) -> np.ndarray:
    """Number of activations `(set of frames, signal)`."""
    out = np.zeros((len(frames), signals))
    for row, at in zip(out, frames, strict=True):
        inside = np.zeros(total, bool)
        inside[at] = True
        row += np.bincount(found.events.signal[inside[found.events.frame]], minlength=signals)
    return out
