"""Recordings of random numbers, waves and single signals that tests share."""

import json

import numpy as np
import pandas as pd

from bitbox_xr import signals, to_netcdf

NAN = np.nan
FPS = 30


def random_walk(seed, frames=600, names=("AU04", "AU12"), fps=FPS):
    """A recording of random walks."""
    rng = np.random.default_rng(seed)
    return signals(np.cumsum(rng.normal(size=(frames, len(names))), axis=0), fps=fps, names=names)


def write_pairs(folder, count, frames=600):
    """A manifest, `study.csv`, of pairs of random walks in two groups, and their files. Returns the folder."""
    rows = []
    for k in range(count):
        to_netcdf(random_walk(k, frames), folder / f"x{k}.nc")
        to_netcdf(random_walk(50 + k, frames), folder / f"y{k}.nc")
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "group": "ab"[k % 2]})
    pd.DataFrame(rows).to_csv(folder / "study.csv", index=False)
    return folder


def column(values, **options):
    """A recording of one signal."""
    return signals(np.asarray(values)[:, None], **options)


def wave(hertz, times):
    """A sine of `hertz` at `times` (s)."""
    return np.sin(2 * np.pi * hertz * np.asarray(times))


def noise(n, k=2, seed=0, dtype=np.float64, lost=0.0):
    """Random values `(n, k)`, a share `lost` of them NaN."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, k)).astype(dtype)
    values[rng.random((n, k)) < lost] = NAN
    return values


def history_of(x):
    """The processing steps in the attribute `history`."""
    return json.loads(x.attrs["history"])


def labelled(n=120, fps=30, **attrs):
    """A recording of three action units with coordinates and attributes of every sort."""
    x = signals(noise(n, k=3, dtype=np.float32), fps=fps, names=["AU01", "AU12", "AU25"], source="a.csv", **attrs)
    return x.assign_coords(
        confidence=("time", np.linspace(0, 1, n), {"units": "1"}), flag=("time", [True] * n), session="s1"
    )
