"""Surrogate signals with random Fourier phases.

A surrogate is an array `(frame, signal)`. All its signals get the same phases, which keeps the relations between them.
"""

import numpy as np

__all__ = ["bridged_spectrum", "random_phases"]


def bridged_spectrum(y: np.ndarray) -> np.ndarray:
    """Fourier coefficients `(signal, frequency)` of `y`.

    Gaps are filled by linear interpolation; missing frames at the ends get the nearest value.
    """
    from scipy.fft import rfft

    rows = np.array(y.T, dtype=np.float64, order="C")
    at = np.arange(rows.shape[1])
    for row in rows:
        present = ~np.isnan(row)
        if not present.all():
            row[:] = np.interp(at, at[present], row[present]) if present.any() else 0.0
    spectrum: np.ndarray = rfft(rows, axis=1)
    return spectrum


def random_phases(rng: np.random.Generator, spectrum: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`y` with random Fourier phases: each frequency is rotated by one random angle in all signals. Gaps stay.

    This keeps the spectrum of every signal and its cross-spectra with the others (Prichard & Theiler 1994). The mean,
    and the highest frequency of an even number of frames, are real and are not rotated.
    """
    from scipy.fft import irfft

    turn = np.exp(2j * np.pi * rng.random(spectrum.shape[1]))
    turn[0] = 1.0
    if len(y) % 2 == 0:
        turn[-1] = 1.0
    out = np.ascontiguousarray(irfft(spectrum * turn, n=len(y), axis=1).T)
    out[np.isnan(y)] = np.nan
    return out
