"""Two simulated people, of whom one imitates the other in known pairs of signals, and what `imitation` finds."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import signals
from bitbox_xr.core.validation import fps_faults, is_number
from bitbox_xr.demo.files import FILES, replaced
from bitbox_xr.io.netcdf import to_netcdf
from bitbox_xr.measures.lag_profiles import lag_profile
from bitbox_xr.measures.social import imitation, window_stats
from bitbox_xr.plotting import pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MAX_MINUTES", "MIN_MINUTES", "make_pair", "run"]

NAMES = ["AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU20", "AU25", "AU26", "AU45"]

# participant's signal, model's signal, sign of the correlation, delay of the participant (frames)
PLANTED = (
    ("AU12", "AU12", +1, 12),
    ("AU06", "AU06", +1, 9),
    ("AU04", "AU12", -1, 15),
    ("AU25", "AU26", +1, 21),
    ("AU01", "AU02", +1, 5),
    ("AU15", "AU06", -1, 18),
)

MIN_MINUTES, MAX_MINUTES = 0.5, 1440
PICTURE_INCHES = (7.1, 4.3)  # two columns of a journal
BURSTS_PER_SECOND = 0.35
NOISE_STD = 0.01  # of the tracker
# s; with windows of 2 s some of the lags found differ from the planted ones by a frame
WINDOWS: dict[str, Any] = {"width": 4.0, "step": 1.0, "max_lag": 1.0}


def make_pair(
    seed: int = 0, minutes: float = 5.0, fps: float = 30.0
) -> tuple[xr.DataArray, xr.DataArray, pd.DataFrame]:
    """Simulate the expressions of two people, of whom one imitates the other in 6 of 144 pairs of signals.

    Every signal is a random series of smooth bursts between 0 and 1, with the noise of a tracker. In a planted pair,
    the participant's signal is the model's signal a known number of frames later, plus some unrelated bursts. If the
    sign is −1, it falls when the model's signal rises.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    minutes
        Length of the recordings, 0.5 to 1440 min.
    fps
        Frames per second.

    Returns
    -------
    x, y : DataArray
        Signals of the participant and of the model, `(time, signal)`, twelve action units each.
    planted : DataFrame
        One row for each planted pair: participant and model (names of the signals), sign (of the correlation) and
        planted_frames (the lag in frames; negative: the participant follows the model).

    Raises
    ------
    ValueError
        If minutes or fps is out of range.

    Examples
    --------
    >>> x, y, planted = make_pair(minutes=1)
    >>> x.sizes["time"], planted.iloc[0].to_dict()
    (1800, {'participant': 'AU12', 'model': 'AU12', 'sign': 1, 'planted_frames': -12})
    """
    faults = fps_faults(fps, needed=True)
    if not is_number(minutes) or not MIN_MINUTES <= minutes <= MAX_MINUTES:
        faults.append(f"expected minutes to be a number from {MIN_MINUTES:g} to {MAX_MINUTES:g}, got {minutes!r}")
    refuse("make_pair()", faults)
    rng = np.random.default_rng(seed)
    n = round(minutes * 60 * fps)
    ahead = max(delay for *_, delay in PLANTED)  # the model starts before the recording
    model = np.stack([_bursts(rng, n + ahead, fps) for _ in NAMES], axis=1)
    participant = np.stack([_bursts(rng, n, fps) for _ in NAMES], axis=1)
    for follower, followed, sign, delay in PLANTED:
        source = model[ahead - delay : ahead - delay + n, NAMES.index(followed)]
        own = participant[:, NAMES.index(follower)]
        participant[:, NAMES.index(follower)] = 0.2 * own + 0.8 * (source if sign > 0 else 1 - source)
    tables = (
        np.clip(table + NOISE_STD * rng.standard_normal(table.shape), 0, 1) for table in (participant, model[ahead:])
    )
    x, y = (
        signals(table, fps=fps, names=NAMES, source=f"bitbox-xr demo, seed {seed}, {role}")
        for table, role in zip(tables, ("participant", "model"), strict=True)
    )
    planted = pd.DataFrame(PLANTED, columns=["participant", "model", "sign", "planted_frames"])
    return x, y, planted.assign(planted_frames=-planted["planted_frames"])


def run(out_dir: str | os.PathLike[str], *, seed: int = 0, minutes: float = 5.0, fps: float = 30.0) -> pd.DataFrame:
    """Simulate two recordings, measure imitation, and write signals, results and a plot into the folder `out_dir`.

    The folder is created if necessary. The names of the files are in `FILES`. Files of an earlier demo are replaced.

    Parameters
    ----------
    out_dir
        Folder for the files.
    seed, minutes, fps
        As for `make_pair`.

    Returns
    -------
    DataFrame
        The table of `make_pair` with two more columns: found_frames, the best lag of the pair's lag profile in frames,
        and correlation, the mean correlation over windows at this lag.

    Raises
    ------
    ValueError
        Before anything is written: if the folder contains other files with the names in `FILES` or `FACE_FILES`, or
        an option is out of range.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = run(folder, minutes=2)
    >>> table[["participant", "model", "planted_frames", "found_frames"]].head(2)
      participant model  planted_frames  found_frames
    0        AU12  AU12             -12           -12
    1        AU06  AU06              -9            -9
    """
    x, y, table = make_pair(seed, minutes, fps)
    with replaced(Path(out_dir), FILES) as folder:
        result = imitation(x, y, **WINDOWS)
        stats, profile = window_stats(result), lag_profile(x, y, **WINDOWS)
        written: tuple[xr.DataArray | xr.Dataset, ...] = (x, y, result, stats, profile)
        for obj, name in zip(written, FILES[:-1], strict=True):
            to_netcdf(obj, folder / name)
        _picture(result, profile, table).savefig(folder / FILES[-1], dpi=200, metadata={"Software": None})
    at = {"signal1": xr.DataArray(table["participant"]), "signal2": xr.DataArray(table["model"])}
    best = profile["best_lag"].sel(at)
    return table.assign(
        found_frames=np.rint(best.values * fps).astype(int),
        correlation=profile["profile"].sel(at).sel(lag=best).values,
    )


def _bursts(rng: np.random.Generator, n: int, fps: float) -> np.ndarray:
    """`n` frames of bursts from 0 to 1 at random times: a smooth rise and a slower fall."""
    t = np.arange(n) / fps
    out = np.zeros(n)
    for start in rng.uniform(-2, t[-1], rng.poisson(BURSTS_PER_SECOND * (t[-1] + 2))):
        rise, fall = rng.uniform(0.15, 0.4), rng.uniform(0.3, 0.9)
        since = t - start - rise
        height = np.exp(-0.5 * (since / np.where(since < 0, rise / 2, fall / 2)) ** 2)
        out = np.maximum(out, rng.uniform(0.3, 1.0) * height)
    return out


def _picture(result: xr.Dataset, profile: xr.Dataset, table: pd.DataFrame) -> "Figure":
    """Plot all pairs with frames around the planted ones, and the strongest pair over lags and over time."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=PICTURE_INCHES, layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.1, 1], squeeze=False)[0]
    ax = pairs.matrix(result, ax=left.subplots())
    ax.set_xlabel(f"{ax.get_xlabel()}\nframed: planted pairs")
    for follower, followed in zip(table["participant"], table["model"], strict=True):
        corner = NAMES.index(followed) - 0.5, NAMES.index(follower) - 0.5
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="black", linewidth=1.5))
    above, below = right.subfigures(2, 1, height_ratios=[1, 1.4], squeeze=False)[:, 0]
    strongest = abs(profile["profile"]).max("lag").stack(pair=("signal1", "signal2")).idxmax("pair").item()
    pairs.lag_profile(profile, strongest, ax=above.subplots())
    pairs.over_time(result, strongest, fig=below)
    return figure
