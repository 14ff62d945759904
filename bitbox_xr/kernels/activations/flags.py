"""Where an array of zeros and ones has its ones."""

import numpy as np

from bitbox_xr.kernels.activations.bits import lowest, ones
from bitbox_xr.kernels.jit import kernel_part

__all__ = ["flags_for", "marked"]

WORD = 64  # flags that are examined at once


@kernel_part
def flags_for(frames: int) -> np.ndarray:
    """Zeros for `frames` flags, filled up to whole words, as `marked` expects."""
    return np.zeros((frames + WORD - 1) // WORD * WORD, np.int8)


@kernel_part
def marked(flags: np.ndarray) -> np.ndarray:
    """The indices of the ones among zeros and ones, which `flags_for` has made."""
    at = np.empty(len(flags), np.int32)
    n = 0
    for start in range(0, len(flags), WORD):
        bits = ones(flags, start)
        while bits:
            at[n] = start + lowest(bits)
            n += 1
            bits &= bits - 1  # removes the lowest bit
    return at[:n]
