"""Files of action units as a tracker writes them: noise, values of at least 0, lost frames, one row a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Errors", "confidence", "lost_frames", "tracked", "write_openface"]

HIGHEST = 5.0  # OpenFace's intensities are 0 to 5, with two decimals
LEVELS = np.array([f"{level / 100:.2f}" for level in range(501)])
SHORT_GAP_S, LONG_GAP_S = (0.03, 0.15), (0.8, 3.0)
SHARE_OF_LONG_GAPS = 0.3


@dataclass(frozen=True)
class Errors:
    """What a tracker adds to the heights of movements, in OpenFace's units.

    Noise and drift are AR(1) processes, with a memory (correlation of neighbouring frames) at 30 frames per second. A
    unit at rest is shown as its offset, or as 0 if this is negative.
    """

    noise_std: float = 0.07
    noise_memory: float = 0.7
    offset: tuple[float, float] = (-0.1, 0.3)
    drift_std: float = 0.0
    drift_memory: float = 0.995


USUAL = Errors()


def tracked(rng: np.random.Generator, heights: np.ndarray, fps: float, errors: Errors = USUAL) -> np.ndarray:
    """Intensities `(frame, unit)` that a tracker measures: with an offset by unit, noise, and values from 0 to 5."""
    noise = _wandering(rng, heights.shape, errors.noise_std, errors.noise_memory ** (30 / fps))
    offset = rng.uniform(*errors.offset, heights.shape[1])
    if errors.drift_std:
        noise += _wandering(rng, heights.shape, errors.drift_std, errors.drift_memory ** (30 / fps))
    shown: np.ndarray = np.round(np.clip(heights + offset + noise, 0, HIGHEST), 2)
    return shown


def _wandering(rng: np.random.Generator, shape: tuple[int, ...], std: float, memory: float) -> np.ndarray:
    """AR(1) processes along the first axis."""
    noise: np.ndarray = rng.standard_normal(shape) * std * np.sqrt(1 - memory**2)
    noise[0] /= np.sqrt(1 - memory**2)
    for k in range(1, len(noise)):
        noise[k] += memory * noise[k - 1]
    return noise


def confidence(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Confidence of the tracker in each frame."""
    return rng.choice([0.93, 0.98], frames, p=[0.2, 0.8])


def lost_frames(rng: np.random.Generator, frames: int, fps: float, share: float) -> np.ndarray:
    """Which frames a tracker loses: many short gaps, and a few long ones while the head is turned away."""
    lost = np.zeros(frames, bool)
    while lost.mean() < share:
        limits = LONG_GAP_S if rng.random() < SHARE_OF_LONG_GAPS else SHORT_GAP_S
        length = max(1, round(rng.uniform(*limits) * fps))
        start = rng.integers(0, frames)
        lost[start : start + length] = True
    return lost


def write_openface(
    file: Path, units: Sequence[str], intensities: np.ndarray, fps: float, certainty: np.ndarray, lost: np.ndarray
) -> None:
    """Write a CSV file with the columns of OpenFace 2; values of lost frames are 0, and `success` is 0."""
    header = ["frame", "face_id", "timestamp", "confidence", "success", *(f"{unit}_r" for unit in units)]
    cells = LEVELS[np.rint(100 * np.where(lost[:, None], 0, intensities)).astype(int)].tolist()
    certain = LEVELS[np.rint(100 * np.where(lost, 0.1 * certainty, certainty)).astype(int)].tolist()
    rows = [
        f"{k + 1}, 0, {k / fps:.3f}, {certain[k]}, {int(not lost[k])}, {', '.join(row)}" for k, row in enumerate(cells)
    ]
    file.write_text("\n".join([", ".join(header), *rows, ""]), encoding="utf-8", newline="\n")
