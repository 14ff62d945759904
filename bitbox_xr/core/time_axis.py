"""Conversion of the coordinate `time` to seconds."""

import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.variables import TIME, variable_attrs
from bitbox_xr.kernels import frame_rate

__all__ = ["TIME_ATTRS", "on_seconds"]

TIME_ATTRS = {**variable_attrs(TIME), "axis": "T"}


def on_seconds(x: xr.DataArray, fps: float | None = None) -> xr.DataArray:
    """Convert the coordinate `time` of `x` from the unit in its attribute `units` to float64 seconds.

    Dates, and numbers since a date, start at 0; their origin becomes the attribute `time_origin`. If there is no such
    coordinate, frame times at `fps` are added. Raises TypeError if `time` does not hold times, ValueError if its unit
    is not known.

    >>> x = xr.DataArray([[1.0], [2.0]], {"time": ("time", [0, 40], {"units": "ms"})}, ("time", "signal"))
    >>> on_seconds(x).time.values, on_seconds(x).time.attrs
    (array([0.  , 0.04]), {'units': 's'})
    """
    if TIME not in x.coords:
        refuse("fps", validation.fps_faults(fps, needed=True))
        assert fps is not None
        times = (TIME, frame_rate.frame_times(x.sizes[TIME], fps), dict(TIME_ATTRS))
        return x.assign_coords({TIME: times}).assign_attrs(validation.stated(fps))
    time = x.coords.variables[TIME]
    if validation.in_seconds(time):
        return x
    try:
        axis, origin = frame_rate.seconds(time)
    except (TypeError, ValueError) as error:
        raise type(error)(f"the coordinate time: {error}") from None
    attrs = {name: value for name, value in time.attrs.items() if name != "calendar"}
    if time.dtype.kind in "mM":
        attrs = TIME_ATTRS | attrs
    x = x.assign_coords({TIME: (TIME, axis, {**attrs, "units": TIME_ATTRS["units"]})})
    return x.assign_attrs(time_origin=origin) if origin else x
