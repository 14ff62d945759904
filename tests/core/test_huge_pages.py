"""Large results begin at a huge page."""

import numpy as np
import pytest

from bitbox_xr.core.huge_pages import HUGE_PAGE, LEAST, undefined


@pytest.mark.parametrize("number", [0, 5, LEAST // 4 - 1, LEAST // 4, LEAST // 4 + 7])
def test_arrays_have_their_shape_and_large_ones_begin_at_a_huge_page(number):
    array = undefined((number, 1), np.float32)
    array[:] = 1.0
    assert array.shape == (number, 1)
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert array.sum(dtype=np.float64) == number
    assert array.nbytes < LEAST or array.ctypes.data % HUGE_PAGE == 0
