"""The noise of responses that activations are compared with: of the recording itself, or of a face at rest.

Noise is measured at the scales that are searched and on a fixed ladder of scales, so that it does not depend on which
scales are searched together.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import Array, NoiseLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.measures import activation_search
from bitbox_xr.measures.scales import Scales

__all__ = ["Rest", "ladder", "levels", "rest_of"]

LADDER_S = (0.5, 1.0, 2.0, 4.0)  # durations whose noise limits that of longer ones
MIN_RECORDINGS_PER_SCALE = 4  # a duration of the ladder is shorter than the recording by more than this factor
RATE_TOLERANCE = 1e-6  # of two frame rates, relative


class Rest(NamedTuple):
    """Where the noise is measured: in which recording, and at which of its frames (None: all)."""

    recording: xr.DataArray
    frames: np.ndarray | None
    described: str  # for the attribute `noise` of results

    @property
    def seconds(self) -> float:
        """Duration of the frames."""
        count = self.recording.sizes[TIME] if self.frames is None else int(self.frames.sum())
        return count / rate(self.recording)


def rest_of(measure: str, x: xr.DataArray, noise: NoiseLike, chosen: Scales) -> Rest:
    """Check the option `noise` for the signals `x`; ValueError with all problems."""
    if noise is None:
        return Rest(x, None, "of the recording")
    if not chosen.durations:
        raise ValueError(f"{measure}(): expected scales with noise, got scales=None; choose durations in seconds")
    if isinstance(noise, xr.DataArray):
        return _recording_at_rest(measure, x, noise, chosen)
    if isinstance(noise, Mapping) and len(noise) == 1:
        return _labelled_rest(measure, x, *next(iter(noise.items())))
    expected = "expected noise to be a DataArray of a face at rest, or one coordinate of x with its label at rest"
    raise ValueError(f'{measure}(): {expected}, got {noise!r}; use for example {{"condition": "rest"}}')


def levels(rest: Rest, chosen: Scales) -> Array:
    """Noise of the responses, `(…, scale, signal)`; lazy if the recording at rest is."""
    return activation_search.noise_levels(rest.recording.data, chosen.search(), ladder(rest, chosen), rest.frames)


def ladder(rest: Rest, chosen: Scales) -> tuple[float, ...]:
    """The wavelet scales, in frames, whose noise limits that of longer ones."""
    longest = rest.seconds / MIN_RECORDINGS_PER_SCALE
    return tuple(chosen.fps * d / 4 for d in LADDER_S if d < longest and d * chosen.fps >= 1)


def _labelled_rest(measure: str, x: xr.DataArray, name: str, label: str) -> Rest:
    """The frames of `x` at which its coordinate `name` is `label`."""
    if name not in x.coords or x[name].dims != (TIME,):
        along = [str(known) for known, coord in x.coords.items() if coord.dims == (TIME,) and known != TIME]
        got = f"one along {listed(x[name].dims)}" if name in x.coords else "none"
        raise ValueError(
            f"{measure}(): expected noise to name a coordinate along time, such as {listed(along) or 'condition'}, "
            f"got {name!r}, and {got} of this name in x; see annotate()"
        )
    values = x[name].values
    frames = values == label
    if not frames.any():
        known = listed(dict.fromkeys(str(value) for value in values if str(value)))
        raise ValueError(f"{measure}(): expected noise to be a label of {name} ({known}), got {label!r}")
    return Rest(x, frames, f"{name} {label}")


def _recording_at_rest(measure: str, x: xr.DataArray, noise: xr.DataArray, chosen: Scales) -> Rest:
    """Check that `noise` has the rate, labels and further dimensions of `x`, and order it alike."""
    noise = as_signals(noise, label="noise")
    faults = []
    kinds = [one.attrs.get("kind", "expression") for one in (x, noise)]
    if kinds[0] != kinds[1]:
        faults.append(f"expected noise to be of kind {kinds[0]!r}, as x, got {kinds[1]!r}")
    if abs(rate(noise) - chosen.fps) > RATE_TOLERANCE * chosen.fps:
        faults.append(f"expected noise at {chosen.fps:g} frames per second, as x, got {rate(noise):g}; use resample()")
    if too_long := [d for d in chosen.durations if d >= noise.sizes[TIME] / rate(noise)]:
        faults.append(
            f"expected noise longer than every scale, got {seconds(noise.sizes[TIME] / rate(noise))} and scales of "
            f"{listed(f'{d:g}' for d in too_long)} s; use a longer recording at rest or shorter scales"
        )
    faults += _dimension_faults(x, noise)
    refuse(f"{measure}()", faults)
    order = [dim for dim in x.dims if dim not in (TIME, SIGNAL)]
    labels = {dim: x[dim].values for dim in (*order, SIGNAL) if dim in x.coords}
    source = noise.attrs.get("source")
    return Rest(noise.sel(labels).transpose(*order, TIME, SIGNAL), None, str(source or "another recording"))


def _dimension_faults(x: xr.DataArray, noise: xr.DataArray) -> list[str]:
    """Differences of the dimensions other than time and of their labels."""
    own, other = ({str(dim) for dim in a.dims} for a in (x, noise))
    if own != other:
        return [f"expected noise with the dimensions {listed(sorted(own))}, as x, got {listed(sorted(other))}"]
    faults = []
    for dim in sorted(own - {TIME}):
        if (dim in x.coords) != (dim in noise.coords) or x.sizes[dim] != noise.sizes[dim]:
            faults.append(f"expected noise to have the {dim} labels of x, got {noise.sizes[dim]} for {x.sizes[dim]}")
        elif dim in x.coords and (missing := sorted({*x[dim].values.tolist()} - {*noise[dim].values.tolist()})):
            faults.append(f"expected noise to have the {dim} labels of x, got none for {listed(missing)}")
    return faults
