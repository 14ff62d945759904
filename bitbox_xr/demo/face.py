"""A simulated face with known activations, and what `expressivity` finds in it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.signal_set import signals
from bitbox_xr.demo.files import FACE_FILES, replaced
from bitbox_xr.io.netcdf import to_netcdf
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import expressivity
from bitbox_xr.plotting.decomposition import decomposition

__all__ = ["MIN_RISE", "make_face", "run_face"]

NOISE_STD = 0.02  # of the tracker
SCALES = [0.5, 1.0, 2.0, 4.0]  # s
MIN_RISE = 0.15  # of the activations that are chosen
MAX_DISTANCE_S = 0.5  # of an activation from a planted one that it finds
# The response to an activation of full width at half maximum f (s) is strongest at scale f / WIDTH_PER_SCALE.
WIDTH_PER_SCALE = 0.26
# coefficient, time (s), full width at half maximum (s), magnitude
ACTIVATIONS = (
    ("AU12", 6.0, 0.52, 0.9),
    ("AU12", 15.0, 1.04, 0.7),
    ("AU12", 27.0, 0.26, 0.5),
    ("AU12", 41.0, 0.52, 0.8),
    ("AU12", 53.0, 1.04, 0.6),
    ("AU04", 10.0, 0.26, 0.6),
    ("AU04", 33.0, 0.52, 0.4),
    ("AU04", 47.0, 1.04, 0.8),
    ("AU45", 8.0, 0.13, 0.9),
    ("AU45", 21.0, 0.13, 0.8),
    ("AU45", 36.0, 0.26, 0.9),
    ("AU45", 50.0, 0.13, 1.0),
)


def make_face(seed: int = 0, fps: float = 30.0) -> tuple[xr.DataArray, pd.DataFrame]:
    """Simulate one minute of a face with twelve Gaussian activations of three action units.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    fps
        Frames per second.

    Returns
    -------
    x : DataArray
        Signals `(time, signal)` with the noise of a tracker.
    planted : DataFrame
        One row for each activation: coefficient (name of the signal), time (s), width (full width at half maximum, s)
        and magnitude.

    Examples
    --------
    >>> x, planted = make_face()
    >>> x.sizes["time"], len(planted), planted.iloc[0].to_dict()
    (1800, 12, {'coefficient': 'AU12', 'time': 6.0, 'width': 0.52, 'magnitude': 0.9})
    """
    rng = np.random.default_rng(seed)
    planted = pd.DataFrame(ACTIVATIONS, columns=["coefficient", "time", "width", "magnitude"])
    t = np.arange(round(60 * fps)) / fps
    names = sorted(set(planted["coefficient"]))
    table = np.zeros((len(t), len(names)))
    for coefficient, time, width, magnitude in ACTIVATIONS:
        sigma = width / np.sqrt(8 * np.log(2))
        table[:, names.index(coefficient)] += magnitude * np.exp(-0.5 * ((t - time) / sigma) ** 2)
    table = np.clip(table + NOISE_STD * rng.standard_normal(table.shape), 0, 1)
    return signals(table, fps=fps, names=names, source=f"bitbox-xr demo, seed {seed}, face"), planted


def run_face(out_dir: str | os.PathLike[str], *, seed: int = 0, fps: float = 30.0) -> pd.DataFrame:
    """Simulate a face, find its activations, and write signals, results and a plot into the folder `out_dir`.

    Activations are chosen by `min_rise=MIN_RISE`. The names of the files are in `FACE_FILES`. Files of an earlier demo
    are replaced.

    Parameters
    ----------
    out_dir
        Folder for the files.
    seed, fps
        As for `make_face`.

    Returns
    -------
    DataFrame
        The table of `make_face` with more columns: found_time and found_magnitude of the chosen activation with the
        largest rise within half a second (NaN if the planted one is missed); found_width, 0.26 times the scale with the
        strongest response there (s). And three numbers for the coefficient: chosen (activations), false (chosen ones
        that are not near a planted one) and counted_by_default (activations without `min_rise`, as published counts).

    Raises
    ------
    ValueError
        As for `run`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = run_face(folder)
    >>> each = table.drop_duplicates("coefficient")
    >>> len(table), *(int(each[name].sum()) for name in ("chosen", "false", "counted_by_default"))
    (12, 12, 0, 135)
    """
    from matplotlib.figure import Figure

    x, table = make_face(seed, fps)
    with replaced(Path(out_dir), FACE_FILES) as folder:
        result, activations = (
            measure(x, scales=SCALES, aggregate=True, min_rise=MIN_RISE) for measure in (expressivity, events)
        )
        responses = events(x, scales=SCALES).to_dataframe()
        written: tuple[xr.DataArray | xr.Dataset, ...] = (x, result, activations)
        for obj, name in zip(written, FACE_FILES[:-1], strict=True):
            to_netcdf(obj, folder / name)
        figure = Figure(figsize=(7.1, 4.2), layout="constrained")
        decomposition(x, "AU12", scales=SCALES, min_rise=MIN_RISE, fig=figure)
        figure.savefig(folder / FACE_FILES[-1], dpi=200, metadata={"Software": None})
    found = activations.to_dataframe()
    rows = table.to_dict("records")
    every = events(x, scales=SCALES, aggregate=True)["coefficient"].to_series().value_counts()
    counts = found["coefficient"].value_counts()
    false = {name: _false(own, table[table["coefficient"] == name]) for name, own in found.groupby("coefficient")}
    return table.assign(
        found_time=[_near(found, row, "rise", "time") for row in rows],
        found_width=[WIDTH_PER_SCALE * _near(responses, row, "response", "scale") for row in rows],
        found_magnitude=[_near(found, row, "rise", "magnitude") for row in rows],
        chosen=[int(counts.get(row["coefficient"], 0)) for row in rows],
        false=[false.get(row["coefficient"], 0) for row in rows],
        counted_by_default=[int(every.get(row["coefficient"], 0)) for row in rows],
    )


def _near(found: pd.DataFrame, planted: dict[Any, Any], by: str, value: str) -> float:
    """A value of the strongest activation near a planted one; NaN without one."""
    distance = abs(found["time"] - planted["time"])
    near = found[(found["coefficient"] == planted["coefficient"]) & (distance < MAX_DISTANCE_S)]
    return float("nan") if near.empty else float(near.sort_values(by)[value].iloc[-1])


def _false(found: pd.DataFrame, planted: pd.DataFrame) -> int:
    """Number of activations of a coefficient that are not near a planted one."""
    distance = np.abs(np.subtract.outer(found["time"].to_numpy(), planted["time"].to_numpy()))
    return int((distance.min(axis=1) >= MAX_DISTANCE_S).sum())
