"""The median of very small and very large numbers, where the width of histogram bins nears the limits of float64."""

import numpy as np
import pytest

from bitbox_xr.kernels.activations import extrema

from compiled_parts import spread

VALUES = {
    "one": [1.0],
    "three": [-1.0, 1.0, 3.0],
    "an even number": [1.0, -2.0, 4.0, 2.0],
    "equal numbers": [2.0, -3.0, 1.0, 2.0, 0.0],
}


@pytest.mark.parametrize("size", [5e-324, 2e-309, 1e-306, 1e-305, 1e-300, 1e300])
@pytest.mark.parametrize("values", VALUES)
def test_medians_of_very_small_and_very_large_numbers_equal_numpy(values, size):
    w = size * np.array(VALUES[values])
    largest = np.abs(w).max()

    assert spread(w, largest, extrema.ROUNDING * largest, np.ones(len(w), bool))[0] == np.median(w)
