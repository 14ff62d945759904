"""Datasets of movement: positions of keypoints, with the dimensions of versions up to 0.16 and from 0.17 on."""

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.variables import TIME
from bitbox_xr.io.readers.columns import ReadOptions
from bitbox_xr.io.readers.keypoints import AXES, Keypoints, signals_of

__all__ = ["is_movement", "signals_from"]

BACKEND = "movement"
NOT_MOVEMENT = (
    "expected a Dataset of movement, with the attribute ds_type and a variable position, got another one; take one of "
    "its variables, and see signals()"
)
NAMES = {"keypoint": "keypoints", "individual": "individuals"}  # since 0.17, and before


def is_movement(data: object) -> bool:
    """Whether a Dataset has the positions and the attribute of movement."""
    return (
        isinstance(data, xr.Dataset)
        and "ds_type" in data.attrs
        and "position" in data
        and "space" in data["position"].dims
    )


def signals_from(data: xr.Dataset, file: str, options: ReadOptions) -> xr.DataArray:
    """The keypoints of one individual, or of all."""
    refuse(file, [] if is_movement(data) else [NOT_MOVEMENT])
    data = data.rename({old: new for new, old in NAMES.items() if old in data.dims})
    position = data["position"]
    refuse(file, _faults(data))
    if "individual" not in position.dims:
        position = position.expand_dims(individual=["id_0"])
    position = position.transpose("individual", TIME, "keypoint", "space")
    individuals = [str(name) for name in position["individual"].values] if "individual" in position.coords else []
    individuals = individuals or [f"id_{i}" for i in range(position.sizes["individual"])]
    n_times = position.sizes[TIME]
    values = np.asarray(position.values, dtype=np.float64)
    clock = np.asarray(data[TIME].values, dtype=np.float64) if TIME in data.coords else np.arange(n_times, dtype=float)
    fps = data.attrs.get("fps")
    in_frames = data.attrs.get("time_unit") != "seconds"
    if in_frames and validation.is_number(fps) and fps > 0 and options.fps is None:
        clock, in_frames = clock / fps, False
    rows = np.tile(clock, len(individuals))
    points = position["keypoint"].values if "keypoint" in position.coords else range(position.sizes["keypoint"])
    return signals_of(
        file,
        Keypoints(
            BACKEND,
            [str(name) for name in points],
            values.reshape(len(rows), values.shape[2], values.shape[3]),
            _confidence(data, position),
            frames=rows if in_frames else None,
            seconds=None if in_frames else rows,
            individuals=np.repeat(individuals, n_times).tolist(),
        ),
        options,
    )


def _faults(data: xr.Dataset) -> list[str]:
    if data.attrs["ds_type"] != "poses":
        return [f"expected a Dataset of poses, got ds_type {data.attrs['ds_type']!r}; select keypoints in movement"]
    dims = [str(dim) for dim in data["position"].dims]
    known = {TIME, "space", "keypoint", "individual"}
    faults = [
        f"expected the dimensions {', '.join(sorted(known))}, got {dim!r} too; select one view"
        for dim in dims
        if dim not in known
    ]
    faults += [
        f"expected the dimension {dim}, got {validation.listed(dims)}" for dim in (TIME, "keypoint") if dim not in dims
    ]
    axes = [str(axis) for axis in data["space"].values] if "space" in data.coords else [*AXES[: data.sizes["space"]]]
    if axes != [*AXES[: len(axes)]]:
        faults.append(
            f"expected space to be x and y, or x, y and z, got {validation.listed(axes)}; convert the positions"
        )
    return faults


def _confidence(data: xr.Dataset, position: xr.DataArray) -> np.ndarray | None:
    """Confidence `(row, point)`; it may be given for individuals only."""
    if "confidence" not in data:
        return None
    own = data["confidence"]
    if "individual" not in own.dims:
        own = own.expand_dims(individual=position.sizes["individual"])
    if "keypoint" not in own.dims:
        own = own.expand_dims(keypoint=position.sizes["keypoint"])
    values = np.asarray(own.transpose("individual", TIME, "keypoint").values, dtype=np.float64)
    return values.reshape(-1, values.shape[2])
