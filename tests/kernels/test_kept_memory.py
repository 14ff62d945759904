"""Large results begin at a huge page, and their memory is kept for the next ones."""

import gc
import mmap
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bitbox_xr.kernels import memory
from bitbox_xr.kernels.memory import HUGE_PAGE, KEPT, LEAST, LEAST_TOGETHER, LINE, side_by_side, undefined

linux = pytest.mark.skipif(not memory.AVAILABLE, reason="memory is kept on Linux only")


@pytest.fixture(autouse=True, scope="module")
def _no_earlier_arrays():
    gc.collect()


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(memory, "_kept", [])


def kept():
    return [one.size for one in memory._kept]


@pytest.mark.parametrize("number", [0, 5, LEAST // 4 - 1, LEAST // 4, LEAST // 4 + 7])
def test_arrays_have_their_shape_and_large_ones_begin_at_a_huge_page(number):
    array = undefined((number, 1), np.float32)
    array[:] = 1.0
    assert array.shape == (number, 1)
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert array.sum(dtype=np.float64) == number
    assert array.nbytes < LEAST or not memory.AVAILABLE or array.ctypes.data % HUGE_PAGE == 0


@linux
def test_memory_is_kept_when_an_array_and_its_views_are_deleted():
    array = undefined((LEAST // 4,), np.float32)
    place, view = array.ctypes.data, array[10:20].reshape(2, 5)
    view[:] = 3.0
    del array
    assert undefined((LEAST // 4,), np.float32).ctypes.data != place
    assert (view == 3.0).all()
    memory._kept.clear()
    del view
    assert kept() == [LEAST]
    other = undefined((LEAST // 8,), np.float64)
    assert other.ctypes.data == place
    assert kept() == []


@linux
def test_at_most_so_much_memory_is_kept_and_the_oldest_is_released():
    sizes = [KEPT // 4, KEPT // 2, KEPT // 4, KEPT // 4]
    arrays = [undefined((size,), np.int8) for size in sizes]
    while arrays:
        del arrays[0]
    assert kept() == sizes[1:]
    another = undefined((KEPT // 8,), np.int8)
    assert kept() == sizes[2:], "new memory and what is kept would be too much together"
    del another
    assert kept() == [*sizes[2:], KEPT // 8]
    undefined((KEPT + 1,), np.int8)
    assert kept() == []


@linux
@pytest.mark.parametrize("pages", [1, 15, 16, 17, 31, 33, 1000])
def test_sizes_are_rounded_up_by_at_most_an_eighth(pages):
    for size in (pages * HUGE_PAGE - 1, pages * HUGE_PAGE):
        rounded = memory._rounded(size)
        assert rounded % HUGE_PAGE == 0
        assert size <= rounded <= pages * HUGE_PAGE * 9 / 8


@pytest.mark.parametrize("number", [3, LEAST_TOGETHER])
def test_arrays_side_by_side_are_apart_and_aligned(number):
    arrays = side_by_side(number, 0, 1, number + 1)
    assert [len(array) for array in arrays] == [number, 0, 1, number + 1]
    assert all(array.ctypes.data % LINE == 0 for array in arrays if len(array))
    for k, array in enumerate(arrays):
        array.fill(k)
    assert [set(array) for array in arrays] == [{0}, set(), {2}, {3}]


@linux
def test_threads_never_get_the_same_memory():
    def use(k):
        array = undefined((LEAST,), np.int8)
        array[:: HUGE_PAGE // 2] = k
        again = undefined((LEAST,), np.int8)
        again[:: HUGE_PAGE // 2] = -k
        return (array[:: HUGE_PAGE // 2] == k).all()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(1, 100)))
    assert sum(kept()) <= KEPT


@linux
def test_too_much_memory_is_a_memory_error():
    with pytest.raises(MemoryError, match="bytes of memory for an array, got none"):
        undefined((2**50,), np.float64)


@linux
def test_systems_without_huge_pages_have_large_arrays(monkeypatch):
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", -1)  # refused, as it is by such a system
    array = undefined((LEAST,), np.int8)
    array[:] = 1
    assert array.sum(dtype=np.int64) == LEAST


@linux
def test_memory_that_the_system_could_not_take_back_is_not_kept(monkeypatch):
    monkeypatch.setattr(mmap, "MADV_FREE", -1)
    array = undefined((LEAST,), np.int8)
    del array
    assert kept() == []


@linux
def test_arrays_that_are_deleted_last_when_python_exits_print_nothing():
    code = "import numpy; from bitbox_xr.kernels import memory; numpy.last = memory.undefined((2**25,), numpy.int8)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
