"""Where an array of zeros and ones has its ones."""

import numpy as np

from bitbox_xr.kernels.jit import kernel_part

__all__ = ["marked"]


@kernel_part
def marked(flags: np.ndarray) -> np.ndarray:
    """The indices of the ones among zeros and ones, whose number is a multiple of 8. Ones are rare."""
    words = flags.view(np.int64)  # eight are examined at once
    at = np.empty(len(flags) + 1, np.int32)
    n = 0
    for word in range(len(words)):
        if words[word] == 0:
            continue
        for t in range(8 * word, 8 * word + 8):
            at[n] = t  # The next one replaces a zero. A branch here would often be mispredicted.
            n += flags[t]
    return at[:n]
